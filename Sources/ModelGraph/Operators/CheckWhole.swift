public import Domain

/// Refuses what is no whole number that a double holds exactly, in a column of a model that takes integers.
public struct CheckWhole: PlainOperator {
  /// The name of the kind.
  public static let kind = "check_whole"

  /// There is nothing to say.
  public init() {}

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}
