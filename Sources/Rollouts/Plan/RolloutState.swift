public import Domain

/// Where a deployment is on its way from what it served to a version.
///
/// A value that says all: what traffic it stands for, why, and what was judged on the way. Whoever has it can bring a data plane
/// to it, whatever happened in between.
public struct RolloutState: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "rollout.malformed"

  /// What is going on.
  public enum Phase: String, Sendable, CaseIterable {
    /// The version is asked what others answer.
    case shadowing
    /// It answers its share.
    case stepping
    /// As before, until a person says yes.
    case held
    /// It answers everybody, and stays.
    case finished
    /// What there was before answers everybody again.
    case undone

    /// Whether nothing follows.
    public var isOver: Bool { self == .finished || self == .undone }
  }

  /// Which deployment.
  public let deployment: ModelName
  /// Who answered before, and what share each: what an undoing goes back to.
  public let before: [TrafficSplit.Arm]
  /// The version that is to answer.
  public let version: VersionNumber
  /// How it comes to that.
  public let plan: RolloutPlan
  /// When it began.
  public let began: Timestamp
  /// What is going on.
  public internal(set) var phase: Phase
  /// Which step of the plan, from 0.
  public internal(set) var step: Int
  /// Since when it is at this step, or over.
  public internal(set) var since: Timestamp
  /// Why it is as it is, in a line.
  public internal(set) var reason: String
  /// What happened, the oldest first; of long ones the judgements of the oldest turns are brief (`turnLimit`).
  public internal(set) var journal: [RolloutEntry]
}

/// One turn of a roll-out, kept with what it was decided by.
public struct RolloutEntry: Hashable, Sendable {
  /// What happened.
  public enum Turn: String, Sendable, CaseIterable {
    case began
    case wentOn = "went-on"
    case held
    case approved
    case finished
    case undone
  }

  /// The most that a state has: each step is held and passed once at most, and two for the ends.
  static let limit = 2 * RolloutPlan.stepLimit + 2

  /// What happened.
  public let turn: Turn
  /// At which step, from 0: the one that was left.
  public let step: Int
  /// When.
  public let at: Timestamp
  /// Who wanted it; nil where it was judged.
  public let by: Principal?
  /// Why, in a line.
  public let reason: String
  /// What was judged, without its numbers where there was no room for them; nil where somebody wanted it.
  public let judgement: Judgement?
}
