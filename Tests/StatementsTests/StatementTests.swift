import Domain
import Encoding
import Provenance
import TestKit
import Testing

@testable import Statements

@Suite struct `A signed statement` {
  static let key = SealingKey()
  static let statement = Statement(
    about: [
      Statement.Subject(name: "iris-3", digest: Digest(of: [1])),
      Statement.Subject(name: "iris@3", digest: Digest(of: [2])),
    ], predicateType: "https://example.org/said", predicate: ["said": ["a", 1, nil, ["b": true]]])

  static func problem(
    _ bytes: [UInt8], trusting keys: [SealVerificationKey] = [key.verificationKey]
  ) -> Problem? {
    do throws(Problem) {
      _ = try SignedStatement(verifying: bytes, trusting: keys)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: SealCurve.allCases)
  func `reads back as it was said, on every curve`(curve: SealCurve) throws {
    let key = SealingKey(curve)
    let signed = try SignedStatement(Self.statement, signedBy: key)
    let read = try SignedStatement(
      verifying: signed.bytes, trusting: [SealingKey().verificationKey, key.verificationKey])
    #expect(read == signed)
    #expect(read.statement == Self.statement)
    #expect(read.statement.kind == nil)
  }

  @Test func `is signed over the same bytes each time, with another nonce`() throws {
    let signed = try (0..<2).map { _ in try SignedStatement(Self.statement, signedBy: Self.key) }
    #expect(signed[0].bytes != signed[1].bytes)
    #expect(signed[0].statement.canonicalBytes == signed[1].statement.canonicalBytes)
  }

  @Test func `is refused with any bit of it flipped, and cut off anywhere`() throws {
    let bytes = try SignedStatement(Self.statement, signedBy: Self.key).bytes
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        #expect(Self.problem(flipped)?.category == .integrity)
      }
      #expect(Self.problem(Array(bytes.prefix(index)))?.code == "statement.malformed")
    }
  }

  @Test func `by a key that is not trusted is refused, and so is one with another's hint`() throws {
    let bytes = try SignedStatement(Self.statement, signedBy: Self.key).bytes
    let other = SealingKey().verificationKey
    #expect(Self.problem(bytes, trusting: [other])?.code == "statement.untrusted-key")
    #expect(Self.problem(bytes, trusting: [])?.code == "statement.untrusted-key")
    let text = String(decoding: bytes, as: UTF8.self)
      .replacing(Self.key.verificationKey.hint, with: other.hint)
    let problem = try #require(Self.problem(Array(text.utf8), trusting: [other]))
    #expect(problem.code == "statement.bad-signature")
    #expect(
      problem.message
        == "expected a signature by key '\(other.hint.prefix(12))…' over the statement, found one that does not"
        + " verify")
  }

  @Test func `beyond the size limit is refused unread, and not made`() throws {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: SignedStatement.sizeLimit + 1)
    #expect(Self.problem(bytes)?.code == "statement.malformed")
    let long = Statement(
      about: Self.statement.subjects, predicateType: "a",
      predicate: ["long": .string(String(repeating: "a", count: SignedStatement.sizeLimit))])
    let problem = #expect(throws: Problem.self) { try SignedStatement(long, signedBy: Self.key) }
    #expect(problem?.code == "statement.too-large")
  }

  @Test func `is no seal, and a seal is no statement of an image`() throws {
    let statement = try SignedStatement(Self.statement, signedBy: Self.key).bytes
    let problem = #expect(throws: Problem.self) {
      try SealVerifier.verify(seal: statement, files: [:], trusting: [Self.key.verificationKey])
    }
    #expect(problem?.code == "seal.malformed")
    let seal = try UnsealedBundle(files: [BundleFile(path: "a", bytes: [])]).sealed(with: Self.key, name: "a")
    let read = try SignedStatement(verifying: seal.seal, trusting: [Self.key.verificationKey])
    #expect(read.statement.kind == nil)
  }

  /// Statements whose signature is good and whose form is not.
  @Test func `in another form is refused, though it is signed`() throws {
    let good = Self.statement.json
    #expect(Self.problem(try signed(good)) == nil)
    let subject: JSON = ["name": "a", "digest": ["sha256": .string(Digest(of: [1]).hexadecimal)]]
    let bad: [JSON] = [
      [], "text", nil, [:], with(good, "_type", "https://in-toto.io/Statement/v0.1"),
      with(good, "predicate", nil), with(good, "predicate", []), with(good, "predicateType", 1),
      with(good, "more", true), with(good, "subject", []), with(good, "subject", subject),
      with(good, "subject", [subject, subject]), with(good, "subject", [["name": "a"]]),
      with(good, "subject", [["name": "a", "digest": ["sha1": "ab"]]]),
      with(good, "subject", [["name": "a", "digest": ["sha256": "AB"]]]),
      with(
        good, "subject",
        [with(subject, "digest", ["sha256": subject["digest"]?["sha256"] ?? nil, "sha1": "a"])]
      ), with(good, "subject", [with(subject, "uri", "a")]),
      with(good, "subject", [with(subject, "name", 1)]),
      with(good, "subject", .array((0...1000).map { with(subject, "name", .string("\($0)")) })),
    ]
    for statement in bad {
      #expect(
        Self.problem(try signed(statement))?.code == "statement.malformed", "\(statement.canonicalText)")
    }
  }

  private func signed(_ statement: JSON) throws -> [UInt8] {
    try SignedEnvelope.signed(statement.canonicalBytes, with: Self.key)
  }

  private func with(_ value: JSON, _ name: String, _ member: JSON) -> JSON {
    var members = value.object ?? [:]
    members[name] = member
    return .object(members)
  }
}

