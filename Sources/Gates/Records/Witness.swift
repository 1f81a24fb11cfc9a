public import Domain
public import Encoding
public import Provenance

/// Who is asked to cosign checkpoints of the ledger: its cosignature says that the ledger only ever grew, as far as it saw.
public struct Witness: Equatable, Sendable {
  /// The most witnesses that there can be.
  public static let limit = 8

  /// Its public key, which names it.
  public let key: WitnessKey
  /// Where it is asked: what 'add-checkpoint' is put behind.
  public let url: EndpointURL
  /// Since when it is asked.
  public let since: Timestamp

  /// States a witness.
  public init(key: WitnessKey, url: EndpointURL, since: Timestamp) {
    self.key = key
    self.url = url
    self.since = since
  }

  /// What it calls itself.
  public var name: String { key.name }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "key": .string(key.description), "url": .string(url.description),
      "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `witness.malformed` and what key and URL throw.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "witness", code: "witness.malformed")
    self.init(
      key: try WitnessKey(parsing: fields.text("key")), url: try Self.url(fields.text("url")),
      since: try fields.requiredMoment("since"))
  }

  /// Reads where a witness is asked, without a slash at the end.
  ///
  /// What goes there is public, so that it stands in the ledger; and nothing that comes back is believed without its
  /// signature.
  public static func url(_ text: String) throws(Problem) -> EndpointURL {
    let url = try EndpointURL(parsing: text)
    guard !text.hasSuffix("/"), !text.utf8.contains(UInt8(ascii: "?")) else {
      throw Problem(
        .badInput, "witness.malformed",
        "expected a URL without a query and without a slash at its end, found another", position: "/url")
    }
    return url
  }
}
