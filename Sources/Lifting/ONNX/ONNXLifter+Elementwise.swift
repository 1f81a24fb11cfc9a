import Artifacts
import Domain
import ModelGraph

// Arithmetic element by element, with broadcasting.
extension ONNXLifter {
  static let elementwise: [String: Handler] = [
    "Abs": unary(.absolute), "Neg": unary(.negative), "Exp": unary(.exp), "Log": unary(.log),
    "Sqrt": unary(.sqrt), "Reciprocal": unary(.reciprocal), "Floor": unary(.floor), "Ceil": unary(.ceil),
    "Round": unary(.rint), "Sign": unary(.sign), "Erf": unary(.erf), "Tanh": unary(.tanh),
    "Sigmoid": unary(.logistic), "Relu": unary(.relu), "Sin": unary(.sin), "Cos": unary(.cos),
    "Tan": unary(.tan), "Asin": unary(.arcsin), "Acos": unary(.arccos), "Atan": unary(.arctan),
    "Sinh": unary(.sinh), "Cosh": unary(.cosh), "Asinh": unary(.arcsinh),
    "Add": binary(.add), "Sub": binary(.subtract), "Mul": binary(.multiply), "Div": binary(.divide),
    "Pow": binary(.power), "Min": variadic(.minimum), "Max": variadic(.maximum), "Sum": variadic(.add),
    "Mean": mean,
  ]

  /// The functions whose result has the precision of the argument without rounding.
  private static let exact: Set<MapElements.Function> = [
    .absolute, .negative, .floor, .ceil, .rint, .sign, .relu, .trunc, .isMissing, .float32,
  ]

