public import Domain
public import Gates
import Rollouts

/// Which roll-out is meant by who does something to one: what they saw of it when they made up their mind.
///
/// Between a look and an act another version may have taken the place of the one that was looked at, or the next step may have
/// begun; whoever meant the first does nothing to the second. What is not said is not asked for.
public struct MeantRollout: Hashable, Sendable {
  /// The version that is on its way.
  public var version: VersionNumber?
  /// When it began: the same version may have come a second time.
  public var began: Timestamp?
  /// The step that it was at, from 0.
  public var step: Int?

  /// Means the roll-out of this version that began then, at this step; whichever it is where nothing is said.
  public init(version: VersionNumber? = nil, began: Timestamp? = nil, step: Int? = nil) {
    self.version = version
    self.began = began
    self.step = step
  }

  /// Means a roll-out as it is in this record.
  public init(_ record: RolloutRecord) {
    self.init(version: record.state.version, began: record.state.began, step: record.state.step)
  }

  /// Throws `rollout.stale` where the roll-out that is there is another one, or under way at another step.
  func require(_ record: RolloutRecord) throws(Problem) {
    let state = record.state
    if let version, version != state.version {
      throw Self.stale("the roll-out of version \(version)", "that of version \(state.version)", record)
    }
    if let began, began != state.began {
      throw Self.stale("the roll-out that began at \(began)", "one that began at \(state.began)", record)
    }
    if let step, step != state.step, record.isUnderWay {
      throw Self.stale("step \(step + 1)", "step \(state.step + 1)", record)
    }
  }

  private static func stale(_ expected: String, _ found: String, _ record: RolloutRecord) -> Problem {
    Problem(
      .conflict, "rollout.stale", "expected \(expected) of '\(record.state.deployment)', found \(found)",
      subject: record.version.description,
      hint: "look at it with 'gatehouse roll-out status \(record.state.deployment)'")
  }
}
