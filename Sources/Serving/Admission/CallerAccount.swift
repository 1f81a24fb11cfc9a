import Synchronization

/// What one caller has used of its limits, counted by all event loops together without a lock.
///
/// It knows no limit itself: those come with each request, so that a caller whose limits change keeps what it has used.
final class CallerAccount: Sendable {
  /// When the next request would be due if all were evenly spaced: nanoseconds of the clock that only goes forward.
  ///
  /// The generic cell rate algorithm (ITU-T I.371, annex A), which is a bucket of tokens in one number.
  private let due = Atomic<Int>(0)
  /// The requests of a day, as `DayCount.packed`.
  private let today: Atomic<UInt64>
  /// What of `today` was in the file when that was last written or read; touched by one thread at a time.
  private let saved: Atomic<UInt64>

  /// An account that has this of a day behind it.
  init(_ count: DayCount = DayCount(day: 0, count: 0)) {
    today = Atomic(count.packed)
    saved = Atomic(count.packed)
  }

  /// Takes one request out of a bucket that holds `burst` and gains `rate` a second; the nanoseconds to wait where there
  /// is none in it.
  func take(rate: Int, burst: Int, at now: Int) -> Int? {
    // Rounded up: never more than the rate.
    let interval = (1_000_000_000 + rate - 1) / rate
    var due = due.load(ordering: .relaxed)
    while true {
      // No further ahead than an empty bucket is: after slower limits than these it might be.
      let start = min(max(due, now), now + interval * burst)
      let wait = start - now - interval * (burst - 1)
      if wait > 0, start == due { return wait }
      let (isStored, found) = self.due.weakCompareExchange(
        expected: due, desired: wait > 0 ? start : start + interval, ordering: .relaxed)
      if isStored { return wait > 0 ? wait : nil }
      due = found
    }
  }

  /// Counts one request of a day; false, and nothing counted, where there were `limit` already.
  ///
  /// A clock that is put back does not begin the day anew.
  func count(on day: Int, limit: Int) -> Bool {
    var packed = today.load(ordering: .relaxed)
    while true {
      var count = DayCount(packed: packed)
      if count.day < day { count = DayCount(day: day, count: 0) }
      guard count.count < limit else { return false }
      count.count += 1
      let (isCounted, found) = today.weakCompareExchange(
        expected: packed, desired: count.packed, ordering: .relaxed)
      if isCounted { return true }
      packed = found
    }
  }

  /// Whether it would count the same if it were new.
  func isIdle(at arrival: Arrival) -> Bool {
    let counted = counted
    return due.load(ordering: .relaxed) <= arrival.nanoseconds
      && (counted.count == 0 || counted.day < arrival.day)
  }

  /// What was counted so far.
  var counted: DayCount { DayCount(packed: today.load(ordering: .relaxed)) }

  /// Takes in what the file has of a day, which other processes may have added to; what is to stand there now, by this
  /// account.
  ///
  /// What the file has lost since it was last seen, it gets back.
  func merge(_ stored: Int, on day: Int) -> Int {
    let before = DayCount(packed: saved.load(ordering: .relaxed))
    let known = before.day == day ? before.count : 0
    let others = max(0, stored - known)
    var packed = today.load(ordering: .relaxed)
    while true {
      var count = DayCount(packed: packed)
      // Of a later day there is nothing to say about this one.
      guard count.day <= day else { return max(stored, known) }
      if count.day < day { count = DayCount(day: day, count: 0) }
      count.count = min(count.count + others, DayCount.most)
      let (isMerged, found) = today.weakCompareExchange(
        expected: packed, desired: count.packed, ordering: .relaxed)
      if isMerged {
        saved.store(count.packed, ordering: .relaxed)
        return count.count
      }
      packed = found
    }
  }
}

/// How many requests a day has had.
struct DayCount: Equatable, Sendable {
  /// The days since 1970-01-01.
  var day: Int
  var count: Int

  /// The most that is counted: 40 bits, a thousand billions.
  static let most = 1 << 40 - 1

  init(day: Int, count: Int) {
    self.day = day
    self.count = count
  }

  /// Both in one word, so that they change together: the day above, 40 bits of count below.
  init(packed: UInt64) {
    day = Int(packed >> 40)
    count = Int(packed & UInt64(Self.most))
  }

  var packed: UInt64 { UInt64(truncatingIfNeeded: day & 0xFF_FFFF) << 40 | UInt64(min(count, Self.most)) }
}
