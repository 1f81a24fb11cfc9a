import NIOCore

/// How much of what costs an event loop more than its bytes show a connection begins before others have theirs.
///
/// Who waits for the answer to one before it sends the next leaves others their turn between them: a read that begins no
/// more than one ends it.
struct FloodTurn {
  /// How long others have their turn: a connection that floods is left 1,000 turns a second, and the event loop the rest of
  /// its time.
  static let pause = TimeAmount.milliseconds(1)

  private let most: Int
  private var begun = 0
  private var begunInRead = 0

  /// A turn in which `most` are begun at most.
  init(of most: Int) { self.most = most }

  /// Whether others are to have theirs before another is begun.
  var isOver: Bool { begun >= most }

  /// One was begun.
  mutating func begin() {
    begun += 1
    begunInRead += 1
  }

  /// All that a read has brought came in.
  mutating func readCompleted() {
    if begunInRead <= 1, !isOver { begun = 0 }
    begunInRead = 0
  }

  /// Others had theirs.
  mutating func renew() { begun = 0 }
}
