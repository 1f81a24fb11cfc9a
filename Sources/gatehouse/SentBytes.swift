import NIOConcurrencyHelpers

/// How much of an upload has gone.
final class SentBytes: Sendable {
  private let count = NIOLockedValueBox(0)

  /// How many there are so far.
  var total: Int { count.withLockedValue { $0 } }

  /// Counts some more, and says how many it is in all.
  func add(_ bytes: Int) -> Int {
    count.withLockedValue {
      $0 += bytes
      return $0
    }
  }
}
