import Domain
import Encoding
import Packaging
import Provenance
import Statements
import TestKit
import Testing

struct ImageStatementTests {
  private let platform: StatedPlatform

  init() async throws { platform = try await StatedPlatform() }

  @Test func `everything that is stated of a real image verifies, and tells who and when`() throws {
    let verified = try platform.verified(try platform.signed())
    #expect(verified.account == platform.account)
    #expect(verified.account.pushes.map(\.reference.description) == ["iris@1", "wine@1"])
    #expect(verified.build == platform.image.build)
    #expect(verified.keys == [platform.key.verificationKey])
    #expect(verified.counts == [.bill: 1, .provenance: 1, .inspection: 2, .gates: 2])
    #expect(verified.others == [])
  }

  @Test func `the order of what goes in makes no other bytes`() throws {
    let image = platform.image
    let turned = try StatedImage(
      name: image.name, manifest: image.manifest, program: image.program, build: image.build,
      tool: image.tool,
      bundles: image.bundles.reversed())
    let account = PackAccount(
      trace: platform.account.trace, startedAt: platform.account.startedAt,
      finishedAt: platform.account.finishedAt, pushes: platform.account.pushes.reversed())
    let statements = try image.statements(platform.account).map(\.canonicalBytes)
    #expect(statements.count == 6)
    #expect(try turned.statements(account).map(\.canonicalBytes) == statements)
  }

  @Test func `who verifies needs neither the record of the build nor the image's name`() throws {
    let bundles = try platform.opened.bundles.map {
      try SealedBundle(files: $0.files, trusting: [platform.key.verificationKey])
    }
    let copy = try StatedImage(platform.opened, named: "copied/elsewhere", of: bundles)
    #expect(copy.build == nil)
    #expect(try platform.verified(try platform.signed(), image: copy).build == platform.image.build)
  }

  @Test func `statements that were signed twice verify together`() throws {
    let twice = try platform.signed() + platform.signed()
    #expect(try platform.verified(twice).counts[.provenance] == 2)
  }

  @Test func `a statement of a kind that nobody knows is named, and no more`() throws {
    let other = Statement(
      about: [Statement.Subject(name: "a", digest: platform.image.manifest)],
      predicateType: "https://openvex.dev/ns/v0.2.0", predicate: [:])
    let statements = try platform.signed() + [SignedStatement(other, signedBy: platform.key)]
    #expect(try platform.verified(statements).others == ["https://openvex.dev/ns/v0.2.0"])
  }

  @Test func `by a stranger's key none verifies`() throws {
    let stranger = SealingKey()
    for place in 0..<6 {
      var statements = try platform.signed()
      statements[place] = try platform.signed(by: stranger)[place]
      let problem = #expect(throws: Problem.self) { try platform.verified(statements) }
      #expect(problem?.code == "statement.untrusted-key")
    }
  }

  @Test func `where one is missing, it is named`() throws {
    for place in 0..<6 {
      var statements = try platform.signed()
      let missing = statements.remove(at: place).statement
      let problem = try #require(
        #expect(throws: Problem.self) { try platform.verified(statements) })
      #expect(problem.code == "statement.missing")
      #expect(problem.message.contains(missing.predicateType))
    }
    let flood = Array(repeating: try platform.signed()[0], count: VerifyStatements.countLimit + 1)
    let problem = #expect(throws: Problem.self) { try platform.verified(flood) }
    #expect(problem?.code == "statement.too-many")
  }

  @Test func `of another image none verifies`() throws {
    let image = platform.image
    let other = try StatedImage(
      name: image.name, manifest: Sample.digest(9), program: image.program, build: image.build,
      tool: image.tool, bundles: image.bundles)
    for statement in try platform.signed() {
      let problem = #expect(throws: Problem.self) { try platform.verified([statement], image: other) }
      #expect(problem?.code == "statement.wrong-subject")
    }
  }

