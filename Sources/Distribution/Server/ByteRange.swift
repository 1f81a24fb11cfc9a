import Domain
import Encoding

/// Which bytes a request is about.
enum ByteRange {
  /// Reads the field `Range` of a request for a blob of `size` bytes (RFC 9110, section 14.2): `bytes=0-99`, `bytes=100-`
  /// or `bytes=-50`.
  ///
  /// Nil for no range, several, or another unit: then all of it is the answer. Throws `blob.range` where the blob has none
  /// of those bytes.
  static func requested(_ field: String?, of size: Int) throws(Problem) -> Range<Int>? {
    let unit = "bytes="
    guard let field, field.hasPrefix(unit), !field.contains(",") else { return nil }
    let ends = field.dropFirst(unit.count).split(
      separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard ends.count == 2 else { return nil }
    switch (number(ends[0]), number(ends[1])) {
    case (let first?, let last?) where first <= last && first < size: return first..<min(last + 1, size)
    case (let first?, nil) where ends[1].isEmpty && first < size: return first..<size
    case (nil, let count?) where ends[0].isEmpty && count > 0 && size > 0: return max(0, size - count)..<size
    case (nil, nil): return nil
    case (let first?, let last?) where first > last: return nil
    default:
      throw Problem(
        .badInput, "blob.range", "expected a range within \(size) bytes, found '\(field.excerpt(60))'")
    }
  }

  /// Reads the field `Content-Range` of a chunk: `0-99`, both ends inclusive (distribution-spec, "Pushing a blob in chunks"),
  /// as `bytes 0-99/*` by some clients; nil for no field.
  ///
  /// Throws `upload.range` for anything else.
  static func chunk(_ field: String?) throws(Problem) -> Range<Int>? {
    guard let field else { return nil }
    var text = field[...]
    if text.hasPrefix("bytes ") { text = text.dropFirst(6) }
    if text.hasPrefix("bytes=") { text = text.dropFirst(6) }
    let ends = text.prefix { $0 != "/" }.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]), first <= last else {
      throw Problem(
        .badInput, "upload.range",
        "expected the first and the last byte of the chunk as '0-99', found '\(field.excerpt(60))'")
    }
    return first..<(last + 1)
  }

  /// Digits alone, at most fifteen of them: no sum of two such numbers is too large.
  private static func number(_ text: Substring) -> Int? {
    guard 1...15 ~= text.utf8.count,
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 })
    else { return nil }
    return Int(text)
  }
}
