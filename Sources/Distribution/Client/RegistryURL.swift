import Domain
import Encoding
import Packaging

/// Where something is asked for: an http or https URL of a bounded length, without a user, of characters that are one
/// thing to every reader.
struct RegistryURL: Hashable, Sendable, CustomStringConvertible {
  /// Whom a connection goes to.
  struct Origin: Hashable, Sendable, CustomStringConvertible {
    let isSecure: Bool
    let host: String
    let port: Int

    var isLoopback: Bool { ImageReference.isLoopback(host) }
    var description: String { "\(isSecure ? "https" : "http")://\(host):\(port)" }
  }

  private static let longest = 8192

  let origin: Origin
  /// The path and the query, from the first slash on.
  let path: String

  init(_ origin: Origin, _ path: String) {
    self.origin = origin
    self.path = path
  }

  /// Reads what the other side sends, absolute or from its own root (RFC 3986 section 4.2); throws `registry.malformed-url`.
  ///
  /// A reference relative to a directory is refused, since registries send none. What follows a `#` is dropped.
  init(parsing text: some StringProtocol, from base: RegistryURL? = nil) throws(Problem) {
    let text = String(text.prefix { $0 != "#" })
    let isPlain = text.utf8.allSatisfy { 0x21...0x7E ~= $0 && !Self.ambiguous.contains($0) }
    guard isPlain, 1...Self.longest ~= text.utf8.count else { throw Self.malformed(text) }
    if let base, text.hasPrefix("/"), !text.hasPrefix("//") {
      self.init(base.origin, text)
      return
    }
    let lower = text.prefix(8).lowercased()
    let isSecure = lower == "https://"
    guard isSecure || lower.hasPrefix("http://") else { throw Self.malformed(text) }
    let rest = text.dropFirst(isSecure ? 8 : 7)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    // What an image's reference has before its slash is what a URL has; the port is that of the scheme where none is.
    let authority = rest[..<end]
    guard !authority.contains("@"), let place = Self.place(authority) else { throw Self.malformed(text) }
    let path = rest[end...]
    self.init(
      Origin(isSecure: isSecure, host: place.host, port: place.port ?? (isSecure ? 443 : 80)),
      path.hasPrefix("/") ? String(path) : "/\(path)")
  }

  /// A backslash is a slash to some, and the others are in no URL (RFC 3986 appendix A).
  private static let ambiguous = Set("\\\"<>^`{|}".utf8)

  /// A host, which may be one word here, and a port.
  private static func place(_ authority: Substring) -> (host: String, port: Int?)? {
    let hasPort = authority.last != "]" && authority.contains(":")
    guard let read = try? ImageReference(parsing: "\(authority)\(hasPort ? "" : ":1")/a") else { return nil }
    return (read.host, hasPort ? read.port : nil)
  }

  var description: String { "\(origin)\(path)" }

  /// The same place with one more word in its query, whose value is escaped.
  func adding(_ name: String, _ value: String) -> RegistryURL {
    RegistryURL(origin, "\(path)\(path.contains("?") ? "&" : "?")\(name)=\(Self.escaped(value))")
  }

  /// A text as a query may have it (RFC 3986 section 2.3), with the colon, the slash and the comma that stand for themselves there.
  private static func escaped(_ text: String) -> String {
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-._~:/,".utf8.contains(byte)
      escaped += isPlain ? [byte] : Array("%\(Hexadecimal.encode([byte]).uppercased())".utf8)
    }
    return String(decoding: escaped, as: UTF8.self)
  }

  private static func malformed(_ text: String) -> Problem {
    Problem(
      .unavailable, "registry.malformed-url",
      "expected a URL of http or https, or a path, from the registry, found '\(text.excerpt(120))'")
  }
}
