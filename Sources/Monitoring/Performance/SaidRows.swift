import Encoding

/// What a model said of the rows of one request, as its access record has it.
///
/// A JSON array in a text: how many classes there are (0 for numbers), how many rows are left out, then the rows in order. Of
/// classes a row is `[place]` or `[place,score]`, the score being the probability of the second of two classes and of more
/// classes the probability of the one that was said; of numbers it is the number. Null is a row that nothing was said of
/// which a label could be held against.
public struct SaidRows: Sendable, Equatable {
  /// The most rows of one request.
  public static let rowLimit = 64
  /// The most classes that labels are told apart among.
  public static let classLimit = 1 << 16
  /// The most bytes that a text is read of.
  static let byteLimit = 8192

  /// How many classes there are; 0 for numbers.
  public let classes: Int
  /// What was said of each row, in order; nil where there is nothing to hold a label against.
  public let rows: [KeptPrediction?]
  /// How many further rows there were.
  public let leftOut: Int

  init(classes: Int, rows: [KeptPrediction?], leftOut: Int) {
    self.classes = classes
    self.rows = rows
    self.leftOut = leftOut
  }

  /// The text.
  public var text: String {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    bytes.reserveCapacity(16 + rows.count * 24)
    bytes.append(decimal: classes)
    bytes.append(UInt8(ascii: ","))
    bytes.append(decimal: leftOut)
    for row in rows {
      bytes.append(UInt8(ascii: ","))
      switch row {
      case .binary(let place, let score), .classes(let place, let score):
        bytes.append(UInt8(ascii: "["))
        bytes.append(decimal: place)
        if let score {
          bytes.append(UInt8(ascii: ","))
          bytes += "\(score)".utf8
        }
        bytes.append(UInt8(ascii: "]"))
      case .number(let value): bytes += "\(value)".utf8
      case nil: bytes.append("null")
      }
    }
    bytes.append(UInt8(ascii: "]"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads what `text` writes; nil for anything else.
  public init?(parsing text: String) {
    guard text.utf8.count <= Self.byteLimit,
      let values =
        (try? JSON(
          parsing: text.utf8, limits: JSONLimits(depth: 3, values: 4 * (Self.rowLimit + 2))))?.array,
      values.count >= 2, values.count <= Self.rowLimit + 2, let classes = values[0].int,
      classes == 0 || 2...Self.classLimit ~= classes, let leftOut = values[1].int, leftOut >= 0
    else { return nil }
    var rows: [KeptPrediction?] = []
    for value in values.dropFirst(2) {
      guard value != .null else {
        rows.append(nil)
        continue
      }
      guard let row = Self.row(value, classes: classes) else { return nil }
      rows.append(row)
    }
    self.init(classes: classes, rows: rows, leftOut: leftOut)
  }

  private static func row(_ value: JSON, classes: Int) -> KeptPrediction? {
    guard classes > 0 else { return value.double.flatMap { $0.isFinite ? .number($0) : nil } }
    guard let parts = value.array, 1...2 ~= parts.count, let place = parts[0].int, 0..<classes ~= place else {
      return nil
    }
    var score: Double?
    if parts.count == 2 {
      guard let said = parts[1].double, 0...1 ~= said else { return nil }
      score = said
    }
    return classes == 2 ? .binary(place, probability: score) : .classes(place, confidence: score)
  }
}
