import Domain
import Gates
import Testing

/// Gates that ask who sealed, approved or deploys.
@Suite struct PeopleGateTests {
  private static let gate = "approvals: {at-least: 2, roles: [approver, security]}"

  /// Approvals of one version under the policy of the gate; people not named otherwise are approvers.
  private static func answer(
    _ gate: String = gate, author: Principal? = Example.person("ana"),
    _ approvals: (Policy) -> [Approval]?
  ) throws -> GateResult? {
    let policy = try Example.policy(gate)
    let evidence = Example.evidence {
      $0.author = author
      $0.approvals = approvals(policy)
    }
    return policy.evaluate(evidence, at: .rollOut).results.first
  }

  private static func approval(
    _ name: String, _ policy: Policy, roles: Set<String> = ["approver"], kind: Principal.Kind = .person,
    digest: Digest = Example.digest, under: Digest? = nil
  ) -> Approval {
    Approval(
      by: RoleHolder(principal: Principal(kind: kind, name: name), roles: roles), digest: digest,
      policy: under ?? policy.digest)
  }

  private static let expected =
    "expected approval by 2 of the people who are approver or security and not the author, found "

  @Test func `enough people who may approve it let it pass`() throws {
    let result = try Self.answer {
      [Self.approval("ben", $0), Self.approval("cleo", $0, roles: ["security"])]
    }
    #expect(result?.outcome == .passed)
    #expect(result?.reason == "approved by person:ben and person:cleo")
  }

  @Test func `too few have it wait, and it is told who can approve`() throws {
    let result = try Self.answer { [Self.approval("ben", $0)] }
    #expect(result?.outcome == .waiting && result?.isPassed == false)
    #expect(result?.reason == Self.expected + "person:ben")
    #expect(
      result?.hint == "have one of the people who are approver or security and not the author approve it")
    #expect(try Self.answer { _ in [] }?.reason == Self.expected + "none")
  }

  @Test func `the same person twice is one approval`() throws {
    let result = try Self.answer { [Self.approval("ben", $0), Self.approval("ben", $0)] }
    #expect(result?.outcome == .waiting)
  }

  @Test func `the author does not count, unless the policy says so`() throws {
    let both = { (policy: Policy) in [Self.approval("ana", policy), Self.approval("ben", policy)] }
    #expect(try Self.answer(Self.gate, both)?.outcome == .waiting)
    let gate = "approvals: {at-least: 2, roles: [approver], not-by-author: false}"
    #expect(try Self.answer(gate, both)?.outcome == .passed)
    #expect(try Self.answer(gate, author: nil, both)?.outcome == .passed)
  }

  @Test func `without the author's name nobody can be known not to be the author`() throws {
    let result = try Self.answer(author: nil) { [Self.approval("ben", $0), Self.approval("cleo", $0)] }
    #expect(result?.outcome == .failed)
    #expect(
      result?.reason
        == "expected approval by 2 of the people who are approver or security and not the author, found that the author is not known"
    )
  }

  @Test func `approvals of another version or under another policy have expired`() throws {
    let result = try Self.answer {
      [
        Self.approval("ben", $0), Self.approval("cleo", $0, digest: Example.otherDigest),
        Self.approval("dora", $0, under: Example.otherDigest),
      ]
    }
    #expect(result?.outcome == .waiting)
    #expect(result?.reason == Self.expected + "person:ben; 2 for another version or policy expired")
  }

  @Test func `a policy that changes by one byte makes its approvals expire`() throws {
    let before = try Example.policy(Self.gate)
    let after = try Policy(parsing: before.bytes + [0x0A])
    #expect(before.digest != after.digest)
    let evidence = Example.evidence {
      $0.approvals = [Self.approval("ben", before), Self.approval("cleo", before)]
    }
    #expect(before.evaluate(evidence, at: .rollOut).verdict == .admitted)
    #expect(after.evaluate(evidence, at: .rollOut).verdict == .waiting)
  }

  @Test func `those of other roles and services do not count`() throws {
    let result = try Self.answer {
      [
        Self.approval("ben", $0), Self.approval("cleo", $0, roles: ["operator"]),
        Self.approval("ci", $0, kind: .service),
      ]
    }
    #expect(result?.outcome == .waiting)
  }

  @Test func `approvals that nobody knows of fail the gate`() throws {
    let result = try Self.answer { _ in nil }
    #expect(result?.outcome == .failed)
    #expect(result?.reason == Self.expected + "that who approved it is not known")
  }

  @Test func `a report that waits has a problem with the code of the gate`() throws {
    let policy = try Example.policy(Self.gate, "image-size: {at-most: 1 B}")
    var evidence = Example.evidence { $0.approvals = [] }
    #expect(policy.evaluate(evidence, at: .rollOut).problem?.code == "gate.image-size")
    evidence.imageBytes = 1
    let report = policy.evaluate(evidence, at: .rollOut)
    #expect(report.verdict == .waiting && report.problem?.code == "gate.approvals")
    #expect(report.problem?.hint?.hasPrefix("have 2 of the people") == true)
  }

  static let hint = String(repeating: "0123456789abcdef", count: 4)
  static let seals: [(String, [SealEvidence]?, String)] = [
    (
      "seals: {by: [\"release-*\"]}", [SealEvidence(hint: hint, name: "release-1")],
      "passed: sealed by 1 of release-*"
    ),
    (
      "seals: {by: [0123456789abcdef]}", [SealEvidence(hint: hint)], "passed: sealed by 1 of 0123456789abcdef"
    ),
    // Too few digits: another key with this beginning is soon found.
    (
      "seals: {by: [01234567]}", [SealEvidence(hint: hint)],
      "failed: expected seals by 1 of 01234567, found 0 and others by \(hint.prefix(40))"
    ),
    (
      "seals: {by: [a, b], at-least: 2}",
      [SealEvidence(hint: "1", name: "a"), SealEvidence(hint: "1", name: "b")],
      "failed: expected seals by 2 of a or b, found 1"
    ),
    ("seals: {by: [a]}", [], "failed: expected seals by 1 of a, found 0"),
    ("seals: {by: [a]}", nil, "failed: expected seals by 1 of a, found that who sealed it is not known"),
  ]

  @Test(arguments: seals)
  func `seals count by the names of their keys and by their hints`(
    gate: String, seals: [SealEvidence]?, answer: String
  ) throws {
    #expect(try Example.answer(gate, .admission) { $0.seals = seals } == answer)
  }

  static let deployers: [(String?, RoleHolder?, String)] = [
    (
      "production", RoleHolder(principal: Example.person("olaf"), roles: ["operator"]),
      "passed: person:olaf is operator"
    ),
    (
      "production", RoleHolder(principal: Example.person("ana"), roles: ["viewer", "pusher"]),
      "failed: expected operator to bring it into service, found person:ana with the roles pusher and viewer"
    ),
    (
      "production", RoleHolder(principal: Example.person("ana"), roles: []),
      "failed: expected operator to bring it into service, found person:ana with the roles none"
    ),
    ("staging", nil, "passed: staging is none of production"),
    (nil, nil, "failed: expected operator to bring it into service, found that who does is not known"),
  ]

  @Test(arguments: deployers)
  func `only some may bring a version into service in some environments`(
    environment: String?, deployer: RoleHolder?, answer: String
  ) throws {
    let found = try Example.answer("deployers: {roles: [operator], environments: [production]}") {
      $0.environment = environment.flatMap { try? EnvironmentName(parsing: $0) }
      $0.deployer = deployer
    }
    #expect(found == answer)
  }
}
