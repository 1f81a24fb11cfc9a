import Encoding

/// Where the record of one request stands: what an answer carries and `gatehouse audit prove` finds.
public struct Receipt: Hashable, Sendable, CustomStringConvertible {
  /// The name of the spool's segment: 16 hexadecimal digits of the process, and a count of 8 digits or more.
  public let segment: String
  /// The place of the record in it, from 0.
  public let index: Int

  /// Names a record.
  public init(segment: String, index: Int) {
    self.segment = segment
    self.index = index
  }

  /// `SEGMENT-INDEX`.
  public var description: String {
    var text: [UInt8] = []
    append(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends what `description` says.
  public func append(to text: inout [UInt8]) {
    text += segment.utf8
    text.append(UInt8(ascii: "-"))
    text.append(decimal: index)
  }

  /// Reads what `description` says.
  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].utf8.count == 16, parts[0].utf8.allSatisfy(Self.isHexadecimal),
      8...18 ~= parts[1].utf8.count, parts[1].utf8.allSatisfy(Self.isDigit), let index = Int(parts[2]),
      String(index) == parts[2], index >= 0
    else {
      throw Problem(
        .badInput, "receipt.malformed",
        "expected a receipt as an answer carries it in Gatehouse-Receipt, found '\(text.excerpt(80))'")
    }
    self.init(segment: "\(parts[0])-\(parts[1])", index: index)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
  }
}
