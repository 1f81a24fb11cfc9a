public import Access
public import Domain
import Encoding
public import Gates

/// What became of a version after somebody said yes or no to it.
public struct ApprovalOutcome: Sendable {
  /// What was said.
  public let record: ApprovalRecord
  /// Where the version stands now.
  public let status: PushOutcome.Status
  /// What that means, one sentence for people.
  public let message: String
}

extension ControlPlane {
  /// Says yes or no to a version, under the policy that is in force; the road goes on by itself when the last yes is in.
  ///
  /// Throws `version.unknown`, `approval.repeated` where the same person said the same already, and `approval.not-needed`
  /// where the version is served.
  public func approve(
    _ reference: VersionReference, isGiven: Bool, reason: String?, by actor: Actor
  ) async throws(Problem) -> ApprovalOutcome {
    let version = try await registry.version(reference)
    let asked = "\(Right.approve.rawValue) on version '\(reference)'"
    try await require(
      .approve, on: .model(reference.name), madeBy: version.pushedBy, of: actor, asking: asked)
    let policy = try await policies.active()
    let roles = try await rules.current().roles(of: actor, on: .model(reference.name), at: now())
    var remark: Digest?
    if let reason {
      guard reason.isOneLine(upTo: 1000) else {
        throw Problem(
          .badInput, "approval.reason", "expected a reason of 1 to 1000 bytes in one line, found another",
          position: "/reason")
      }
      // First, so that the ledger has the digest of what is there. A crash in between leaves a remark that nothing finds.
      remark = try await parts.people.keep(reason, by: actor.principal, salt: parts.entropy.bytes(16))
    }
    let said = ApprovalRecord(
      version: reference, digest: version.bundle, policy: policy.digest, by: actor.principal, roles: roles,
      isGiven: isGiven, remark: remark, at: now())
    // Decided in the transaction that commits it: of two who say the same at the same time each has a record of their own,
    // and one who says it twice has one.
    let record: ApprovalRecord
    do throws(Problem) {
      record = try await commit(said, by: actor)
    } catch {
      if let remark { try? await parts.people.erase(remark) }
      throw error
    }
    do throws(Problem) {
      let (status, message) = try await goOn(with: reference, after: record)
      return ApprovalOutcome(record: record, status: status, message: message)
    } catch {
      // What was said is said; the road is looked at again within a minute.
      return ApprovalOutcome(
        record: record, status: .waiting,
        message: "\(reference) waits still, what you said is kept: \(error.message)")
    }
  }

  private func commit(_ said: ApprovalRecord, by actor: Actor) async throws(Problem) -> ApprovalRecord {
    let reference = said.version
    return try await noting(.approve, of: reference.description, by: actor) {
      view throws(Problem) -> ActOutcome<ApprovalRecord> in
      let id = "\(reference) \(actor.principal)"
      let former = try view.governance(.approval, startingWith: id).first { $0.id == id }.map {
        (record) throws(Problem) in try ApprovalRecord(json: record.value)
      }
      if let former, former.isGiven == said.isGiven, former.digest == said.digest,
        former.policy == said.policy
      {
        throw Problem(
          .conflict, "approval.repeated",
          "expected another word of \(actor.principal) on '\(reference)', found the same of \(former.at)",
          subject: reference.description)
      }
      let served = try view.deployments().first { $0.name == reference.name }
      guard served?.version != reference.version else {
        throw Problem(
          .conflict, "approval.not-needed",
          "expected a version that is not served yet, found '\(reference)', which is",
          subject: reference.description,
          hint: "withdraw it with 'gatehouse revoke \(reference) --reason R'")
      }
      return .done(
        said,
        details: [
          "given": .bool(said.isGiven), "policy": .string(said.policy.description),
          "bundle": .string(said.digest.description),
        ], changes: [.governance(.approve(said))])
    }
  }

