public import Domain

/// Refuses a row that misses an element of certain columns, whose value says 1 where one is missing and else 0.
///
/// scikit-learn's MissingIndicator so refuses what is missing in a column that missed nothing when it was fitted.
public struct CheckPresent: Operator {
  /// The name of the kind.
  public static let kind = "check_present"

  /// The columns in which nothing may be missing, ascending.
  public var columns: [Int64]

  /// Says in which columns nothing may be missing.
  public init(_ columns: [Int64]) {
    self.columns = columns
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.integers("columns"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(columns, "columns")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let count = try operands.numbers()
    guard columns.allSatisfy({ 0..<Int64(count) ~= $0 }),
      zip(columns, columns.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw operands.problem(
        "columns", "expected 'columns' of '\(operands.node)' to ascend below \(count), found others")
    }
    return .numbers(count)
  }
}
