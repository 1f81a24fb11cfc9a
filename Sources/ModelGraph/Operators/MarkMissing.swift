public import Domain

/// Elements within a range become NaN: the numbers that stand for what is missing.
public struct MarkMissing: Operator {
  /// The name of the kind.
  public static let kind = "mark_missing"

  /// The least number that stands for what is missing.
  public var lowest: Double
  /// The greatest one.
  public var highest: Double

  /// Says which numbers stand for what is missing.
  public init(from lowest: Double, through highest: Double) {
    self.lowest = lowest
    self.highest = highest
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(from: try reader.number("lowest"), through: try reader.number("highest"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(lowest, "lowest")
    writer.write(highest, "highest")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.numbers())
  }
}
