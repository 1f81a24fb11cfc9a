/// What a head of HTTP/2 says of the length of its body, held against what comes.
///
/// A body of another length makes a request malformed (RFC 9113 section 8.1.1). The codec would reset the stream of such
/// a request without a word; held here, it gets an answer and a record.
struct DeclaredLength {
  static let refusal = Answer(RequestHead.Fault.contentLength.problem)

  /// How many bytes are still to come; nil where nothing is declared.
  private(set) var rest: Int?

  init(_ count: Int? = nil) { rest = count }

  /// Takes in a field `content-length`; false where it is no number of bytes, or another than one before it.
  mutating func declare(_ value: String) -> Bool {
    // Digits alone: no sign, and no second spelling of a number.
    guard !value.isEmpty, value.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
      return false
    }
    let count = Int(value) ?? .max
    defer { rest = count }
    return rest == nil || rest == count
  }

  /// Takes in so many bytes of the body; false where there are more than declared.
  mutating func take(_ count: Int) -> Bool {
    guard let rest else { return true }
    self.rest = max(rest - count, 0)
    return count <= rest
  }

  /// Whether the body may end here.
  var isMet: Bool { rest ?? 0 == 0 }
}
