import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

/// Keys of seals: rotated, trusted, retired, revoked, and what becomes of what they sealed.
struct SealKeyTests {
  private static let reason: RevocationReason = {
    guard let reason = try? RevocationReason(parsing: "the key was copied") else {
      preconditionFailure("a reason")
    }
    return reason
  }()

  /// Runs `body` on a platform that serves `iris@1`.
  private static func withVersion(
    _ bench: Bench, _ body: (ControlPlane) async throws -> Void
  ) async throws {
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      try await body(control)
    }
    #expect(await bench.audit().problems == [])
  }

  private static func problem(_ body: () async throws -> Void) async -> Problem? {
    await #expect(throws: Problem.self) { try await body() }
  }

  /// The key that a version is sealed by.
  private static func sealer(of version: Int, _ bench: Bench) async throws -> String? {
    let version = await bench.registry.versions(of: Sample.name())[version - 1]
    return await bench.bundles.bundle(version.bundle)?.key.hint
  }

  @Test func `the key that the platform was started with is the active one, in the ledger and in force`()
    async throws
  {
    let bench = try Bench()
    try await Self.withVersion(bench) { control in
      let keys = try await control.registry.sealKeys()
      #expect(keys.map(\.hint) == [bench.sealingKey.verificationKey.hint])
      #expect(keys.map(\.state) == [.active])
      #expect(bench.plane.applied.last?.sealKeys == [bench.sealingKey.verificationKey.pem])
      #expect(bench.plane.applied.last?.revocations == Revocations.none)
    }
    // Another start finds it there.
    let size = try await bench.entries().count
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      #expect(try await bench.entries().count == size)
    }
  }

  @Test(arguments: SealCurve.allCases)
  func `after a rotation the new key seals, and what the former sealed holds`(curve: SealCurve) async throws {
    let bench = try Bench()
    try await Self.withVersion(bench) { control in
      let key = try await control.rotateSealKey(to: .file(curve), by: Sample.actor)
      #expect(key.curve == curve.rawValue)
      #expect(try await control.registry.sealKeys().map(\.state) == [.trusted, .active])
      #expect(
        bench.plane.applied.last?.sealKeys == [key.pem, bench.sealingKey.verificationKey.pem])
      let outcome = try await Bench.push(Fixture.forest, to: control)
      #expect(outcome.status == .live)
      #expect(try await Self.sealer(of: 2, bench) == key.hint)
      #expect(try await Self.sealer(of: 1, bench) == bench.sealingKey.verificationKey.hint)
      // The first is served still, beside the live one.
      _ = try await control.setAlias(
        AliasName(parsing: "former"), of: Sample.name(), to: .first, by: Sample.actor)
    }
    // A new start finds its private key.
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      #expect(try await Bench.push(Fixture.tree, as: "wine", to: control).status == .live)
      let wine = try #require(try await control.registry.versions(of: Sample.name("wine")).first)
      let active = try #require(try await control.registry.sealKeys().last)
      #expect(await bench.bundles.bundle(wine.bundle)?.key.hint == active.hint)
    }
  }

  @Test func `an active key whose private one is lost seals nothing, and says which`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      let key = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      await bench.sealKeys.lose(key.hint)
      let problem = await Self.problem { _ = try await Bench.push(Fixture.tree, to: control) }
      #expect(problem?.code == "seal-key.missing")
      #expect(problem?.subject == key.hint)
    }
  }

  @Test func `an external signer's key takes over once, and seals`() async throws {
    let key = SealingKey(.p384)
    let bench = try Bench(signers: ["hsm": key])
    try await Self.withVersion(bench) { control in
      let added = try await control.rotateSealKey(to: .signer("hsm"), by: Sample.actor)
      #expect(added.hint == key.verificationKey.hint)
      _ = try await Bench.push(Fixture.forest, to: control)
      #expect(try await Self.sealer(of: 2, bench) == key.verificationKey.hint)
      let again = await Self.problem {
        _ = try await control.rotateSealKey(to: .signer("hsm"), by: Sample.actor)
      }
      #expect(again?.code == "seal-key.known")
      let other = await Self.problem {
        _ = try await control.rotateSealKey(to: .signer("other"), by: Sample.actor)
      }
      #expect(other?.code == "signer.unknown")
    }
  }

  @Test func `a revoked key withdraws what it sealed, and sealing again saves what is ours`() async throws {
    let bench = try Bench()
    let first = bench.sealingKey.verificationKey.hint
    try await Self.withVersion(bench) { control in
      let active = await Self.problem {
        _ = try await control.revokeSealKey(first, Self.reason, by: Sample.actor)
      }
      #expect(active?.code == "seal-key.active")
      let second = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      // The beginning of its hint is enough.
      let withdrawn = try await control.revokeSealKey(
        String(first.prefix(8)), Self.reason, by: Sample.actor)
      #expect(withdrawn.map(\.description) == ["iris@1"])
      let state = try #require(bench.plane.applied.last)
      #expect(state.sealKeys == [second.pem])
      #expect(state.revocations.keys.map(\.hint) == [first])
      #expect(state.revocations.keys.first?.reason == "the key was copied")
      // It is served no more, and nothing brings it back as it is.
      let alias = await Self.problem {
        _ = try await control.setAlias(
          AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: Sample.actor)
      }
      #expect(alias?.code == "seal.revoked-key")
      #expect(alias?.category == .refused)
      #expect(alias?.subject == "iris@1")
      #expect(alias?.message.contains(first.prefix(12)) == true)

      #expect(try await control.reseal(nil, by: Sample.actor).map(\.description) == ["iris@1"])
      #expect(try await Self.sealer(of: 1, bench) == second.hint)
      _ = try await control.setAlias(
        AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: Sample.actor)
      #expect(try await control.reseal(nil, by: Sample.actor).isEmpty)
      let entry = try #require(try await bench.entries().last { $0.act == .reseal && $0.phase == .begun })
      #expect(entry.details["from"] == .string(first))
    }
  }

  @Test func `what a thief sealed is not sealed again`() async throws {
    let bench = try Bench()
    try await Self.withVersion(bench) { control in
      let version = try #require(try await control.registry.versions(of: Sample.name()).first)
      let honest = try #require(await bench.bundles.bundle(version.bundle))
      // The same files under other names: the digest, which knows no names, is the same.
      let files = honest.contents.files.map { file in
        BundleFile(path: file.path == "gates.json" ? "gate.json" : file.path, bytes: file.bytes)
      }
      let forged = try UnsealedBundle(files: files).sealed(with: SealingKey(), name: "iris@1")
      #expect(forged.digest == version.bundle)
      _ = try await bench.bundles.publish(forged)
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      // A key that is not ours is left alone.
      #expect(try await control.reseal(nil, by: Sample.actor).isEmpty)
      _ = try await bench.bundles.publish(honest)
      #expect(try await control.reseal(nil, by: Sample.actor).count == 1)
    }
  }

  @Test func `a key is retired only once nothing that is served is by it`() async throws {
    let bench = try Bench()
    let first = bench.sealingKey.verificationKey.hint
    try await Self.withVersion(bench) { control in
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      let used = await Self.problem { try await control.retireSealKey(first, by: Sample.actor) }
      #expect(used?.code == "seal-key.in-use")
      #expect(used?.message.contains("iris@1") == true)
      _ = try await control.reseal(first, by: Sample.actor)
      try await control.retireSealKey(first, by: Sample.actor)
      #expect(bench.plane.applied.last?.sealKeys.count == 1)
      #expect(bench.plane.applied.last?.revocations == Revocations.none)
      // It may be trusted again, and it may be revoked.
      _ = try await control.trustSealKey(bench.sealingKey.verificationKey, by: Sample.actor)
      #expect(bench.plane.applied.last?.sealKeys.count == 2)
      #expect(try await control.revokeSealKey(first, Self.reason, by: Sample.actor).isEmpty)
      let again = await Self.problem {
        _ = try await control.trustSealKey(bench.sealingKey.verificationKey, by: Sample.actor)
      }
      #expect(again?.code == "seal-key.state")
    }
  }

  @Test func `keys are found by the beginning of their hints, and by nothing shorter than 8 digits`()
    async throws
  {
    let bench = try Bench()
    try await Self.withVersion(bench) { control in
      let hint = bench.sealingKey.verificationKey.hint
      for text in [String(hint.prefix(7)), "", "0000000000"] {
        let problem = await Self.problem { try await control.retireSealKey(text, by: Sample.actor) }
        #expect(problem?.code == "seal-key.unknown")
      }
    }
  }

  @Test func `a revoked version is withdrawn, refused everywhere, and comes back as another one alone`()
    async throws
  {
    let bench = try Bench()
    try await Self.withVersion(bench) { control in
      let reference = VersionReference(name: Sample.name(), version: .first)
      let revocation = try await control.revokeVersion(reference, Self.reason, by: Sample.actor)
      let state = try #require(bench.plane.applied.last)
      #expect(state.revocations.versions == [revocation])
      #expect(state.deployments.map(\.live.version) == [.first])
      let alias = await Self.problem {
        _ = try await control.setAlias(
          AliasName(parsing: "champion"), of: Sample.name(), to: .first, by: Sample.actor)
      }
      #expect(alias?.code == "bundle.revoked")
      #expect(alias?.exitCode == 3)
      // Once is enough.
      let size = try await bench.entries().count
      #expect(try await control.revokeVersion(reference, Self.reason, by: Sample.actor) == revocation)
      #expect(try await bench.entries().count == size)
      // The same bytes again are another version, which was looked at anew.
      let outcome = try await Bench.push(Fixture.tree, to: control)
      #expect(outcome.status == .live)
      #expect(outcome.version == .first.next)
      #expect(bench.plane.applied.last?.deployments.map(\.live.version) == [.first.next])
      #expect(try await control.reseal(nil, by: Sample.actor).isEmpty)
      let unknown = await Self.problem {
        _ = try await control.revokeVersion(
          VersionReference(name: Sample.name(), version: .first.next.next), Self.reason, by: Sample.actor)
      }
      #expect(unknown?.code == "version.unknown")
    }
  }

  @Test func `a data plane that does not answer changes nothing about a revocation`() async throws {
    // The states: the start, the version, its key, and then the revocation, which no process takes.
    let bench = try Bench(Bench.Faults(plane: FaultPlan([4: .notPersisted, 5: .notPersisted])))
    try await Self.withVersion(bench) { control in
      let reference = VersionReference(name: Sample.name(), version: .first)
      let problem = await Self.problem {
        _ = try await control.revokeVersion(reference, Self.reason, by: Sample.actor)
      }
      #expect(problem?.code == "fault.injected")
      let revoked = try await control.registry.revokedVersions()
      #expect(revoked.map(\.reference) == [reference])
      #expect(bench.plane.applied.last?.revocations == Revocations.none)
    }
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      #expect(bench.plane.applied.last?.revocations.versions.count == 1)
    }
  }

  @Test func `a list for images is signed by every key of ours, and reads back`() async throws {
    let bench = try Bench()
    let first = bench.sealingKey.verificationKey
    try await Self.withVersion(bench) { control in
      let second = try await control.rotateSealKey(to: .file(.p521), by: Sample.actor)
      _ = try await control.revokeSealKey(first.hint, Self.reason, by: Sample.actor)
      _ = try await control.trustSealKey(SealingKey().verificationKey, by: Sample.actor)
      let line = try await control.signRevocations(by: Sample.actor)
      // An image of before the rotation trusts the first key alone, and learns that it is revoked.
      for key in [first, try SealVerificationKey(pem: second.pem)] {
        let list = try RevocationList(parsing: line, trusting: [key])
        #expect(list.revocations.keys.map(\.hint) == [first.hint])
        #expect(list.number > 0)
      }
      let stranger = #expect(throws: Problem.self) {
        try RevocationList(parsing: line, trusting: [SealingKey().verificationKey])
      }
      #expect(stranger?.code == "revocations.untrusted")

      // A file may have the lines of several platforms: those of others are passed over.
      let other = SealingKey()
      let list = RevocationList(number: 1, issuedAt: Sample.moment(), revocations: .none)
      let theirs = list.line(signatures: [(other.verificationKey, try other.sign(list.message))])
      #expect(try RevocationList.read(theirs + line, trusting: [first]).keys.map(\.hint) == [first.hint])
      let nobodys = #expect(throws: Problem.self) { try RevocationList.read(theirs, trusting: [first]) }
      #expect(nobodys?.code == "revocations.untrusted")
    }
  }
}
