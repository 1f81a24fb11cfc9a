public import Domain

/// Texts with those that are missing filled in, column by column.
public struct FillTexts: Operator {
  /// The name of the kind.
  public static let kind = "fill_texts"

  /// What stands in the place of a missing text of each column.
  public var texts: [String]
  /// A text that counts as missing; nil where only what was not sent does.
  public var missing: String?

  /// Says what is filled in.
  public init(texts: [String], missing: String?) {
    self.texts = texts
    self.missing = missing
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(texts: try reader.texts("texts"), missing: try reader.stringIfPresent("missing"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(texts, "texts")
    writer.write(missing, "missing")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.texts()
    try operands.expect(texts, count: columns, "texts")
    return ValueType(.texts, columns: columns)
  }
}

/// 1 where a text is missing, else 0.
public struct MissingTexts: Operator {
  /// The name of the kind.
  public static let kind = "missing_texts"

  /// A text that counts as missing; nil where only what was not sent does.
  public var missing: String?

  /// Says what counts as missing.
  public init(missing: String?) {
    self.missing = missing
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(missing: try reader.stringIfPresent("missing"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(missing, "missing")
  }

  /// Gives as many columns of numbers as it reads of texts.
  public func check(_ operands: Operands) throws(Problem) -> ValueType { .numbers(try operands.texts()) }
}
