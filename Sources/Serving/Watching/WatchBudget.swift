/// How much of an event loop's time may go into watching: a share of what has gone by, a little of it in advance.
///
/// A value that is told what time it is. What is looked at beyond it is not looked at: the plane answers first, and says of
/// how many rows it has looked at how many.
struct WatchBudget {
  /// What may be spent at once, in nanoseconds.
  static let most = 20_000_000.0

  private let share: Double
  private var balance = WatchBudget.most
  private var last: Int

  /// A budget of a share of the time from `now` on.
  init(share: Double, now: Int) {
    self.share = share
    last = now
  }

  /// Whether there is time to look.
  mutating func allows(at now: Int) -> Bool {
    balance = min(Self.most, balance + Double(max(0, now - last)) * share)
    last = max(last, now)
    return balance > 0
  }

  /// Takes off what looking took.
  mutating func spend(_ nanoseconds: Int) { balance -= Double(nanoseconds) * (1 - share) }
}
