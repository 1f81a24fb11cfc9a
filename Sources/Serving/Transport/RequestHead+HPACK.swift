import NIOHPACK

extension RequestHead {
  /// What matters of a head as HTTP/2 has it; that it keeps to RFC 9113 section 8 was seen to where it was decoded.
  ///
  /// `isWhole` says that no body follows.
  init(_ headers: HPACKHeaders, isWhole: Bool) {
    self.init(method: "", target: "")
    var authority: String?
    var length = DeclaredLength()
    for (name, value, _) in headers {
      switch name {
      case ":method": method = value
      case ":path": target = value
      case ":authority": authority = authority ?? value
      case "host":
        // Section 8.3.1: the same as the authority, where both are there.
        if let known = authority, known.lowercased() != value.lowercased() { fault = .host }
        authority = value
      case "content-length": if !length.declare(value) { fault = .contentLength }
      default: note(name, value)
      }
    }
    if authority == nil { fault = .host }
    if isWhole {
      if !length.isMet { fault = .contentLength }
    } else {
      body = length.rest.map(BodyLength.declared) ?? .chunked
    }
    // Section 8.3.1: a path and no more, whatever a proxy's form of a target would be.
    if !target.hasPrefix("/") { target = "" }
    if isWhole { expectsContinue = false }
  }
}
