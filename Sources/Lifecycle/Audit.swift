public import Domain
public import Provenance

/// What an audit looked at and what it found wrong.
public struct AuditReport: Sendable {
  /// How many ledger entries were checked.
  public var entries = 0
  /// How many blobs were hashed again.
  public var blobs = 0
  /// How many bundles had their seal and every file verified.
  public var bundles = 0
  /// The checkpoint that the entries lead to.
  public var checkpoint: Checkpoint?
  /// Everything that is not as it must be; empty when all is well.
  public var problems: [Problem]

  /// A report that has looked at nothing yet.
  public init(problems: [Problem] = []) {
    self.problems = problems
  }
}

/// Checks all that is stored against its digests, seals and the ledger.
///
/// Reads only; trusts only the keys.
public struct Audit: Sendable {
  private let ledger: any RegistryReader & LedgerReader
  private let blobs: any BlobStore
  private let bundles: any BundleStore

  /// Looks at these stores.
  public init(
    ledger: any RegistryReader & LedgerReader, blobs: any BlobStore, bundles: any BundleStore
  ) {
    self.ledger = ledger
    self.blobs = blobs
    self.bundles = bundles
  }

  /// Checks the ledger, then every blob, then every bundle; goes on after a problem, so that one run tells
  /// all that is wrong.
  public func callAsFunction(
    trusting checkpointKey: CheckpointVerificationKey, _ sealKeys: [SealVerificationKey],
    blobLimit: Int
  ) async -> AuditReport {
    var report = AuditReport()
    report.problems = await ledger.audit(trusting: checkpointKey)
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      report.checkpoint = try await ledger.checkpoint()
      report.entries = report.checkpoint?.size ?? 0
    }
    await checkBlobs(&report, limit: blobLimit)
    await checkBundles(&report, trusting: sealKeys)
    return report
  }

  private func checkBlobs(_ report: inout AuditReport, limit: Int) async {
    // The names first: what is pushed meanwhile has its bytes before it has a name.
    var named: Set<Digest> = []
    var stored: Set<Digest> = []
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      named = Set(try await ledger.quarantined().map(\.artifact))
      for version in try await versions() { named.insert(version.artifact) }
    }
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      for digest in try await blobs.digests() {
        stored.insert(digest)
        await check(&report) { (report: inout AuditReport) async throws(Problem) in
          _ = try await blobs.read(digest, limit: limit)
          report.blobs += 1
        }
      }
    }
    for digest in named.subtracting(stored).sorted() {
      report.problems.append(
        Problem(
          .integrity, "blob.missing",
          "expected the bytes of an artifact that the registry names, found none",
          subject: digest.description,
          hint: "restore blobs/sha256/ from a backup, or push the artifact again"))
    }
  }

  private func checkBundles(_ report: inout AuditReport, trusting keys: [SealVerificationKey]) async {
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      var named = Set(try await bundles.digests())
      for version in try await versions() { named.insert(version.bundle) }
      for digest in named.sorted() {
        await check(&report) { (report: inout AuditReport) async throws(Problem) in
          try await bundles.verify(digest, trusting: keys)
          report.bundles += 1
        }
      }
    }
  }

  private func versions() async throws(Problem) -> [ModelVersion] {
    var all: [ModelVersion] = []
    for name in try await ledger.modelNames() { all += try await ledger.versions(of: name) }
    return all
  }

  private func check(
    _ report: inout AuditReport, _ step: (inout AuditReport) async throws(Problem) -> Void
  ) async {
    do throws(Problem) {
      try await step(&report)
    } catch {
      report.problems.append(error)
    }
  }
}
