import Domain

/// When a canary goes on, and when it goes back.
public struct Criteria: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "criteria.malformed"

  /// The two lines that one share is held against.
  public struct Lines: Hashable, Sendable {
    /// A canary above it is undone.
    public let undo: RateBoundary
    /// A canary below it may go on.
    public let pass: RateBoundary

    /// States both lines; a canary that is to go on should not be one that is to be undone, so `pass` is the higher of both.
    public init(undo: RateBoundary, pass: RateBoundary) {
      self.undo = undo
      self.pass = pass
    }

    /// A bound that no champion moves, for both.
    public init?(bound: Double) {
      guard 0 < bound, bound < 1, let line = RateBoundary(ratio: 0, margin: bound) else { return nil }
      self.init(undo: line, pass: line)
    }
  }

  /// What an alarm of drift does.
  public enum DriftAnswer: String, Sendable, CaseIterable {
    /// It stands in the reason, and no more.
    case tell
    /// A person has to look.
    case hold
    /// The canary goes back.
    case undo
  }

  /// What becomes of a step that took as long as it may.
  public enum Lateness: String, Sendable, CaseIterable {
    /// A person has to look.
    case hold
    /// The canary goes back.
    case undo
    /// It goes on, as nothing was found against it.
    case pass
  }

  /// With what probability at most a canary that is above no line is undone, over the whole roll-out: 0.01.
  public var falseUndos = 0.01
  /// With what probability at most a canary passes a step although it is above a line to pass: 0.05.
  public var falsePasses = 0.05
  /// Failures: undone beyond 0.05 points above the champion's, passed below 1 point above.
  public var failures: Lines? = Lines(
    undo: RateBoundary(unchecked: 1, 0.0005), pass: RateBoundary(unchecked: 1, 0.01))
  /// Refusals: undone beyond 1 point above the champion's, passed below 3 points above.
  public var refusals: Lines? = Lines(
    undo: RateBoundary(unchecked: 1, 0.01), pass: RateBoundary(unchecked: 1, 0.03))
  /// Answers beyond the champion's median, 95th and 99th percentile: undone where they are half as many again and 1 point
  /// more, passed below twice as many and 3 points more.
  public var latency: Lines? = Lines(
    undo: RateBoundary(unchecked: 1.5, 0.01), pass: RateBoundary(unchecked: 2, 0.03))
  /// Requests that both were asked and answered differently; nil where no shadows are asked, which is the standard.
  public var disagreement: Lines?
  /// How far two numbers may be from each other and agree still, as a share of the larger one: 0.05.
  public var tolerance = 0.05
  /// What an alarm of drift does: a person has to look.
  public var drift = DriftAnswer.hold
  /// The share of failures beyond which a version is undone that nothing runs beside any more: 0.05.
  public var failuresAlone = 0.05
  /// How many requests each step sees at least: 300.
  public var minimumRequests = 300
  /// How long a step may take, in milliseconds: a day.
  public var longest: Int64 = 86_400_000
  /// What becomes of a step that took that long: a person has to look.
  public var lateness = Lateness.hold

  /// The standard ones.
  public static let standard = Criteria()

  private init() {}

  /// What is asked for a step at which the canary has this share.
  func lines(of criterion: Criterion, at share: BasisPoints) -> Lines? {
    guard share < .whole else { return criterion == .failures ? Lines(bound: failuresAlone) : nil }
    switch criterion {
    case .failures: return failures
    case .refusals: return refusals
    // In the shadow nobody waits for it, and it waits for everybody.
    case .median, .percentile95, .percentile99: return share > .none ? latency : nil
    case .disagreement: return disagreement
    }
  }
}
