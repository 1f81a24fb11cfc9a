import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.acos
  import func Glibc.asin
  import func Glibc.asinh
  import func Glibc.atan
  import func Glibc.cbrt
  import func Glibc.cos
  import func Glibc.cosh
  import func Glibc.erf
  import func Glibc.exp2
  import func Glibc.expm1
  import func Glibc.log
  import func Glibc.log10
  import func Glibc.log1p
  import func Glibc.log2
  import func Glibc.pow
  import func Glibc.sin
  import func Glibc.sinh
  import func Glibc.tan
#elseif canImport(Musl)
  import func Musl.acos
  import func Musl.asin
  import func Musl.asinh
  import func Musl.atan
  import func Musl.cbrt
  import func Musl.cos
  import func Musl.cosh
  import func Musl.erf
  import func Musl.exp2
  import func Musl.expm1
  import func Musl.log
  import func Musl.log10
  import func Musl.log1p
  import func Musl.log2
  import func Musl.pow
  import func Musl.sin
  import func Musl.sinh
  import func Musl.tan
#else
  import func Darwin.acos
  import func Darwin.asin
  import func Darwin.asinh
  import func Darwin.atan
  import func Darwin.cbrt
  import func Darwin.cos
  import func Darwin.cosh
  import func Darwin.erf
  import func Darwin.exp2
  import func Darwin.expm1
  import func Darwin.log
  import func Darwin.log10
  import func Darwin.log1p
  import func Darwin.log2
  import func Darwin.pow
  import func Darwin.sin
  import func Darwin.sinh
  import func Darwin.tan
#endif
import ModelGraph

extension MapElements: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity {
    let keeps = areSparse[0] && function.keepsZero
    return Sparsity(reads: keeps, gives: keeps)
  }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .sparse(var matrix) = operands[0], function.keepsZero {
      operands.removeAll()
      Self.apply(function, to: &matrix.elements)
      return .sparse(matrix)
    }
    var matrix = operands.takeMatrix(0)
    Self.apply(function, to: &matrix.elements)
    return .numbers(matrix)
  }

  private static func apply(_ function: Function, to elements: inout [Double]) {
    // One loop a function, so that none is chosen element by element.
    func map(_ compute: (Double) -> Double) {
      for index in elements.indices { elements[index] = compute(elements[index]) }
    }
    switch function {
    case .absolute: map { abs($0) }
    case .negative: map { -$0 }
    case .exp: elements.exponentiate()
    case .expm1: map { expm1($0) }
    case .exp2: map { exp2($0) }
    case .log: map { log($0) }
    case .log1p: map { log1p($0) }
    case .log2: map { log2($0) }
    case .log10: map { log10($0) }
    case .sqrt: map { $0.squareRoot() }
    case .cbrt: map { cbrt($0) }
    case .square: map { $0 * $0 }
    case .reciprocal: map { 1 / $0 }
    case .sign: map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 == 0 ? 0 : $0 }
    case .floor: map { $0.rounded(.down) }
    case .ceil: map { $0.rounded(.up) }
    case .rint: map { $0.rounded(.toNearestOrEven) }
    case .trunc: map { $0.rounded(.towardZero) }
    case .sin: map { sin($0) }
    case .cos: map { cos($0) }
    case .tan: map { tan($0) }
    case .arcsin: map { asin($0) }
    case .arccos: map { acos($0) }
    case .arctan: map { atan($0) }
    case .sinh: map { sinh($0) }
    case .cosh: map { cosh($0) }
    case .tanh: elements.takeHyperbolicTangent()
    case .arcsinh: map { asinh($0) }
    case .radians: map { $0 * (Double.pi / 180) }
    case .degrees: map { $0 * (180 / Double.pi) }
    case .logistic: elements.takeLogistic()
    case .relu: elements.rectify()
    case .erf: map { erf($0) }
    case .isMissing: map { $0.isNaN ? 1 : 0 }
    case .float32: map { Double(Float($0)) }
    }
  }
}

extension MapElements.Function {
  /// Whether 0 becomes 0.
  fileprivate var keepsZero: Bool {
    switch self {
    case .absolute, .negative, .expm1, .log1p, .sqrt, .cbrt, .square, .sign, .floor, .ceil, .rint, .trunc,
      .sin, .tan, .arcsin, .arctan, .sinh, .tanh, .arcsinh, .radians, .degrees, .relu, .erf, .isMissing,
      .float32:
      true
    default: false
    }
  }
}

extension Combine: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity {
    let keeps = areSparse[0] && keepsZero
    return Sparsity(reads: keeps, gives: keeps)
  }

  /// Whether 0 becomes 0 with every constant.
  private var keepsZero: Bool {
    guard let constants else { return false }
    return combined(Array(repeating: 0, count: constants.count), with: constants).allSatisfy { $0 == 0 }
  }

  /// Each element combined with the constant at the same place.
  private func combined(_ elements: [Double], with constants: [Double]) -> [Double] {
    var matrix = Matrix(elements: elements, rows: elements.count, columns: 1)
    let first = constantsFirst
    var place = 0
    combine(&matrix) { element, _ in
      let constant = constants[place]
      place += 1
      return first ? (constant, element) : (element, constant)
    }
    return matrix.elements
  }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    if case .sparse(var matrix) = operands[0], let constants, keepsZero {
      operands.removeAll()
      let step = constants.count == 1 ? 0 : 1
      matrix.elements = combined(
        matrix.elements, with: matrix.columnIndices.map { constants[Int($0) * step] })
      return .sparse(matrix)
    }
    var matrix = operands.takeMatrix(0)
    if let constants {
      let step = constants.count == 1 ? 0 : 1
      let first = constantsFirst
      combine(&matrix) { element, column in
        let constant = constants[column * step]
        return first ? (constant, element) : (element, constant)
      }
    } else {
      let second = operands[1].matrix
      let isBroadcast = second.columns == 1
      let columns = matrix.columns
      var place = 0
      combine(&matrix) { element, column in
        let other = isBroadcast ? second.elements[place / columns] : second.elements[place]
        place += 1
        return (element, other)
      }
    }
    return .numbers(matrix)
  }

  private func combine(_ matrix: inout Matrix, _ pair: (Double, Int) -> (Double, Double)) {
    func map(_ compute: (Double, Double) -> Double) {
      for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
        for column in 0..<matrix.columns {
          let (x, y) = pair(matrix.elements[start + column], column)
          matrix.elements[start + column] = compute(x, y)
        }
      }
    }
    switch function {
    case .add: map { $0 + $1 }
    case .subtract: map { $0 - $1 }
    case .multiply: map { $0 * $1 }
    case .divide: map { $0 / $1 }
    case .power: map { pow($0, $1) }
    case .minimum: map { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .maximum: map { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .less: map { $0 < $1 ? 1 : 0 }
    case .lessEqual: map { $0 <= $1 ? 1 : 0 }
    case .greater: map { $0 > $1 ? 1 : 0 }
    case .greaterEqual: map { $0 >= $1 ? 1 : 0 }
    case .equal: map { $0 == $1 ? 1 : 0 }
    case .fillMissing: map { $0.isNaN ? $1 : $0 }
    }
  }
}
