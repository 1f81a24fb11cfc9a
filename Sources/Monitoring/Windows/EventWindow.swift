public import Domain

/// What came in one span of event time.
public struct EventWindow: Sendable, Equatable {
  /// When it begins; this moment is in it.
  public private(set) var start: Timestamp
  /// When it ends; this moment is not in it.
  public private(set) var end: Timestamp
  /// What came.
  public internal(set) var profile: ModelProfile
  /// How many of its rows came after its end.
  public internal(set) var lateRows: Int
  /// Whether it was closed before its time, for want of room: rows that came later were dropped.
  public internal(set) var isCutShort: Bool

  /// States what came in a span.
  public init(
    start: Timestamp, end: Timestamp, profile: ModelProfile, lateRows: Int = 0, isCutShort: Bool = false
  ) {
    self.start = start
    self.end = end
    self.profile = profile
    self.lateRows = lateRows
    self.isCutShort = isCutShort
  }
}

extension EventWindow {
  /// Forgets the values of masked columns, as `ModelProfile.hide` does; whether there was any.
  @discardableResult public mutating func hide(
    _ mask: ColumnMask, against training: ReferenceDistances? = nil
  ) -> Bool {
    profile.hide(mask, against: training)
  }

  /// Takes in another window of the same columns, in place; it begins with the first of both and ends with the last.
  ///
  /// Throws `monitoring.unlike-profiles`, and nothing is taken then.
  public mutating func take(_ other: EventWindow) throws(Problem) {
    try profile.merge(other.profile)
    lateRows += other.lateRows
    isCutShort = isCutShort || other.isCutShort
    (start, end) = (min(start, other.start), max(end, other.end))
  }

  /// Makes windows of `length` milliseconds out of shorter ones, of however many event loops: those that begin in the same
  /// longer window become one, in the order of time.
  ///
  /// A window is never cut: `length` is meant to be a multiple of theirs. Throws `monitoring.unlike-profiles`, and
  /// `monitoring.window` for a length that is not positive.
  public static func merged(_ windows: [EventWindow], into length: Int64) throws(Problem) -> [EventWindow] {
    guard length > 0 else { throw EventWindows.malformed("a window longer than nothing", "\(length) ms") }
    var merged: [EventWindow] = []
    for window in windows.sorted(by: { $0.start < $1.start }) {
      let start = window.start.beginning(of: length)
      if merged.last?.start == start {
        let last = merged.count - 1
        try merged[last].profile.merge(window.profile)
        merged[last].lateRows += window.lateRows
        merged[last].isCutShort = merged[last].isCutShort || window.isCutShort
      } else {
        merged.append(
          EventWindow(
            start: start, end: max(window.end, start.later(by: length)), profile: window.profile,
            lateRows: window.lateRows, isCutShort: window.isCutShort))
      }
    }
    return merged
  }
}

extension Timestamp {
  /// When the span of so many milliseconds begins that this moment is in; spans are counted from 1970 on.
  func beginning(of length: Int64) -> Timestamp {
    let rest = milliseconds % length
    let start = milliseconds.subtractingReportingOverflow(rest < 0 ? rest + length : rest)
    return Timestamp(milliseconds: start.overflow ? .min : start.partialValue)
  }

  /// A moment so much later, or the last there is.
  package func later(by length: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(length)
    return Timestamp(milliseconds: overflow ? .max : sum)
  }
}
