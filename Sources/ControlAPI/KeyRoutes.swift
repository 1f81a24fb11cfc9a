import Domain
import Encoding
import Hummingbird
import Lifecycle

/// The keys that callers of deployments present.
struct KeyRoutes: Sendable {
  let control: ControlPlane

  func add(to group: RouterGroup<ControlContext>) {
    group.get("deployments/:name/keys", use: list)
    group.post("deployments/:name/keys", use: create)
    group.delete("keys/:id", use: revoke)
  }

  /// `GET /api/v1/deployments/{name}/keys`: ids and dates, never a key.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let keys = try await control.registry.keys().filter { $0.deployment == name }
    return .json(.ok, ["keys": .array(keys.map(\.json))])
  }

  /// `POST /api/v1/deployments/{name}/keys`: makes a key and shows it this once.
  @Sendable private func create(_ request: Request, _ context: ControlContext) async throws -> Response {
    let issued = try await control.createKey(
      for: context.modelName(), by: context.requirePrincipal())
    return .json(.created, ["id": .string(issued.id), "key": .string(issued.key)])
  }

  /// `DELETE /api/v1/keys/{id}`: revokes it; it opens nothing any more when the answer is there.
  @Sendable private func revoke(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.revokeKey(id: context.parameter("id"), by: context.requirePrincipal())
    return Response(status: .noContent)
  }
}
