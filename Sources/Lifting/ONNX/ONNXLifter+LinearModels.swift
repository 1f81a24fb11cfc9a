import Artifacts
import Domain
import Encoding
import ModelGraph

// Classical linear models, and what turns scores into probabilities and labels.
extension ONNXLifter {
  static let linearModels: [String: Handler] = [
    "ai.onnx.ml.LinearRegressor": { (lifter: inout ONNXLifter) throws(Problem) in
      let targets = try lifter.integer("targets", default: 1)
      let transform = try lifter.transform()
      let coefficients = try lifter.floats("coefficients") ?? []
      let x = try lifter.scored()
      let intercepts = try lifter.floats("intercepts") ?? [Double](repeating: 0, count: max(0, targets))
      let scores = try lifter.linear(x, coefficients, intercepts, outputs: targets)
      return [.batch(try lifter.applied(transform, to: scores))]
    },
    "ai.onnx.ml.LinearClassifier": { (lifter: inout ONNXLifter) throws(Problem) in
      try lifter.linearClassifier()
    },
    "ai.onnx.ml.SVMRegressor": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.svmRegressor())]
    },
    "ai.onnx.ml.SVMClassifier": { (lifter: inout ONNXLifter) throws(Problem) in try lifter.svmClassifier() },
  ]

  /// What is done to the scores of a classical model.
  enum Transform: String {
    case none = "NONE"
    case logistic = "LOGISTIC"
    case softmax = "SOFTMAX"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"
  }

  /// The attribute `post_transform`.
  mutating func transform() throws(Problem) -> Transform {
    let name = try text("post_transform", default: "NONE")
    guard let transform = Transform(rawValue: name) else {
      throw refusal("unexpected-attribute", "a known 'post_transform'", "'\(name.excerpt(80))'")
    }
    return transform
  }

  /// The labels of a classifier; of text or integers.
  mutating func labels(_ texts: String, _ integers: String) throws(Problem) -> Tensor {
    if let names = try self.texts(texts), !names.isEmpty {
      ignore(integers)
      return Tensor(vector: .string(names))
    }
    guard let numbers = try self.integers(integers), !numbers.isEmpty else {
      throw refusal("missing-attribute", "labels of classes", "none")
    }
    return Tensor(vector: .int64(numbers.map { Int64($0) }))
  }

  /// The first input in the single precision that classical models compute in, as rows and columns.
  mutating func scored() throws(Problem) -> ONNXBatch {
    let x = try cast(try numbers(0), to: .float32)
    guard x.rowAxis == 0, x.shape[0] == 1 else {
      throw refusal("unexpected-shape", "rows and columns", "the shape \(x.shape)")
    }
    return x.reshaped([1, x.columns], rowAxis: 0)
  }

  private mutating func linear(
    _ x: ONNXBatch, _ coefficients: [Double], _ intercepts: [Double], outputs: Int
  ) throws(Problem) -> ONNXBatch {
    guard outputs > 0, intercepts.count == outputs,
      let matrix = ConstantMatrix(coefficients, rows: outputs, columns: x.columns)
    else {
      throw refusal(
        "unexpected-attribute", "\(x.columns) coefficients and an intercept for each of \(outputs) outputs",
        "\(coefficients.count) and \(intercepts.count)")
    }
    try spend(coefficients.count)
    return try rounded(try linear(x, matrix, intercepts))
  }

  private mutating func linearClassifier() throws(Problem) -> [ONNXValue] {
    ignore("multi_class")
    let transform = try transform()
    let coefficients = try floats("coefficients") ?? []
    let labels = try labels("classlabels_strings", "classlabels_ints")
    let intercepts = try floats("intercepts") ?? []
    let count = labels.elements.count
    let scores = try linear(try scored(), coefficients, intercepts, outputs: intercepts.count)
    if intercepts.count == 1 {
      guard count == 2 else {
        throw refusal("unexpected-attribute", "two labels for one score", "\(count)")
      }
      let index = try apply(Positive(), to: [scores.value], named: "index")
      // A second class is put before the one: of logistic curves that of −x, else 1 − x.
      var pair = scores.reshaped([1, 2], rowAxis: 0)
      switch transform {
      case .logistic:
        pair.value = try apply(Mirror(), to: [scores.value], named: "pair")
        pair = try map(.logistic, pair)
      case .none, .softmax, .softmaxZero:
        pair.value = try apply(Complement(), to: [scores.value], named: "pair")
        pair = try rounded(pair)
      case .probit: throw unsupportedTransform(transform)
      }
      return [.batch(try label(labels, at: index)), .batch(pair)]
    }
    guard count == intercepts.count else {
      throw refusal("unexpected-attribute", "a label for each of \(intercepts.count) scores", "\(count)")
    }
    let index = try apply(ArgMax(), to: [scores.value], named: "index")
    return [.batch(try label(labels, at: index)), .batch(try applied(transform, to: scores))]
  }

  /// The label at an index, one for each row.
  mutating func label(_ labels: Tensor, at index: GraphValue) throws(Problem) -> ONNXBatch {
    var batch = ONNXBatch(value: index, kind: .text, shape: [1], rowAxis: 0)
    switch labels.elements {
    case .string(let names): batch.content = .names(names)
    case .int64(let numbers):
      batch.kind = .integer
      try spend(numbers.count)
      batch.value = try apply(Pick(numbers.map { Double($0) }), to: [index], named: "label")
      tables[batch.value.name] = labels
    default: throw refusal("unsupported-type", "labels of text or integers", "others")
    }
    return batch
  }

  func unsupportedTransform(_ transform: Transform) -> Problem {
    refusal("unexpected-attribute", "another 'post_transform' for these scores", "'\(transform.rawValue)'")
  }

  // MARK: - Transforms

  /// The scores after the transform, as ONNX Runtime computes it for two scores and more.
  mutating func applied(_ transform: Transform, to scores: ONNXBatch) throws(Problem) -> ONNXBatch {
    var result = scores
    switch transform {
    case .none: return scores
    case .logistic: return try map(.logistic, scores)
    case .softmax:
      result.value = try apply(SoftmaxGroups(size: scores.columns), to: [scores.value], named: "softmax")
      return try rounded(result)
    case .softmaxZero: return try softmaxZero(scores)
    case .probit: return try probit(scores)
    }
  }

  /// exp(x − max) ÷ sum, but x · exp(−max) for what is within 10⁻⁷ of 0, which the sum leaves out.
  private mutating func softmaxZero(_ scores: ONNXBatch) throws(Problem) -> ONNXBatch {
    var exact = scores
    exact.kind = .float64
    let greatest = ONNXValue.batch(try reduced(exact, .max, axes: [exact.rank - 1], keeps: true))
    let isFar = try combined(
      .greater, .batch(try map(.absolute, exact)),
      .constant(ONNXConstant(kind: .float64, shape: [], elements: .numbers([Double(Float(0.0000001))]))))
    guard case .batch(let shifted) = try combined(.subtract, .batch(exact), greatest),
      case .batch(let peak) = greatest, case .batch(let far) = isFar
    else { throw tooLarge() }
    let powers = try combined(.multiply, try map(.exp, shifted), far)
    let scale = try map(.exp, try map(.negative, peak))
    guard case .batch(let small) = try combined(.multiply, .batch(exact), .batch(scale)) else {
      throw tooLarge()
    }
    var chosen = exact
    chosen.value = try apply(Select(), to: [far.value, powers.value, small.value], named: "select")
    let sum = try reduced(powers, .sum, axes: [powers.rank - 1], keeps: true)
    guard case .batch(let result) = try combined(.divide, .batch(chosen), .batch(sum)) else {
      throw tooLarge()
    }
    return try rounded(result.with(kind: scores.kind))
  }

  /// √2 · erf⁻¹(2x − 1), the inverse by Winitzki's approximation as ONNX Runtime computes it.
  private mutating func probit(_ scores: ONNXBatch) throws(Problem) -> ONNXBatch {
    let x = try with(1, .subtract, try with(2, .multiply, scores))
    let one = try with(1, .subtract, x, first: true)
    let logarithm = try map(.log, try combined(.multiply, one, try with(1, .add, x)))
    let constant = Double(2 / (Float(3.14159) * Float(0.147)))
    let v = try with(constant, .add, try with(0.5, .multiply, logarithm))
    let v2 = try with(Double(1 / Float(0.147)), .multiply, logarithm)
    let root = try map(.sqrt, try combined(.subtract, try combined(.multiply, v, v), v2))
    let size = try map(.sqrt, try combined(.subtract, root, v))
    // The sign of 0 is that of what is above it.
    let isBelow = try with(0, .less, x)
    let sign = try with(1, .add, try with(-2, .multiply, isBelow))
    return try with(Double(Float(1.41421356)), .multiply, try combined(.multiply, sign, size))
  }
}
