import NIOHTTP1
import Provenance

extension RequestHead {
  /// What matters of a head as NIO parses it, in one pass over its fields.
  init(_ head: HTTPRequestHead) {
    self.init(method: head.method.rawValue, target: head.uri)
    keepsAlive = head.isKeepAlive
    var hosts = 0
    for (name, written) in head.headers {
      let value = written.withoutBlanks
      // The length first: most fields are none of these, and no text is compared for them.
      switch name.utf8.count {
      case 4 where name.isEqual(ignoringCase: "host"): hosts += 1
      case 14 where name.isEqual(ignoringCase: "content-length"):
        // The parser lets no other than digits through, and no second length that differs.
        body = .declared(Int(value) ?? .max)
      case 17 where name.isEqual(ignoringCase: "transfer-encoding"):
        // The parser finds a body by `chunked`. With another coding behind it, a request that asks for another protocol
        // has none to the parser, and all the connection brings to others.
        if body == .chunked || !value.isEqual(ignoringCase: "chunked") {
          (fault, keepsAlive) = (.transferCoding, false)
        }
        body = .chunked
      default: note(name, value)
      }
    }
    isHTTP10 = head.version.minor == 0
    if head.method == .CONNECT { keepsAlive = false }
    if hosts != 1, !isHTTP10 { fault = .host }
    // RFC 9112 section 6.1: whoever forwarded it may have understood it otherwise.
    if isHTTP10, body == .chunked { (fault, keepsAlive) = (.transferCoding, false) }
    // RFC 9110 section 10.1.1: no expectation where nothing follows, or from a client of HTTP/1.0.
    if body == .none || body == .declared(0) || isHTTP10 { expectsContinue = false }
  }

  /// Takes in a field that means the same whatever version of HTTP it comes by.
  mutating func note(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 6 where name.isEqual(ignoringCase: "expect"):
      if value.isEqual(ignoringCase: "100-continue") { expectsContinue = true } else { fault = .expectation }
    case 10 where name.isEqual(ignoringCase: "tracestate"):
      traceState = traceState.map { "\($0),\(value)" } ?? value
    case 11 where name.isEqual(ignoringCase: "traceparent"): traceParent = value
    case 12 where name.isEqual(ignoringCase: "content-type"):
      isCSV = value.hasPrefix(ignoringCase: "text/csv")
    case 13 where name.isEqual(ignoringCase: "authorization"):
      if authorization != nil { fault = .severalAuthorizations }
      authorization = value
    case 16 where name.isEqual(ignoringCase: "content-encoding"):
      if !value.isEqual(ignoringCase: "identity") { contentEncoding = value }
    case 18 where name.isEqual(ignoringCase: "gatehouse-affinity"): affinity = value
    case 31 where name.isEqual(ignoringCase: "inference-header-content-length"): inferenceHeader = value
    case 20 where name.isEqual(ignoringCase: "gatehouse-timeout-ms"):
      // Digits alone, up to an hour; a second field is as wrong as a second number.
      guard timeout == nil, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
        let milliseconds = Int(value), 1...3_600_000 ~= milliseconds
      else {
        fault = .timeout
        break
      }
      timeout = milliseconds * 1_000_000
    case 22 where name.isEqual(ignoringCase: "gatehouse-feedback-key"):
      // Two keys would leave open which of them labels come by.
      guard feedbackKey == nil, FeedbackKey.isValid(value) else {
        fault = .feedbackKey
        break
      }
      feedbackKey = value
    default: break
    }
  }
}

extension String {
  /// The value of a field without the blanks behind it, which the parser leaves and which mean nothing (RFC 9110 section
  /// 5.5).
  fileprivate var withoutBlanks: String {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let last = utf8.last, isBlank(last) else { return self }
    let count = utf8.reversed().prefix(while: isBlank).count
    return String(decoding: utf8.dropLast(count), as: UTF8.self)
  }

  /// Whether it is `text`, which has no capital letters, but for the case of ASCII's letters.
  func isEqual(ignoringCase text: StaticString) -> Bool {
    utf8.count == text.utf8CodeUnitCount && hasPrefix(ignoringCase: text)
  }

  /// Whether it begins with `text`, which has no capital letters, but for the case of ASCII's letters.
  func hasPrefix(ignoringCase text: StaticString) -> Bool {
    var own = self
    return own.withUTF8 { bytes in
      guard bytes.count >= text.utf8CodeUnitCount else { return false }
      for place in 0..<text.utf8CodeUnitCount {
        let byte = unsafe bytes[place]
        let isCapital = UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        guard unsafe (isCapital ? byte | 0x20 : byte) == text.utf8Start[place] else { return false }
      }
      return true
    }
  }
}
