import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing
import Threats

/// The threats of versions: what is known of them, what is decided, and the gate on what is left open.
struct ThreatTests {
  private static let policy = """
    policy: gatehouse/v1
    name: no-open-theft
    gates:
      - formats: [pickle, joblib]
      - findings: {at-most: low}
      - threats: {open-at-most: {high: 0}}
    """

  private static let reference = VersionReference(name: Sample.name(), version: .first)
  private static let gold = ModelFacts(dataClass: .gold, exposure: .external)

  private func bench(_ text: String = policy) throws -> Bench {
    try Bench(policy: Policy(parsing: Array(text.utf8)))
  }

  private static func wish(
    _ choice: ThreatDecision.Choice = .accept, reason: String = "a contract covers it",
    until: Timestamp? = nil
  ) -> ThreatWish {
    ThreatWish(choice: choice, owner: Actor.administrator.principal, reason: reason, until: until)
  }

  private static func threat(_ id: String, of model: ThreatModel) throws -> AssessedThreat {
    try #require(model.threats.first { $0.id.description == id })
  }

  /// Decides on every open threat of a level and graver ones; how many there were.
  private static func decideAll(from level: RiskLevel, by control: ControlPlane) async throws -> Int {
    let open = try await control.threatModel(of: reference).threats.filter {
      $0.isOpen && $0.severity >= level
    }
    for threat in open {
      _ = try await control.decide(wish(), on: threat.id, of: reference, by: .administrator)
    }
    return open.count
  }

