import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// What every served name serves, and how it answers.
struct DeploymentRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("deployments", .somewhere(.view), use: list)
    routes.put("deployments/:name/limits", .model(.deploy), use: limit)
    routes.get("deployments/:name/records", .model(.view), use: records)
    routes.put("deployments/:name/records", .model(.deploy), use: setRecords)
    routes.post("deployments/:name/roll-outs", .model(.deploy), use: rollOut)
    routes.post("deployments/:name/roll-back", .model(.deploy), use: rollBack)
  }

  /// `GET /api/v1/deployments`: what every served name serves.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let settings = try await control.registry.settings()
    var all: [JSON] = []
    for deployment in try await control.registry.deployments()
    where try await context.maySee(deployment.name, control) {
      var members = deployment.json(url: control.planeURL).object ?? [:]
      let policy = settings.first { $0.deployment == deployment.name }?.policy ?? .standard
      members["limits"] = policy.limits.json ?? .null
      members["records"] = policy.records.json
      all.append(.object(members))
    }
    return .json(.ok, ["deployments": .array(all)])
  }

  /// `POST /api/v1/deployments/{name}/roll-outs` with `{"version","despiteMark"}`: a version that is there comes into service,
  /// where the gates of the roll-out hold; answered as a push is.
  @Sendable private func rollOut(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["version", "despiteMark"])
    guard let version = body["version"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Problem(
        .badInput, "request.member",
        "expected the number of a version, found \(body["version"]?.kind ?? "nothing")",
        position: "/version")
    }
    let fields = RecordFields(body, "roll-out", code: "request.member")
    let outcome = try await control.rollOut(
      VersionReference(name: try context.modelName(), version: version),
      despiteMark: try fields.flag("despiteMark"), by: context.requireActor())
    return .json(outcome.status == .refused ? .unprocessableContent : .ok, outcome.json)
  }

  /// `POST /api/v1/deployments/{name}/roll-back`, perhaps with `{"reason"}`: the version that served before answers when the
  /// answer is there.
  @Sendable private func rollBack(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["reason"])
    let fields = RecordFields(body, "roll-back", code: "request.member")
    let reason = try RevocationReason(parsing: try fields.text("reason", default: "no reason was given"))
    let rollout = try await control.rollBack(context.modelName(), because: reason, by: context.requireActor())
    return .json(
      .ok,
      [
        "name": .string(rollout.deployment.name.description),
        "version": JSON(rollout.deployment.version.value),
        "from": JSON(rollout.from.value),
        "digest": .string(rollout.deployment.bundle.description),
      ])
  }

  /// `PUT /api/v1/deployments/{name}/limits` with `{"concurrency","queue","deadline"}`, the last in milliseconds; what is
  /// left out has no bound any more.
  @Sendable private func limit(_ request: Request, _ context: ControlContext) async throws -> Response {
    let limits = try DeploymentLimits(json: try await request.json())
    try await control.limitDeployment(
      context.modelName(), to: limits, by: context.requireActor())
    return .json(.ok, ["limits": limits.json ?? .null])
  }

  /// `GET /api/v1/deployments/{name}/records`: its policy for access records.
  @Sendable private func records(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    guard try await control.registry.deployments().contains(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let policy = try await control.registry.settings().first { $0.deployment == name }?.policy
    return .json(.ok, (policy ?? .standard).records.json)
  }

  /// `PUT /api/v1/deployments/{name}/records` with `{"payloadMillionths","masked","whenSpoolFull"}`, each of which may
  /// be left out: the policy is in force when the answer is there.
  @Sendable private func setRecords(_ request: Request, _ context: ControlContext) async throws -> Response {
    let policy = try RecordsPolicy(json: try await request.json())
    try await control.setRecords(policy, of: context.modelName(), by: context.requireActor())
    return .json(.ok, policy.json)
  }
}
