import Encoding

/// Where an issuer publishes its keys: an https URL, or plain http on this machine.
///
/// Whoever can change the keys on their way opens every deployment.
public struct KeySetURL: Hashable, Sendable, CustomStringConvertible {
  /// The URL.
  public let description: String

  /// Reads a URL; throws `issuer.insecure` where it is another, or names a user beside the host.
  public init(parsing text: String) throws(Problem) {
    guard 1...255 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\\") }),
      Self.isTrustworthy(text)
    else {
      throw Problem(
        .badInput, "issuer.insecure",
        "expected an https URL of a key set of at most 255 characters, found '\(text.excerpt(80))'",
        hint:
          "plain http is for this machine alone: whoever changes the keys on their way opens every deployment"
      )
    }
    description = text
  }

  /// By RFC 3986 section 3.2: the authority ends at the first slash, question mark or number sign.
  private static func isTrustworthy(_ text: String) -> Bool {
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else { return false }
    let authority = text.dropFirst(isSecure ? 8 : 7).prefix { !"/?#".contains($0) }
    guard !authority.contains("@") else { return false }
    let isBracketed = authority.first == "["
    let hostEnd =
      isBracketed ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
    let host = authority[..<(hostEnd ?? authority.endIndex)]
    let port = authority[host.endIndex...]
    guard !host.isEmpty, port.isEmpty || port.first == ":" && port.dropFirst().allSatisfy(\.isNumber) else {
      return false
    }
    return isSecure || ["127.0.0.1", "localhost", "[::1]"].contains(host)
  }
}
