import Encoding

/// What a judge says of a step, and why.
public struct Judgement: Hashable, Sendable {
  /// What is to be done.
  public enum Decision: String, Sendable, CaseIterable {
    /// The next step.
    case goOn = "go-on"
    /// Nothing yet.
    case wait
    /// What there was before.
    case undo
    /// Nothing until a person says so.
    case holdForPerson = "hold"
  }

  /// Which step was judged.
  public let step: Int
  /// What is to be done.
  public let decision: Decision
  /// Why, in a line.
  public let reason: String
  /// What each criterion came to.
  public let readings: [Reading]
  /// What differs from training.
  public let alarms: [DriftAlarm]

  /// States a judgement.
  init(
    step: Int, _ decision: Decision, _ reason: String, readings: [Reading] = [], alarms: [DriftAlarm] = []
  ) {
    self.step = step
    self.decision = decision
    self.reason = reason.asReason
    self.readings = readings
    self.alarms = alarms
  }

  /// The most bytes of a reason.
  static let reasonLimit = 8192
}

extension String {
  /// The text as a reason is kept: a line that reads as it was written, however often, whoever the names in it are of.
  var asReason: String {
    let limit = Judgement.reasonLimit / 4
    // What is escaped is longer than it was.
    return String(String.UnicodeScalarView(excerpt(limit).unicodeScalars.prefix(limit)))
  }
}