  /// Sets what is said of a model beside its versions, and lets what waits be looked at again.
  ///
  /// Who may push says of a model what was not said; saying otherwise takes the right to deploy: a policy may hold a version
  /// back for what the facts say. Throws `model.unknown` for a model that is not there: its first push says it then.
  public func setFacts(_ wish: ModelFacts, of name: ModelName, by actor: Actor) async throws(Problem)
    -> ModelFacts
  {
    let former = try await registry.facts(of: name)
    let next = wish.over(former)
    try await requireRightToState(wish, of: name, on: .model(name), by: actor)
    _ = try await registry.versions(ofKnown: name)
    if let owner = wish.owner { try await requireKnown(owner) }
    guard next != former else { return former }
    let moment = now()
    try await noting(.setFacts, of: name.description, by: actor) {
      view throws(Problem) -> ActOutcome<Void> in
      let present = try ModelFacts(
        of: name, in: try view.governance(.facts, startingWith: name.description))
      guard present == former else {
        throw Problem(
          .conflict, "facts.changed",
          "expected the facts as they were looked at, found that somebody has changed them",
          subject: name.description, hint: "look at them and set them again")
      }
      return .done(
        (), details: ["facts": next.json], changes: [.governance(.setFacts(next, of: name, at: moment))])
    }
    _ = await goOnWithWaiting()
    return next
  }

  /// Throws `access.denied` where an actor may not say this of a model.
  func requireRightToState(
    _ wish: ModelFacts, of name: ModelName, on object: AccessObject, by actor: Actor
  ) async throws(Problem) {
    guard wish != ModelFacts() else { return }
    let former = try await registry.facts(of: name)
    if try await rules.allow(.deploy, on: object, actor) { return }
    let right: Right = former.over(wish) == wish.over(former) ? .push : .deploy
    try await require(right, on: object, of: actor, asking: "facts of model '\(name)'")
  }

  /// Records an act that changes the registry alone; what it is refused with is a refused request, of which there is room for
  /// some a minute in the ledger.
  func noting<Success: Sendable>(
    _ act: Act, of subject: String, by actor: Actor,
    _ decide: @escaping @Sendable (any RegistryView) throws(Problem) -> ActOutcome<Success>
  ) async throws(Problem) -> Success {
    do throws(Problem) {
      return try await record(act, of: subject, by: actor, decide)
    } catch {
      await refusals.note(
        error, asked: "\(act.rawValue) of \(subject)", by: actor.principal, origin: actor.statedOrigin)
      throw error
    }
  }

  /// Who may say yes or no to a version: principals that the grants name, and claims.
  public func approvers(of version: ModelVersion) async throws(Problem) -> [Grant.Holder] {
    let holders = try await rules.current().holders(
      of: .approve, on: .model(version.reference.name), at: now())
    return holders.subtracting([.principal(version.pushedBy)]).sorted { $0.description < $1.description }
  }

  /// Looks at every version that waits, and takes those on whose gates hold by now.
  ///
  /// At each start, after each change of policy, and from time to time: a window for changes opens by the clock alone.
  ///
  /// One that cannot be looked at keeps no other from it; the problems of those.
  @discardableResult
  public func goOnWithWaiting() async -> [Problem] {
    var problems: [Problem] = []
    do throws(Problem) {
      for waiting in try await registry.waiting() {
        do throws(Problem) {
          _ = try await perform(for: .platform) { [road] recorder async throws(Problem) in
            try await road.goOn(with: waiting.version, recorder: recorder)
          }
        } catch {
          problems.append(error)
        }
      }
    } catch {
      problems.append(error)
    }
    return problems
  }

  /// What the gates of a phase say of a version now, for whoever pushed it.
  public func explain(_ reference: VersionReference) async throws(Problem) -> GateReport {
    let version = try await registry.version(reference)
    let waiting = try await registry.waiting(reference)
    let asker = waiting?.asker ?? version.pushedBy
    let roles = try await rules.current().rolesLeft(
      waiting?.roles ?? Set(Role.allCases), of: asker, on: .model(reference.name), at: now())
    let image = try await registry.image(of: reference)?.manifest
    return try await release.report(on: version, image, for: RoleHolder(asker, in: roles))
  }

  private func goOn(
    with reference: VersionReference, after record: ApprovalRecord
  ) async throws(Problem) -> (PushOutcome.Status, String) {
    let outcome = try await perform(for: .platform) { [road] recorder async throws(Problem) in
      record.isGiven
        ? try await road.goOn(with: reference, recorder: recorder)
        : try await road.stop(reference, after: record, recorder: recorder)
    }
    return (outcome.status, outcome.message)
  }
}
