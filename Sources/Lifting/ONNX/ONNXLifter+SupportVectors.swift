import Artifacts
import Domain
import Encoding
import ModelGraph

// Support vector machines of the domain for classical models.
extension ONNXLifter {
  /// The kernel of a machine: its kind, γ, the constant and the degree.
  private struct SupportKernel {
    let name: String
    let gamma: Double
    let constant: Double
    let degree: Double
  }

  private mutating func supportKernel() throws(Problem) -> SupportKernel {
    let name = try text("kernel_type", default: "LINEAR")
    let parameters = try floats("kernel_params") ?? []
    guard ["LINEAR", "POLY", "RBF", "SIGMOID"].contains(name), parameters.isEmpty || parameters.count == 3
    else {
      throw refusal("unexpected-attribute", "a known kernel with three parameters", "'\(name.excerpt(80))'")
    }
    return SupportKernel(
      name: name, gamma: parameters.first ?? 0, constant: parameters.dropFirst().first ?? 0,
      degree: parameters.last ?? 0)
  }

  /// The kernel of each row with each support vector.
  private mutating func kernels(_ kernel: SupportKernel, _ x: ONNXBatch, _ vectors: ConstantMatrix)
    throws(Problem) -> ONNXBatch
  {
    // Single precision is reached once, at the scores.
    let exact = x.with(kind: .float64)
    let zeros = [Double](repeating: 0, count: vectors.rows)
    switch kernel.name {
    case "RBF":
      var distances = exact.reshaped([1, vectors.rows], rowAxis: 0)
      distances.value = try apply(
        Distances(to: vectors, DistanceMetric(.squaredEuclidean)), to: [exact.value], named: "distances")
      return try map(.exp, try with(-kernel.gamma, .multiply, distances))
    case "POLY":
      let line = try with(kernel.gamma, .multiply, try linear(exact, vectors, zeros))
      return try with(kernel.degree, .power, try with(kernel.constant, .add, line))
    case "SIGMOID":
      let line = try with(kernel.gamma, .multiply, try linear(exact, vectors, zeros))
      return try map(.tanh, try with(kernel.constant, .add, line))
    default: return try linear(exact, vectors, zeros)
    }
  }

  /// The support vectors, row by row.
  private mutating func supportVectors(count: Int, columns: Int) throws(Problem) -> ConstantMatrix {
    let elements = try floats("support_vectors") ?? []
    guard count > 0, let vectors = ConstantMatrix(elements, rows: count, columns: columns) else {
      throw refusal(
        "unexpected-attribute", "support vectors of \(columns) numbers, \(count) of them",
        "\(elements.count) numbers")
    }
    try spend(elements.count)
    return vectors
  }

  // MARK: - Regression

  mutating func svmRegressor() throws(Problem) -> ONNXBatch {
    let kernel = try supportKernel()
    let transform = try transform()
    guard transform == .none else { throw unsupportedTransform(transform) }
    let isOneClass = try integer("one_class", default: 0) != 0
    let count = try integer("n_supports", default: 0)
    let coefficients = try floats("coefficients") ?? []
    let rho = try floats("rho") ?? []
    let x = try scored()
    guard rho.count == 1 else { throw refusal("unexpected-attribute", "one number as 'rho'", "\(rho.count)") }
    let features: ONNXBatch
    if count > 0 {
      features = try kernels(kernel, x, try supportVectors(count: count, columns: x.columns))
    } else {
      ignore("support_vectors")
      features = x.with(kind: .float64)
    }
    guard let weights = ConstantMatrix(coefficients, rows: 1, columns: features.columns) else {
      throw refusal("unexpected-attribute", "\(features.columns) coefficients", "\(coefficients.count)")
    }
    var result = try linear(features, weights, rho).with(kind: .float32)
    result = try rounded(result)
    guard isOneClass else { return result }
    let above = try with(0, .greater, result)
    return try with(-1, .add, try with(2, .multiply, above))
  }

  // MARK: - Classification

