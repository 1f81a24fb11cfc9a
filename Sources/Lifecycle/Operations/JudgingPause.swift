import Domain

/// How long a roll-out is not looked at after a look that failed: longer as long as looking fails.
///
/// An act that fails is in the ledger each time it is tried: what stays broken for a night is not to fill it. Other roll-outs are
/// judged meanwhile as ever.
struct JudgingPause: Sendable {
  private static let (least, most): (Int64, Int64) = (2_000, 64_000)

  /// Why the last look failed.
  private(set) var problem: Problem
  private var milliseconds = Self.least
  private var began: Timestamp

  /// Begins with two seconds.
  init(_ problem: Problem, at now: Timestamp) {
    (self.problem, began) = (problem, now)
  }

  /// Takes that the next look failed too: twice as long as before, up to 64 seconds.
  mutating func lengthen(_ problem: Problem, at now: Timestamp) {
    (self.problem, began) = (problem, now)
    milliseconds = min(milliseconds * 2, Self.most)
  }

  /// Whether it is to be looked at not yet.
  ///
  /// A beginning that is ahead is of a clock that was set back.
  func stands(at now: Timestamp) -> Bool {
    let (gone, overflow) = now.milliseconds.subtractingReportingOverflow(began.milliseconds)
    return !overflow && (0..<milliseconds).contains(gone)
  }
}
