import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// The keys with which principals ask the control plane.
struct APIKeyRoutes: Sendable {
  let control: ControlPlane
  let authenticator: Authenticator

  func add(to routes: GuardedRoutes) {
    routes.get("api-keys", .known, use: list)
    routes.post("api-keys", .known, use: create)
    routes.post("api-keys/:id/rotate", .known, use: rotate)
    routes.delete("api-keys/:id", .known, use: revoke)
  }

  /// `GET /api/v1/api-keys`: one's own, and everybody's for who may manage access; never a key itself.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let actor = try context.requireActor()
    let state = try await control.rules.current()
    let mayManage = try await control.rules.allow(.manageAccess, on: .platform, actor)
    let uses = try await authenticator.lastUses()
    let keys = state.keys.values.filter { mayManage || $0.principal == actor.principal }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    return .json(.ok, ["apiKeys": .array(keys.map { $0.shown(lastUse: uses[$0.id]) })])
  }

  /// `POST /api/v1/api-keys` with `{"principal","rights","projects","models","expires"}`, each of which may be left out:
  /// makes a key, one's own where no principal is named, and shows it this once.
  @Sendable private func create(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["principal", "rights", "projects", "models", "expires"])
    let actor = try context.requireActor()
    var wish = APIKeyWish(principal: actor.principal)
    if body["principal"] != nil {
      let text = try body.text("principal")
      guard let principal = Principal(parsing: text) else { throw Problem.malformedPrincipal(text) }
      wish.principal = principal
    }
    wish.rights = try Right.rights(in: body)
    wish.scope = Scope(
      projects: try body["projects"] == nil ? .any : NamePattern(parsing: body.text("projects")),
      models: try body["models"] == nil ? .any : NamePattern(parsing: body.text("models")))
    if body["expires"] != nil {
      wish.expiresAt = try KeyTerms.expiry(parsing: body.text("expires"), from: control.now())
    }
    return .json(.created, try await control.createAPIKey(wish, by: actor).json)
  }

  /// `POST /api/v1/api-keys/{id}/rotate` with `{"overlapSeconds"}`, a day where it is left out: makes another in its place;
  /// the former opens what it did until the overlap is over.
  @Sendable private func rotate(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["overlapSeconds"])
    var overlap = 86_400
    if let member = body["overlapSeconds"] {
      guard let seconds = member.int, 0...2_592_000 ~= seconds else {
        throw Problem(
          .badInput, "api-key.overlap",
          "expected 0 to 2592000 seconds as 'overlapSeconds', found \(member.kind)",
          position: "/overlapSeconds")
      }
      overlap = seconds
    }
    let issued = try await control.rotateAPIKey(
      context.parameter("id"), overlap: .seconds(overlap), by: context.requireActor())
    return .json(.created, issued.json)
  }

  /// `DELETE /api/v1/api-keys/{id}`: it opens nothing any more when the answer is there.
  @Sendable private func revoke(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.revokeAPIKey(context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }
}

extension Right {
  /// The rights that a body names; nil where it names none.
  static func rights(in body: JSON) throws(Problem) -> Set<Right>? {
    guard let member = body["rights"], member != .null else { return nil }
    guard let elements = member.array else {
      throw Problem(
        .badInput, "request.member", "expected an array of rights, found \(member.kind)", position: "/rights")
    }
    var rights: Set<Right> = []
    for (index, element) in elements.enumerated() {
      guard let right = element.string.flatMap(Right.init(rawValue:)) else {
        let found = element.string ?? element.kind
        throw Problem(
          .badInput, "access.unknown-right", "expected a right, found '\(found.excerpt(40))'",
          position: "/rights/\(index)",
          hint: NearName.nearest(to: found, among: Right.allCases.map(\.rawValue)).map { "use '\($0)'" })
      }
      rights.insert(right)
    }
    return rights
  }
}

extension IssuedKey {
  fileprivate var json: JSON { ["id": .string(id), "key": .string(key)] }
}

extension APIKey {
  fileprivate func shown(lastUse: Timestamp?) -> JSON {
    var members = json.object ?? [:]
    members["hash"] = nil
    members["createdAt"] = .string(createdAt.description)
    members["expiresAt"] = expiresAt.map { .string($0.description) } ?? .null
    members["lastUse"] = lastUse.map { .string($0.description) } ?? .null
    return .object(members)
  }
}
