public import Domain

/// Numbers of some columns as scikit-learn's histogram boosting took them for categories until 1.3: converted to 8
/// bits as C's compilers do it on x86-64.
///
/// A number is cut to a whole one toward 0, or is 0 where that does not fit 32 bits; its lowest 8 bits remain. NaN
/// stays, and a number below 0 becomes NaN where `negativesAreMissing`.
public struct CategoryBytes: Operator {
  /// The name of the kind.
  public static let kind = "category_bytes"

  /// Which columns, ascending; all others stay as they are.
  public var columns: [Int64]
  /// Whether a number below 0 is missing, as it is since 1.2.
  public var negativesAreMissing: Bool

  /// Says which columns hold categories.
  public init(columns: [Int64], negativesAreMissing: Bool) {
    self.columns = columns
    self.negativesAreMissing = negativesAreMissing
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      columns: try reader.integers("columns"), negativesAreMissing: try reader.bool("negatives_are_missing"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(columns, "columns")
    writer.write(negativesAreMissing, "negatives_are_missing")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let count = try operands.numbers()
    try operands.expectIndices(columns, below: count, "columns")
    guard zip(columns, columns.dropFirst()).allSatisfy(<) else {
      throw operands.problem(
        "index-range", "expected ascending columns in '\(operands.node)', found others")
    }
    return .numbers(count)
  }
}
