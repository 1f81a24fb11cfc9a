import Encoding

/// The text of a document, to say where in it something stands.
public struct SourceText: Sendable {
  /// A place as people count it, from 1.
  public struct Place: Hashable, Sendable, CustomStringConvertible {
    /// The line.
    public let line: Int
    /// The character in the line.
    public let column: Int

    /// Line and column, `7:12`.
    public var description: String { "\(line):\(column)" }
  }

  /// How many characters of a line an excerpt shows.
  static let widthLimit = 100

  /// The bytes of the text.
  public let bytes: [UInt8]
  private let lineStarts: [Int]

  /// Takes a text; what is no UTF-8 in it is shown as such.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    lineStarts = [0] + bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
  }

  /// Where a byte stands; one past the end is at the end.
  ///
  /// Takes time in proportion to the length of its line.
  public func place(of offset: Int) -> Place {
    let offset = min(max(0, offset), bytes.count)
    let line = lineIndex(of: offset)
    return Place(line: line + 1, column: bytes[lineStarts[line]..<offset].count { !isContinuation($0) } + 1)
  }

  /// The first line of a range as a terminal shows it, and a line that points at it.
  ///
  /// ```
  ///   7 |   - metrics: ["acuracy ~ 0.92"]
  ///     |               ^~~~~~~~~~~~~~~
  /// ```
  public func excerpt(of range: Range<Int>) -> [String] {
    let start = min(max(0, range.lowerBound), bytes.count)
    let line = lineIndex(of: start)
    let lineEnd = max(start, line + 1 < lineStarts.count ? lineStarts[line + 1] - 1 : bytes.count)
    let end = min(max(start, range.upperBound), lineEnd)
    // A line may be as long as the text: no more of it is looked at than can be shown.
    let before = characters(max(lineStarts[line], start - 4 * Self.widthLimit)..<start)
      .suffix(Self.widthLimit * 3 / 5)
    let text = before + characters(start..<min(lineEnd, start + 4 * Self.widthLimit))
    let shown = String(String.UnicodeScalarView(text.prefix(Self.widthLimit)))
    // Blanks behind a value are not what is pointed at.
    let marked = characters(start..<min(end, start + 4 * Self.widthLimit)).reversed().drop { $0 == " " }.count
    let width = min(max(1, marked), max(1, Self.widthLimit - before.count))
    let number = String(line + 1)
    let margin = String(repeating: " ", count: number.count)
    let indent = String(repeating: " ", count: before.count)
    return [
      "  \(number) | \(shown.trimmedAtEnd)",
      "  \(margin) | \(indent)^\(String(repeating: "~", count: width - 1))",
    ]
  }

  private func lineIndex(of offset: Int) -> Int {
    var (low, high) = (0, lineStarts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The characters of a range, each one column wide: nothing in them steers a terminal.
  private func characters(_ range: Range<Int>) -> [Unicode.Scalar] {
    let whole = bytes[range].drop(while: isContinuation)
    return String(decoding: whole, as: UTF8.self).unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control: scalar == "\r" || scalar == "\t" ? " " : "."
      case .format, .lineSeparator, .paragraphSeparator: "."
      default: scalar
      }
    }
  }
}

/// Whether a byte of UTF-8 is inside a character.
private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

extension String {
  fileprivate var trimmedAtEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
