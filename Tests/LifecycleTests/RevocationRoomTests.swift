import Domain
import Encoding
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// How much can be revoked, how many keys there can be, and that all of it is told.
struct RevocationRoomTests {
  private static func reason() throws -> RevocationReason {
    try RevocationReason(parsing: "the key was copied")
  }

  private static func version(_ number: Int) throws -> VersionReference {
    try VersionReference(parsing: "iris@\(number)")
  }

  @Test func `a version more than can be told of is refused, and its key is revoked all the same`()
    async throws
  {
    let bench = try Bench()
    let first = bench.sealingKey.verificationKey.hint
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.forest, to: control)
      var narrow = control.sealKeys
      narrow.limit = 1
      let (keys, reason) = (narrow, try Self.reason())
      let versions = [try Self.version(1), try Self.version(2)]
      _ = try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
        try await keys.revoke(versions[0], reason, recorder: recorder)
      }
      let size = try await bench.entries().count
      let problem = await #expect(throws: Problem.self) {
        try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
          _ = try await keys.revoke(versions[1], reason, recorder: recorder)
        }
      }
      #expect(problem?.code == "revocations.full")
      #expect(
        problem?.message
          == "expected at most 1 keys of seals and 1 revoked versions, found one more")
      #expect(problem?.hint?.contains("gatehouse seal-keys revoke") == true)
      #expect(try await bench.entries().count == size)
      #expect(bench.plane.applied.last?.revocations.versions.map(\.reference) == [versions[0]])
      // The same again is no more.
      _ = try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
        try await keys.revoke(versions[0], reason, recorder: recorder)
      }
      let further = await #expect(throws: Problem.self) {
        try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
          _ = try await keys.trust(SealingKey().verificationKey, recorder: recorder)
        }
      }
      #expect(further?.code == "revocations.full")
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      let withdrawn = try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
        try await keys.revoke(first, reason, recorder: recorder)
      }
      #expect(withdrawn == [versions[1]])
      #expect(bench.plane.applied.last?.revocations.keys.map(\.hint) == [first])
    }
  }

  @Test func `no more keys are trusted than an image and its entry have room for`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      var hint = ""
      for _ in 1..<64 {
        hint = try await control.trustSealKey(SealingKey(.p521).verificationKey, by: Sample.actor).hint
      }
      for _ in 0..<2 {
        let problem = await #expect(throws: Problem.self) {
          _ = try await control.trustSealKey(SealingKey().verificationKey, by: Sample.actor)
        }
        #expect(problem?.code == "seal-key.too-many")
        let rotated = await #expect(throws: Problem.self) {
          _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
        }
        #expect(rotated?.code == "seal-key.too-many")
      }
      // All of them go into the image, and into the entry that it is packed again by.
      let outcome = try await Bench.push(Fixture.tree, to: control)
      let image = try #require(try await control.registry.images().last)
      #expect(image.manifest == outcome.image)
      #expect(image.trusted.count == 64)
      try await control.retireSealKey(hint, by: Sample.actor)
      _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
      #expect(await bench.audit().problems == [])
    }
  }

  @Test func `a list is signed by more keys than a line has room for, each over all of it`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await control.revokeVersion(Self.version(1), Self.reason(), by: Sample.actor)
      var hints = [bench.sealingKey.verificationKey.hint]
      while hints.count < 70 {
        let last = try #require(hints.last)
        hints.append(try await control.rotateSealKey(to: .file(.p256), by: Sample.actor).hint)
        if hints.count > 2 { try await control.retireSealKey(last, by: Sample.actor) }
      }
      let list = try await control.signRevocations(by: Sample.actor)
      #expect(list.count { $0 == UInt8(ascii: "\n") } == 2)
      let told = try await control.registry.revocations()
      for key in try await control.registry.sealKeys() {
        let trusted = [try SealVerificationKey(pem: key.pem)]
        #expect(try RevocationList.read(list, trusting: trusted) == told)
      }
      #expect(list.count <= RevocationList.fileSize(of: told, signedBy: 70))
    }
  }
}
