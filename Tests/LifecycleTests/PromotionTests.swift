import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import Statements
import TestKit
import Testing

/// Versions that go from one platform to another.
@Suite("Promotion") struct PromotionTests {
  private static func environment(_ name: String) -> EnvironmentName? { try? EnvironmentName(parsing: name) }

  /// Two platforms of two environments; the second trusts the first one's key.
  private static func platforms(
    _ policy: String? = nil, trusting: Bool = true,
    _ body: (
      _ staging: (bench: Bench, control: ControlPlane), _ production: (bench: Bench, control: ControlPlane)
    )
      async throws -> Void
  ) async throws {
    let staging = try Bench(environment: environment("staging"))
    let gate = policy.map {
      $0.split(separator: "KEY", omittingEmptySubsequences: false).joined(
        separator: staging.sealingKey.verificationKey.hint)
    }
    let production = try Bench(
      policy: try gate.map { try Policy(parsing: Array($0.utf8)) } ?? .standard,
      environment: environment("production"))
    try await staging.run { here in
      _ = try await here.start()
      #expect(try await Bench.push(Fixture.tree, by: .administrator, to: here).status == .live)
      try await production.run { there in
        _ = try await there.start()
        if trusting {
          _ = try await there.trustSealKey(staging.sealingKey.verificationKey, by: .administrator)
        }
        try await body((staging, here), (production, there))
      }
    }
  }

  private static let gated = """
    policy: gatehouse/v1
    name: production
    gates:
      - promoted: {from: staging, by: KEY, served-for: 1h}
        when: {environment: production}
    """

  private static var iris: VersionReference { VersionReference(name: Sample.name(), version: .first) }

  /// Promotes the version of staging, and takes its blobs and what to push along.
  private static func promote(
    _ staging: (bench: Bench, control: ControlPlane), into production: (bench: Bench, control: ControlPlane),
    to target: String = "production"
  ) async throws -> PromotedVersion {
    let promoted = try await staging.control.promote(
      iris, to: try EnvironmentName(parsing: target), by: .administrator)
    for digest in promoted.blobs + [promoted.statement] {
      let reader = try await staging.control.promotedFile(digest, of: iris, by: promoted.statement)
      _ = try await Self.keep(try await reader.bytes(from: 0, count: reader.size), in: production.control)
    }
    return promoted
  }

  private static func keep(_ bytes: [UInt8], in control: ControlPlane) async throws -> Digest {
    let session = try await control.beginUpload()
    try await session.write(bytes)
    return try await session.finish()
  }

  private static func push(
    _ statement: Digest?, fixture: String = Fixture.tree, as name: String = "iris", to control: ControlPlane
  ) async throws -> PushOutcome {
    let session = try await control.beginUpload()
    try await session.write(try Fixture.bytes(fixture))
    let file = PushedFile(path: "", blob: try await session.finish())
    return try await control.push(
      PushRequest(
        name: try ModelName(parsing: name), files: [file], actor: .administrator, promotion: statement)
    ) { _ in }
  }

  @Test func `a promoted version takes the whole road, and both ledgers know of it`() async throws {
    try await Self.platforms(Self.gated) { staging, production in
      for platform in [staging, production] { platform.bench.time.advance(by: .seconds(3600)) }
      let promoted = try await Self.promote(staging, into: production)
      let outcome = try await Self.push(promoted.statement, to: production.control)
      #expect(outcome.status == .live, "\(outcome)")
      let record = try #require(try await production.control.registry.promotion(of: Self.iris))
      #expect(record.from.description == "staging" && record.source == Self.iris)
      #expect(record.key == staging.bench.sealingKey.verificationKey.hint)
      #expect((3_600_000...3_601_000).contains(record.servedFor))
      let signed = try #require(try await staging.bench.entries().last { $0.act == .promote })
      #expect(signed.phase == .done && signed.details["to"] == "production")
      #expect(signed.details["statement"] == .string(promoted.statement.description))
      let pushed = try #require(try await production.bench.entries().last { $0.act == .push })
      #expect(pushed.details["promotion"]?["from"] == "staging")
      #expect(await production.bench.audit().problems.isEmpty)
      #expect(await staging.bench.audit().problems.isEmpty)
    }
  }