  @Test func `who may decide on what others made decides nothing for what they made themselves`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let ana = try await control.addPerson("ana", by: .administrator).principal
      for role in [Role.security, .pusher] {
        _ = try await control.addGrant(
          Grant(
            id: "", holder: .principal(ana), gift: .role(role), scope: .everything,
            conditions: Grant.Conditions(othersOnly: role == .security)), by: .administrator)
      }
      let actor = Actor(principal: ana, credential: .token(provider: "none", words: []))
      let id = try ThreatID(parsing: "ML05")
      let decided = try await control.decide(Self.wish(), on: id, of: Self.reference, by: actor)
      #expect(decided.threats.first { $0.id == id }?.isOpen == false)
      // Her own version, under the same facts.
      _ = try await Bench.push(Fixture.forest, by: actor, to: control)
      let second = VersionReference(name: Sample.name(), version: VersionNumber.first.next)
      let threats = try await control.threatModel(of: second).threats
      #expect(threats.first { $0.id == id }?.decision == nil)
    }
  }

  @Test func `what the platform knows of a version are the facts of its threats`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let facts = try await control.threatModel(of: Self.reference).facts
      #expect(facts.exposure == .external && facts.dataClass == .gold && facts.owner == nil)
      #expect(facts.callers?.keys == 1 && facts.callers?.withoutBudget == 1)
      #expect(facts.answers == AnswerFacts(features: 4, kinds: [.labels, .probabilities]))
      #expect(facts.inspection?.verdict == .liftable && facts.inspection?.rules.isEmpty == true)
      #expect(facts.framework?.name == "scikit-learn")
      #expect(facts.trainingData == .unstated)
      #expect(
        facts.seals == SealFacts(isSealed: true, by: bench.sealingKey.verificationKey.hint, author: nil))
      #expect(facts.replaced == .nothing)
      #expect(facts.isEncrypted == false)
      #expect(facts.policy?.gates == Policy.standard.gates.map(\.name).sorted())
    }
  }

  @Test func `the threats of a version as they were when it was made stand in its bundle`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control, nil, Self.gold)
      let sealed = try await bench.bundles.sealed(
        try #require(pushed.digest), trusting: [bench.sealingKey.verificationKey])
      let written = try ThreatModel(parsing: sealed.contents.requiredBytes(at: ThreatModel.path))
      #expect(written.version == Self.reference)
      #expect(written.facts.dataClass == .gold)
      #expect(try await control.firstThreatModel(of: Self.reference) == written)
      // Before there was a key, nobody could call.
      #expect(written.facts.callers?.keys == 0)
      #expect(try await control.threatModel(of: Self.reference).facts.callers?.keys == 1)
    }
    #expect(await bench.audit().problems.isEmpty)
  }

  @Test
  func `a version with an open threat that the policy does not bear waits, and goes on when it is decided`()
    async throws
  {
    let bench = try bench()
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control, nil, Self.gold)
      #expect(pushed.status == .waiting)
      #expect(pushed.message.contains("expected at most 0 critical and 0 high threats open, found"))
      #expect(try await Self.decideAll(from: .high, by: control) > 0)
      #expect(try await control.registry.waiting().isEmpty)
      #expect(bench.plane.applied.last?.deployments.count == 1)
    }
    let entry = try #require(try await bench.entries().last { $0.act == .decideThreat })
    #expect(entry.phase == .done && entry.principal == Actor.administrator.principal)
    #expect(entry.details["choice"] == "accept")
    // Why somebody decided may name people: the ledger has its digest.
    #expect(!(try await bench.entries()).map(\.json.canonicalText).joined().contains("a contract"))
    #expect(await bench.audit().problems.isEmpty)
  }

  @Test func `a fact that changes reopens what was decided under the former`() async throws {
    try await bench().run { control in
      _ = try await Bench.pushTree(to: control, nil, ModelFacts(dataClass: .gold, exposure: .internal))
      let id = try ThreatID(parsing: "ML05")
      let decided = try await control.decide(Self.wish(), on: id, of: Self.reference, by: .administrator)
      #expect(try Self.threat("ML05", of: decided).state == .decided)
      _ = try await control.setFacts(ModelFacts(exposure: .external), of: Sample.name(), by: .administrator)
      let reopened = try Self.threat("ML05", of: try await control.threatModel(of: Self.reference))
      #expect(reopened.state == .reopened)
      #expect(reopened.changed == [.exposure])
    }
  }

  @Test func `a decision carries to the next version with the same facts, and has an end`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let end = Timestamp(milliseconds: control.now().milliseconds + 1000)
      let id = try ThreatID(parsing: "ML05")
      _ = try await control.decide(
        Self.wish(.mitigate, until: end), on: id, of: Self.reference, by: .administrator)
      _ = try await Bench.push(Fixture.forest, by: .administrator, to: control)
      let next = VersionReference(name: Sample.name(), version: try #require(VersionNumber(2)))
      #expect(try Self.threat("ML05", of: try await control.threatModel(of: next)).state == .decided)
      bench.time.advance(by: .seconds(2))
      #expect(try Self.threat("ML05", of: try await control.threatModel(of: next)).state == .expired)
    }
  }

  @Test(arguments: [(DataClass.gold, ["approvals", "formats"]), (.internal, ["formats"])])
  func `a gate that is not asked of a model stands against none of its threats`(
    dataClass: DataClass, gates: [String]
  ) async throws {
    let text = """
      policy: gatehouse/v1
      name: by-class
      gates:
        - formats: [pickle, joblib]
        - approvals: {at-least: 1, roles: [approver]}
          when: {data-class: [gold]}
      """
    try await bench(text).run { control in
      _ = try await Bench.pushTree(to: control, nil, ModelFacts(dataClass: dataClass))
      #expect(try await control.threatModel(of: Self.reference).facts.policy?.gates == gates)
    }
  }

  @Test func `who has no right to decide decides nothing`() async throws {
    try await bench().run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let id = try ThreatID(parsing: "ML05")
      let nobody = Actor(
        principal: Principal(kind: .service, name: "nobody"), credential: .token(provider: "none", words: []))
      await #expect {
        _ = try await control.decide(Self.wish(), on: id, of: Self.reference, by: nobody)
      } throws: {
        ($0 as? Problem)?.code == "access.denied"
      }
      #expect(try Self.threat("ML05", of: try await control.threatModel(of: Self.reference)).state == .open)
    }
  }

  @Test(arguments: [
    ("ML05", wish(reason: ""), "threat.reason"),
    ("ML05", wish(reason: "two\nlines"), "threat.reason"),
    ("ML05", wish(.mitigate), "threat.end"),
    ("ML05", wish(until: Timestamp(milliseconds: 1)), "threat.end"),
    ("ML08", wish(), "threat.does-not-apply"), ("ML06", wish(), "threat.mitigated"),
    (
      "ML05",
      ThreatWish(
        choice: .accept, owner: Principal(kind: .service, name: "nobody"), reason: "r", until: nil),
      "principal.unknown"
    ),
  ])
  func `a decision that cannot be one is refused with its reason`(
    id: String, wish: ThreatWish, code: String
  ) async throws {
    try await bench().run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let id = try ThreatID(parsing: id)
      await #expect {
        _ = try await control.decide(wish, on: id, of: Self.reference, by: .administrator)
      } throws: {
        ($0 as? Problem)?.code == code
      }
    }
  }

  @Test func `asked at admission, open threats refuse a push that nobody could decide on`() async throws {
    let text = Self.policy + "\n    at: admission"
    try await bench(text).run { control in
      let pushed = try await Bench.pushTree(to: control, nil, Self.gold)
      #expect(pushed.status == .refused)
      #expect(pushed.problem?.code == "gate.threats")
      #expect(
        try await Bench.pushTree(to: control, nil, ModelFacts(dataClass: .public, exposure: .internal)).status
          == .live)
    }
  }

  @Test func `a service decides nothing`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      let ci = try await control.addService("ci", by: .administrator).principal
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(ci), gift: .role(.security), scope: .everything),
        by: .administrator)
      let actor = Actor(principal: ci, credential: .token(provider: "none", words: []))
      let problem = await #expect(throws: Problem.self) {
        try await control.decide(
          Self.wish(), on: try ThreatID(parsing: "ML05"), of: Self.reference, by: actor)
      }
      #expect(problem?.code == "threat.service")
    }
  }

  @Test func `what a bundle says counts no more once its seal is damaged`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control, nil, Self.gold)
      #expect(try await control.threatModel(of: Self.reference).facts.inspection != nil)
      await bench.bundles.lose(try #require(pushed.digest))
      let facts = try await control.threatModel(of: Self.reference).facts
      #expect(facts.inspection == nil && facts.framework == nil && facts.seals?.isSealed == false)
    }
  }

  @Test func `how the data plane confines itself is known while its processes change`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control, nil, Self.gold)
      #expect(try await control.threatModel(of: Self.reference).facts.confinement == nil)
      let confinement = PlaneConfinement(holds: ["no root"])
      bench.plane.confine(confinement)
      #expect(try await control.threatModel(of: Self.reference).facts.confinement == confinement)
      bench.plane.confine(nil)
      #expect(try await control.threatModel(of: Self.reference).facts.confinement == confinement)
    }
  }

  @Test func `a damaged bundle is made again with the threats that it had`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control, nil, Self.gold)
      let bundle = try #require(pushed.digest)
      _ = try await control.setFacts(ModelFacts(exposure: .internal), of: Sample.name(), by: .administrator)
      await bench.bundles.lose(bundle)
      let again = try await Bench.pushTree(to: control)
      #expect(again.digest == bundle)
      #expect(again.message.contains("made again"))
    }
  }
}
