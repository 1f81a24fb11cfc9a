public import Domain

/// What an objective makes of its margins, worked out in single precision as XGBoost works it out.
///
/// Elements are rounded to single precision first, and every step is: the results differ from those in double
/// precision in their last bits.
public struct SingleLink: Operator {
  /// The functions there are.
  public enum Function: String, Sendable, CaseIterable {
    /// eˣ.
    case exp
    /// 1 ÷ (1 + e⁻ˣ).
    case logistic
    /// 1 ÷ (1 + e^min(−x, 88.7)), which never is 0: what XGBoost computes from 1.6 on.
    case boundedLogistic = "bounded_logistic"
    /// e^(x − max) ÷ Σ e^(x − max) for each row, the sum in double precision.
    case softmax
  }

  /// The name of the kind.
  public static let kind = "single_link"

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
