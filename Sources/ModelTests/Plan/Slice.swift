import Documents
import Domain
import Encoding
import Inference

/// A part of the rows: those with a value in a column, or with a number within a range.
public struct Slice: Equatable, Sendable {
  /// How many bytes a value may have, so that the slice has a name that policies can use.
  static let valueLimit = 60

  enum Member: Equatable, Sendable {
    case value(String)
    case range(ClosedRange<Double>)
  }

  /// The column that is looked at.
  public let column: String
  let member: Member
  /// How policies name it: `segment=young`, `age=18..30`, or the name that it was given.
  public let label: String

  /// Rows with a value; nil for one that no name of a slice can hold.
  init?(column: String, value: String) {
    guard 1...Self.valueLimit ~= value.utf8.count, 1...64 ~= column.utf8.count,
      "\(column)\(value)".isOneLine(upTo: 124), !"\(column)\(value)".utf8.contains(UInt8(ascii: "]"))
    else { return nil }
    self.column = column
    member = .value(value)
    label = "\(column)=\(value)"
  }

  /// Rows with a number within a range, its ends among them.
  init(column: String, range: ClosedRange<Double>, name: String?) {
    self.column = column
    member = .range(range)
    let bounds = [range.lowerBound, range.upperBound].map { JSON.shortestText(of: $0) }
    label = name ?? "\(column)=\(bounds[0])..\(bounds[1])"
  }

  /// Reads `segment=young`; nil for anything else.
  init?(parsing label: String) {
    guard let sign = label.firstIndex(of: "=") else { return nil }
    self.init(
      column: String(Substring(label[..<sign]).trimmed),
      value: String(Substring(label[label.index(after: sign)...]).trimmed))
    guard self.label == label else { return nil }
  }

  /// Whether a field belongs to it: numbers are compared as numbers, however they are spelled.
  func contains(_ field: CSVRecords.Field) -> Bool {
    switch member {
    case .range(let range): return field.number.map { range.contains($0) } ?? false
    case .value(let value):
      if field.text == value { return true }
      guard !field.isMissing, let number = field.number else { return false }
      return value == "true" ? number == 1 : value == "false" ? number == 0 : decimal(value) == number
    }
  }
}