  private static func unary(_ function: MapElements.Function) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      switch try lifter.required(0) {
      case .constant(let constant):
        return [.constant(try lifter.folded(constant, function))]
      case .batch, .sizes: return [.batch(try lifter.map(function, try lifter.numbers(0)))]
      }
    }
  }

  private static func binary(_ function: Combine.Function) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("axis", "broadcast", "consumed_inputs")
      if lifter.operatorSet < 7, lifter.node.attribute("axis") != nil {
        throw lifter.refusal(
          "unsupported-operator-set", "operators of version 7 or later", "broadcasting along an axis")
      }
      return [try lifter.combined(function, try lifter.required(0), try lifter.required(1))]
    }
  }

  private static func variadic(_ function: Combine.Function) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      var result = try lifter.required(0)
      for index in lifter.node.inputs.indices.dropFirst() {
        result = try lifter.combined(function, result, try lifter.required(index))
      }
      return [result]
    }
  }

  private static let mean: Handler = { (lifter: inout ONNXLifter) throws(Problem) in
    var result = try lifter.required(0)
    for index in lifter.node.inputs.indices.dropFirst() {
      result = try lifter.combined(.add, result, try lifter.required(index))
    }
    let count = ONNXConstant(
      kind: .float32, shape: [], elements: .numbers([Double(lifter.node.inputs.count)]))
    return [try lifter.combined(.divide, result, .constant(count))]
  }

  // MARK: - Values of the rows

  /// A function of each element.
  mutating func map(_ function: MapElements.Function, _ batch: ONNXBatch, rounding: Bool = true)
    throws(Problem) -> ONNXBatch
  {
    var result = try numbers(batch)
    result.value = try apply(MapElements(function), to: [result.value], named: function.rawValue)
    return rounding && !Self.exact.contains(function) ? try rounded(result) : result
  }

  /// A function of each element and one number.
  mutating func with(
    _ number: Double, _ function: Combine.Function, _ batch: ONNXBatch, first: Bool = false,
    rounding: Bool = true
  ) throws(Problem) -> ONNXBatch {
    var result = try numbers(batch)
    result.value = try apply(
      Combine(function, constants: [number], first: first), to: [result.value], named: function.rawValue)
    return rounding && !function.isExact ? try rounded(result) : result
  }

  /// A function of the elements of two values of the same shape.
  mutating func combined(
    _ function: Combine.Function, _ left: ONNXBatch, _ right: ONNXBatch, rounding: Bool = true
  ) throws(Problem) -> ONNXBatch {
    var result = left
    result.value = try apply(Combine(function), to: [left.value, right.value], named: function.rawValue)
    return rounding && !function.isExact ? try rounded(result) : result
  }

  /// A function of two values after broadcasting them.
  mutating func combined(_ function: Combine.Function, _ left: ONNXValue, _ right: ONNXValue)
    throws(Problem) -> ONNXValue
  {
    switch (left, right) {
    case (.constant(let left), .constant(let right)): return .constant(try folded(left, right, function))
    case (.batch(let left), .batch(let right)):
      let (one, other) = try aligned(try numbers(left), try numbers(right))
      return .batch(try whole(try combined(function, one, other), function))
    case (.batch(let batch), .constant(let constant)):
      return .batch(try combined(function, try numbers(batch), constant, constantFirst: false))
    case (.constant(let constant), .batch(let batch)):
      return .batch(try combined(function, try numbers(batch), constant, constantFirst: true))
    case (.sizes(let sizes, let isScalar), .constant(let constant)):
      return try combined(function, sizes, constant, isScalar: isScalar, sizesFirst: true)
    case (.constant(let constant), .sizes(let sizes, let isScalar)):
      return try combined(function, sizes, constant, isScalar: isScalar, sizesFirst: false)
    case (.sizes, _), (_, .sizes):
      throw refusal("variable-input", "numbers that are known", "arithmetic with the number of rows")
    }
  }

  /// A function of a value and a constant that is broadcast to it, or to which it is broadcast.
  private mutating func combined(
    _ function: Combine.Function, _ batch: ONNXBatch, _ constant: ONNXConstant, constantFirst: Bool
  ) throws(Problem) -> ONNXBatch {
    let (batch, target) = try widened(batch, for: constant.shape)
    guard let places = ONNXAxes.broadcasting(constant.shape, to: target) else { throw tooLarge() }
    guard let doubles = constant.picking(places.places, shape: target).doubles else {
      throw refusal("unsupported-type", "numbers", "texts")
    }
    var result = batch
    let isOne = doubles.allSatisfy { $0.bitPattern == doubles[0].bitPattern }
    if !isOne { try spend(doubles.count) }
    result.value = try apply(
      Combine(function, constants: isOne ? [doubles[0]] : doubles, first: constantFirst), to: [batch.value],
      named: function.rawValue)
    return try whole(function.isExact ? result : try rounded(result), function)
  }

  /// Integers are divided towards zero, and refused where they grow beyond what a double holds.
  private mutating func whole(_ batch: ONNXBatch, _ function: Combine.Function) throws(Problem)
    -> ONNXBatch
  {
    guard batch.kind == .integer else { return batch }
    switch function {
    case .divide: return try map(.trunc, batch)
    case .add, .subtract, .multiply: return try checkedWhole(batch)
    default: return batch
    }
  }

  /// Integers, of which those from 2^53 on are refused when they come: the library has others there.
  mutating func checkedWhole(_ batch: ONNXBatch) throws(Problem) -> ONNXBatch {
    guard batch.kind == .integer else { return batch }
    var result = batch
    result.value = try apply(CheckWhole(), to: [batch.value], named: "whole")
    return result
  }

  /// A value spread out to what it and a constant of this shape broadcast to, and that shape.
  mutating func widened(_ batch: ONNXBatch, for shape: [Int]) throws(Problem) -> (ONNXBatch, [Int]) {
    var padded = batch
    if shape.count > batch.rank {
      let added = shape.count - batch.rank
      padded = batch.reshaped(
        [Int](repeating: 1, count: added) + batch.shape, rowAxis: batch.rowAxis + added)
    }
    let fromEnd = padded.rank - padded.rowAxis
    if shape.count >= fromEnd, shape[shape.count - fromEnd] != 1 {
      throw refusal(
        "unsupported-broadcast", "constants that are the same for all rows",
        "a constant of the shape \(shape) along the rows")
    }
    guard let target = ONNXAxes.broadcast(padded.shape, shape) else {
      throw refusal("unexpected-shape", "shapes that go together", "\(batch.shape) and \(shape)")
    }
    return (
      try rearranged(padded, ONNXAxes.broadcasting(padded.shape, to: target), rowAxis: padded.rowAxis), target
    )
  }

  /// Two values spread out to what they broadcast to.
  mutating func aligned(_ left: ONNXBatch, _ right: ONNXBatch) throws(Problem) -> (ONNXBatch, ONNXBatch) {
    let rank = max(left.rank, right.rank)
    func padded(_ batch: ONNXBatch) -> ONNXBatch {
      let added = rank - batch.rank
      return batch.reshaped([Int](repeating: 1, count: added) + batch.shape, rowAxis: batch.rowAxis + added)
    }
    let (one, other) = (padded(left), padded(right))
    guard one.rowAxis == other.rowAxis, one.shape[one.rowAxis] == other.shape[other.rowAxis],
      let target = ONNXAxes.broadcast(one.shape, other.shape)
    else {
      throw refusal("unexpected-shape", "shapes that go together", "\(left.shape) and \(right.shape)")
    }
    return (
      try rearranged(one, ONNXAxes.broadcasting(one.shape, to: target), rowAxis: one.rowAxis),
      try rearranged(other, ONNXAxes.broadcasting(other.shape, to: target), rowAxis: other.rowAxis)
    )
  }
}

extension Combine.Function {
  /// Whether the result is 0 or 1.
  var isComparison: Bool {
    switch self {
    case .less, .lessEqual, .greater, .greaterEqual, .equal: true
    default: false
    }
  }

  /// Whether the result has the precision of the arguments without rounding.
  var isExact: Bool { isComparison || self == .minimum || self == .maximum || self == .fillMissing }
}

extension Int64 {
  /// The integer nearest to a number; 0 for NaN.
  init(clamping number: Double) {
    self =
      number.isNaN
      ? 0 : number >= 0x1p63 ? .max : number <= -0x1p63 ? .min : Int64(number.rounded(.towardZero))
  }
}

extension Sequence {
  /// `map` with errors of one type.
  func mapped<Value>(_ transform: (Element) throws(Problem) -> Value) throws(Problem) -> [Value] {
    var result: [Value] = []
    for element in self { result.append(try transform(element)) }
    return result
  }
}
