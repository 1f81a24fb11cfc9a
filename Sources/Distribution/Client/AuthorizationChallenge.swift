import Domain
import Encoding

/// What a registry wants to be shown before it answers (RFC 9110 section 11.6.1; distribution, `token.md`).
struct AuthorizationChallenge: Equatable, Sendable {
  private static let longest = 8192
  private static let most = 16

  /// How, in small letters: `basic`, `bearer`.
  let scheme: String
  /// What it says of that, by names in small letters.
  let parameters: [String: String]

  /// Reads the value of a `WWW-Authenticate` header, which may have several challenges.
  ///
  /// Throws `registry.malformed-challenge`: what could be read in two ways decides where a password goes.
  static func list(parsing text: String) throws(Problem) -> [AuthorizationChallenge] {
    guard text.utf8.count <= longest else { throw malformed(text) }
    var scanner = FieldScanner(text)
    var challenges: [AuthorizationChallenge] = []
    while true {
      scanner.skipCommas()
      guard !scanner.isAtEnd else { return challenges }
      guard let scheme = scanner.token(), challenges.count < most else { throw malformed(text) }
      var parameters: [String: String] = [:]
      if scanner.skipSpace(), !scanner.isAtEnd, !scanner.isAt(",") {
        guard try readParameters(&scanner, &parameters, of: text) else { throw malformed(text) }
      } else {
        guard scanner.isAtEnd || scanner.isAt(",") else { throw malformed(text) }
      }
      challenges.append(AuthorizationChallenge(scheme: scheme.lowercased(), parameters: parameters))
    }
  }

  /// Reads what follows a scheme, up to the next challenge; false where it is malformed.
  private static func readParameters(
    _ scanner: inout FieldScanner, _ parameters: inout [String: String], of text: String
  ) throws(Problem) -> Bool {
    while true {
      // The next one's scheme, which has no '=' behind it, is left alone.
      let start = scanner
      guard let name = scanner.token() ?? scanner.token68() else { return false }
      scanner.skipSpace()
      guard scanner.take("=") else {
        scanner = start
        if parameters.isEmpty {
          // One word alone, such as Negotiate has; nothing that we could use.
          guard scanner.token68() != nil else { return false }
          scanner.skipPadding()
          scanner.skipSpace()
          return scanner.isAtEnd || scanner.isAt(",")
        }
        return true
      }
      if parameters.isEmpty, scanner.isAtPadding {
        scanner.skipPadding()
        scanner.skipSpace()
        return scanner.isAtEnd || scanner.isAt(",")
      }
      scanner.skipSpace()
      guard let value = scanner.value(), parameters.count < most,
        parameters.updateValue(value, forKey: name.lowercased()) == nil
      else { return false }
      scanner.skipSpace()
      guard !scanner.isAtEnd else { return true }
      guard scanner.isAt(",") else { return false }
      scanner.skipCommas()
      guard !scanner.isAtEnd else { return true }
    }
  }

  private static func malformed(_ text: String) -> Problem {
    Problem(
      .unavailable, "registry.malformed-challenge",
      "expected challenges as RFC 9110 has them, found '\(text.excerpt(120))'")
  }
}

/// Steps through the value of a header field.
struct FieldScanner: Sendable {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  func isAt(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

  /// Whether a word that is padded as base 64 is ends here, and no value follows.
  var isAtPadding: Bool {
    rest.isEmpty || isAt("=") || isAt(",")
  }

  mutating func skipPadding() { while take("=") {} }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isAt(character) else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Skips blanks and tabs; says whether there was one.
  @discardableResult
  mutating func skipSpace() -> Bool {
    let after = rest.drop { $0 == 0x20 || $0 == 0x09 }
    defer { rest = after }
    return after.count < rest.count
  }

  /// Skips what separates the elements of a list, of which some may be empty.
  mutating func skipCommas() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
  }

  /// A token (RFC 9110 section 5.6.2); nil where there is none.
  mutating func token() -> String? { run(of: Self.isToken) }

  /// What a credential of one word consists of (RFC 9110 section 11.2), without its padding.
  mutating func token68() -> String? {
    run { Self.isAlphanumeric($0) || "-._~+/".utf8.contains($0) }
  }

  /// A token or a quoted text (RFC 9110 section 5.6.4); nil for neither.
  mutating func value() -> String? {
    guard take("\"") else { return token() }
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(validating: value, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst(), Self.isQuotable(escaped) else { return nil }
        value.append(escaped)
      default:
        guard Self.isQuotable(byte) else { return nil }
        value.append(byte)
      }
    }
    return nil
  }

  /// The bytes up to a character, which is taken as well; nil where it does not come.
  mutating func upTo(_ character: Unicode.Scalar) -> String? {
    guard let end = rest.firstIndex(of: UInt8(ascii: character)) else { return nil }
    let found = String(Substring(rest[..<end]))
    rest = rest[rest.index(after: end)...]
    return found
  }

  private mutating func run(of belongs: (UInt8) -> Bool) -> String? {
    let run = rest.prefix(while: belongs)
    guard !run.isEmpty else { return nil }
    rest = rest[run.endIndex...]
    return String(Substring(run))
  }

  private static func isQuotable(_ byte: UInt8) -> Bool { byte == 0x09 || byte >= 0x20 && byte != 0x7F }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
      || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
