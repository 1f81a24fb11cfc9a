import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import Provenance

/// Whose tokens are taken.
struct IssuerRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("issuers", .platform(.audit), use: list)
    routes.put("issuers", .platform(.manageIssuers), use: set)
    routes.delete("issuers/:id", .platform(.manageIssuers), use: remove)
  }

  /// `GET /api/v1/issuers`: all of them, with their key sets.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let issuers = try await control.registry.issuers()
    return .json(.ok, ["issuers": .array(issuers.map(\.json))])
  }

  /// `PUT /api/v1/issuers` with an issuer as `TokenIssuer` writes one; where it has no `keySet`, that at
  /// `keySetURL` is fetched, and where it has neither, the issuer's own metadata is asked for it.
  @Sendable private func set(_ request: Request, _ context: ControlContext) async throws -> Response {
    let issuer = try TokenIssuer(json: try await request.issuer(with: control))
    try await control.setIssuer(issuer, by: context.requireActor())
    return .json(.ok, ["id": .string(issuer.id), "url": .string(issuer.url)])
  }

  /// `DELETE /api/v1/issuers/{id}`: its tokens are taken no more when the answer is there.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.removeIssuer(id: context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }
}

extension Request {
  /// The issuer of tokens in the body, with its key set: fetched from where it is published, where the body has none.
  func issuer(with control: ControlPlane) async throws -> JSON {
    guard var members = try await json().object else {
      throw Problem(.badInput, "issuer.malformed", "expected an issuer in an object, found another value")
    }
    if members["keySet"] == nil, members["keySetURL"] == nil, let url = members["url"]?.string {
      members["keySetURL"] = .string(try await control.discoverKeySet(of: url).description)
    }
    if members["keySet"] == nil, let url = members["keySetURL"]?.string {
      members["keySet"] = try await control.fetchKeySet(at: try KeySetURL(parsing: url))
    }
    return .object(members)
  }
}

extension ConfiguredIssuer {
  fileprivate var json: JSON {
    var members = issuer.json.object ?? [:]
    members["id"] = .string(issuer.id)
    members["since"] = .string(since.description)
    return .object(members)
  }
}