  /// Changes to a predicate, by the place that a complaint has to name.
  private static let changes: [(Statement.Kind, String, JSON?)] = [
    (.bill, "/components/0/hashes/0/content", "00"),
    (.bill, "/components/1/version", "2.0.0"), (.bill, "/components/1", nil),
    (.bill, "/dependencies/0/dependsOn/0", "elsewhere"), (.bill, "/serialNumber", "urn:uuid:0"),
    (.bill, "/metadata/component/modelCard", [:]), (.bill, "/vulnerabilities", []),
    (.provenance, "/buildDefinition/buildType", "urn:other"),
    (.provenance, "/buildDefinition/externalParameters/models/0/policy", "sha256:00"),
    (.provenance, "/buildDefinition/externalParameters/models/1/version", 2),
    (.provenance, "/buildDefinition/resolvedDependencies/0/digest/sha256", "00"),
    (.provenance, "/buildDefinition/resolvedDependencies/3", nil),
    (.provenance, "/buildDefinition/internalParameters/pushes/0/model", "iris@2"),
    (.provenance, "/buildDefinition/internalParameters/pushes/0/approvedBy", "nobody"),
    (.provenance, "/runDetails/builder/id", "urn:other"),
    (.provenance, "/runDetails/builder/version/packer", "gatehouse 9"),
    (.provenance, "/runDetails/metadata/more", true), (.provenance, "/runDetails/byproducts", []),
    (.inspection, "/verifier/id", "urn:other"), (.inspection, "/properties/0", "GATEHOUSE_VERDICT_DANGEROUS"),
    (.inspection, "/properties", ["GATEHOUSE_VERDICT_LIFTABLE", "GATEHOUSE_APPROVED"]),
    (.inspection, "/report/digest/sha256", "00"), (.inspection, "/expires", nil),
    (.gates, "/result", "FAILED"), (.gates, "/configuration/0/digest/sha256", "00"),
    (.gates, "/passedTests/0", "gate.other"), (.gates, "/passedTests", ["gate.format"]),
    (.gates, "/failedTests", ["gate.format"]),
  ]

