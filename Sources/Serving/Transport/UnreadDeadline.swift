import NIOCore

/// Until when a caller has to read of what it is sent: who reads on, however slowly, gets the time anew.
struct UnreadDeadline {
  /// Bytes that a caller has to read within the time; the rest of what waits where that is less.
  static let progress = 32 << 10

  private let patience: TimeAmount
  /// Nil while nothing waits to be read.
  private var end: NIODeadline?
  /// Bytes that waited when the time began, and those that joined them.
  private var waiting = 0

  init(_ limits: PlaneLimits) { patience = TimeAmount(limits.unread) }

  /// Whether something waits to be read.
  var isRunning: Bool { end != nil }

  /// Begins the time anew; so many bytes wait.
  mutating func start(_ now: NIODeadline, waiting: Int) {
    end = now + patience
    self.waiting = waiting
  }

  /// So many more bytes are about to wait.
  mutating func added(_ count: Int) { waiting += count }

  mutating func stop() { end = nil }

  /// Whether time is up, and too little was read in it.
  mutating func isOver(_ now: NIODeadline, waiting: @autoclosure () -> Int) -> Bool {
    guard let end, now >= end else { return false }
    let left = waiting()
    guard left <= self.waiting - Self.progress else { return true }
    start(now, waiting: left)
    return false
  }
}

extension Channel {
  /// Bytes that were written and that the socket has not taken.
  var unwrittenBytes: Int { (try? syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}
