public import Domain

/// Of three values of as many columns: the second where the first is not 0, else the third.
public struct Select: PlainOperator {
  /// The name of the kind.
  public static let kind = "select"

  /// There is nothing to say.
  public init() {}

  /// Gives as many columns as each of the operands has.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.allNumbers(count: 3)
    guard columns[0] == columns[1], columns[1] == columns[2] else {
      throw operands.problem(
        "operand", "expected '\(operands.node)' to read three values of as many columns, found \(columns)")
    }
    return .numbers(columns[0])
  }
}

/// Each number becomes the row of a table at that place; a negative place counts from the end.
///
/// A number that is no place of the table is refused when it comes.
public struct Embed: Operator {
  /// The name of the kind.
  public static let kind = "embed"

  /// The table.
  public var table: ConstantMatrix

  /// Says what stands at each place.
  public init(_ table: ConstantMatrix) {
    self.table = table
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.matrix("table"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(table.tensor, "table")
  }

  /// Gives for each column as many as the table has.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let (columns, overflow) = try operands.numbers().multipliedReportingOverflow(by: table.columns)
    guard !overflow, columns > 0, table.rows > 0 else {
      throw operands.problem(
        "tensor-shape",
        "expected a table with rows in '\(operands.node)', found \(table.rows) × \(table.columns)")
    }
    return .numbers(columns)
  }
}