  @Test(arguments: changes)
  func `one that says something else is refused, though the platform signed it`(
    kind: Statement.Kind, pointer: String, value: JSON?
  ) throws {
    let problem = try #require(
      try platform.problem(kind) {
        // Leaving out what is not there is no change; there is one more member, then.
        let changed = $0.predicate.replacing(pointer, with: value ?? .null)
        let removed = value == nil ? $0.predicate.replacing(pointer, with: nil) : changed
        return Statement(
          about: $0.subjects, predicateType: $0.predicateType,
          predicate: removed.canonicalBytes == $0.predicate.canonicalBytes ? changed : removed)
      }, "\(kind) \(pointer)")
    #expect(problem.code == "statement.wrong-predicate", "\(problem)")
    #expect(problem.subject == kind.rawValue)
    let position = try #require(problem.position)
    #expect("/predicate\(pointer)".hasPrefix(position), "\(position)")
  }

  private static let unreadable: [(Statement.Kind, String, JSON)] = [
    (.provenance, "/runDetails/metadata/invocationId", 1),
    (.provenance, "/runDetails/metadata/startedOn", "yesterday"),
    (.provenance, "/runDetails/metadata/finishedOn", "2026-01-01T00:00:00Z"),
    (.provenance, "/buildDefinition/internalParameters/pushes", [:]),
    (.provenance, "/buildDefinition/internalParameters/pushes/0/principal", "ada"),
    (.provenance, "/buildDefinition/internalParameters/pushes/0/model", "iris"),
    (.inspection, "/timeCreated", "2026-13-01T00:00:00.000Z"),
  ]

  @Test(arguments: unreadable)
  func `one whose claims cannot be read is refused`(kind: Statement.Kind, pointer: String, value: JSON) throws
  {
    let problem = try #require(
      try platform.problem(kind) {
        Statement(
          about: $0.subjects, predicateType: $0.predicateType,
          predicate: $0.predicate.replacing(pointer, with: value))
      })
    #expect(problem.code == "statement.malformed")
    #expect(problem.message.contains("/predicate\(pointer)"), "\(problem)")
  }

  @Test(arguments: Statement.Kind.allCases)
  func `one with another subject beside the image is refused`(kind: Statement.Kind) throws {
    let problem = try #require(
      try platform.problem(kind) {
        Statement(
          about: $0.subjects + [Statement.Subject(name: "more", digest: Sample.digest(5))],
          predicateType: $0.predicateType, predicate: $0.predicate)
      })
    #expect(problem.code == "statement.wrong-subject")
    let turned = try platform.problem(kind) {
      Statement(
        about: $0.subjects.map { Statement.Subject(name: $0.name, digest: Sample.digest(5)) },
        predicateType: $0.predicateType, predicate: $0.predicate)
    }
    #expect(turned?.code == "statement.wrong-subject")
  }

  @Test func `one bundle's verdict does not pass for another's`() throws {
    for kind in [Statement.Kind.inspection, .gates] {
      var statements = try platform.signed()
      let places = statements.indices.filter { statements[$0].statement.kind == kind }
      #expect(places.count == 2)
      statements[places[0]] = statements[places[1]]
      let problem = #expect(throws: Problem.self) { try platform.verified(statements) }
      #expect(problem?.code == "statement.missing")
      // The second bundle's name with the first one's digest.
      let problemOfMixture = try platform.problem(kind) {
        Statement(
          about: [$0.subjects[0], Statement.Subject(name: "wine@1", digest: $0.subjects[1].digest)]
            + [$0.subjects[2]], predicateType: $0.predicateType, predicate: $0.predicate)
      }
      #expect(problemOfMixture?.code == "statement.wrong-subject")
    }
  }

  @Test func `provenance and inspection have to tell the same time`() throws {
    let problem = try #require(
      try platform.problem(.inspection) {
        Statement(
          about: $0.subjects, predicateType: $0.predicateType,
          predicate: $0.predicate.replacing("/timeCreated", with: "2020-01-01T00:00:00.000Z"))
      })
    #expect(problem.code == "statement.contradiction")
  }

  @Test func `a record of another program's build is refused, here and in a bill`() async throws {
    let image = platform.image
    let other = try StatedPlatform.record(of: Sample.digest(3), 5)
    let problem = #expect(throws: Problem.self) {
      try StatedImage(
        name: "a", manifest: image.manifest, program: image.program, build: other, tool: image.tool,
        bundles: image.bundles)
    }
    #expect(problem?.code == "program-build.other-program")
    let forged = try StatedImage(
      name: "a", manifest: image.manifest, program: Sample.digest(3), build: other, tool: image.tool,
      bundles: image.bundles)
    let bill = try #require(try forged.statements(platform.account).first { $0.kind == .bill })
    let bare = try StatedImage(
      name: "a", manifest: image.manifest, program: image.program, build: nil, tool: image.tool,
      bundles: image.bundles)
    let refused = #expect(throws: Problem.self) {
      try platform.verified([SignedStatement(bill, signedBy: platform.key)], image: bare)
    }
    #expect(refused?.code == "program-build.other-program")
  }

  @Test func `nothing is stated of an image whose pushes nobody accounts for`() throws {
    for pushes in [
      [], Array(platform.account.pushes.prefix(1)), platform.account.pushes + platform.account.pushes,
    ] {
      let problem = #expect(throws: Problem.self) {
        try platform.image.statements(PackAccount(trace: "a", pushes: pushes))
      }
      #expect(problem?.code == "statement.no-account")
    }
    let image = platform.image
    for (bundles, code) in [
      ([], "statement.no-bundle"), (image.bundles + image.bundles, "statement.repeated-bundle"),
    ] {
      let problem = #expect(throws: Problem.self) {
        try StatedImage(
          name: "a", manifest: image.manifest, program: image.program, build: nil, tool: "a", bundles: bundles
        )
      }
      #expect(problem?.code == code)
    }
  }
}
