import Domain
import Encoding

/// Where the next part of a list is (RFC 8288).
enum NextLink {
  private static let longest = 16384

  /// The reference whose relation is `next` in the value of a `Link` header; nil where there is none.
  ///
  /// Throws `registry.malformed-link`.
  static func find(in text: String) throws(Problem) -> String? {
    guard text.utf8.count <= longest else { throw malformed(text) }
    var scanner = FieldScanner(text)
    while true {
      scanner.skipCommas()
      guard !scanner.isAtEnd else { return nil }
      guard scanner.take("<"), let reference = scanner.upTo(">") else { throw malformed(text) }
      var relation: String?
      scanner.skipSpace()
      while scanner.take(";") {
        scanner.skipSpace()
        guard let name = scanner.token() else { throw malformed(text) }
        scanner.skipSpace()
        var value = ""
        if scanner.take("=") {
          scanner.skipSpace()
          guard let found = scanner.value() else { throw malformed(text) }
          value = found
        }
        // The first counts (section 3.3).
        if name.lowercased() == "rel", relation == nil { relation = value.lowercased() }
        scanner.skipSpace()
      }
      guard scanner.isAtEnd || scanner.isAt(",") else { throw malformed(text) }
      if relation?.split(separator: " ").contains("next") == true { return reference }
    }
  }

  private static func malformed(_ text: String) -> Problem {
    Problem(
      .unavailable, "registry.malformed-link",
      "expected links as RFC 8288 has them, found '\(text.excerpt(120))'")
  }
}

/// Which bytes of something are meant.
enum ByteRanges {
  /// How many bytes of an upload have arrived, from `0-99` or `bytes=0-99` (distribution-spec, "Pushing a blob in
  /// chunks"); nil for anything else.
  ///
  /// Registries write `0-0` where nothing has come yet as well as where one byte has; no piece that is sent here is of one
  /// byte alone, so that it means nothing.
  static func received(_ text: String) -> Int? {
    let text = text.hasPrefix("bytes=") ? text.dropFirst(6) : text[...]
    guard let (first, last) = pair(text), first == 0 else { return nil }
    return last == 0 ? 0 : last + 1
  }

  /// The first and the last byte and the size of the whole, from `bytes 100-199/200`; nil for anything else.
  ///
  /// The size is nil where it is not told (RFC 9110 section 14.4).
  static func content(_ text: String) -> (first: Int, last: Int, size: Int?)? {
    guard text.lowercased().hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let (first, last) = pair(parts[0]) else { return nil }
    if parts[1] == "*" { return (first, last, nil) }
    guard let size = number(parts[1]), size > last else { return nil }
    return (first, last, size)
  }

  private static func pair(_ text: Substring) -> (Int, Int)? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = number(parts[0]), let last = number(parts[1]), first <= last else {
      return nil
    }
    return (first, last)
  }

  /// A number of at most 15 digits, so that one more of it is one as well.
  static func number(_ text: some StringProtocol) -> Int? {
    guard 1...15 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(text)
  }
}
