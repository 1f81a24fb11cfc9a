import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// Which policy is in force, which were, and which are proposed.
struct PolicyRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("policies", .somewhere(.view), use: list)
    routes.get("policies/:digest", .somewhere(.view), use: text)
    routes.get("exceptions", .somewhere(.view), use: exceptions)
    routes.post("policies", .platform(.managePolicy), use: propose)
    routes.post("policies/:digest/agree", .platform(.managePolicy), use: agree)
    routes.delete("policies/:digest", .platform(.managePolicy), use: withdraw)
  }

  /// `GET /api/v1/policies[?at=MILLISECONDS]`: the one in force, those that were, and what is proposed; with `at` the one in
  /// force then, the built-in one where none had been applied.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    if let moment = try request.moment("at") {
      let (former, applied) = try await control.policies.active(at: moment)
      return .json(
        .ok,
        [
          "active": ["digest": .string(former.digest.description), "name": .string(former.name)],
          "applied": .array(applied.map { [$0.json.withMoment("since", $0.since)] } ?? []), "proposals": [],
        ])
    }
    let active = try await control.policies.active()
    return .json(
      .ok,
      [
        "active": ["digest": .string(active.digest.description), "name": .string(active.name)],
        "applied": .array(try await control.policies.history().map { $0.json.withMoment("since", $0.since) }),
        "proposals": .array(
          try await control.policies.proposals().map { $0.json.withMoment("since", $0.since) }),
      ])
  }

  /// `GET /api/v1/policies/{digest}`: its file, to the byte.
  @Sendable private func text(_ request: Request, _ context: ControlContext) async throws -> Response {
    let policy = try await control.policies.policy(Digest(parsing: context.parameter("digest")))
    return .document(.ok, "application/yaml", policy.bytes)
  }

  /// `GET /api/v1/exceptions`: what the policy in force lets be, each with whether its last day is over and the versions in
  /// service that it is meant for, of those that the caller may see.
  @Sendable private func exceptions(_ request: Request, _ context: ControlContext) async throws -> Response {
    let now = control.now()
    var listed: [JSON] = []
    for (exception, served) in try await control.policies.exceptions() {
      var members = exception.json.object ?? [:]
      members["expired"] = .bool(exception.isExpired(at: now))
      var visible: [JSON] = []
      for version in served where try await context.maySee(version.name, control) {
        visible.append(.string(version.description))
      }
      members["served"] = .array(visible)
      listed.append(.object(members))
    }
    return .json(.ok, ["exceptions": .array(listed)])
  }

  /// `POST /api/v1/policies` with the file as the body: proposes it, 202, or, where nobody else could agree, has it in force,
  /// 201.
  @Sendable private func propose(_ request: Request, _ context: ControlContext) async throws -> Response {
    let bytes = try await request.bytes(upTo: Policies.sizeLimit, of: "a policy")
    let (policy, isApplied) = try await control.proposePolicy(bytes, by: context.requireActor())
    return .json(
      isApplied ? .created : .accepted,
      [
        "digest": .string(policy.digest.description), "name": .string(policy.name),
        "applied": .bool(isApplied),
      ])
  }

  /// `POST /api/v1/policies/{digest}/agree`: what somebody else proposed is in force when the answer is there.
  @Sendable private func agree(_ request: Request, _ context: ControlContext) async throws -> Response {
    let applied = try await control.agreeToPolicy(
      Digest(parsing: context.parameter("digest")), by: context.requireActor())
    return .json(.ok, applied.json.withMoment("since", applied.since))
  }

  /// `DELETE /api/v1/policies/{digest}`: a proposal is off the table when the answer is there.
  @Sendable private func withdraw(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.withdrawPolicy(Digest(parsing: context.parameter("digest")), by: context.requireActor())
    return Response(status: .noContent)
  }
}

extension JSON {
  /// The object with a moment as a text in a member.
  fileprivate func withMoment(_ name: String, _ moment: Timestamp) -> JSON {
    var members = object ?? [:]
    members[name] = .string(moment.description)
    return .object(members)
  }
}
