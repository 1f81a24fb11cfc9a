import Synchronization

/// How many models an engine has up: each takes a process, whose memory no other bound adds up.
final class EngineCount: Sendable {
  private let count = Atomic<Int>(0)

  /// The right to one model, given back when the last reference to it goes.
  final class Place: Sendable {
    private let owner: EngineCount

    fileprivate init(_ owner: EngineCount) { self.owner = owner }

    deinit { owner.count.subtract(1, ordering: .relaxed) }
  }

  /// Takes a place; nil where `limit` are taken.
  func take(limit: Int) -> Place? {
    guard count.add(1, ordering: .relaxed).newValue <= limit else {
      count.subtract(1, ordering: .relaxed)
      return nil
    }
    return Place(self)
  }
}
