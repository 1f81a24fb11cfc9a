import Artifacts
import Domain
import ModelGraph

// Truth values, which are 0 and 1 while they flow, and conversions between kinds.
extension ONNXLifter {
  static let comparisons: [String: Handler] = [
    "Equal": comparison(.equal), "Less": comparison(.less), "LessOrEqual": comparison(.lessEqual),
    "Greater": comparison(.greater), "GreaterOrEqual": comparison(.greaterEqual),
    "And": logic(.multiply), "Or": logic(.maximum), "Xor": logic(nil),
    "Not": { (lifter: inout ONNXLifter) throws(Problem) in
      let one = ONNXConstant(kind: .boolean, shape: [], elements: .integers([1]))
      return [try lifter.combined(.subtract, .constant(one), try lifter.required(0)).with(kind: .boolean)]
    },
    "IsNaN": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.map(.isMissing, try lifter.numbers(0)).with(kind: .boolean))]
    },
    "IsInf": { (lifter: inout ONNXLifter) throws(Problem) in
      let above = try lifter.integer("detect_positive", default: 1) != 0
      let below = try lifter.integer("detect_negative", default: 1) != 0
      guard above, below else {
        throw lifter.refusal("unexpected-attribute", "infinities of both signs looked for", "one sign")
      }
      let size = try lifter.map(.absolute, try lifter.numbers(0))
      return [.batch(try lifter.with(.infinity, .equal, size).with(kind: .boolean))]
    },
    "Where": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.choice()] },
    "Cast": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("saturate", "round_mode")
      guard let number = try lifter.integer("to"),
        let kind = ONNXKind(.init(rawValue: Int64(number)))
      else {
        throw lifter.refusal(
          "unsupported-type", "a cast to single or double precision, integers, truth values or texts",
          "another")
      }
      return [try lifter.cast(try lifter.required(0), to: kind)]
    },
    "CastLike": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("saturate", "round_mode")
      let kind: ONNXKind =
        switch try lifter.required(1) {
        case .constant(let constant): constant.kind
        case .batch(let batch): batch.kind
        case .sizes: .integer
        }
      return [try lifter.cast(try lifter.required(0), to: kind)]
    },
  ]

  private static func comparison(_ function: Combine.Function) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let (left, right) = (try lifter.required(0), try lifter.required(1))
      return [try lifter.combined(function, left, right).with(kind: .boolean)]
    }
  }

  /// Of truth values the product is "and", the greater is "or", and inequality is "either".
  private static func logic(_ function: Combine.Function?) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let (left, right) = (try lifter.required(0), try lifter.required(1))
      if let function { return [try lifter.combined(function, left, right).with(kind: .boolean)] }
      let difference = try lifter.combined(.subtract, left, right)
      guard case .batch(let batch) = difference else {
        throw lifter.refusal("unsupported-constant", "a value of the rows", "'Xor' of constants")
      }
      return [.batch(try lifter.map(.absolute, batch).with(kind: .boolean))]
    }
  }

  /// Each element of the second input where the first is true, else of the third.
  private mutating func choice() throws(Problem) -> ONNXValue {
    let (test, yes, no) = (try required(0), try required(1), try required(2))
    if case .constant(let test) = test, case .constant(let yes) = yes, case .constant(let no) = no {
      guard let partial = ONNXAxes.broadcast(test.shape, yes.shape),
        let shape = ONNXAxes.broadcast(partial, no.shape),
        let tests = ONNXAxes.broadcasting(test.shape, to: shape),
        let first = ONNXAxes.broadcasting(yes.shape, to: shape),
        let second = ONNXAxes.broadcasting(no.shape, to: shape),
        let flags = test.picking(tests.places, shape: shape).doubles,
        let one = yes.picking(first.places, shape: shape).doubles,
        let other = no.picking(second.places, shape: shape).doubles
      else { throw refusal("unsupported-constant", "numbers of shapes that go together", "others") }
      let chosen = flags.indices.map { flags[$0] != 0 ? one[$0] : other[$0] }
      return .constant(rounded(yes, chosen, shape: shape))
    }
    var anyValue: ONNXBatch?
    for case .batch(let batch) in [no, yes, test] { anyValue = batch }
    guard let any = anyValue else {
      throw refusal("unsupported-constant", "a value of the rows", "the shape of one")
    }
    var parts: [ONNXBatch] = []
    for value in [test, yes, no] { parts.append(try spread(value, like: any)) }
    for left in parts.indices {
      for right in parts.indices where left != right {
        (parts[left], parts[right]) = try aligned(parts[left], parts[right])
      }
    }
    var result = parts[1]
    result.value = try apply(Select(), to: parts.map(\.value), named: "select")
    return .batch(result)
  }

  /// A value of the rows, or a constant as one.
  private mutating func spread(_ value: ONNXValue, like any: ONNXBatch) throws(Problem) -> ONNXBatch {
    switch value {
    case .batch(let batch): return try numbers(batch)
    case .sizes: throw refusal("variable-input", "numbers that are known", "the number of rows")
    case .constant(let constant):
      let added = max(0, any.rank - constant.shape.count)
      let shape = [Int](repeating: 1, count: added) + constant.shape
      let rowAxis = any.rowAxis + shape.count - any.rank
      guard shape[rowAxis] == 1 else {
        throw refusal("unsupported-broadcast", "constants that are the same for all rows", "others")
      }
      return try filled(constant, rowAxis: rowAxis, shape: shape, on: any.value)
    }
  }

  // MARK: - Conversions

  /// A value as another kind.
  mutating func cast(_ value: ONNXValue, to kind: ONNXKind) throws(Problem) -> ONNXValue {
    switch value {
    case .sizes(let sizes, let isScalar):
      guard kind == .integer else {
        return .constant(try cast(try constant(0), to: kind))
      }
      return .sizes(sizes, isScalar: isScalar)
    case .constant(let constant): return .constant(try cast(constant, to: kind))
    case .batch(let batch): return .batch(try cast(batch, to: kind))
    }
  }

  private func cast(_ constant: ONNXConstant, to kind: ONNXKind) throws(Problem) -> ONNXConstant {
    guard kind != constant.kind else { return constant }
    guard kind != .text, let numbers = constant.doubles else {
      throw refusal("unsupported-type", "a cast between numbers", "a cast of a constant from or to text")
    }
    if kind == .integer, let integers = constant.integers {
      return ONNXConstant(kind: .integer, shape: constant.shape, elements: .integers(integers))
    }
    let like = ONNXConstant(kind: kind, shape: constant.shape, elements: constant.elements)
    return rounded(like, kind == .boolean ? numbers.map { $0 == 0 ? 0 : 1 } : numbers, shape: constant.shape)
  }

  /// A value of the rows as another kind.
  mutating func cast(_ batch: ONNXBatch, to kind: ONNXKind) throws(Problem) -> ONNXBatch {
    guard kind != batch.kind else { return batch }
    if kind == .text || batch.kind == .text {
      throw refusal("unsupported-type", "a cast between numbers", "a cast from or to text")
    }
    if kind == .integer, case .indices = batch.content { return batch.with(kind: .integer) }
    let source = try numbers(batch)
    switch (batch.kind, kind) {
    case (_, .float32): return try map(.float32, source).with(kind: .float32)
    case (.float32, .integer), (.float64, .integer): return try map(.trunc, source).with(kind: .integer)
    case (_, .boolean):
      // NaN is not 0, and so true.
      let isZero = try with(0, .equal, source)
      return try with(1, .subtract, isZero, first: true, rounding: false).with(kind: .boolean)
    default: return source.with(kind: kind)
    }
  }
}

extension ONNXBatch {
  /// The value as another kind, which its elements are already.
  func with(kind: ONNXKind) -> ONNXBatch {
    var result = self
    result.kind = kind
    return result
  }
}

extension ONNXValue {
  /// The value as another kind, which its elements are already.
  func with(kind: ONNXKind) -> ONNXValue {
    switch self {
    case .batch(let batch): .batch(batch.with(kind: kind))
    case .constant(let constant):
      .constant(ONNXConstant(kind: kind, shape: constant.shape, elements: constant.elements))
    case .sizes: self
    }
  }
}
