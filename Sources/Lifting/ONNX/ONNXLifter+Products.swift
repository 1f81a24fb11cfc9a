import Domain
import ModelGraph

// Products of matrices.
extension ONNXLifter {
  static let products: [String: Handler] = [
    "MatMul": { (lifter: inout ONNXLifter) throws(Problem) in
      switch (try lifter.required(0), try lifter.required(1)) {
      case (.batch(let left), .constant(let right)):
        return [.batch(try lifter.rounded(try lifter.product(try lifter.numbers(left), right)))]
      case (.constant(let left), .batch(let right)):
        return [.batch(try lifter.rounded(try lifter.product(left, try lifter.numbers(right))))]
      case (.batch(let left), .batch(let right)):
        return [
          .batch(try lifter.rounded(try lifter.product(try lifter.numbers(left), try lifter.numbers(right))))
        ]
      default: throw lifter.refusal("unsupported-constant", "a value of the rows", "a product of constants")
      }
    },
    "com.microsoft.CDist": { (lifter: inout ONNXLifter) throws(Problem) in
      let name = try lifter.text("metric", default: "sqeuclidean")
      let x = try lifter.numbers(0)
      let points = try lifter.constant(1)
      guard let metric = DistanceMetric.Name(rawValue: name),
        [.euclidean, .squaredEuclidean].contains(metric),
        x.rank == 2, x.rowAxis == 0, x.shape[0] == 1, points.shape.count == 2, let doubles = points.doubles,
        let matrix = ConstantMatrix(doubles, rows: points.shape[0], columns: points.shape[1])
      else { throw lifter.refusal("unsupported-attribute", "distances to constant points", "others") }
      try lifter.spend(doubles.count)
      var result = x.reshaped([1, matrix.rows], rowAxis: 0)
      result.value = try lifter.apply(
        Distances(to: matrix, DistanceMetric(metric)), to: [x.value], named: "distances")
      return [.batch(try lifter.rounded(result))]
    },
    "Gemm": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.generalProduct())] },
  ]

  /// α · A · B + β · C, where A may be transposed and B is constant.
  private mutating func generalProduct() throws(Problem) -> ONNXBatch {
    let (alpha, beta) = (try float("alpha", default: 1), try float("beta", default: 1))
    let (transposesLeft, transposesRight) = (
      try integer("transA", default: 0) != 0, try integer("transB", default: 0) != 0
    )
    ignore("broadcast")
    var left = try numbers(0)
    let weights = try constant(1)
    guard left.rank == 2, weights.shape.count == 2, let doubles = weights.doubles,
      let matrix = ConstantMatrix(doubles, rows: weights.shape[0], columns: weights.shape[1])
    else { throw refusal("unexpected-shape", "matrices", "shapes of other ranks") }
    if transposesLeft { left = try transposed(left, to: [1, 0]) }
    let coefficients = transposesRight ? matrix : matrix.transposed
    try spend(doubles.count)
    let scaled = alpha == 1 ? coefficients.elements : coefficients.elements.map { $0 * alpha }
    guard let scaledMatrix = ConstantMatrix(scaled, rows: coefficients.rows, columns: coefficients.columns)
    else { throw tooLarge() }
    // A constant that all rows add is part of the product; anything else is added behind it.
    var intercepts = [Double](repeating: 0, count: coefficients.rows)
    var rest: ONNXValue?
    switch try input(2) {
    case nil: break
    case .constant(let constant):
      if let numbers = constant.doubles, constant.shape.dropLast().allSatisfy({ $0 == 1 }),
        numbers.count == 1 || numbers.count == intercepts.count
      {
        intercepts = intercepts.indices.map { numbers[numbers.count == 1 ? 0 : $0] * beta }
      } else {
        rest = .constant(constant)
      }
    case let value?: rest = value
    }
    let result = try rounded(try linear(left, scaledMatrix, intercepts))
    guard let rest else { return result }
    let factor = ONNXConstant(kind: result.kind, shape: [], elements: .numbers([beta]))
    let addend = beta == 1 ? rest : try combined(.multiply, rest, .constant(factor))
    guard case .batch(let sum) = try combined(.add, .batch(result), addend) else { throw tooLarge() }
    return sum
  }

  /// Each run of elements along the last axis times the transpose of a matrix, plus intercepts.
  mutating func linear(_ batch: ONNXBatch, _ coefficients: ConstantMatrix, _ intercepts: [Double])
    throws(Problem) -> ONNXBatch
  {
    guard let size = batch.shape.last, size == coefficients.columns, coefficients.rows > 0,
      batch.rowAxis != batch.rank - 1
    else {
      throw refusal(
        "unexpected-shape", "\(coefficients.columns) elements along the last axis", "\(batch.shape.last ?? 0)"
      )
    }
    var result = batch
    let operation: any Operator =
      batch.columns == size
      ? Linear(coefficients: coefficients, intercepts: intercepts)
      : LinearGroups(coefficients: coefficients, intercepts: intercepts)
    result.value = try apply(operation, to: [batch.value], named: "linear")
    result.shape[result.rank - 1] = coefficients.rows
    guard ONNXAxes.count(result.shape) != nil else { throw tooLarge() }
    return result
  }

  /// A value times a constant.
  private mutating func product(_ left: ONNXBatch, _ right: ONNXConstant) throws(Problem) -> ONNXBatch {
    guard let doubles = right.doubles, 1...2 ~= right.shape.count || left.rank > 1 else {
      throw refusal("unexpected-shape", "a matrix", "the shape \(right.shape)")
    }
    if right.shape.count > 2, right.shape.dropLast(2).contains(where: { $0 != 1 }) {
      return try product(
        left,
        try filled(
          right, rowAxis: 0, shape: [1] + right.shape.dropFirst(max(0, right.shape.count - left.rank + 1)),
          on: left.value))
    }
    let shape = Array(right.shape.suffix(2))
    let columns = shape.count == 1 ? 1 : shape[1]
    guard let matrix = ConstantMatrix(doubles, rows: shape[0], columns: columns) else { throw tooLarge() }
    try spend(doubles.count)
    let source = left.rank == 1 ? left.reshaped([1] + left.shape, rowAxis: left.rowAxis + 1) : left
    var result = try linear(source, matrix.transposed, [Double](repeating: 0, count: columns))
    result.kind = left.kind
    if shape.count == 1 { result = result.reshaped(result.shape.dropLast(), rowAxis: result.rowAxis) }
    return result
  }

  /// A constant times a value whose rows are along its last axis.
  private mutating func product(_ left: ONNXConstant, _ right: ONNXBatch) throws(Problem) -> ONNXBatch {
    guard left.shape.count == 2, right.rank >= 2, let doubles = left.doubles,
      let matrix = ConstantMatrix(doubles, rows: left.shape[0], columns: left.shape[1])
    else { throw refusal("unexpected-shape", "a matrix", "the shape \(left.shape)") }
    try spend(doubles.count)
    var order = Array(0..<right.rank)
    order.swapAt(right.rank - 1, right.rank - 2)
    let result = try linear(
      try transposed(right, to: order), matrix, [Double](repeating: 0, count: matrix.rows))
    return try transposed(result, to: order)
  }

  /// Products of as many pairs of matrices as each row has.
  private mutating func product(_ left: ONNXBatch, _ right: ONNXBatch) throws(Problem) -> ONNXBatch {
    let rank = max(left.rank, right.rank)
    guard min(left.rank, right.rank) >= 2, left.rank == right.rank, left.rowAxis == right.rowAxis,
      left.rowAxis < rank - 2, left.shape[rank - 1] == right.shape[rank - 2],
      let stack = ONNXAxes.broadcast(Array(left.shape.dropLast(2)), Array(right.shape.dropLast(2)))
    else {
      throw refusal(
        "unexpected-shape", "stacks of matrices that go together", "\(left.shape) and \(right.shape)")
    }
    func spread(_ batch: ONNXBatch) throws(Problem) -> ONNXBatch {
      let target = stack + batch.shape.suffix(2)
      return try rearranged(
        batch, ONNXAxes.broadcasting(batch.shape, to: target), rowAxis: batch.rowAxis)
    }
    let (one, other) = (try spread(left), try spread(right))
    let (rows, inner, columns) = (one.shape[rank - 2], one.shape[rank - 1], other.shape[rank - 1])
    var result = one
    result.value = try apply(
      MatrixProduct(rows: rows, inner: inner, columns: columns), to: [one.value, other.value],
      named: "product")
    result.shape[rank - 1] = columns
    guard ONNXAxes.count(result.shape) != nil else { throw tooLarge() }
    return result
  }
}
