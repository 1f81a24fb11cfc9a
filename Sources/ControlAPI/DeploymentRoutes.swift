import Access
import Domain
import Encoding
import Gates
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
    routes.get("deployments/:name/defences", .model(.view), use: defences)
    routes.put("deployments/:name/defences", .model(.deploy), use: setDefences)
  }

  /// `GET /api/v1/deployments`: what every served name serves.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let settings = try await control.registry.settings()
    var all: [JSON] = []
    let desired = Set(try await control.registry.desired().map(\.name))
    for deployment in try await control.registry.deployments()
    where try await context.maySee(deployment.name, control) {
      var members = deployment.json(url: control.planeURL).object ?? [:]
      let policy = settings.first { $0.deployment == deployment.name }?.policy ?? .standard
      members["limits"] = policy.limits.json ?? .null
      members["records"] = policy.records.json
      members["shares"] = try await control.registry.sharing(of: deployment)?.shares.json
      if desired.contains(deployment.name), let status = try await control.desiredStatus(of: deployment.name)
      {
        members["condition"] = .string(status.condition.word.rawValue)
        members["message"] = .string(status.condition.message)
      }
      if policy.defences != .none { members["defences"] = policy.defences.json }
      if policy.feedbackMillionths > 0 { members["feedback"] = JSON(policy.feedbackMillionths) }
      all.append(.object(members))
    }
    return .json(.ok, ["deployments": .array(all)])
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

  /// `GET /api/v1/deployments/{name}/defences`: what is done about attacks on it, and what of that its versions cannot do.
  @Sendable private func defences(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    guard try await control.registry.deployments().contains(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let policy = try await control.registry.settings().first { $0.deployment == name }?.policy ?? .standard
    return .json(.ok, try await json(of: policy.defences, for: name))
  }

  /// `PUT /api/v1/deployments/{name}/defences` with settings as `GET` has them: in force when the answer is there.
  @Sendable private func setDefences(_ request: Request, _ context: ControlContext) async throws -> Response {
    let defences = try DefencePolicy(json: try await request.json())
    let name = try context.modelName()
    try await control.setDefences(defences, of: name, by: context.requireActor())
    return .json(.ok, try await json(of: defences, for: name))
  }

  private func json(of defences: DefencePolicy, for name: ModelName) async throws -> JSON {
    let sentences = try await control.undefended(name, by: defences)
    return ["defences": defences.json, "undefended": .array(sentences.map { .string($0) })]
  }
}
