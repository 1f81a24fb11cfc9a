/// What stands at the place of a finding, kept so that a report can draw it.
public struct FindingExcerpt: Sendable {
  /// How the place is drawn.
  enum Form: Sendable {
    /// A line of text; line and column count from 1, the column in bytes from where `text` starts.
    case line(number: Int, column: Int, text: String, caret: Int)
    /// A row of bytes, the first of which is at `start`.
    case row(start: Int, bytes: [UInt8], index: Int)
  }

  let form: Form

  /// How much of a long line is kept on either side.
  private static let reach = 48
  /// How far into a file lines are counted; behind it a place is drawn as bytes.
  private static let countedBytes = 4 << 20

  /// Keeps what stands at `offset`; nil where there is nothing.
  init?(of bytes: ArraySlice<UInt8>, at offset: Int) {
    guard offset >= 0, offset < bytes.count else { return nil }
    form = Self.line(of: bytes, at: offset) ?? Self.row(of: bytes, at: offset)
  }

  /// The number of the line that the place is on, where it is in text.
  var line: (number: Int, column: Int)? {
    guard case .line(let number, let column, _, _) = form else { return nil }
    return (number, column)
  }

  private static func line(of bytes: ArraySlice<UInt8>, at offset: Int) -> Form? {
    guard offset < countedBytes, TextFormat.isText(bytes.prefix(64)) else { return nil }
    let place = bytes.startIndex + offset
    let feed = UInt8(ascii: "\n")
    let before = bytes[..<place].suffix(reach)
    let start = before.lastIndex(of: feed).map { $0 + 1 } ?? before.startIndex
    let end = bytes[place...].prefix(reach).firstIndex(of: feed) ?? min(place + reach, bytes.endIndex)
    guard TextFormat.isText(bytes[start..<max(start, end)]) else { return nil }
    var number = 1
    var lineStart = bytes.startIndex
    for index in bytes.startIndex..<place where bytes[index] == feed {
      number += 1
      lineStart = index + 1
    }
    let text = String(decoding: bytes[start..<max(start, end)], as: UTF8.self).drawable
    let caret = String(decoding: bytes[start..<place], as: UTF8.self).drawable.count
    return .line(number: number, column: place - lineStart + 1, text: text, caret: caret)
  }

  private static func row(of bytes: ArraySlice<UInt8>, at offset: Int) -> Form {
    let start = offset & ~15
    return .row(start: start, bytes: Array(bytes.dropFirst(start).prefix(16)), index: offset - start)
  }

  /// The drawing: what stands there, and below it a mark.
  var lines: [String] {
    switch form {
    case .line(let number, _, let text, let caret):
      let gutter = String(number)
      let blank = String(repeating: " ", count: gutter.count)
      return ["\(gutter) | \(text)", "\(blank) | \(String(repeating: " ", count: caret))^"]
    case .row(let start, let bytes, let index):
      let address = Self.address(start)
      let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
      let hex = digits.joined(separator: " ")
      let text = String(
        decoding: bytes.map { 0x20..<0x7F ~= $0 ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
      let padding = String(repeating: " ", count: 47 - hex.count)
      return [
        "\(address)  \(hex)\(padding)  |\(text)|",
        String(repeating: " ", count: address.count + 2 + index * 3) + "^^",
      ]
    }
  }

  private static func address(_ offset: Int) -> String {
    let digits = String(offset, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}

extension String {
  /// The text as one character each, so that a mark below it stands where it should: what has no width or
  /// moves others becomes a point.
  fileprivate var drawable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate,
            .nonspacingMark, .enclosingMark:
            "."
          default: scalar
          }
        }))
  }
}
