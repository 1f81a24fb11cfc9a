import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// What waits, who may say yes or no to it, and what they said.
struct ApprovalRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("waiting", .somewhere(.view), use: waiting)
    routes.get("models/:name/versions/:version/approvals", .model(.view), use: list)
    routes.post("models/:name/versions/:version/approvals", .model(.approve), use: approve)
    routes.get("models/:name/versions/:version/verdict", .model(.view), use: verdict)
    routes.get("models/:name/facts", .model(.view), use: facts)
    routes.put("models/:name/facts", .somewhere(.push), use: setFacts)
  }

  /// `GET /api/v1/waiting`: the versions that wait and the deployments of files that do, why, and who or what ends each wait.
  @Sendable private func waiting(_ request: Request, _ context: ControlContext) async throws -> Response {
    let actor = try context.requireActor()
    var rows: [JSON] = []
    for waiting in try await control.registry.waiting()
    where try await context.maySee(waiting.version.name, control) {
      let version = try await control.registry.version(waiting.version)
      let report = try await control.explain(waiting.version)
      var members = waiting.json.object ?? [:]
      members["since"] = .string(waiting.since.description)
      members["reasons"] = .array(report.results.filter { !$0.isPassed }.map { .string($0.reason) })
      members["approvers"] = .array(try await approvers(of: version))
      members["mayApprove"] = .bool(
        try await control.rules.current().refusal(
          actor, .approve, on: .model(waiting.version.name), madeBy: version.pushedBy, at: control.now())
          == nil)
      rows.append(.object(members))
    }
    var deployments: [JSON] = []
    for waiting in try await control.waitingDeployments()
    where try await context.maySee(waiting.status.name, control) {
      deployments.append(try await shown(waiting, to: actor))
    }
    return .json(.ok, ["waiting": .array(rows), "deployments": .array(deployments)])
  }

  private func shown(_ waiting: WaitingDeployment, to actor: Actor) async throws -> JSON {
    let (status, state) = (waiting.status, try await control.rules.current())
    var asked: [JSON] = []
    // Where no gate is asked, whoever may deploy ends the wait.
    var mayApprove =
      waiting.versions.isEmpty
      && state.refusal(actor, .deploy, on: .model(status.name), at: control.now()) == nil
    for version in waiting.versions {
      for holder in try await approvers(of: version) where !asked.contains(holder) { asked.append(holder) }
      if state.refusal(
        actor, .approve, on: .model(status.name), madeBy: version.pushedBy, at: control.now()) == nil
      {
        mayApprove = true
      }
    }
    return [
      "deployment": .string(status.name.description), "since": .string(status.record.at.description),
      "by": .string(status.record.by.description), "message": .string(status.condition.message),
      "step": waiting.step.map { .string($0) } ?? .null,
      "versions": .array(waiting.versions.map { .string($0.reference.description) }),
      "reasons": .array(waiting.reasons.map { .string($0) }),
      "ends": .array(waiting.ends.map { .string($0) }), "approvers": .array(asked),
      "mayApprove": .bool(mayApprove),
    ]
  }

  /// `GET /api/v1/models/{name}/versions/{version}/approvals`: what was said of it, with the reasons that are not erased.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let version = try await control.registry.version(context.versionReference())
    var approvals: [JSON] = []
    for approval in try await control.registry.approvals(of: version.reference) {
      approvals.append(try await shown(approval))
    }
    return .json(
      .ok, ["approvals": .array(approvals), "approvers": .array(try await approvers(of: version))])
  }

  /// `POST /api/v1/models/{name}/versions/{version}/approvals` with `{"given","reason"}`: the road goes on before the answer
  /// is there, where this was the last that was missing.
  @Sendable private func approve(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["given", "reason"])
    var isGiven = true
    if let member = body["given"] {
      guard let flag = member.bool else {
        throw Problem(
          .badInput, "request.member", "expected true or false as 'given', found \(member.kind)",
          position: "/given")
      }
      isGiven = flag
    }
    let reason = body["reason"] == nil ? nil : try body.text("reason")
    guard isGiven || reason != nil else {
      throw Problem(
        .badInput, "approval.reason", "expected a reason of who says no, found none", position: "/reason")
    }
    let outcome = try await control.approve(
      context.versionReference(), isGiven: isGiven, reason: reason, by: context.requireActor())
    return .json(
      .ok,
      [
        "approval": try await shown(outcome.record), "status": .string(outcome.status.rawValue),
        "message": .string(outcome.message),
      ])
  }

  /// `GET /api/v1/models/{name}/versions/{version}/verdict`: what the policy in force says of bringing it into service now.
  @Sendable private func verdict(_ request: Request, _ context: ControlContext) async throws -> Response {
    let reference = try context.versionReference()
    let version = try await control.registry.version(reference)
    let report = try await control.explain(reference)
    let admitted = try? await control.policies.policy(version.policy)
    var members = report.json.object ?? [:]
    members["policyName"] = .string(try await control.policies.policy(report.policy).name)
    members["admittedUnder"] = .string(version.policy.description)
    members["admittedUnderName"] = admitted.map { .string($0.name) } ?? .null
    return .json(.ok, .object(members))
  }

  /// `GET /api/v1/models/{name}/facts`: what is said of it beside its versions.
  @Sendable private func facts(_ request: Request, _ context: ControlContext) async throws -> Response {
    .json(.ok, try await control.registry.facts(of: context.modelName()).json)
  }

  /// `PUT /api/v1/models/{name}/facts` with `{"owner","dataClass","exposure"}`, each of which may be left out and stays then.
  @Sendable private func setFacts(_ request: Request, _ context: ControlContext) async throws -> Response {
    let wish = try ModelFacts(json: try await request.json())
    return .json(
      .ok, try await control.setFacts(wish, of: context.modelName(), by: context.requireActor()).json)
  }

  private func shown(_ approval: ApprovalRecord) async throws(Problem) -> JSON {
    var members = approval.json.object ?? [:]
    members["at"] = .string(approval.at.description)
    if let remark = approval.remark {
      members["reason"] = try await control.remarks.remark(remark).map { .string($0) } ?? .null
    }
    return .object(members)
  }

  /// Whom to ask, people with what they are called.
  private func approvers(of version: ModelVersion) async throws(Problem) -> [JSON] {
    let people = Dictionary(
      uniqueKeysWithValues: try await control.people.people().map { ($0.principal, $0.shownAs) })
    return try await control.approvers(of: version).map { holder in
      switch holder {
      case .principal(let principal):
        [
          "principal": .string(principal.description),
          "name": people[principal].map { .string($0) } ?? .null,
        ]
      case .claim(let word, let provider): ["claim": .string(word), "provider": .string(provider)]
      }
    }
  }
}
