import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// Whose word is taken for who somebody is.
struct ProviderRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("providers", .platform(.audit), use: list)
    routes.put("providers", .platform(.manageAccess), use: set)
    routes.delete("providers", .platform(.manageAccess), use: remove)
  }

  /// `GET /api/v1/providers`: all of them, with their key sets.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let providers = try await control.rules.current().providers.values.sorted { $0.url < $1.url }
    return .json(.ok, ["providers": .array(providers.map(\.json))])
  }

  /// `PUT /api/v1/providers` with a provider as `IdentityProvider` reads one; where it has no `keySet`, that at
  /// `keySetURL` is fetched, and where it has neither, the provider's own metadata is asked for it.
  @Sendable private func set(_ request: Request, _ context: ControlContext) async throws -> Response {
    let provider = try IdentityProvider(json: try await request.issuer(with: control))
    try await control.setProvider(provider, by: context.requireActor())
    return .json(
      .ok,
      [
        "url": .string(provider.url),
        "keySetURL": provider.tokens.keySetURL.map { .string($0.description) } ?? .null,
      ])
  }

  /// `DELETE /api/v1/providers?url=`: its word is taken no more when the answer is there.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    guard let url = request.uri.queryParameters.get("url") else {
      throw Problem(.badInput, "request.query", "expected the provider's URL as 'url', found nothing")
    }
    try await control.removeProvider(url, by: context.requireActor())
    return Response(status: .noContent)
  }
}
