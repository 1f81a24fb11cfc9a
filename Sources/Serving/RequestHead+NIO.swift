import NIOHTTP1

extension RequestHead {
  /// What matters of a head as NIO parses it, in one pass over its fields.
  init(_ head: HTTPRequestHead) {
    self.init(method: head.method.rawValue, target: head.uri)
    keepsAlive = head.isKeepAlive
    var hosts = 0
    for (name, value) in head.headers {
      // The length first: most fields are none of these, and no text is compared for them.
      switch name.utf8.count {
      case 4 where name.lowercased() == "host": hosts += 1
      case 14 where name.lowercased() == "content-length":
        // The parser lets no other than digits through, and no second length that differs.
        body = .declared(Int(value) ?? .max)
      case 17 where name.lowercased() == "transfer-encoding": body = .chunked
      default: note(name, value)
      }
    }
    isHTTP10 = head.version.minor == 0
    if hosts != 1, !isHTTP10 { fault = .host }
    // RFC 9110 section 10.1.1: no expectation where nothing follows, or from a client of HTTP/1.0.
    if body == .none || body == .declared(0) || isHTTP10 { expectsContinue = false }
  }

  /// Takes in a field that means the same whatever version of HTTP it comes by.
  mutating func note(_ name: String, _ value: String) {
    switch name.utf8.count {
    case 6 where name.lowercased() == "expect":
      if value.lowercased() == "100-continue" { expectsContinue = true } else { fault = .expectation }
    case 10 where name.lowercased() == "tracestate":
      traceState = traceState.map { "\($0),\(value)" } ?? value
    case 11 where name.lowercased() == "traceparent": traceParent = value
    case 12 where name.lowercased() == "content-type": isCSV = value.lowercased().hasPrefix("text/csv")
    case 13 where name.lowercased() == "authorization":
      if authorization != nil { fault = .severalAuthorizations }
      authorization = value
    case 16 where name.lowercased() == "content-encoding":
      if value.lowercased() != "identity" { contentEncoding = value }
    case 31 where name.lowercased() == "inference-header-content-length": inferenceHeader = value
    case 20 where name.lowercased() == "gatehouse-timeout-ms":
      // Digits alone, up to an hour; a second field is as wrong as a second number.
      guard timeout == nil, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
        let milliseconds = Int(value), 1...3_600_000 ~= milliseconds
      else {
        fault = .timeout
        break
      }
      timeout = milliseconds * 1_000_000
    default: break
    }
  }
}
