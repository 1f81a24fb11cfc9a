import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle
import Rollouts

/// How versions come into service, at once or by steps, and how a name goes back.
struct RolloutRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.post("deployments/:name/roll-outs", .model(.deploy), use: rollOut)
    routes.get("deployments/:name/roll-outs", .model(.view), use: status)
    routes.post("deployments/:name/roll-outs/approve", .model(.approve), use: approve)
    routes.post("deployments/:name/roll-outs/undo", .model(.deploy), use: undo)
    routes.post("deployments/:name/roll-outs/finish", .model(.deploy), use: finish)
    routes.get("deployments/:name/roll-out-plan", .model(.view), use: plan)
    routes.put("deployments/:name/roll-out-plan", .model(.deploy), use: setPlan)
    routes.delete("deployments/:name/roll-out-plan", .model(.deploy), use: removePlan)
    routes.post("deployments/:name/roll-back", .model(.deploy), use: rollBack)
  }

  /// `POST /api/v1/deployments/{name}/roll-outs` with `{"version","despiteMark","manner"}`: a version that is there comes into
  /// service, where the gates of the roll-out hold; answered as a push is.
  ///
  /// The manner is `"at-once"`, or terms as a plan has them; without one it is as the deployment's plan says.
  @Sendable private func rollOut(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["version", "despiteMark", "manner"])
    guard let version = body["version"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Problem(
        .badInput, "request.member",
        "expected the number of a version, found \(body["version"]?.kind ?? "nothing")",
        position: "/version")
    }
    let fields = RecordFields(body, "roll-out", code: "request.member")
    let outcome = try await control.rollOut(
      VersionReference(name: try context.modelName(), version: version),
      despiteMark: try fields.flag("despiteMark"), in: try RolloutManner(json: body["manner"]),
      by: context.requireActor())
    return .json(outcome.status == .refused ? .unprocessableContent : .ok, outcome.json)
  }

  /// `GET /api/v1/deployments/{name}/roll-outs`: the roll-out by steps that is under way, or was the last, with what is judged
  /// of it now, what was seen of both at this step, and the alarms of watching that count there.
  @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
    let (record, judgement, seen) = try await control.rollOutStatus(of: context.modelName())
    var members = record.summary
    members["judgement"] = judgement?.json ?? .null
    members["canary"] = seen?.canary.json ?? .null
    members["champion"] = seen?.champion.json ?? .null
    members["alarms"] = [
      "canary": .array((seen?.canary.alarms ?? []).map(\.json)),
      "champion": .array((seen?.champion.alarms ?? []).map(\.json)),
    ]
    return .json(.ok, .object(members))
  }

  /// `POST /api/v1/deployments/{name}/roll-outs/approve`, perhaps with `{"version","began","step"}`: a yes to what the step is
  /// held for, where it is the one that is meant.
  @Sendable private func approve(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(Self.meantMembers)
    let record = try await control.approveRollOut(
      of: context.modelName(), meaning: Self.meant(body), by: context.requireActor())
    return .json(.ok, .object(record.summary))
  }

  /// `POST /api/v1/deployments/{name}/roll-outs/undo`, perhaps with `{"reason"}` and what is meant.
  @Sendable private func undo(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(Self.meantMembers.union(["reason"]))
    let record = try await control.undoRollOut(
      of: context.modelName(), meaning: Self.meant(body), because: Self.reason(in: body, for: "undoing"),
      by: context.requireActor())
    return .json(.ok, .object(record.summary))
  }

  /// `POST /api/v1/deployments/{name}/roll-outs/finish`, perhaps with what is meant: no more is waited for at the last step.
  @Sendable private func finish(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(Self.meantMembers)
    let record = try await control.finishRollOut(
      of: context.modelName(), meaning: Self.meant(body), by: context.requireActor())
    return .json(.ok, .object(record.summary))
  }

  private static let meantMembers: Set = ["version", "began", "step"]

  /// Which roll-out a body means, by the members that `status` has of it too.
  private static func meant(_ body: JSON) throws(Problem) -> MeantRollout {
    func number(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
      guard let member = body[name], member != .null else { return nil }
      guard let number = member.int, range.contains(number) else {
        throw Problem(
          .badInput, "request.member",
          "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(member.kind)",
          position: "/\(name)")
      }
      return number
    }
    return MeantRollout(
      version: try number("version", 1...Int(Int32.max)).flatMap { VersionNumber($0) },
      began: try number("began", 0...Int.max).map { Timestamp(milliseconds: Int64($0)) },
      step: try number("step", 0...RolloutPlan.stepLimit - 1))
  }

  // MARK: Plans

  /// `GET /api/v1/deployments/{name}/roll-out-plan`: the terms of its roll-outs; `{"terms": null}` where versions come into
  /// service at once.
  @Sendable private func plan(_ request: Request, _ context: ControlContext) async throws -> Response {
    let terms = try await control.registry.rolloutTerms(of: context.modelName())
    return .json(.ok, ["terms": terms?.json ?? .null])
  }

  /// `PUT /api/v1/deployments/{name}/roll-out-plan` with `{"plan","affinity"}`.
  @Sendable private func setPlan(_ request: Request, _ context: ControlContext) async throws -> Response {
    let terms = try RolloutTerms(json: try await request.json())
    try await control.planRollOuts(of: context.modelName(), by: terms, as: context.requireActor())
    return .json(.ok, ["terms": terms.json])
  }

  /// `DELETE /api/v1/deployments/{name}/roll-out-plan`: versions come into service at once from now on.
  @Sendable private func removePlan(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.planRollOuts(of: context.modelName(), by: nil, as: context.requireActor())
    return .json(.ok, ["terms": .null])
  }

  // MARK: Back

  /// `POST /api/v1/deployments/{name}/roll-back`, perhaps with `{"reason","from"}`: the version that served before answers when the
  /// answer is there.
  ///
  /// With `from` nothing is done where that version was taken back from already, and `done` is `before`.
  @Sendable private func rollBack(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["reason", "from"])
    let reason = try Self.reason(in: body, for: "roll-back")
    let rollout = try await control.rollBack(
      context.modelName(), from: try Self.left(in: body), because: reason, by: context.requireActor())
    return .json(
      .ok,
      [
        "name": .string(rollout.deployment.name.description),
        "version": JSON(rollout.deployment.version.value),
        "from": JSON(rollout.from.value), "done": rollout.wasBefore ? "before" : "now",
        "digest": .string(rollout.deployment.bundle.description),
      ])
  }

  /// The version that is to go; nil for the one that answers.
  private static func left(in body: JSON) throws(Problem) -> VersionNumber? {
    guard let from = body["from"], from != .null else { return nil }
    guard let version = from.int.flatMap({ VersionNumber($0) }) else {
      throw Problem(
        .badInput, "request.member", "expected the number of a version, found \(from.kind)", position: "/from"
      )
    }
    return version
  }

  private static func reason(in body: JSON, for what: String) throws(Problem) -> RevocationReason {
    let fields = RecordFields(body, what, code: "request.member")
    return try RevocationReason(parsing: try fields.text("reason", default: "no reason was given"))
  }
}

extension RolloutRecord {
  /// What people are told of it: everything but what callers are split by.
  fileprivate var summary: [String: JSON] {
    var members = state.json.object ?? [:]
    var shares: [String: JSON] = [:]
    for arm in state.arms { shares[arm.version.description] = JSON(arm.share.value) }
    members["shares"] = .object(shares)
    members["affinity"] = .string(affinity.rawValue)
    members["asker"] = .string(asker.description)
    members["words"] = .string(state.words)
    return members
  }
}
