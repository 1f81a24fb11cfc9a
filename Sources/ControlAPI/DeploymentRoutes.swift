import Domain
import Encoding
import Hummingbird
import Lifecycle

/// What deployments go by.
struct DeploymentRoutes: Sendable {
  let control: ControlPlane

  func add(to group: RouterGroup<ControlContext>) {
    group.get("deployments/:name/records", use: records)
    group.put("deployments/:name/records", use: setRecords)
  }

  /// `GET /api/v1/deployments/{name}/records`: its policy for access records.
  @Sendable private func records(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let policy = try await control.registry.recordsPolicies().first { $0.deployment == name }?.policy
    return .json(.ok, (policy ?? .standard).json)
  }

  /// `PUT /api/v1/deployments/{name}/records` with `{"payloadMillionths","masked","whenSpoolFull"}`, each of which may
  /// be left out: the policy is in force when the answer is there.
  @Sendable private func setRecords(_ request: Request, _ context: ControlContext) async throws -> Response {
    let policy = try RecordsPolicy(json: try await request.json())
    try await control.setRecords(policy, of: context.modelName(), by: context.requirePrincipal())
    return .json(.ok, policy.json)
  }
}
