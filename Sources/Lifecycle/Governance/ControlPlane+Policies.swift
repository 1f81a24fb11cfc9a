public import Access
public import Domain
import Encoding
public import Gates

extension ControlPlane {
  /// Proposes a policy; where nobody else could agree, it is in force at once, and the ledger says that nobody did.
  ///
  /// Throws what is wrong with the file, `policy.in-force` and `policy.too-many`.
  public func proposePolicy(_ bytes: [UInt8], by actor: Actor) async throws(Problem) -> (
    policy: Policy, isApplied: Bool
  ) {
    try await require(.managePolicy, on: .platform, of: actor, asking: "propose a policy")
    try Self.requirePerson(actor, to: "propose")
    let policy = try await policies.keep(bytes)
    let others = try await policies.others(than: actor.principal)
    let moment = now()
    let present = try await policies.active()
    guard present.digest != policy.digest else {
      throw Problem(
        .conflict, "policy.in-force", "expected another policy than the one in force, found the same bytes",
        subject: policy.digest.description)
    }
    guard others.isEmpty else {
      let proposal = PolicyProposal(
        digest: policy.digest, name: policy.name, by: actor.principal, since: moment)
      try await noting(.proposePolicy, of: policy.digest.description, by: actor) {
        view throws(Problem) -> ActOutcome<Void> in
        let proposals = try view.governance(.proposal, startingWith: "")
        guard proposals.count < Policies.proposalLimit else {
          throw Problem(
            .conflict, "policy.too-many",
            "expected at most \(Policies.proposalLimit) proposals, found one more",
            hint: "withdraw one with 'gatehouse policy withdraw DIGEST'")
        }
        return .done((), details: ["name": .string(policy.name)], changes: [.governance(.propose(proposal))])
      }
      return (policy, false)
    }
    try await noting(.applyPolicy, of: policy.digest.description, by: actor) {
      view throws(Problem) -> ActOutcome<Void> in
      let applied = AppliedPolicy(
        digest: policy.digest, name: policy.name, proposedBy: actor.principal, agreedBy: nil,
        since: try Self.turn(moment, view))
      return .done(
        (),
        details: [
          "name": .string(policy.name), "former": .string(present.digest.description), "alone": true,
        ],
        changes: [.governance(.apply(applied))])
    }
    await goOnWithWaiting()
    return (policy, true)
  }

  /// Agrees to what somebody else proposed: it is in force when this returns.
  ///
  /// Throws `policy.not-proposed` and `policy.own`: four eyes are two people.
  public func agreeToPolicy(_ digest: Digest, by actor: Actor) async throws(Problem) -> AppliedPolicy {
    try await require(.managePolicy, on: .platform, of: actor, asking: "agree to policy \(digest.short)")
    try Self.requirePerson(actor, to: "agree to")
    let former = try await policies.active().digest
    let moment = now()
    let applied = try await noting(.applyPolicy, of: digest.description, by: actor) {
      view throws(Problem) -> ActOutcome<AppliedPolicy> in
      let proposal = try view.governance(.proposal, startingWith: digest.description).first.map {
        (record) throws(Problem) in try PolicyProposal(json: record.value)
      }
      guard let proposal else { throw Self.notProposed(digest) }
      guard proposal.by != actor.principal else {
        throw Problem(
          .forbidden, "policy.own",
          "expected somebody else than \(actor.principal) to agree, who proposed it",
          subject: digest.description, hint: "have somebody else agree who may 'manage-policy'")
      }
      let applied = AppliedPolicy(
        digest: digest, name: proposal.name, proposedBy: proposal.by, agreedBy: actor.principal, since: moment
      )
      return .done(
        applied, details: ["name": .string(proposal.name), "former": .string(former.description)],
        changes: [.governance(.withdraw(digest, at: moment)), .governance(.apply(applied))])
    }
    await goOnWithWaiting()
    return applied
  }

  /// Takes a proposal off the table.
  public func withdrawPolicy(_ digest: Digest, by actor: Actor) async throws(Problem) {
    try await require(.managePolicy, on: .platform, of: actor, asking: "withdraw policy \(digest.short)")
    let moment = now()
    try await noting(.withdrawPolicy, of: digest.description, by: actor) {
      view throws(Problem) -> ActOutcome<Void> in
      guard try view.governance(.proposal, startingWith: digest.description).isEmpty == false else {
        throw Self.notProposed(digest)
      }
      return .done((), changes: [.governance(.withdraw(digest, at: moment))])
    }
  }

  /// The moment from which on a policy is in force: after that of the one before, whatever the clock says, so that the last
  /// one that was applied is the one in force.
  private static func turn(_ moment: Timestamp, _ view: any RegistryView) throws(Problem) -> Timestamp {
    guard let last = try view.governance(.policy, startingWith: "").last else { return moment }
    let before = try AppliedPolicy(json: last.value).since
    return max(moment, Timestamp(milliseconds: before.milliseconds + 1))
  }

  /// A service that proposes or agrees would be its owner's second voice.
  private static func requirePerson(_ actor: Actor, to what: String) throws(Problem) {
    guard actor.principal.kind == .person else {
      throw Problem(
        .forbidden, "policy.service", "expected a person to \(what) a policy, found \(actor.principal)",
        hint: "ask with a credential of your own")
    }
  }

  private static func notProposed(_ digest: Digest) -> Problem {
    Problem(
      .notFound, "policy.not-proposed",
      "expected the digest of a policy that is proposed, found \(digest.short)",
      hint: "list them with 'gatehouse policy list'")
  }
}
