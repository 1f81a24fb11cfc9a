import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// The keys that callers of deployments present.
struct KeyRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("deployments/:name/keys", .model(.view), use: list)
    routes.post("deployments/:name/keys", .model(.issueKeys), use: create)
    routes.delete("keys/:id", .somewhere(.issueKeys), use: revoke)
  }

  /// `GET /api/v1/deployments/{name}/keys`: ids and dates, never a key.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let keys = try await control.registry.keys().filter { $0.deployment == name }
    return .json(.ok, ["keys": .array(keys.map(\.json))])
  }

  /// `POST /api/v1/deployments/{name}/keys`: makes a key and shows it this once.
  ///
  /// The body may say `{"limits":{"rate","burst","daily"},"expires":"90d"}`.
  @Sendable private func create(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    let issued = try await control.createKey(
      for: context.modelName(), terms: Self.terms(in: body, now: control.now()),
      by: context.requireActor())
    return .json(.created, ["id": .string(issued.id), "key": .string(issued.key)])
  }

  private static func terms(in body: JSON, now: Timestamp) throws(Problem) -> KeyTerms {
    try body.requireMembers(["limits", "expires"])
    var terms = KeyTerms(limits: try CallerLimits(json: body["limits"]))
    if let expires = body["expires"], expires != .null {
      guard let text = expires.string else {
        throw Problem(
          .badInput, "key.expiry", "expected a text as 'expires', found \(expires.kind)", position: "/expires"
        )
      }
      terms.expiresAt = try KeyTerms.expiry(parsing: text, from: now)
    }
    return terms
  }

  /// `DELETE /api/v1/keys/{id}`: revokes it; it opens nothing any more when the answer is there.
  @Sendable private func revoke(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.revokeKey(id: context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }
}
