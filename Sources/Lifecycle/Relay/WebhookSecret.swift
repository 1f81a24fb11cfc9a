import Domain
import Encoding
import Provenance

/// What the messages to one webhook are signed with; the receiver has it too.
///
/// Its description does not show it.
public struct WebhookSecret: Equatable, Sendable, CustomStringConvertible {
  private static let prefix = "whsec_"

  /// The key, 24 to 64 bytes.
  public let bytes: [UInt8]

  /// Takes a key; nil for fewer than 24 or more than 64 bytes.
  public init?(bytes: [UInt8]) {
    guard 24...64 ~= bytes.count else { return nil }
    self.bytes = bytes
  }

  /// Makes a key.
  init(from entropy: any Entropy) { bytes = entropy.bytes(32) }

  /// The secret as its receiver is given it, `whsec_…`; shown once.
  public var encoded: String { Self.prefix + Base64.encode(bytes) }

  /// Nothing of it.
  public var description: String { "WebhookSecret(…)" }

  /// What binds an endpoint to its record in the ledger, and tells nothing to who has not the secret.
  func binding(_ url: EndpointURL) -> Digest { Digest(of: bytes + Array(url.description.utf8)) }

  /// What `webhook-signature` says of a message sent at a moment.
  ///
  /// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  func signature(of body: [UInt8], id: String, at seconds: Int64) -> String {
    let code = MessageAuthentication.code(of: Array("\(id).\(seconds).".utf8) + body, under: bytes)
    return "v1,\(Base64.encode(code.bytes))"
  }
}
