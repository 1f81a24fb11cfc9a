/// One requirement of pip, as far as a bill of materials asks: PEP 508's name, and the version where `==` pins one.
///
/// https://packaging.python.org/en/latest/specifications/dependency-specifiers/
enum Requirement: Equatable {
  /// Exactly this version, under no condition.
  case pinned(name: String, version: String)
  /// Anything else that is a requirement or an option, in words that hold no secret.
  case other(String)

  /// Reads a line without its comment; nil for what is neither a requirement nor an option.
  init?(_ line: Substring) {
    let text = line.trimmedBlanks
    if text.hasPrefix("-") {
      self = .other(Self.withoutValue(text))
      return
    }
    let name = text.prefix { Self.isNameCharacter($0) }
    guard Self.isName(name) else {
      // A file or an address in the place of a package.
      guard text.contains("://") || text.hasPrefix(".") || text.hasPrefix("/") else { return nil }
      self = .other(Self.withoutSecrets(text))
      return
    }
    var rest = text[name.endIndex...].trimmedBlanks
    if rest.hasPrefix("[") {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      rest = rest[rest.index(after: end)...].trimmedBlanks
    }
    if rest.hasPrefix("@") || rest.hasPrefix("://") || rest.hasPrefix("/") || rest.hasPrefix(":") {
      self = .other(Self.withoutSecrets(text))
      return
    }
    // `--hash=sha256:…` behind a pin says more of the same version, and other options may hold anything.
    if let option = rest.firstRange(of: " --") { rest = rest[..<option.lowerBound].trimmedBlanks }
    guard rest.isEmpty || rest.first.map({ "=<>!~;(".contains($0) }) == true else { return nil }
    if rest.hasPrefix("=="), let version = Self.version(rest.drop { $0 == "=" }.trimmedBlanks),
      !rest.hasPrefix("====")
    {
      self = .pinned(name: String(name), version: version)
    } else {
      self = .other(String(text[..<rest.endIndex]))
    }
  }

  /// A version of PEP 440, or of conda, and nothing behind it; a pattern such as `1.2.*` is none.
  static func version(_ text: Substring) -> String? {
    guard 1...100 ~= text.utf8.count,
      text.utf8.allSatisfy({
        isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "!")
          || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }), text.utf8.contains(where: { 0x30...0x39 ~= $0 })
    else { return nil }
    return String(text)
  }

  /// Whether a text is the name of a package.
  static func isName(_ text: Substring) -> Bool {
    guard 1...200 ~= text.utf8.count, let first = text.utf8.first, let last = text.utf8.last else {
      return false
    }
    return isWord(first) && isWord(last) && text.utf8.allSatisfy { isWord($0) || isJoint($0) }
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.utf8.count == 1 && character.utf8.allSatisfy { isWord($0) || isJoint($0) }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
  }

  private static func isJoint(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  /// An option by its name, since its value may be an address with a password; that of `-r` is a file beside it.
  private static func withoutValue(_ text: Substring) -> String {
    let option = text.prefix { $0 != " " && $0 != "=" && $0 != "\t" }
    if ["-r", "--requirement", "-c", "--constraint"].contains(String(option)), !text.contains("://") {
      return String(text)
    }
    // `-ihttps://…` is an option and its value in one word.
    let name = option.hasPrefix("--") ? option : option.prefix(2)
    return text.endIndex == name.endIndex ? String(name) : "\(name) …"
  }

  /// What comes from an address, by the package and the host alone: users, paths and queries may be secrets.
  private static func withoutSecrets(_ text: Substring) -> String {
    guard let scheme = text.firstRange(of: "://") else { return String(text.prefix { $0 != "@" }) + "…" }
    let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != " " }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    let lead = text[..<scheme.lowerBound]
    // A user before the host can stand in what looks like the name of a scheme, too.
    return "\(lead.contains(where: { $0 == ":" || $0 == "?" }) ? "" : lead)://\(host)/…"
  }
}

/// Reads lists of requirements, line by line.
enum RequirementsReader {
  private static let lineLimit = 8_192

  static func read(_ bytes: ArraySlice<UInt8>, into file: inout EnvironmentFile) {
    var bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let first = bytes.startIndex
    guard String(validating: bytes, as: UTF8.self) != nil else {
      return file.addFault("expected UTF-8, found other bytes", at: 0)
    }
    var open: [UInt8] = []
    var start = first
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if open.isEmpty { start = line.startIndex }
      var line = line
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      guard open.count + line.count <= lineLimit else {
        file.addFault("expected lines of at most \(lineLimit) bytes, found a longer one", at: start - first)
        open = []
        continue
      }
      // A line that ends so goes on in the next one, but for a comment.
      if line.last == UInt8(ascii: "\\"), !isComment(line) {
        open += line.dropLast()
        continue
      }
      open += line
      take(open, at: start - first, into: &file)
      open = []
    }
    if !open.isEmpty { take(open, at: start - first, into: &file) }
  }

  private static func isComment(_ line: ArraySlice<UInt8>) -> Bool {
    line.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "#")
  }

  private static func take(_ bytes: [UInt8], at offset: Int, into file: inout EnvironmentFile) {
    take(Substring(String(decoding: bytes, as: UTF8.self)), at: offset, into: &file)
  }

  /// Takes one line, or one entry of a list in YAML.
  static func take(_ line: Substring, at offset: Int, into file: inout EnvironmentFile) {
    var text = line.trimmedBlanks
    if text.hasPrefix("#") { return }
    if let comment = text.firstRange(of: " #") ?? text.firstRange(of: "\t#") {
      text = text[..<comment.lowerBound].trimmedBlanks
    }
    guard !text.isEmpty else { return }
    switch Requirement(text) {
    case .pinned(let name, let version): file.add(.init(.pypi, name, version))
    case .other(let words): file.addRemark(words)
    case nil:
      file.addFault("expected a requirement such as 'numpy==2.4.6', found a line that is none", at: offset)
    }
  }
}

extension StringProtocol where SubSequence == Substring {
  /// Without blanks and tabs at its ends.
  var trimmedBlanks: Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" || character == "\r" }
    guard let start = firstIndex(where: { !isBlank($0) }), let end = lastIndex(where: { !isBlank($0) }) else {
      // Not another empty text: what callers have of this one are its indices.
      return self[endIndex...]
    }
    return self[start...end]
  }
}
