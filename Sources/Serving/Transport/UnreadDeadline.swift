import NIOCore

/// Until when a caller has to read of what it is sent: who reads on gets the time anew.
///
/// A twentieth has to be read in each time, so that nobody takes the memory of large answers for longer than twenty.
struct UnreadDeadline {
  /// Bytes that have to be read within the time of what is short: one step in which a socket tells that it has room.
  static let step = 64 << 10
  private static let share = 20

  private let patience: TimeAmount
  /// Nil while nothing waits to be read.
  private var end: NIODeadline?
  /// Bytes that waited when the time began, and those that joined them.
  private var waiting = 0
  /// Bytes that have to be read in each time.
  private var progress = step

  init(_ limits: PlaneLimits) { patience = TimeAmount(limits.unread) }

  /// Whether something waits to be read.
  var isRunning: Bool { end != nil }

  /// Begins the time anew; so many bytes wait.
  mutating func start(_ now: NIODeadline, waiting: Int) {
    end = now + patience
    self.waiting = waiting
    progress = max(Self.step, waiting / Self.share)
  }

  /// So many more bytes are about to wait.
  mutating func added(_ count: Int) {
    waiting += count
    progress = max(progress, waiting / Self.share)
  }

  mutating func stop() { end = nil }

  /// Whether time is up, and too little was read in it.
  mutating func isOver(_ now: NIODeadline, waiting: @autoclosure () -> Int) -> Bool {
    guard let end, now >= end else { return false }
    let left = waiting()
    guard left <= self.waiting - progress else { return true }
    self.end = now + patience
    self.waiting = left
    return false
  }
}

extension Channel {
  /// Bytes that were written and that the socket has not taken.
  var unwrittenBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
