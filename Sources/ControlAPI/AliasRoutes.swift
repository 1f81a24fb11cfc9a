import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// The movable names of versions.
struct AliasRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("models/:name/aliases", .model(.view), use: list)
    routes.put("models/:name/aliases/:alias", .alias(.moveAlias), use: set)
    routes.delete("models/:name/aliases/:alias", .alias(.moveAlias), use: remove)
  }

  /// `GET /api/v1/models/{name}/aliases`: which version each names.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let aliases = try await control.registry.aliases().filter { $0.model == name }
    return .json(.ok, ["aliases": .array(aliases.map(\.json))])
  }

  /// `PUT /api/v1/models/{name}/aliases/{alias}` with `{"version": 3}`: it answers under the alias when the answer is
  /// there.
  @Sendable private func set(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    guard let version = body["version"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Problem(
        .badInput, "request.member",
        "expected a version number from 1 as 'version', found \(body["version"]?.kind ?? "nothing")",
        position: "/version")
    }
    let alias = try await control.setAlias(
      AliasName(parsing: context.parameter("alias")), of: context.modelName(), to: version,
      by: context.requireActor())
    return .json(.ok, alias.json)
  }

  /// `DELETE /api/v1/models/{name}/aliases/{alias}`: it names nothing any more when the answer is there.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.removeAlias(
      AliasName(parsing: context.parameter("alias")), of: context.modelName(), by: context.requireActor())
    return Response(status: .noContent)
  }
}
