import Domain
import Packaging
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// An audit beside a platform that goes on.
struct AuditRaceTests {
  /// A store that lets something happen at a moment of an audit.
  private struct Interrupted: BlobStore {
    enum Moment {
      /// Before all blobs are listed, when the names are known.
      case listing
      /// After they were listed.
      case listed
    }

    let base: InMemoryBlobStore
    let moment: Moment
    let happen: @Sendable () async -> Void

    func digests() async -> [Digest] {
      if moment == .listing { await happen() }
      let all = await base.digests()
      if moment == .listed { await happen() }
      return all
    }

    func beginIngest() async -> any IngestSession { await base.beginIngest() }
    func contains(_ digest: Digest) async -> Bool { await base.contains(digest) }
    func read(_ digest: Digest, limit: Int) async throws(Problem) -> [UInt8] {
      try await base.read(digest, limit: limit)
    }
    func status(of digest: Digest) async -> BlobStatus? { await base.status(of: digest) }
    func open(_ digest: Digest) async -> (any BlobReader)? { await base.open(digest) }
    func renew(_ digest: Digest) async throws(Problem) -> Bool { try await base.renew(digest) }
    func remove(_ digest: Digest, cameBefore moment: Timestamp) async throws(Problem) -> Int? {
      try await base.remove(digest, cameBefore: moment)
    }
  }

  private static func audit(
    _ bench: Bench, _ moment: Interrupted.Moment, _ happen: @escaping @Sendable () async -> Void
  ) async -> [Problem] {
    await Audit(
      ledger: bench.registry, blobs: Interrupted(base: bench.blobs, moment: moment, happen: happen),
      bundles: bench.bundles, records: bench.records)(
        trusting: bench.ledgerKey.verificationKey, [bench.sealingKey.verificationKey]
      ).problems
  }

  @Test(arguments: [true, false])
  func `what is collected while an audit runs is not missing, and what is lost is`(isListing: Bool)
    async throws
  {
    let bench = try Bench()
    let repository = Sample.repository("iris")
    try await bench.run { control in
      let (gone, lost) = (SampleImage(1, layers: [1]), SampleImage(2, layers: [2]))
      for image in [gone, lost] {
        try await image.push("v\(image.digest.hexadecimal.prefix(8))", to: repository, control)
      }
      let problems = await Self.audit(bench, isListing ? .listing : .listed) {
        try? await control.removeManifest(.digest(gone.digest), of: repository, by: Sample.actor)
        _ = try? await CollectBlobsTests.collect(control)
        await bench.blobs.lose(lost.digest)
      }
      #expect(await bench.blobs.contains(gone.digest) == false)
      #expect(problems.map(\.code) == ["blob.missing"])
      #expect(problems.map(\.subject) == [lost.digest.description])
    }
  }
}
