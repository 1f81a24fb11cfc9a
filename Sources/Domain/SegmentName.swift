/// The name of a segment of access records: of the process that wrote it, and a count.
public struct SegmentName: Hashable, Sendable, CustomStringConvertible {
  /// 16 hexadecimal digits of the process.
  public let process: String
  /// The count, from 1; a later segment of the same process has a greater one.
  public let number: Int

  /// `PROCESS-NUMBER`, the number with 8 digits or more.
  public var description: String {
    let digits = String(number)
    return "\(process)-\(String(repeating: "0", count: max(0, Self.width - digits.utf8.count)))\(digits)"
  }

  private static let width = 8

  /// Names a segment by the process that writes it, 16 hexadecimal digits, and a count from 1.
  public init(process: String, number: Int) {
    self.process = process
    self.number = number
  }

  /// Reads what `description` says; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, parts[0].utf8.allSatisfy(Self.isHexadecimal),
      Self.width...18 ~= parts[1].utf8.count, parts[1].utf8.allSatisfy(Self.isDigit),
      let number = Int(parts[1])
    else { return nil }
    process = String(parts[0])
    self.number = number
    // One text a name: no digits before the eighth that say nothing.
    guard description == text else { return nil }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
  }
}

extension SegmentName: Comparable {
  /// By process, then by number.
  public static func < (left: SegmentName, right: SegmentName) -> Bool {
    (left.process, left.number) < (right.process, right.number)
  }
}