  mutating func svmClassifier() throws(Problem) -> [ONNXValue] {
    let kernel = try supportKernel()
    let transform = try transform()
    let labels = try labels("classlabels_strings", "classlabels_ints")
    let perClass = try integers("vectors_per_class") ?? []
    let coefficients = try floats("coefficients") ?? []
    let rho = try floats("rho") ?? []
    let (probA, probB) = (try floats("prob_a") ?? [], try floats("prob_b") ?? [])
    let count = labels.elements.count
    let pairs = count * (count - 1) / 2
    let x = try scored()
    guard 2...4096 ~= count, perClass.count == count, perClass.allSatisfy({ 0...(1 << 24) ~= $0 }),
      rho.count == pairs, probA.count == probB.count, probA.isEmpty || probA.count == pairs
    else {
      throw refusal(
        "unexpected-attribute", "support vectors of each of \(count) classes and \(pairs) numbers as 'rho'",
        "others")
    }
    let total = perClass.reduce(0, +)
    guard total > 0, coefficients.count == (count - 1) * total else {
      throw refusal(
        "unexpected-attribute", "\(count - 1) coefficients of each of \(total) support vectors",
        "\(coefficients.count)")
    }
    let features = try kernels(kernel, x, try supportVectors(count: total, columns: x.columns))
    let (weights, size) = pairWeights(perClass, coefficients)
    try spend(size)
    guard let matrix = ConstantMatrix(weights, rows: pairs, columns: total) else { throw tooLarge() }
    let sums = try linear(features, matrix, rho)
    // Votes are cast before the sums are rounded.
    let index = try votes(sums, classes: count)
    let scores = try rounded(sums.with(kind: .float32))
    let label = try label(labels, at: index)
    guard probA.isEmpty else {
      return [.batch(label), .batch(try coupled(scores, probA, probB, classes: count, transform))]
    }
    guard count == 2 else { return [.batch(label), .batch(try applied(transform, to: scores))] }
    var pair = scores.reshaped([1, 2], rowAxis: 0)
    switch transform {
    case .none: pair.value = try apply(Mirror(), to: [scores.value], named: "pair")
    default: throw unsupportedTransform(transform)
    }
    return [.batch(label), .batch(pair)]
  }

  /// The weight of each support vector for each pair of classes: of the vectors of one class those against the
  /// other, as LIBSVM lays them out.
  private func pairWeights(_ perClass: [Int], _ coefficients: [Double]) -> (weights: [Double], size: Int) {
    let total = perClass.reduce(0, +)
    var starts = [0]
    for count in perClass { starts.append((starts.last ?? 0) + count) }
    var weights: [Double] = []
    for first in perClass.indices {
      for second in perClass.indices where second > first {
        var row = [Double](repeating: 0, count: total)
        for place in starts[first]..<starts[first + 1] {
          row[place] = coefficients[(second - 1) * total + place]
        }
        for place in starts[second]..<starts[second + 1] { row[place] = coefficients[first * total + place] }
        weights += row
      }
    }
    return (weights, weights.count)
  }

  /// The class with the most votes, the first of several; a pair votes for its first class where its sum is above 0.
  private mutating func votes(_ sums: ONNXBatch, classes: Int) throws(Problem) -> GraphValue {
    let pairs = sums.columns
    var weights = [Double](repeating: 0, count: classes * pairs)
    var constants = [Double](repeating: 0, count: classes)
    var pair = 0
    for first in 0..<classes {
      for second in (first + 1)..<max(first + 1, classes) {
        weights[first * pairs + pair] = 1
        weights[second * pairs + pair] = -1
        constants[second] += 1
        pair += 1
      }
    }
    try spend(weights.count)
    guard let matrix = ConstantMatrix(weights, rows: classes, columns: pairs) else { throw tooLarge() }
    let isFirst = try with(0, .greater, sums)
    let votes = try linear(isFirst, matrix, constants)
    return try apply(ArgMax(), to: [votes.value], named: "index")
  }

  /// Probabilities of the classes, coupled from those of the pairs.
  private mutating func coupled(
    _ scores: ONNXBatch, _ probA: [Double], _ probB: [Double], classes: Int, _ transform: Transform
  ) throws(Problem) -> ONNXBatch {
    var result = scores.reshaped([1, classes], rowAxis: 0)
    result.value = try apply(
      PairCoupling(classCount: classes, slopes: probA, offsets: probB), to: [scores.value], named: "coupled")
    return try applied(transform, to: try rounded(result))
  }
}
