import Encoding

/// Where the platform sends something of its own accord: an https URL, or plain http to this machine, or to another where
/// somebody has said so.
///
/// Addresses that are never anybody's server are refused: the unspecified one, and those of the link itself, under which clouds
/// hand out credentials. Written in one way: no user, no fragment, and a host in lower case.
public struct EndpointURL: Hashable, Sendable, CustomStringConvertible {
  /// The most bytes of a URL.
  public static let longest = 2048

  /// The URL; its path or query may be a secret.
  public let description: String
  /// Whom it names, without port and brackets.
  public let host: String
  /// Whether what is sent is secured on its way.
  public let isSecure: Bool

  /// Reads a URL; throws `url.malformed`, and `url.insecure` for plain http to another machine that is not allowed.
  ///
  /// No message has more of it than its scheme: the rest may be a secret.
  public init(parsing text: String, allowingHTTP: Bool = false) throws(Problem) {
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else {
      throw Self.malformed("an https URL", "another scheme, or none")
    }
    guard text.utf8.count <= Self.longest,
      text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !#"\"<>^`{|}#"#.utf8.contains($0) })
    else {
      throw Self.malformed(
        "a URL of at most \(Self.longest) visible ASCII characters without a fragment", "another")
    }
    // RFC 3986 section 3.2: the authority ends at the first slash or question mark.
    let authority = text.dropFirst(isSecure ? 8 : 7).prefix { $0 != "/" && $0 != "?" }
    guard !authority.utf8.contains(UInt8(ascii: "@")) else {
      throw Self.malformed("a URL without a user", "one with a user before its host")
    }
    let isBracketed = authority.first == "["
    let end =
      isBracketed
      ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
    let host = authority[..<(end ?? authority.endIndex)]
    guard Self.isHost(host), Self.isPort(authority[host.endIndex...]) else {
      throw Self.malformed("a host in lower case and, behind a colon, a port", "another authority")
    }
    guard !Self.isNobody(host) else {
      throw Self.malformed("the address of a server", "one that is of no server, or of the link itself")
    }
    guard isSecure || allowingHTTP || ["127.0.0.1", "localhost", "[::1]"].contains(host) else {
      throw Problem(
        .badInput, "url.insecure", "expected an https URL, found plain http to another machine",
        hint: "plain http is for this machine, and for networks that somebody has allowed it in")
    }
    description = text
    self.host = isBracketed ? String(host.dropFirst().dropLast()) : String(host)
    self.isSecure = isSecure
  }

  private static func isHost(_ host: Substring) -> Bool {
    if host.first == "[" {
      return host.last == "]"
        && host.dropFirst().dropLast().utf8.allSatisfy {
          0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
    }
    return 1...253 ~= host.utf8.count
      && host.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
          || $0 == UInt8(ascii: "_")
      }
  }

  private static func isPort(_ port: Substring) -> Bool {
    guard let colon = port.utf8.first else { return true }
    let digits = port.utf8.dropFirst()
    return colon == UInt8(ascii: ":") && 1...5 ~= digits.count && digits.allSatisfy { 0x30...0x39 ~= $0 }
      && (Int(port.dropFirst()).map { 1...65_535 ~= $0 } ?? false)
  }

  private static func isNobody(_ host: Substring) -> Bool {
    if host.first == "[" {
      // This machine, 2000::/3 and fc00::/7 alone, spelled with all four digits in front: no link, no group, and none that
      // hides an address of IPv4, as 2002::/16, 64:ff9b::/96 and ::ffff:0:0/96 do. EC2 tells secrets at fd00:ec2::254.
      let address = host.dropFirst().dropLast()
      if address == "::1" { return false }
      let first = address.prefix { $0 != ":" }
      let isSomebody =
        first.utf8.count == 4 && ["2", "3", "fc", "fd"].contains { first.hasPrefix($0) } && first != "2002"
        && !address.hasPrefix("fd00:ec2:") && !address.hasPrefix("fd00:0ec2:")
      return !isSomebody || address.utf8.contains(UInt8(ascii: "."))
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard let last = labels.last,
      last.isEmpty || last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) || last.hasPrefix("0x")
    else { return false }
    // An address of IPv4 has four parts here: `inet_aton` reads others too, such as 2852039166 and 0251.254.1.
    let parts = labels.compactMap { label in
      UInt8(label).flatMap { String($0) == label ? $0 : nil }
    }
    guard labels.count == 4, parts.count == 4 else { return true }
    return parts[0] == 0 || parts[0] >= 224 || parts[0] == 169 && parts[1] == 254
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.badInput, "url.malformed", "expected \(expected), found \(found)")
  }
}
