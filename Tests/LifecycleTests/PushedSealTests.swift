import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

/// Directories that bring a seal along, as `model_signing sign key` leaves one.
struct PushedSealTests {
  private typealias Files = [(path: String, bytes: [UInt8])]

  /// A model and a text beside it, sealed by a key over these files.
  private static func files(_ key: SealingKey, at seal: String = "model.sig") throws -> Files {
    let files: Files = [
      ("README.md", Array("a model".utf8)), ("model.joblib", try Fixture.bytes(Fixture.tree)),
    ]
    // The bundle's own rules do not matter here: a statement over files is a statement over files.
    let sealed = try UnsealedBundle(files: files.map { BundleFile(path: $0.path, bytes: $0.bytes) })
      .sealed(with: key, name: "model")
    return files + [(seal, sealed.seal)]
  }

  /// What becomes of a push by a platform that trusts `key`.
  private static func push(
    _ files: Files, trusting key: SealVerificationKey?, _ check: (Bench, PushOutcome) async throws -> Void
  ) async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      if let key { _ = try await control.trustSealKey(key, by: Sample.actor) }
      try await check(bench, try await Bench.push(files, to: control))
    }
    #expect(await bench.audit().problems == [])
  }

  @Test(arguments: ["model.sig", "seal.json"])
  func `a seal by a trusted key is accepted, and the ledger has whose it was`(path: String) async throws {
    let key = SealingKey(.p384)
    try await Self.push(try Self.files(key, at: path), trusting: key.verificationKey) { bench, outcome in
      #expect(outcome.problem == nil)
      #expect(outcome.status == .live)
      let entry = try #require(try await bench.entries().last { $0.act == .push && $0.phase == .done })
      #expect(entry.details["sealedBy"] == .string(key.verificationKey.hint))
    }
  }

  @Test func `a seal by a key that is not trusted is refused by its own reason`() async throws {
    try await Self.push(try Self.files(SealingKey()), trusting: nil) { bench, outcome in
      #expect(outcome.status == .refused)
      #expect(outcome.problem?.code == "seal.untrusted-key")
      #expect(outcome.problem?.hint?.contains("seal-keys trust") == true)
      #expect(await bench.registry.versions(of: Sample.name()).isEmpty)
    }
  }

  @Test func `a revoked key's seal is refused at push too`() async throws {
    let key = SealingKey()
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await control.trustSealKey(key.verificationKey, by: Sample.actor)
      _ = try await control.revokeSealKey(
        key.verificationKey.hint, RevocationReason(parsing: "stolen"), by: Sample.actor)
      let outcome = try await Bench.push(try Self.files(key), to: control)
      #expect(outcome.problem?.code == "seal.revoked-key")
    }
  }

  @Test(arguments: [
    ("README.md", "seal.file-changed"), ("extra.pkl", "seal.file-extra"), (".git/config", "seal.file-extra"),
    ("sub/.gitignore", "seal.file-extra"),
  ])
  func `a file that is not as it was sealed is named`(path: String, code: String) async throws {
    let key = SealingKey()
    let files = try Self.files(key).filter { $0.path != path } + [(path, Array("changed".utf8))]
    try await Self.push(files, trusting: key.verificationKey) { _, outcome in
      #expect(outcome.problem?.code == code)
      #expect(outcome.problem?.message.contains(path) == true)
    }
  }

  @Test func `a file that is missing, and a seal that is none, are refused`() async throws {
    let key = SealingKey()
    let files = try Self.files(key)
    try await Self.push(files.filter { $0.path != "README.md" }, trusting: key.verificationKey) {
      _, outcome in
      #expect(outcome.problem?.code == "seal.file-missing")
    }
    let broken = files.filter { $0.path != "model.sig" } + [("model.sig", Array("{}".utf8))]
    try await Self.push(broken, trusting: key.verificationKey) { _, outcome in
      #expect(outcome.problem?.code == "seal.malformed")
    }
    try await Self.push(files + [("seal.json", [])], trusting: key.verificationKey) { _, outcome in
      #expect(outcome.problem?.code == "push.two-seals")
    }
  }

  @Test func `what Git keeps beside the model may be unsealed, and is no part of what is inspected`()
    async throws
  {
    let key = SealingKey()
    // Were it looked at, this would be dangerous.
    let unsealed = [
      (".gitattributes", try Fixture.bytes(Fixture.systemCall)), (".gitignore", Array("*.tmp".utf8)),
    ]
    try await Self.push(try Self.files(key) + unsealed, trusting: key.verificationKey) { _, outcome in
      #expect(outcome.problem == nil)
      #expect(outcome.findings.map(\.member) == ["README.md"])
      #expect(outcome.status == .live)
    }
  }
}
