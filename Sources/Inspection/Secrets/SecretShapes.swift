/// The shapes of secrets in text: where one begins and ends around the character that gave it away.
enum SecretShapes {
  static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
  static func isUpper(_ byte: UInt8) -> Bool { 0x41...0x5A ~= byte }
  static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }
  static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isLetter(byte) }

  /// Whether some bytes stand at a place.
  static func has(_ bytes: Span<UInt8>, at index: Int, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard index >= 0, index + count <= bytes.count else { return false }
    var place = index
    for byte in "\(text)".utf8 {
      guard bytes[place] == byte else { return false }
      place += 1
    }
    return true
  }

  /// Where the bytes of a kind that begin at `start` end, after `limit` of them at the most.
  static func end(_ bytes: Span<UInt8>, from start: Int, limit: Int, while matches: (UInt8) -> Bool) -> Int {
    var index = start
    let last = min(bytes.count, start + limit)
    while index < last, matches(bytes[index]) { index += 1 }
    return index
  }

  /// Where the bytes of a kind that end before `end` begin.
  static func start(_ bytes: Span<UInt8>, before end: Int, limit: Int, while matches: (UInt8) -> Bool) -> Int
  {
    var index = end
    let first = max(0, end - limit)
    while index > first, matches(bytes[index - 1]) { index -= 1 }
    return index
  }

  // MARK: Keys and tokens

  /// A block of a private key, from its first dash to its last line.
  static func privateKey(_ bytes: Span<UInt8>, at index: Int) -> Range<Int>? {
    guard has(bytes, at: index, "-----BEGIN "), index == 0 || bytes[index - 1] != UInt8(ascii: "-") else {
      return nil
    }
    let label = end(bytes, from: index + 11, limit: 40) { isUpper($0) || $0 == 0x20 }
    guard label - 11 >= index + 11,
      has(bytes, at: label - 11, "PRIVATE KEY") || has(bytes, at: label - 17, "PRIVATE KEY BLOCK"),
      has(bytes, at: label, "-----")
    else { return nil }
    // The header alone is only talk about keys; escapes of line ends and headers of old keys may come first.
    var text = 0
    var place = label + 5
    let last = min(bytes.count, place + 400)
    while place < last, text < 24 {
      let byte = bytes[place]
      text = isAlphanumeric(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") ? text + 1 : 0
      place += 1
    }
    guard text >= 24 else { return nil }
    var stop = place
    let limit = min(bytes.count, index + 16_384)
    while stop < limit, !has(bytes, at: stop, "-----END") { stop += 1 }
    return index..<stop
  }

  /// Three parts of base 64 with points between, the first two of them JSON objects.
  static func webToken(_ bytes: Span<UInt8>, at index: Int) -> Range<Int>? {
    let start = index - 2
    guard has(bytes, at: start, "eyJ"), start == 0 || !isTokenByte(bytes[start - 1]) else { return nil }
    let header = end(bytes, from: start, limit: 2_000, while: isTokenByte)
    guard header - start >= 12, has(bytes, at: header, ".eyJ") else { return nil }
    let payload = end(bytes, from: header + 1, limit: 8_000, while: isTokenByte)
    guard payload - header >= 12, payload < bytes.count, bytes[payload] == UInt8(ascii: ".") else {
      return nil
    }
    let signature = end(bytes, from: payload + 1, limit: 2_000, while: isTokenByte)
    return signature - payload > 16 ? start..<signature : nil
  }

  static func isTokenByte(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  // MARK: Addresses

  /// `scheme://user:password@host`, by its `@`.
  static func credentials(_ bytes: Span<UInt8>, at index: Int) -> Range<Int>? {
    let user = start(bytes, before: index, limit: 200) {
      $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "/")
        && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "@")
    }
    guard has(bytes, at: user - 3, "://") else { return nil }
    let scheme = start(bytes, before: user - 3, limit: 20) { isAlphanumeric($0) || $0 == UInt8(ascii: "+") }
    var colon = user
    while colon < index, bytes[colon] != UInt8(ascii: ":") { colon += 1 }
    let length = index - colon - 1
    guard scheme < user - 3, length >= 3, !isPlaceholder(bytes, (colon + 1)..<index) else { return nil }
    let host = end(bytes, from: index + 1, limit: 200) {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
    return host > index + 1 ? scheme..<host : nil
  }

  /// An e-mail address, by its `@`.
  static func email(_ bytes: Span<UInt8>, at index: Int) -> Range<Int>? {
    let first = start(bytes, before: index, limit: 64) {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%")
    }
    guard index - first >= 2, isAlphanumeric(bytes[first]), bytes[index - 1] != UInt8(ascii: ".") else {
      return nil
    }
    // How sources are fetched is no address of anybody.
    if index - first == 3, has(bytes, at: first, "git") { return nil }
    var last = end(bytes, from: index + 1, limit: 253) {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
    }
    while last > index + 1, bytes[last - 1] == UInt8(ascii: ".") || bytes[last - 1] == UInt8(ascii: "-") {
      last -= 1
    }
    var point = last
    while point > index + 1, bytes[point - 1] != UInt8(ascii: ".") { point -= 1 }
    let domain = point - 1 - (index + 1)
    guard point > index + 1, domain >= 2, 2...18 ~= last - point, isAlphanumeric(bytes[index + 1]) else {
      return nil
    }
    var suffix = ""
    for place in point..<last {
      guard isLetter(bytes[place]) else { return nil }
      suffix.unicodeScalars.append(Unicode.Scalar(bytes[place] | 0x20))
    }
    guard !fileSuffixes.contains(suffix), !has(bytes, at: index + 1, "example.") else { return nil }
    return first..<last
  }

  private static let fileSuffixes: Set<String> = [
    "png", "jpg", "jpeg", "gif", "svg", "py", "js", "css", "html", "json", "yaml", "yml", "txt", "md", "so",
    "whl",
    "invalid", "test", "local", "localhost",
  ]

  // MARK: Names with values

  /// What stands behind a name such as `password` and a sign; `isValue` says whether it is one.
  static func assignment(_ bytes: Span<UInt8>, at index: Int) -> (name: String, range: Range<Int>)? {
    let gap = start(bytes, before: index, limit: 4) {
      $0 == 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'")
    }
    guard gap > 2, let last = names.lasts[Int(bytes[gap - 1])] as Bool?, last else { return nil }
    let first = start(bytes, before: gap, limit: 40) {
      isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
    var name = ""
    for place in first..<gap { name.unicodeScalars.append(Unicode.Scalar(bytes[place])) }
    guard isSecret(name: name) else { return nil }
    let open = end(bytes, from: index + 1, limit: 4) {
      $0 == 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'")
    }
    let close = end(bytes, from: open, limit: 400) {
      0x21..<0x7F ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: ",")
        && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">")
        && $0 != UInt8(ascii: "(")
    }
    return (name, open..<close)
  }

  /// Whether the name of a value says that nobody else should read it.
  static func isSecret(name: String) -> Bool {
    let lower = String(name.utf8.map { Character(Unicode.Scalar(isUpper($0) ? $0 | 0x20 : $0)) })
    return names.words.contains { lower.hasSuffix($0) }
  }

  /// The words that such names end in, and which bytes these end in.
  private static let names: (words: [String], lasts: [Bool]) = {
    let words = [
      "password", "passwd", "passphrase", "secret", "api_key", "apikey", "api-key", "access_key",
      "secret_key",
      "secretkey", "accountkey", "sharedaccesskey", "private_key", "auth_token", "access_token", "api_token",
      "refresh_token", "client_secret", "hf_token", "bearer_token", "secret_token", "encryption_key",
    ]
    var lasts = [Bool](repeating: false, count: 256)
    for word in words {
      if let last = word.utf8.last {
        lasts[Int(last)] = true
        lasts[Int(last & 0xDF)] = true
      }
    }
    return (words, lasts)
  }()

  /// Whether some text is varied enough to be a secret: letters and others, few of them again.
  static func isValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard 8...400 ~= range.count, !isPlaceholder(bytes, range) else { return false }
    var seen: (UInt64, UInt64) = (0, 0)
    var letters = 0
    for index in range {
      let byte = bytes[index]
      if byte < 64 { seen.0 |= 1 << UInt64(byte) } else { seen.1 |= 1 << UInt64(byte & 63) }
      if isLetter(byte) { letters += 1 }
    }
    let distinct = seen.0.nonzeroBitCount + seen.1.nonzeroBitCount
    return letters >= 2 && letters < range.count && distinct >= min(10, range.count * 2 / 3)
  }

  /// Whether a value is where one belongs, not one itself: `${PASSWORD}`, `<token>`, `os.environ`, `your-key`.
  static func isPlaceholder(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var text = ""
    for index in range.prefix(60) {
      let byte = bytes[index]
      text.unicodeScalars.append(Unicode.Scalar(isUpper(byte) ? byte | 0x20 : byte))
    }
    return text.isEmpty || placeholders.contains { text.hasPrefix($0) }
      || ["example", "xxxx", "****", "changeme", "placeholder", "environ", "getenv", "redacted"].contains {
        text.contains($0)
      }
  }

  private static let placeholders = [
    "$", "{", "<", "%", "your", "my-", "my_", "os.", "none", "null", "true", "false", "password", "pass@",
    "secret",
    "...", "self.", "env", "config", "settings", "args", "kwargs",
  ]
}