@Suite struct `A package URL` {
  @Test func `is spelled as the specification asks`() {
    #expect(PackageURL.pypi("Scikit_Learn", "1.9.1").description == "pkg:pypi/scikit-learn@1.9.1")
    #expect(PackageURL.pypi("torch", "2.4.0+cu121").description == "pkg:pypi/torch@2.4.0%2Bcu121")
    #expect(PackageURL.pypi("onnx", nil).description == "pkg:pypi/onnx")
    #expect(
      PackageURL.conda("numpy", "1.26.4", build: "py311h64a7726_0", channel: "conda-forge").description
        == "pkg:conda/numpy@1.26.4?build=py311h64a7726_0&channel=conda-forge")
    #expect(
      PackageURL.swift(repository: "https://github.com/apple/swift-nio.git", "2.101.2")?.description
        == "pkg:swift/github.com/apple/swift-nio@2.101.2")
    #expect(PackageURL.swift(repository: "git@github.com:apple/swift-nio.git", "2")?.description == nil)
    #expect(
      PackageURL.debian("zlib1g-dev", "1:1.2.13.dfsg-1", architecture: "amd64").description
        == "pkg:deb/debian/zlib1g-dev@1:1.2.13.dfsg-1?arch=amd64")
    #expect(PackageURL.image("Iris", "sha256:ab").description == "pkg:oci/iris@sha256:ab")
    #expect(PackageURL.generic("ü/@?#", "1 2").description == "pkg:generic/%C3%BC%2F%40%3F%23@1%202")
  }
}

@Suite struct `Statements about a sample image` {
  private static let key = SealingKey()

  private static func image(_ versions: [String]) throws -> StatedImage {
    try StatedImage(
      name: "sample", manifest: Sample.digest(1), program: Sample.digest(2), build: nil,
      tool: "gatehouse test",
      bundles: try versions.map { try StatedBundle(Sample.statedBundle($0, sealedBy: key).contents) })
  }

  private static func verify(_ statements: [Statement], _ image: StatedImage) throws -> VerifiedStatements {
    try VerifyStatements.verify(
      statements.map { try SignedStatement($0, signedBy: key).bytes }, of: image,
      trusting: [key.verificationKey])
  }

  @Test func `verify of one bundle and of a hundred, in any order`() throws {
    var numbers = SeededGenerator(seed: 3)
    for count in [1, 2, 100] {
      let versions = (1...count).map { "model-\($0 % 7)@\($0)" }
      let image = try Self.image(versions.shuffled(using: &numbers))
      let account = PackAccount(trace: "t", pushes: try versions.shuffled(using: &numbers).map(Sample.push))
      let statements = try image.statements(account)
      #expect(statements.count == 2 + 2 * count)
      let verified = try Self.verify(statements.shuffled(using: &numbers), image)
      #expect(verified.account == account)
      #expect(verified.build == nil)
      #expect(verified.counts[.gates] == count)
    }
  }

  @Test(arguments: [
    (nil, "PASSED", ["gate.verdict"], []), ("passed", "PASSED", ["gate.verdict"], []),
    ("excepted", "WARNED", [], ["gate.verdict"]),
  ])
  func `tell of a gate that an exception let be as a warning`(
    outcome: String?, result: String, passed: [String], warned: [String]
  ) throws {
    let contents = try Sample.statedBundle("iris@3", sealedBy: Self.key, outcome: outcome).contents
    let image = try StatedImage(
      name: "sample", manifest: Sample.digest(1), program: Sample.digest(2), build: nil,
      tool: "gatehouse test", bundles: [try StatedBundle(contents)])
    let account = PackAccount(trace: "t", pushes: [try Sample.push("iris@3")])
    let gates = try #require(try image.statements(account).first { $0.kind == .gates })
    #expect(gates.predicate["result"]?.string == result)
    #expect(gates.predicate["passedTests"]?.array?.map(\.string) == passed)
    #expect(gates.predicate["warnedTests"]?.array?.map(\.string) == warned)
  }

  /// Whatever one byte of a payload is changed to, under a good signature: what still verifies says the same but for claims.
  @Test func `with any byte changed, only what is claimed can be another`() throws {
    let image = try Self.image(["iris@3"])
    let account = PackAccount(trace: "t", pushes: [try Sample.push("iris@3")])
    let statements = try image.statements(account)
    var numbers = SeededGenerator(seed: 4)
    for (place, statement) in statements.enumerated() {
      let bytes = statement.canonicalBytes
      for index in stride(from: 0, to: bytes.count, by: 7) {
        var changed = bytes
        changed[index] = UInt8.random(in: 0x20...0x7E, using: &numbers)
        guard changed != bytes else { continue }
        var signed = try statements.map { try SignedEnvelope.signed($0.canonicalBytes, with: Self.key) }
        signed[place] = try SignedEnvelope.signed(changed, with: Self.key)
        do throws(Problem) {
          let verified = try VerifyStatements.verify(
            signed, of: image, trusting: [Self.key.verificationKey])
          // What an image is called, who pushed it and the traces are the signer's word.
          #expect(verified.account != account || statement.kind != .provenance || changesName(changed, bytes))
          #expect(statement.kind == .provenance || changesName(changed, bytes), "\(index)")
        } catch {
          #expect(error.category == .integrity, "\(error)")
        }
      }
    }
  }

  private func changesName(_ changed: [UInt8], _ bytes: [UInt8]) -> Bool {
    let names = [changed, bytes].map { try? Statement(parsing: $0).subjects.first?.name }
    return names[0] != names[1]
  }
}

extension SignedEnvelope {
  /// Signs whatever it is given.
  fileprivate static func signed(_ payload: [UInt8], with key: SealingKey) throws(Problem) -> [UInt8] {
    try document(
      payload, as: .statement, by: key.verificationKey, signature: try key.sign(message(of: payload)))
  }
}