  @Test
  func `what was not promoted, or has not served there for long enough, is refused where policy asks for it`()
    async throws
  {
    try await Self.platforms(Self.gated) { staging, production in
      let plain = try await Self.push(nil, to: production.control)
      #expect(plain.status == .refused && plain.problem?.message.contains("not promoted") == true)
      let promoted = try await Self.promote(staging, into: production)
      let early = try await Self.push(promoted.statement, to: production.control)
      #expect(early.status == .refused && early.problem?.message.contains("served there for 1h") == true)
    }
  }

  @Test func `a statement of a key that is not trusted says nothing`() async throws {
    try await Self.platforms(trusting: false) { staging, production in
      let promoted = try await Self.promote(staging, into: production)
      let outcome = try await Self.push(promoted.statement, to: production.control)
      #expect(outcome.problem?.code == "statement.untrusted-key")
      #expect(outcome.problem?.hint?.contains("seal-keys trust") == true)
    }
  }

  @Test func `a statement is of one artifact, one name and for one environment`() async throws {
    try await Self.platforms { staging, production in
      let promoted = try await Self.promote(staging, into: production)
      let other = try await Self.push(promoted.statement, fixture: Fixture.forest, to: production.control)
      #expect(other.problem?.code == "promotion.another-artifact")
      let renamed = try await Self.push(promoted.statement, as: "other", to: production.control)
      #expect(renamed.problem?.code == "promotion.another-name")
      let elsewhere = try await Self.promote(staging, into: production, to: "dev")
      let misled = try await Self.push(elsewhere.statement, to: production.control)
      #expect(misled.problem?.code == "promotion.for-another")
      #expect(try await Self.push(promoted.statement, to: production.control).status == .live)
    }
  }

  @Test func `a promotion of the future is none`() async throws {
    try await Self.platforms { staging, production in
      staging.bench.time.advance(by: .seconds(600))
      let promoted = try await Self.promote(staging, into: production)
      let outcome = try await Self.push(promoted.statement, to: production.control)
      #expect(outcome.problem?.code == "promotion.time")
    }
  }

  @Test func `another statement by the same key is no promotion`() async throws {
    try await Self.platforms { staging, production in
      let statement = try SignedStatement(
        Statement(
          about: [Statement.Subject(name: "artifact", digest: Sample.digest(1))],
          predicateType: "https://slsa.dev/provenance/v1", predicate: [:]),
        signedBy: staging.bench.sealingKey)
      let digest = try await Self.keep(statement.bytes, in: production.control)
      #expect(try await Self.push(digest, to: production.control).problem?.code == "promotion.malformed")
    }
  }

  @Test func `a key that is revoked later vouches for nothing at the roll-out`() async throws {
    let policy = """
      policy: gatehouse/v1
      name: production
      gates:
        - promoted: {from: staging, by: KEY}
          at: roll-out
      """
    try await Self.platforms(policy) { staging, production in
      let promoted = try await Self.promote(staging, into: production)
      #expect(try await Self.push(promoted.statement, to: production.control).status == .live)
      #expect(try await production.control.explain(Self.iris).verdict == .admitted)
      _ = try await production.control.revokeSealKey(
        staging.bench.sealingKey.verificationKey.hint, try RevocationReason(parsing: "lost"),
        by: .administrator)
      #expect(try await production.control.explain(Self.iris).verdict == .refused)
    }
  }

  @Test func `bytes that a version holds already are promoted after all`() async throws {
    try await Self.platforms { staging, production in
      #expect(try await Self.push(nil, to: production.control).status == .live)
      #expect(try await production.control.registry.promotion(of: Self.iris) == nil)
      let promoted = try await Self.promote(staging, into: production)
      let outcome = try await Self.push(promoted.statement, to: production.control)
      #expect(outcome.status == .live && !outcome.isNew)
      #expect(try await production.control.registry.promotion(of: Self.iris)?.statement == promoted.statement)
      #expect(try await production.bench.entries().contains { $0.act == .takePromotion && $0.phase == .done })
    }
  }

