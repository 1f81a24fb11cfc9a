import Domain
import Lifecycle
import Provenance
import TestKit
import Testing

/// Keys of seals while a seal cannot be read, though it is there.
struct UnreadSealTests {
  @Test func `a key is not retired while it cannot be told what it sealed, and is revoked all the same`()
    async throws
  {
    let bench = try Bench()
    let first = bench.sealingKey.verificationKey.hint
    try await bench.run { control in
      _ = try await control.start()
      let bundle = try #require(try await Bench.push(Fixture.tree, to: control).digest)
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      let broken = Problem(.unavailable, "storage.io", "expected to read the file, found: input/output error")
      await bench.bundles.fail(bundle, with: broken)
      let problem = await #expect(throws: Problem.self) {
        try await control.retireSealKey(first, by: Sample.actor)
      }
      #expect(problem == broken)
      #expect(try await control.registry.sealKeys().first?.state == .trusted)
      let reason = try RevocationReason(parsing: "the key was copied")
      let told = await #expect(throws: Problem.self) {
        _ = try await control.revokeSealKey(first, reason, by: Sample.actor)
      }
      #expect(told?.code == "seal-key.revoked-untold")
      #expect(told?.category == broken.category)
      #expect(told?.cause == broken.code)
      #expect(try await control.registry.sealKeys().first?.state == .revoked)
      #expect(bench.plane.applied.last?.revocations.keys.map(\.hint) == [first])
      await bench.bundles.fail(bundle, with: nil)
      // One that is not there at all is by no key.
      await bench.bundles.lose(bundle)
      let active = try #require(try await control.registry.sealKeys().last).hint
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      try await control.retireSealKey(active, by: Sample.actor)
    }
  }
}
