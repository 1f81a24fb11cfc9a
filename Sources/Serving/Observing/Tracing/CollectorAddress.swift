public import Domain
import Encoding
import NIOCore

/// Where a collector of OpenTelemetry's protocol over HTTP takes spans: `http://host:4318/v1/traces`, or `https`.
public struct CollectorAddress: Equatable, Sendable, CustomStringConvertible {
  /// A name or a numeric address; one of IPv6 without brackets.
  let host: String
  let port: Int
  /// Whether it is spoken to by TLS.
  let isSecure: Bool
  let path: String
  /// The numeric address of the host, where it was looked up.
  private(set) var numericHost: String?

  private static let standardPort = 4318
  private static let standardPath = "/v1/traces"

  /// Reads a URL; where it has no port or no path, those of the protocol are meant.
  ///
  /// Throws `otlp.malformed-url`.
  public init(parsing text: String) throws(Problem) {
    guard let prefix = ["http://", "https://"].first(where: text.hasPrefix) else {
      throw Self.malformed(text)
    }
    let rest = text.dropFirst(prefix.count)
    let authority = rest.prefix { $0 != "/" }
    let path = rest[authority.endIndex...]
    guard path.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !path.contains(where: { $0 == "?" || $0 == "#" })
    else {
      throw Self.malformed(text)
    }
    var host = authority
    var port = Self.standardPort
    let isBracketed = authority.hasPrefix("[")
    if let colon = authority.lastIndex(of: ":"), !isBracketed || authority[..<colon].hasSuffix("]") {
      host = authority[..<colon]
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else {
        throw Self.malformed(text)
      }
      port = Int(number)
    }
    if isBracketed {
      guard host.hasSuffix("]") else { throw Self.malformed(text) }
      host = host.dropFirst().dropLast()
    }
    guard !host.isEmpty, host.utf8.count <= 253,
      host.utf8.allSatisfy({ Self.isHostByte($0) || isBracketed && $0 == UInt8(ascii: ":") })
    else { throw Self.malformed(text) }
    self.host = String(host)
    self.port = port
    isSecure = prefix == "https://"
    self.path = path.isEmpty || path == "/" ? Self.standardPath : String(path)
  }

  /// The same with its host looked up, for a process that will not be able to ask; as it is where nobody knows it.
  ///
  /// Blocks as long as the system's resolver does.
  public func resolved() -> CollectorAddress {
    var resolved = self
    resolved.numericHost = (try? SocketAddress.makeAddressResolvingHost(host, port: port))?.ipAddress
    return resolved
  }

  /// The value of the field Host.
  var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The URL with port and path.
  public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func malformed(_ text: String) -> Problem {
    Problem(
      .usage, "otlp.malformed-url",
      "expected the URL of a collector such as http://127.0.0.1:4318, found '\(text.excerpt(80))'")
  }
}
