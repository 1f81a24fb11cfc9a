public import Domain

/// Refuses what is no whole number that a double holds exactly, in a column of a model that takes integers.
public struct CheckWhole: Operator {
  /// The name of the kind.
  public static let kind = "check_whole"

  /// There is nothing to say.
  public init() {}

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {}

  /// Writes nothing down.
  public func write(to writer: inout AttributeWriter) {}

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}
