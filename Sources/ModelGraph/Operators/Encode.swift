public import Domain

/// Each text becomes the number that stands for it.
public struct EncodeTexts: Operator {
  /// The name of the kind.
  public static let kind = "encode_texts"

  /// The texts; the first of equal ones counts.
  public var keys: [String]
  /// The number of each text.
  public var numbers: [Double]
  /// The number of a text that is none of them, and of a missing one; nil refuses them.
  public var other: Double?

  /// Says which number stands for which text.
  public init(keys: [String], numbers: [Double], other: Double?) {
    self.keys = keys
    self.numbers = numbers
    self.other = other
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      keys: try reader.texts("keys"), numbers: try reader.numbers("numbers"),
      other: try reader.numberIfPresent("other"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(keys, "keys")
    writer.write(numbers, "numbers")
    writer.write(other, "other")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(numbers, count: keys.count, "numbers")
    return .numbers(try operands.texts())
  }
}

/// Each number becomes the one that stands for it.
public struct EncodeNumbers: Operator {
  /// The name of the kind.
  public static let kind = "encode_numbers"

  /// The numbers that are replaced, NaN among them where it is; the first of equal ones counts.
  public var keys: [Double]
  /// What each becomes.
  public var numbers: [Double]
  /// What a number becomes that is none of them; nil refuses it.
  public var other: Double?

  /// Says which number becomes which.
  public init(keys: [Double], numbers: [Double], other: Double?) {
    self.keys = keys
    self.numbers = numbers
    self.other = other
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      keys: try reader.numbers("keys"), numbers: try reader.numbers("numbers"),
      other: try reader.numberIfPresent("other"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(keys, "keys")
    writer.write(numbers, "numbers")
    writer.write(other, "other")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(numbers, count: keys.count, "numbers")
    return .numbers(try operands.numbers())
  }
}