  @Test func `nothing is promoted to where it is, from nowhere, or after it was rolled back from`()
    async throws
  {
    try await Self.platforms { staging, production in
      let here = try EnvironmentName(parsing: "staging")
      let same = await #expect(throws: Problem.self) {
        try await staging.control.promote(Self.iris, to: here, by: .administrator)
      }
      #expect(same?.code == "promotion.same-environment")
      _ = try await Bench.push(Fixture.forest, by: .administrator, to: staging.control)
      _ = try await staging.control.rollBack(
        Sample.name(), because: try RevocationReason(parsing: "worse"), by: .administrator)
      let second = VersionReference(name: Sample.name(), version: VersionNumber.first.next)
      let marked = await #expect(throws: Problem.self) {
        try await staging.control.promote(
          second, to: try EnvironmentName(parsing: "production"), by: .administrator)
      }
      #expect(marked?.code == "promotion.marked")
    }
    let nowhere = try Bench()
    try await nowhere.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, by: .administrator, to: control)
      let problem = await #expect(throws: Problem.self) {
        try await control.promote(
          Self.iris, to: try EnvironmentName(parsing: "production"), by: .administrator)
      }
      #expect(problem?.code == "environment.unset")
    }
  }

  @Test func `only files of the version itself are handed out`() async throws {
    try await Self.platforms { staging, _ in
      _ = try await Bench.push(Fixture.forest, as: "other", by: .administrator, to: staging.control)
      let other = try #require(
        try await staging.control.registry.versions(of: try ModelName(parsing: "other")).first)
      let own = try #require(try await staging.control.registry.versions(of: Sample.name()).first)
      let promoted = try await staging.control.promote(
        Self.iris, to: try EnvironmentName(parsing: "production"), by: .administrator)
      _ = try await staging.control.promotedFile(own.artifact, of: Self.iris, by: promoted.statement)
      // Of another version, of none, and by what is no promotion.
      for (digest, statement) in [
        (other.artifact, promoted.statement), (other.policy, promoted.statement),
        (own.artifact, own.artifact),
        (own.artifact, Sample.digest(1)),
      ] {
        let problem = await #expect(throws: Problem.self) {
          _ = try await staging.control.promotedFile(digest, of: Self.iris, by: statement)
        }
        #expect(problem?.code == "blob.missing")
      }
      let elsewhere = await #expect(throws: Problem.self) {
        _ = try await staging.control.promotedFile(
          other.artifact, of: other.reference, by: promoted.statement)
      }
      #expect(elsewhere?.code == "blob.missing")
    }
  }

  @Test func `an older statement takes nothing from a newer one`() async throws {
    try await Self.platforms { staging, production in
      let older = try await Self.promote(staging, into: production)
      staging.bench.time.advance(by: .seconds(60))
      let newer = try await Self.promote(staging, into: production)
      for statement in [newer, older].map(\.statement) {
        #expect(try await Self.push(statement, to: production.control).status == .live)
      }
      #expect(try await production.control.registry.promotion(of: Self.iris)?.statement == newer.statement)
    }
  }

  @Test func `an environment is said once, is in the ledger, and stays`() async throws {
    let bench = try Bench(environment: Self.environment("staging"))
    try await bench.run { control in
      _ = try await control.start()
      #expect(try await control.registry.environment()?.description == "staging")
    }
    #expect(try await bench.entries().count { $0.act == .setEnvironment } == 1)
    // Not said again it is the same; and so it is when it is.
    _ = try await bench.reopened().start()
    _ = try await bench.reopened(environment: Self.environment("staging")).start()
    #expect(try await bench.entries().count { $0.act == .setEnvironment } == 1)
    let problem = await #expect(throws: Problem.self) {
      _ = try await bench.reopened(environment: Self.environment("production")).start()
    }
    #expect(problem?.code == "environment.other")
  }

  @Test func `statements are read as they are written, and nothing else is`() throws {
    let version = Sample.version(1)
    let promotion = Promotion(
      from: try EnvironmentName(parsing: "staging"), to: try EnvironmentName(parsing: "production"),
      version: version, promotedAt: Timestamp(milliseconds: 1_800_000_000_000),
      promotedBy: Principal(kind: .person, name: "ana"), servedFor: 7,
      approvals: [Principal(kind: .person, name: "sam")], isTested: true)
    #expect(try Promotion(promotion.statement) == promotion)
    let predicate = try #require(promotion.statement.predicate.object)
    for (member, value) in [
      ("from", "Staging"), ("version", "iris"), ("servedMilliseconds", -1), ("approvals", ["nobody"]),
      ("tests", "MAYBE"), ("promotedAt", "today"), ("more", 1), ("policy", "sha256"),
    ] as [(String, JSON)] {
      let broken = Statement(
        about: promotion.statement.subjects, predicateType: Promotion.predicateType,
        predicate: .object(predicate.merging([member: value]) { $1 }))
      #expect(throws: Problem.self, "\(member)") { try Promotion(broken) }
    }
    let nothing = Statement(
      about: [], predicateType: Promotion.predicateType, predicate: promotion.statement.predicate)
    #expect(throws: Problem.self) { try Promotion(nothing) }
  }
}
