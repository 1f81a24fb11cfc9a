public import Domain

/// The lines of comma-separated values (RFC 4180), lines of nothing left out.
public struct CSVRecords {
  /// What stands between two commas.
  public struct Field: Sendable {
    /// The text without the quotes around it.
    public let text: String
    /// Whether there were quotes around it: a text even where it is empty.
    public let isQuoted: Bool

    /// The number that is there, NaN for nothing; nil for something else.
    ///
    /// Truth values are 0 and 1.
    public var number: Double? {
      let trimmed = text.drop { $0 == " " }
      let end = trimmed.lastIndex { $0 != " " }
      guard let end else { return .nan }
      let word = trimmed[...end]
      switch word {
      case "true", "True", "TRUE": return 1
      case "false", "False", "FALSE": return 0
      default: return Double(word)
      }
    }
  }

  /// One line, or several where a field in quotes has lines of its own.
  public struct Record: Sendable {
    /// The fields in their order.
    public internal(set) var fields: [Field]
    /// The line that it starts on, counted from 1.
    public let line: Int
  }

  /// The lines in their order, one of names too.
  public private(set) var all: [Record] = []

  /// Takes the fields apart; throws `rows.malformed`, and `rows.too-many-cells` past a limit.
  public init(_ bytes: [UInt8], cellLimit: Int = .max) throws(Problem) {
    var cells = 0
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem(.badInput, "rows.malformed", "expected text in UTF-8, found bytes that are not")
    }
    // A mark of the byte order before it is no part of the first name.
    var bytes = text.utf8[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    var index = bytes.startIndex
    var line = 1
    var record = Record(fields: [], line: 1)
    func next() -> UInt8? { index < bytes.endIndex ? bytes[index] : nil }
    while true {
      var field: [UInt8] = []
      var isQuoted = false
      if next() == UInt8(ascii: "\"") {
        isQuoted = true
        let start = line
        index = bytes.index(after: index)
        while true {
          guard let byte = next() else {
            throw Problem(
              .badInput, "rows.malformed", "expected a quote that ends the field, found the end of the file",
              position: "row \(start)")
          }
          index = bytes.index(after: index)
          if byte == UInt8(ascii: "\"") {
            // A quote inside quotes is written twice.
            guard next() == UInt8(ascii: "\"") else { break }
            index = bytes.index(after: index)
          }
          if byte == UInt8(ascii: "\n") { line += 1 }
          field.append(byte)
        }
        while next() == UInt8(ascii: " ") { index = bytes.index(after: index) }
        guard [nil, UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(next()) else {
          throw Problem(
            .badInput, "rows.malformed", "expected a comma after a field in quotes, found another character",
            position: "row \(line)")
        }
      } else {
        while let byte = next(), ![UInt8(ascii: ","), UInt8(ascii: "\n"), UInt8(ascii: "\r")].contains(byte) {
          field.append(byte)
          index = bytes.index(after: index)
        }
      }
      cells += 1
      guard cells <= cellLimit else {
        throw Problem(
          .tooLarge, "rows.too-many-cells", "expected at most \(cellLimit) fields, found more",
          position: "row \(line)", hint: "send fewer rows or columns")
      }
      record.fields.append(Field(text: String(decoding: field, as: UTF8.self), isQuoted: isQuoted))
      guard let end = next() else { break }
      index = bytes.index(after: index)
      if end == UInt8(ascii: ",") { continue }
      if end == UInt8(ascii: "\r"), next() == UInt8(ascii: "\n") { index = bytes.index(after: index) }
      line += 1
      keep(record)
      record = Record(fields: [], line: line)
    }
    keep(record)
  }

  /// Leaves out lines of nothing.
  private mutating func keep(_ record: Record) {
    if record.fields.count == 1, record.fields[0].text.isEmpty, !record.fields[0].isQuoted { return }
    all.append(record)
  }
}
