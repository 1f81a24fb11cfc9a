/// When a process that died may be started again: at once after the first time, then twice as late each time.
struct RestartDelay: Equatable {
  /// The wait after the second death in a row, in milliseconds.
  static let first = 100
  /// The longest wait, in milliseconds.
  static let longest = 30_000

  private(set) var deaths = 0
  private var notBefore = 0

  /// How many milliseconds are to be waited at a time, of a clock that nobody sets.
  func remaining(at now: Int) -> Int { max(0, notBefore - now) }

  /// The process died, or had to be ended.
  mutating func died(at now: Int) {
    deaths += 1
    guard deaths > 1 else { return }
    notBefore = now + min(Self.longest, Self.first << min(deaths - 2, 20))
  }

  /// The process answered.
  mutating func answered() { self = RestartDelay() }
}
