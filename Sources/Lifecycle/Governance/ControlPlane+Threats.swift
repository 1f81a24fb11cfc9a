public import Access
public import Domain
import Encoding
import Gates
public import Threats

/// What somebody wishes to become of a threat.
public struct ThreatWish: Sendable {
  /// What becomes of it.
  public let choice: ThreatDecision.Choice
  /// Who answers for that.
  public let owner: Principal
  /// Why.
  public let reason: String
  /// From when on it no longer counts.
  public let until: Timestamp?

  /// States a wish.
  public init(choice: ThreatDecision.Choice, owner: Principal, reason: String, until: Timestamp?) {
    self.choice = choice
    self.owner = owner
    self.reason = reason
    self.until = until
  }
}

extension ControlPlane {
  /// The threats of a version as things are now; throws `version.unknown`.
  public func threatModel(of reference: VersionReference) async throws(Problem) -> ThreatModel {
    try await threats.model(of: try await registry.version(reference))
  }

  /// The threats of a version as they were when it was made.
  ///
  /// Throws `version.unknown`, and `threat-model.none` for a version of a release that wrote none.
  public func firstThreatModel(of reference: VersionReference) async throws(Problem) -> ThreatModel {
    _ = try await registry.version(reference)
    guard let document = try await registry.threatDocument(of: reference) else {
      throw Problem(
        .notFound, "threat-model.none",
        "expected a threat model that was written when '\(reference)' was made, found none",
        subject: reference.description, hint: "ask for its threats as they are now")
    }
    return try ThreatModel(parsing: try await parts.blobs.read(document, limit: ThreatModel.sizeLimit))
  }

  /// Why each decision of a model was made, by what finds the reason; those that were erased are not in it.
  public func reasons(in model: ThreatModel) async throws(Problem) -> [Digest: String] {
    var reasons: [Digest: String] = [:]
    for remark in Set(model.threats.compactMap(\.decision?.remark)) {
      reasons[remark] = try await remarks.remark(remark)
    }
    return reasons
  }

  /// Decides what becomes of a threat of a version, under the facts as they are now; what waits is looked at again.
  ///
  /// Throws `version.unknown`, `threat.service`, `access.denied`, `threat.reason`, `threat.end`, `principal.unknown` for an owner whom nobody
  /// knows, `threat.does-not-apply`, and `threat.mitigated` where nothing is left to decide on.
  public func decide(
    _ wish: ThreatWish, on id: ThreatID, of reference: VersionReference, by actor: Actor
  ) async throws(Problem) -> ThreatModel {
    let version = try await registry.version(reference)
    let subject = "\(reference) \(id)"
    try await require(
      .decideThreats, on: .model(reference.name), madeBy: version.pushedBy, of: actor,
      asking: "\(Right.decideThreats.rawValue) on \(subject)")
    guard actor.principal.kind == .person else {
      throw Problem(
        .forbidden, "threat.service",
        "expected a person to decide what becomes of a threat, found \(actor.principal)",
        hint: "ask with a credential of your own")
    }
    let moment = now()
    try wish.check(at: moment)
    try await requireKnown(wish.owner)
    let threat = try await threats.model(of: version).applying(id)
    guard threat.state != .mitigated else {
      throw Problem(
        .conflict, "threat.mitigated",
        "expected a threat with something left to decide on, found \(id), of which every required control holds",
        subject: subject)
    }
    // It counts for other versions too, and some may be the decider's own.
    let othersOnly =
      try await rules.current().refusal(
        actor, .decideThreats, on: .model(reference.name), madeBy: actor.principal, at: moment) != nil
    // First, so that the ledger has the digest of what is there.
    let remark = try await parts.people.keep(
      wish.reason, by: actor.principal, salt: parts.entropy.bytes(16))
    let decision = ThreatDecision(
      version: reference, threat: id, choice: wish.choice, owner: wish.owner, by: actor.principal,
      othersOnly: othersOnly, facts: threat.bindings, remark: remark, until: wish.until, at: moment)
    do throws(Problem) {
      try await noting(.decideThreat, of: subject, by: actor) { _ throws(Problem) -> ActOutcome<Void> in
        // What it is bound to stands in it: facts that change meanwhile reopen what they would have reopened after it.
        .done(
          (),
          details: [
            "choice": .string(decision.choice.rawValue), "owner": .string(decision.owner.description),
          ], changes: [.governance(.decideThreat(decision))])
      }
    } catch {
      try? await parts.people.erase(remark)
      throw error
    }
    _ = await goOnWithWaiting()
    return try await threats.model(of: version)
  }

  /// Throws `principal.unknown` for somebody who is not known here.
  func requireKnown(_ principal: Principal) async throws(Problem) {
    guard
      try await rules.current().principals[principal] != nil || principal == Actor.administrator.principal
    else { throw Problem.unknownPrincipal(principal) }
  }
}

extension ThreatWish {
  fileprivate func check(at now: Timestamp) throws(Problem) {
    guard reason.isOneLine(upTo: 1000) else {
      throw Problem(
        .badInput, "threat.reason", "expected a reason of 1 to 1000 bytes in one line, found another",
        position: "/reason")
    }
    if let until, until <= now {
      throw Problem(
        .badInput, "threat.end", "expected an end after \(now), found \(until)", position: "/until")
    }
    // What is to be done has to be done by some day, or it is borne.
    guard choice != .mitigate || until != nil else {
      throw Problem(
        .badInput, "threat.end", "expected a day by which it is mitigated, found none", position: "/until",
        hint: "say by when with '--until 2027-01-31', or accept it")
    }
  }
}
