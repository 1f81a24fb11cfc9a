public import Domain

/// Each row becomes exp(x − max) ÷ Σ exp(x − max).
public struct Softmax: PlainOperator {
  /// The name of the kind.
  public static let kind = "softmax"

  /// There is nothing to say.
  public init() {}

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}

/// What becomes of a row that cannot be divided by its norm, because that is 0; scikit-learn has both.
public enum ZeroNorm: String, Sendable, CaseIterable {
  /// The division is made all the same, and gives NaN.
  case divide
  /// The row stays as it is.
  case keep
  /// The row stays as it is, and so does one whose norm is below 10 ε: about 2.2 × 10⁻¹⁵.
  case keepTiny = "keep_tiny"
  /// Every element becomes 1 ÷ columns.
  case uniform
}

/// Each row divided by its norm.
public struct NormalizeRows: Operator {
  /// What a row is measured by.
  public enum Norm: String, Sendable, CaseIterable {
    /// Σ x, added up as NumPy does.
    case sum
    /// Σ |x|.
    case l1
    /// √Σ x².
    case l2
    /// The greatest |x|.
    case max
  }

  /// The name of the kind.
  public static let kind = "normalize_rows"

  /// What a row is measured by.
  public var norm: Norm
  /// What becomes of a row whose norm is 0.
  public var zeroNorm: ZeroNorm

  /// Says what rows are divided by.
  public init(norm: Norm = .sum, zeroNorm: ZeroNorm) {
    self.norm = norm
    self.zeroNorm = zeroNorm
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(norm: try reader.choice("norm"), zeroNorm: try reader.choice("zero_norm"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(norm, "norm")
    writer.write(zeroNorm, "zero_norm")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}

/// Each row becomes one number.
public struct ReduceRows: Operator {
  /// What is made of a row.
  public enum Reduction: String, Sendable, CaseIterable {
    /// Σ x, added up as NumPy adds along the last axis.
    case sum
    /// Σ x ÷ columns.
    case mean
    /// The greatest element; NaN where there is one.
    case max
    /// The least element; NaN where there is one.
    case min
    /// Π x.
    case product
    /// Σ x².
    case sumOfSquares = "sum_of_squares"
    /// max + log Σ exp(x − max), as `scipy.special.logsumexp`.
    case logSumExp = "log_sum_exp"
  }

  /// The name of the kind.
  public static let kind = "reduce_rows"

  /// What is made of a row.
  public var reduction: Reduction

  /// Says what is made of a row.
  public init(_ reduction: Reduction) {
    self.reduction = reduction
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.choice("reduction"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(reduction, "reduction")
  }

  /// Gives one column.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    _ = try operands.numbers()
    return .numbers(1)
  }
}
