import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

/// Versions that wait for people, and go on by themselves.
struct ApprovalTests {
  private static let policy = """
    policy: gatehouse/v1
    name: two-eyes
    gates:
      - formats: [pickle, joblib]
      - findings: {at-most: low}
      - approvals: {at-least: 1, roles: [approver]}
    """

  private static let reference = VersionReference(name: Sample.name(), version: .first)

  private func bench(_ text: String = policy) throws -> Bench {
    try Bench(policy: Policy(parsing: Array(text.utf8)))
  }

  /// A person who holds a role, as a token of a provider would show them.
  private static func person(
    _ name: String, _ role: Role, of control: ControlPlane, _ conditions: Grant.Conditions = .init()
  ) async throws -> Actor {
    let known = try await control.addPerson(name, by: .administrator)
    _ = try await control.addGrant(
      Grant(
        id: "", holder: .principal(known.principal), gift: .role(role), scope: .everything,
        conditions: conditions),
      by: .administrator)
    return Actor(principal: known.principal, credential: .token(provider: "none", words: []))
  }

  @Test func `a version waits for the approval that the policy asks for, and is live when it is given`()
    async throws
  {
    let bench = try bench()
    try await bench.run { control in
      let pushed = try await Bench.pushTree(to: control)
      #expect(pushed.status == .waiting)
      #expect(pushed.version == .first)
      #expect(pushed.message.contains("expected approval by 1 of the people who are approver"))
      #expect(bench.plane.applied.last?.deployments.isEmpty ?? true)
      let ana = try await Self.person("ana", .approver, of: control)
      let outcome = try await control.approve(Self.reference, isGiven: true, reason: "looks right", by: ana)
      #expect(outcome.status == .live)
      #expect(bench.plane.applied.last?.deployments.count == 1)
      #expect(try await control.registry.waiting().isEmpty)
    }
    let entries = try await bench.entries()
    let rollOut = try #require(entries.last { $0.act == .rollOut && $0.phase == .done })
    #expect(rollOut.principal == .platform)
    // Why somebody agreed may name people: the ledger has its digest.
    #expect(!entries.map(\.json.canonicalText).joined().contains("looks right"))
  }

  @Test func `the author's own yes and a yes without the role do not count`() async throws {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      // Pushed by the administrator, who holds every role.
      #expect(
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: .administrator).status
          == .waiting)
      let sam = try await Self.person("sam", .security, of: control)
      #expect(
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: sam).status == .waiting)
    }
  }

  @Test func `a grant on what others made gives no right to approve one's own`() async throws {
    let bench = try bench()
    try await bench.run { control in
      let ana = try await Self.person("ana", .approver, of: control, .init(othersOnly: true))
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(ana.principal), gift: .role(.pusher), scope: .everything),
        by: .administrator)
      _ = try await Bench.pushTree(to: control, by: ana)
      let problem = await #expect(throws: Problem.self) {
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: ana)
      }
      #expect(problem?.code == "access.denied")
    }
  }

  @Test func `of two who approve at the same time one brings it into service, and both are told`()
    async throws
  {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let ana = try await Self.person("ana", .approver, of: control)
      let bob = try await Self.person("bob", .approver, of: control)
      async let first = try? control.approve(Self.reference, isGiven: true, reason: nil, by: ana)
      async let second = try? control.approve(Self.reference, isGiven: true, reason: nil, by: bob)
      let outcomes = await [first, second]
      // Whoever comes when it is served already is told that; else both find it live.
      #expect(outcomes.contains { $0?.status == .live })
      #expect(outcomes.compactMap(\.self).allSatisfy { $0.status == .live })
    }
    let rollOuts = try await bench.entries().filter { $0.act == .rollOut && $0.phase == .done }
    #expect(rollOuts.count == 1)
  }

  @Test func `one who says the same twice has said it once`() async throws {
    let bench = try bench(
      Self.policy.filter { $0 != "\u{0}" }.split(separator: "at-least: 1").joined(separator: "at-least: 2"))
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let ana = try await Self.person("ana", .approver, of: control)
      #expect(
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: ana).status == .waiting)
      let problem = await #expect(throws: Problem.self) {
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: ana)
      }
      #expect(problem?.code == "approval.repeated")
    }
  }

  @Test func `a no ends the wait`() async throws {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let ana = try await Self.person("ana", .approver, of: control)
      let outcome = try await control.approve(Self.reference, isGiven: false, reason: "too old", by: ana)
      #expect(outcome.status == .refused)
      #expect(try await control.registry.waiting().isEmpty)
      // Pushed again it is asked for again, and a yes is a yes.
      #expect(try await Bench.pushTree(to: control).status == .waiting)
      #expect(try await control.approve(Self.reference, isGiven: true, reason: nil, by: ana).status == .live)
    }
  }

  @Test func `what waits is looked at again after a crash`() async throws {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let ana = try await Self.person("ana", .approver, of: control)
      // The yes is in the ledger, and the platform dies before the road goes on.
      let version = try await control.registry.version(Self.reference)
      let record = ApprovalRecord(
        version: Self.reference, digest: version.bundle, policy: version.policy, by: ana.principal,
        roles: [.approver],
        isGiven: true, remark: nil, at: Sample.moment())
      _ = try await bench.registry.commit([Sample.entry(.approve)], [.governance(.approve(record))])
    }
    try await Bench.run(bench.reopened(policy: Policy(parsing: Array(Self.policy.utf8)))) { control in
      _ = try await control.start()
      await control.goOnWithWaiting()
      #expect(try await control.registry.deployments().map(\.version) == [.first])
    }
  }

  @Test func `an older version that waits gives way to a newer one that is live`() async throws {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let ana = try await Self.person("ana", .approver, of: control)
      _ = try await Bench.push(
        "models/sklearn-1.9/iris-logistic/model.joblib", by: .administrator, to: control)
      let second = VersionReference(name: Sample.name(), version: VersionNumber.first.next)
      #expect(try await control.approve(second, isGiven: true, reason: nil, by: ana).status == .live)
      #expect(
        try await control.approve(Self.reference, isGiven: true, reason: nil, by: ana).status == .refused)
      #expect(try await control.registry.deployments().map(\.version) == [second.version])
    }
  }

  @Test func `an alias does not bring into service what waits`() async throws {
    let bench = try bench()
    try await bench.run { control in
      _ = try await Bench.pushTree(to: control)
      let problem = await #expect(throws: Problem.self) {
        try await control.setAlias(
          AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: .administrator)
      }
      #expect(problem?.code == "gate.approvals")
      #expect(problem?.exitCode == 4)
    }
    let refusal = try #require(try await bench.entries().last)
    #expect(refusal.act == .setAlias && refusal.phase == .failed)
    #expect(refusal.details["gates"]?["verdict"] == "waiting")
    #expect(refusal.details["policy"] == refusal.details["gates"]?["policy"])
  }
}
