import Artifacts
import Domain
import ModelGraph

#if canImport(Glibc)
  import func Glibc.erf
  import func Glibc.exp
  import func Glibc.log
  import func Glibc.pow
  import func Glibc.tanh
#elseif canImport(Musl)
  import func Musl.erf
  import func Musl.exp
  import func Musl.log
  import func Musl.pow
  import func Musl.tanh
#else
  import func Darwin.erf
  import func Darwin.exp
  import func Darwin.log
  import func Darwin.pow
  import func Darwin.tanh
#endif

// Arithmetic element by element, with broadcasting.
// What is computed of constants and sizes alone, before there are rows.
extension ONNXLifter {
  /// A function of each element of a constant.
  func folded(_ constant: ONNXConstant, _ function: MapElements.Function) throws(Problem) -> ONNXConstant {
    guard let doubles = constant.doubles, let evaluate = Self.functions[function] else {
      throw refusal(
        "unsupported-constant", "a constant that can be computed", "'\(node.operation)' of constants")
    }
    return rounded(constant, doubles.map(evaluate), shape: constant.shape)
  }

  private static let functions: [MapElements.Function: @Sendable (Double) -> Double] = [
    .absolute: { abs($0) }, .negative: { -$0 }, .exp: { exp($0) }, .log: { log($0) },
    .sqrt: { $0.squareRoot() }, .reciprocal: { 1 / $0 }, .floor: { $0.rounded(.down) },
    .ceil: { $0.rounded(.up) }, .rint: { $0.rounded(.toNearestOrEven) }, .trunc: { $0.rounded(.towardZero) },
    .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, .erf: { erf($0) }, .tanh: { tanh($0) },
    .logistic: { 1 / (1 + exp(-$0)) }, .relu: { $0 < 0 ? 0 : $0 }, .isMissing: { $0.isNaN ? 1 : 0 },
  ]

  /// A function of two constants.
  func folded(_ left: ONNXConstant, _ right: ONNXConstant, _ function: Combine.Function) throws(Problem)
    -> ONNXConstant
  {
    guard let shape = ONNXAxes.broadcast(left.shape, right.shape),
      let first = ONNXAxes.broadcasting(left.shape, to: shape),
      let second = ONNXAxes.broadcasting(right.shape, to: shape)
    else {
      throw refusal("unexpected-shape", "shapes that go together", "\(left.shape) and \(right.shape)")
    }
    let (one, other) = (left.picking(first.places, shape: shape), right.picking(second.places, shape: shape))
    if let one = one.integers, let other = other.integers {
      return ONNXConstant(
        kind: left.kind, shape: shape,
        elements: .integers(
          try zip(one, other).mapped { (x, y) throws(Problem) in try integer(x, y, function) }))
    }
    guard let one = one.doubles, let other = other.doubles, let evaluate = Self.evaluation(function) else {
      throw refusal(
        "unsupported-constant", "a constant that can be computed", "'\(node.operation)' of constants")
    }
    let isComparison = function.isComparison
    return rounded(
      isComparison ? ONNXConstant(kind: .boolean, shape: shape, elements: .integers([])) : left,
      zip(one, other).map(evaluate), shape: shape)
  }

  private func integer(_ x: Int64, _ y: Int64, _ function: Combine.Function) throws(Problem) -> Int64 {
    let result: (partialValue: Int64, overflow: Bool)
    switch function {
    case .add: result = x.addingReportingOverflow(y)
    case .subtract: result = x.subtractingReportingOverflow(y)
    case .multiply: result = x.multipliedReportingOverflow(by: y)
    case .divide: result = x.dividedReportingOverflow(by: y)
    case .minimum: result = (min(x, y), false)
    case .maximum: result = (max(x, y), false)
    case .less: result = (x < y ? 1 : 0, false)
    case .lessEqual: result = (x <= y ? 1 : 0, false)
    case .greater: result = (x > y ? 1 : 0, false)
    case .greaterEqual: result = (x >= y ? 1 : 0, false)
    case .equal: result = (x == y ? 1 : 0, false)
    default: result = (0, true)
    }
    guard !result.overflow else {
      throw refusal(
        "unsupported-constant", "a constant that can be computed", "'\(node.operation)' of constants")
    }
    return result.partialValue
  }

  private static func evaluation(_ function: Combine.Function) -> ((Double, Double) -> Double)? {
    switch function {
    case .add: { $0 + $1 }
    case .subtract: { $0 - $1 }
    case .multiply: { $0 * $1 }
    case .divide: { $0 / $1 }
    case .power: { pow($0, $1) }
    case .minimum: { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }
    case .maximum: { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessEqual: { $0 <= $1 ? 1 : 0 }
    case .greater: { $0 > $1 ? 1 : 0 }
    case .greaterEqual: { $0 >= $1 ? 1 : 0 }
    case .equal: { $0 == $1 ? 1 : 0 }
    default: nil
    }
  }

  /// Numbers as a constant of the kind of another, rounded to its precision.
  func rounded(_ like: ONNXConstant, _ numbers: [Double], shape: [Int]) -> ONNXConstant {
    let elements: ONNXConstant.Elements
    switch like.kind {
    case .float32: elements = .numbers(numbers.map { Double(Float($0)) })
    case .float64, .text: elements = .numbers(numbers)
    case .integer, .boolean: elements = .integers(numbers.map { Int64(clamping: $0) })
    }
    return ONNXConstant(kind: like.kind, shape: shape, elements: elements)
  }

  /// Arithmetic of numbers of a shape with constants.
  func combined(
    _ function: Combine.Function, _ sizes: [ONNXSize], _ constant: ONNXConstant, isScalar: Bool,
    sizesFirst: Bool
  ) throws(Problem) -> ONNXValue {
    guard let numbers = constant.integers,
      numbers.count == sizes.count || numbers.count == 1 || sizes.count == 1
    else { throw refusal("variable-input", "numbers that are known", "arithmetic with the number of rows") }
    var result: [ONNXSize] = []
    // One number goes with as many as the other side has, none too.
    let count = numbers.count == 1 ? sizes.count : numbers.count
    for index in 0..<count {
      let number = Int(numbers[numbers.count == 1 ? 0 : index])
      switch (sizes[sizes.count == 1 ? 0 : index], function) {
      case (.known(let size), _):
        let (x, y) = sizesFirst ? (size, number) : (number, size)
        result.append(.known(Int(try integer(Int64(x), Int64(y), function))))
      case (.rows(let times), .multiply):
        let (product, overflow) = times.multipliedReportingOverflow(by: number)
        guard !overflow, product > 0 else { throw tooLarge() }
        result.append(.rows(times: product))
      case (.rows(let times), .divide) where sizesFirst && number > 0 && times.isMultiple(of: number):
        result.append(.rows(times: times / number))
      case (.rows, _):
        throw refusal("variable-input", "numbers that are known", "arithmetic with the number of rows")
      }
    }
    return .sizes(result, isScalar: isScalar && constant.shape.isEmpty)
  }
}
