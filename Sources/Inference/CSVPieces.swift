public import Domain

/// Comma-separated values that come piece by piece, cut where a line ends, so that each part can be read for itself.
public struct CSVPieces {
  /// The most bytes of one line, with those that quotes make part of it.
  public static let lineLimit = 16 << 20

  private var rest: [UInt8] = []
  /// How many bytes of the rest were looked at.
  private var seen = 0
  private var isQuoted = false
  /// Whether the next byte begins a field: there alone a quote is one.
  private var isAtStart = true
  /// Whether the byte before was a quote that may end a field.
  private var isAfterQuote = false

  /// Nothing has come yet.
  public init() {}

  /// Takes a piece; the whole lines that there are by now, none where there is no end of one.
  ///
  /// Throws `rows.malformed` for a line beyond the limit.
  public mutating func take(_ piece: ArraySlice<UInt8>) throws(Problem) -> [UInt8] {
    rest += piece
    var end: Int?
    while seen < rest.count {
      let byte = rest[seen]
      seen += 1
      if isQuoted {
        if byte == UInt8(ascii: "\"") { (isQuoted, isAfterQuote) = (false, true) }
        continue
      }
      if isAfterQuote, byte == UInt8(ascii: "\"") {
        // Written twice it is one of the text.
        (isQuoted, isAfterQuote) = (true, false)
        continue
      }
      isAfterQuote = false
      switch byte {
      case UInt8(ascii: "\"") where isAtStart: (isQuoted, isAtStart) = (true, false)
      case UInt8(ascii: ","): isAtStart = true
      case UInt8(ascii: "\n"): (isAtStart, end) = (true, seen)
      default: isAtStart = false
      }
    }
    guard let end else {
      guard rest.count <= Self.lineLimit else {
        throw Problem(
          .tooLarge, "rows.malformed",
          "expected lines of at most \(Self.lineLimit) bytes, found a longer one",
          hint: "look for a quote that is not closed")
      }
      return []
    }
    let whole = Array(rest[..<end])
    rest.removeFirst(end)
    seen = rest.count
    return whole
  }

  /// What is left behind the last end of a line.
  public mutating func finish() -> [UInt8] {
    defer { self = CSVPieces() }
    return rest
  }
}
