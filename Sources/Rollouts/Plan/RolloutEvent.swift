public import Domain

/// What moves a roll-out.
public enum RolloutEvent: Hashable, Sendable {
  /// It is to begin.
  case begin(RolloutOrder, at: Timestamp)
  /// A step was judged.
  case judged(Judgement, at: Timestamp)
  /// Something else than its requests stands against going on, such as a gate.
  case held(because: String, at: Timestamp)
  /// A person says yes to what a step is held for.
  case approved(step: Int, by: Principal, at: Timestamp)
  /// A person wants it undone.
  case undo(by: Principal, reason: String, at: Timestamp)
  /// A person wants it to be over, with the version answering everybody already.
  case finish(by: Principal, at: Timestamp)
  /// Another version is to come in its place.
  case superseded(by: VersionNumber, at: Timestamp)
}

/// What is to be rolled out, where, and how.
public struct RolloutOrder: Hashable, Sendable {
  /// Which deployment.
  public let deployment: ModelName
  /// Who answers now.
  public let before: [TrafficSplit.Arm]
  /// The version that is to answer.
  public let version: VersionNumber
  /// How it comes to that.
  public let plan: RolloutPlan

  /// Orders a roll-out; throws `rollout.order` unless different versions, 15 at most, answer all of the traffic now, and the one
  /// that is to come is none of them.
  public init(
    deployment: ModelName, before: [TrafficSplit.Arm], version: VersionNumber, plan: RolloutPlan
  ) throws(Problem) {
    let sum = before.reduce(0) { $0 + $1.share.value }
    guard 1..<TrafficSplit.armLimit ~= before.count, sum == 10_000,
      Set(before.map(\.version)).count == before.count
    else {
      throw Problem(
        .badInput, "rollout.order",
        "expected 1 to \(TrafficSplit.armLimit - 1) different versions that answer 10000 basis points together,"
          + " found \(before.count) that answer \(sum)", subject: deployment.description)
    }
    guard !before.contains(where: { $0.version == version }) else {
      throw Problem(
        .conflict, "rollout.order", "expected a version that does not answer yet, found \(version)",
        subject: "\(deployment)@\(version)",
        hint: "name another version, or undo the roll-out that brought it")
    }
    self.deployment = deployment
    self.before = before
    self.version = version
    self.plan = plan
  }
}
