public import Domain

/// A function of one number, applied element by element.
public struct MapElements: Operator {
  /// The functions there are, by NumPy's names where it has one.
  public enum Function: String, Sendable, CaseIterable {
    /// |x|.
    case absolute
    /// −x.
    case negative
    /// eˣ.
    case exp
    /// eˣ − 1.
    case expm1
    /// 2ˣ.
    case exp2
    /// ln x.
    case log
    /// ln(1 + x).
    case log1p
    /// log₂ x.
    case log2
    /// log₁₀ x.
    case log10
    /// √x.
    case sqrt
    /// ∛x.
    case cbrt
    /// x².
    case square
    /// 1 ÷ x.
    case reciprocal
    /// −1, 0 or 1.
    case sign
    /// The greatest whole number not above x.
    case floor
    /// The least whole number not below x.
    case ceil
    /// The nearest whole number, halves to the even one.
    case rint
    /// x without its fraction.
    case trunc
    /// Sine of radians.
    case sin
    /// Cosine of radians.
    case cos
    /// Tangent of radians.
    case tan
    /// Inverse sine.
    case arcsin
    /// Inverse cosine.
    case arccos
    /// Inverse tangent.
    case arctan
    /// Hyperbolic sine.
    case sinh
    /// Hyperbolic cosine.
    case cosh
    /// Hyperbolic tangent.
    case tanh
    /// Inverse hyperbolic sine.
    case arcsinh
    /// Degrees to radians.
    case radians
    /// Radians to degrees.
    case degrees
    /// 1 ÷ (1 + e⁻ˣ), `scipy.special.expit`.
    case logistic
    /// max(x, 0); NaN stays.
    case relu
    /// The error function.
    case erf
    /// 1 where x is NaN, else 0.
    case isMissing = "is_missing"
    /// x rounded to single precision.
    case float32
  }

  /// The name of the kind.
  public static let kind = "map"

  /// The function.
  public var function: Function

  /// Says which function.
  public init(_ function: Function) {
    self.function = function
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.choice("function"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(function, "function")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}

/// A function of two numbers, applied element by element to two values, or to a value and constants.
///
/// Of two values the second may have one column, which then goes with every column of the first. Constants are
/// one a column, or one for all.
public struct Combine: Operator {
  /// The functions there are, by NumPy's names.
  public enum Function: String, Sendable, CaseIterable {
    /// x + y.
    case add
    /// x − y.
    case subtract
    /// x × y.
    case multiply
    /// x ÷ y.
    case divide
    /// xʸ.
    case power
    /// The lesser; NaN where either is.
    case minimum
    /// The greater; NaN where either is.
    case maximum
    /// 1 where x < y, else 0.
    case less
    /// 1 where x ≤ y, else 0.
    case lessEqual = "less_equal"
    /// 1 where x > y, else 0.
    case greater
    /// 1 where x ≥ y, else 0.
    case greaterEqual = "greater_equal"
    /// 1 where x = y, else 0.
    case equal
    /// y where x is NaN, else x.
    case fillMissing = "fill_missing"
  }

  /// The name of the kind.
  public static let kind = "combine"

  /// The function.
  public var function: Function
  /// The other number for each column, or one for all; nil where there are two values.
  public var constants: [Double]?
  /// Whether the constants are x and the value is y.
  public var constantsFirst: Bool

  /// Combines two values.
  public init(_ function: Function) {
    self.function = function
    self.constants = nil
    self.constantsFirst = false
  }

  /// Combines a value with constants.
  public init(_ function: Function, constants: [Double], first: Bool = false) {
    self.function = function
    self.constants = constants
    self.constantsFirst = first
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.function = try reader.choice("function")
    self.constants = try reader.numbersIfPresent("constants")
    self.constantsFirst = try reader.bool("constants_first")
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(function, "function")
    writer.write(constants, "constants")
    writer.write(constantsFirst, "constants_first")
  }

  /// Gives as many columns as the first value has.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard let constants else {
      let columns = try operands.allNumbers(count: 2)
      guard columns[1] == columns[0] || columns[1] == 1, !constantsFirst else {
        throw operands.problem(
          "operand",
          "expected '\(operands.node)' to read two values of \(columns[0]) columns, found"
            + " \(columns[1]) in the second")
      }
      return .numbers(columns[0])
    }
    let columns = try operands.numbers()
    if constants.count != 1 { try operands.expect(constants, count: columns, "constants") }
    return .numbers(columns)
  }
}
