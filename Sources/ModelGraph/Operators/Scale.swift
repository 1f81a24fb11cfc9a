public import Domain

/// (x − offset) ÷ divisor, column by column; either may be absent.
public struct Scale: Operator {
  /// The name of the kind.
  public static let kind = "scale"

  /// What is subtracted from each column.
  public var offset: [Double]?
  /// What each column is divided by; none is 0.
  public var divisor: [Double]?

  /// Says what is subtracted and divided by.
  public init(offset: [Double]?, divisor: [Double]?) {
    self.offset = offset
    self.divisor = divisor
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      offset: try reader.numbersIfPresent("offset"), divisor: try reader.numbersIfPresent("divisor"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(offset, "offset")
    writer.write(divisor, "divisor")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    if let offset {
      try operands.expect(offset, count: columns, "offset")
      try operands.expectFinite(offset, "offset")
    }
    if let divisor {
      try operands.expect(divisor, count: columns, "divisor")
      try operands.expectFinite(divisor, "divisor")
      if let index = divisor.firstIndex(of: 0) {
        throw operands.problem(
          "divisor", "expected divisors other than 0 in '\(operands.node)', found 0 at [\(index)]")
      }
    }
    return .numbers(columns)
  }
}
