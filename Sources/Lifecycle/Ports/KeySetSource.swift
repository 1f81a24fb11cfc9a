public import Domain

/// Where the key sets of issuers are published.
public protocol KeySetSource: Sendable {
  /// The bytes at a URL, at most `limit` of them.
  ///
  /// Throws `issuer.unreachable` where there are none to be had, or more.
  func keySet(at url: KeySetURL, limit: Int) async throws(Problem) -> [UInt8]
}

/// Reaches nobody.
public struct NoKeySets: KeySetSource {
  /// Makes the source that has none.
  public init() {}

  /// Throws, always.
  public func keySet(at url: KeySetURL, limit: Int) async throws(Problem) -> [UInt8] {
    throw Problem(
      .unavailable, "issuer.unreachable",
      "expected key sets to be fetched, found a platform that fetches none",
      subject: url.description)
  }
}
