import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

/// Policies that are proposed, agreed to and in force.
struct PolicyActTests {
  private static func text(_ name: String, _ gates: String = "formats: [joblib, pickle]") -> [UInt8] {
    Array("policy: gatehouse/v1\nname: \(name)\ngates:\n  - \(gates)\n".utf8)
  }

  private static func officer(_ name: String, of control: ControlPlane) async throws -> Actor {
    let known = try await control.addPerson(name, by: .administrator)
    _ = try await control.addGrant(
      Grant(id: "", holder: .principal(known.principal), gift: .role(.security), scope: .everything),
      by: .administrator)
    return Actor(principal: known.principal, credential: .token(provider: "none", words: []))
  }

  @Test func `alone the administrator's policy is in force at once, and the ledger says that nobody agreed`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let (policy, isApplied) = try await control.proposePolicy(Self.text("alone"), by: .administrator)
      #expect(isApplied)
      #expect(try await control.policies.active() == policy)
    }
    let entry = try #require(try await bench.entries().last { $0.act == .applyPolicy })
    #expect(entry.details["alone"] == true)
  }

  @Test func `a policy is in force when somebody else agrees, and not before`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ana = try await Self.officer("ana", of: control)
      let bob = try await Self.officer("bob", of: control)
      let (policy, isApplied) = try await control.proposePolicy(Self.text("joint"), by: ana)
      #expect(!isApplied)
      #expect(try await control.policies.active() == .standard)
      let problem = await #expect(throws: Problem.self) {
        try await control.agreeToPolicy(policy.digest, by: ana)
      }
      #expect(problem?.code == "policy.own")
      let applied = try await control.agreeToPolicy(policy.digest, by: bob)
      #expect(applied.proposedBy == ana.principal && applied.agreedBy == bob.principal)
      #expect(try await control.policies.active() == policy)
      #expect(try await control.policies.proposals().isEmpty)
    }
  }

  @Test func `of two who agree at the same time one does`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ana = try await Self.officer("ana", of: control)
      let bob = try await Self.officer("bob", of: control)
      let (policy, _) = try await control.proposePolicy(Self.text("joint"), by: ana)
      async let first = try? control.agreeToPolicy(policy.digest, by: bob)
      async let second = try? control.agreeToPolicy(policy.digest, by: .administrator)
      let outcomes = await [first, second]
      #expect(outcomes.compactMap(\.self).count == 1)
      #expect(try await control.policies.history().count == 1)
    }
  }

  @Test func `one byte more is another policy, and an old verdict stays explainable`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let (first, _) = try await control.proposePolicy(Self.text("a"), by: .administrator)
      #expect(try await Bench.pushTree(to: control).status == .live)
      let (second, _) = try await control.proposePolicy(first.bytes + [0x0A], by: .administrator)
      #expect(first.digest != second.digest)
      let version = try await control.registry.version(VersionReference(name: Sample.name(), version: .first))
      #expect(version.policy == first.digest)
      #expect(try await control.policies.policy(version.policy).bytes == first.bytes)
      #expect(try await control.explain(version.reference).policy == second.digest)
      // Under another policy the same bytes are another version, which that policy has judged.
      let again = try await Bench.pushTree(to: control)
      #expect(again.version == VersionNumber.first.next)
    }
  }

  @Test func `a policy that refuses a version at its roll-out keeps the one that is served`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      #expect(try await Bench.pushTree(to: control).status == .live)
      _ = try await control.proposePolicy(
        Self.text("strict", "exposure: {internal: [internal]}"), by: .administrator)
      let refused = try await Bench.pushTree(to: control)
      #expect(refused.status == .refused)
      #expect(refused.problem?.code == "gate.exposure")
      #expect(try await control.registry.deployments().map(\.version) == [.first])
      let facts = ModelFacts(dataClass: .internal, exposure: .internal)
      _ = try await control.setFacts(facts, of: Sample.name(), by: .administrator)
      #expect(try await Bench.pushTree(to: control).status == .live)
    }
  }

  @Test func `whoever may push says what was not said, and only who may deploy says otherwise`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let unknown = await #expect(throws: Problem.self) {
        try await control.setFacts(ModelFacts(dataClass: .gold), of: Sample.name(), by: .administrator)
      }
      #expect(unknown?.code == "model.unknown")
      _ = try await Bench.pushTree(to: control)
      let known = try await control.addService("ci", by: .administrator)
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.pusher), scope: .everything),
        by: .administrator)
      let ci = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      let gold = ModelFacts(dataClass: .gold)
      #expect(try await control.setFacts(gold, of: Sample.name(), by: ci).dataClass == .gold)
      let problem = await #expect(throws: Problem.self) {
        try await control.setFacts(ModelFacts(dataClass: .public), of: Sample.name(), by: ci)
      }
      #expect(problem?.code == "access.denied")
      #expect(
        try await control.setFacts(ModelFacts(exposure: .internal), of: Sample.name(), by: ci).dataClass
          == .gold)
    }
  }

  @Test func `a first push brings its project and facts along, and is judged at its roll-out by them`()
    async throws
  {
    let bench = try Bench(
      policy: Policy(
        parsing: Array(
          """
          policy: gatehouse/v1
          name: retail
          gates:
            - formats: [joblib]
            - approvals: {at-least: 1, roles: [approver]}
              when: {project: ["retail-*"], data-class: [gold]}
          """.utf8)))
    try await bench.run { control in
      let project = try ProjectName(parsing: "retail-eu")
      try await control.addProject(project, by: .administrator)
      #expect(try await Bench.pushTree(to: control, project, ModelFacts(dataClass: .gold)).status == .waiting)
      #expect(try await control.registry.facts(of: Sample.name()).dataClass == .gold)
      #expect(try await control.rules.current().project(of: Sample.name()) == project)
    }
  }

  @Test func `what a refused push says of a model is not kept`() async throws {
    let bench = try Bench(policy: Policy(parsing: Self.text("none", "formats: [ONNX]")))
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control, nil, ModelFacts(dataClass: .public))
      #expect(pushed.status == .refused)
      let facts = try await control.registry.facts(of: Sample.name())
      #expect(facts == ModelFacts())
    }
  }

  @Test func `what waits under another policy than the one in force is not taken on`() async throws {
    let careful = Self.text("careful", "approvals: {at-least: 1, roles: [approver]}")
    let bench = try Bench(policy: Policy(parsing: careful))
    try await bench.run { control in
      #expect(try await Bench.pushTree(to: control).status == .waiting)
      // Without approvals, and with a gate at admission that the version has never met.
      _ = try await control.proposePolicy(Self.text("strict", "formats: [ONNX]"), by: .administrator)
      #expect(try await control.registry.waiting().isEmpty)
      #expect(try await control.registry.deployments().isEmpty)
    }
  }

  @Test func `the policy that was applied last is in force, whatever the clock says`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let later = AppliedPolicy(
        digest: Policy.standard.digest, name: "standard", proposedBy: Sample.principal, agreedBy: nil,
        since: Timestamp(milliseconds: bench.time.now().milliseconds + 3_600_000))
      _ = try await bench.registry.commit([Sample.entry(.applyPolicy)], [.governance(.apply(later))])
      let (policy, _) = try await control.proposePolicy(Self.text("next"), by: .administrator)
      #expect(try await control.policies.active() == policy)
    }
  }

  @Test func `a service neither proposes nor agrees`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let known = try await control.addService("ci", by: .administrator)
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.security), scope: .everything),
        by: .administrator)
      let ci = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      let problem = await #expect(throws: Problem.self) {
        try await control.proposePolicy(Self.text("a"), by: ci)
      }
      #expect(problem?.code == "policy.service")
    }
  }

  @Test func `the file of a policy is named and not collected`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let (policy, _) = try await control.proposePolicy(Self.text("kept"), by: .administrator)
      bench.time.advance(by: .seconds(7 * 86_400))
      _ = try await control.collectBlobs(CollectionWish(), by: .administrator)
      #expect(await bench.blobs.contains(policy.digest))
    }
  }
}
