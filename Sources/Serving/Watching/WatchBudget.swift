/// How much of an event loop's time may go into watching: a share of the processor time that it has had, a little of the time that
/// has gone by, and some of both in advance.
///
/// Of processor time, since beside other processes a loop has less of it than goes by; of the time that goes by as well, since what is
/// looked at while nothing else is to do costs nobody anything. A value that is told both. What is looked at beyond it is
/// not looked at: the plane answers first, and says of how many rows it has looked at how many.
struct WatchBudget {
  /// What may be spent at once, in nanoseconds.
  static let most = 20_000_000.0
  /// The part of the share that is of the time that goes by.
  private static let idlePart = 0.125
  /// How often it is worth asking how much processor time there was, in nanoseconds.
  private static let interval = 5_000_000

  private let share: Double
  private var balance = WatchBudget.most
  private var last: Int
  private var lastUsed: Int

  /// A budget of a share of the time from `now` on, when the loop's thread had had so much processor time.
  init(share: Double, now: Int, used: Int) {
    self.share = share
    (last, lastUsed) = (now, used)
  }

  /// Whether there is time to look; `used` is asked for the processor time only once in a while.
  mutating func allows(at now: Int, used: () -> Int) -> Bool {
    if now - last >= Self.interval || balance <= 0 && now - last >= Self.interval / 5 {
      let used = used()
      let earned =
        Double(max(0, used - lastUsed)) * share * (1 - Self.idlePart) + Double(now - last) * share
        * Self.idlePart
      balance = min(Self.most, balance + earned)
      (last, lastUsed) = (now, used)
    }
    return balance > 0
  }

  /// Takes off what looking took.
  mutating func spend(_ nanoseconds: Int) { balance -= Double(nanoseconds) }
}
