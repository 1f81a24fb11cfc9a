import Domain
import NIOConcurrencyHelpers
import Provenance

/// The bearers of tokens that were verified, by the tokens' hashes.
///
/// Bounded: of a full part those that have ended go first, and then any.
final class VerifiedTokens: Sendable {
  /// The most tokens of one part.
  static let partLimit = 1024

  /// In parts, so that event loops seldom wait for each other.
  private let parts: [NIOLockedValueBox<[Digest: Bearer]>]

  init() {
    parts = (0..<16).map { _ in NIOLockedValueBox([:]) }
  }

  func bearer(_ hash: Digest) -> Bearer? { part(hash).withLockedValue { $0[hash] } }

  func keep(_ bearer: Bearer, _ hash: Digest, at now: Timestamp) {
    part(hash).withLockedValue { bearers in
      if bearers.count >= Self.partLimit { bearers = bearers.filter { now < $0.value.token.end } }
      if bearers.count >= Self.partLimit { bearers.remove(at: bearers.startIndex) }
      bearers[hash] = bearer
    }
  }

  func removeAll() { for part in parts { part.withLockedValue { $0 = [:] } } }

  private func part(_ hash: Digest) -> NIOLockedValueBox<[Digest: Bearer]> {
    parts[Int(truncatingIfNeeded: hash.prefix & 15)]
  }
}
