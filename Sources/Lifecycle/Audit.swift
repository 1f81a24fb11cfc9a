public import Domain
import Packaging
public import Provenance

/// What an audit looked at and what it found wrong.
public struct AuditReport: Sendable {
  /// How many ledger entries were checked.
  public var entries = 0
  /// How many blobs were hashed again.
  public var blobs = 0
  /// How many bundles had their seal and every file verified.
  public var bundles = 0
  /// How many images had every blob of theirs found.
  public var images = 0
  /// How many segments of access records were read and held against their roots.
  public var segments = 0
  /// How many access records those have.
  public var records = 0
  /// How many cosignatures of witnesses the ledger holds to.
  public var cosignatures = 0
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
  private let records: any RecordReader

  /// Looks at these stores.
  public init(
    ledger: any RegistryReader & LedgerReader, blobs: any BlobStore, bundles: any BundleStore,
    records: any RecordReader
  ) {
    self.ledger = ledger
    self.blobs = blobs
    self.bundles = bundles
    self.records = records
  }

  /// Checks the ledger, then every blob, every bundle, every image and every segment of access records; goes on after a problem, so that one run tells
  /// all that is wrong.
  public func callAsFunction(
    trusting checkpointKey: CheckpointVerificationKey, _ sealKeys: [SealVerificationKey]
  ) async -> AuditReport {
    var report = AuditReport()
    report.problems = await ledger.audit(trusting: checkpointKey)
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      report.checkpoint = try await ledger.checkpoint()
      report.entries = report.checkpoint?.size ?? 0
    }
    await checkBlobs(&report)
    await checkBundles(&report, trusting: sealKeys)
    await checkImages(&report)
    await checkSegments(&report)
    await checkDamagedSegments(&report)
    return report
  }

  private func checkBlobs(_ report: inout AuditReport) async {
    // The names first: what is pushed meanwhile has its bytes before it has a name.
    let named = await namedBlobs(&report)
    var stored: Set<Digest> = []
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      for digest in try await blobs.digests() {
        stored.insert(digest)
        await check(&report) { (report: inout AuditReport) async throws(Problem) in
          do throws(Problem) { try await blobs.verify(digest) } catch  where error.isMissingBlob {
            stored.remove(digest)
            return
          }
          report.blobs += 1
        }
      }
    }
    let missing = named.subtracting(stored)
    guard !missing.isEmpty else { return }
    // What is removed meanwhile loses its name before its bytes: only what has its name still, after its bytes were looked
    // for, is missing. What gets its name meanwhile has its bytes by now.
    var again = AuditReport()
    let namedStill = await namedBlobs(&again)
    for digest in missing.intersection(namedStill).sorted() {
      await check(&report) { (report: inout AuditReport) async throws(Problem) in
        guard try await !blobs.contains(digest) else { return }
        report.problems.append(
          Problem(
            .integrity, "blob.missing",
            "expected bytes that the registry names, found none",
            subject: digest.description,
            hint: "restore blobs/sha256/ from a backup, or push the artifact or the image again"))
      }
    }
  }

  /// What the registry names: artifacts, manifests, and all that those name.
  private func namedBlobs(_ report: inout AuditReport) async -> Set<Digest> {
    var named: Set<Digest> = []
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      named = Set(try await ledger.quarantined().map(\.artifact))
      for version in try await versions() { named.insert(version.artifact) }
      named.formUnion(try await ledger.governedFiles())
    }
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      for repository in try await ledger.repositories() {
        for manifest in try await ledger.manifests(of: repository) {
          named.insert(manifest.digest)
          await check(&report) { (_: inout AuditReport) async throws(Problem) in
            named.formUnion(try await needs(of: manifest))
          }
        }
      }
    }
    return named
  }

  /// What a manifest names, whose bytes have to say what its row says; nothing where they are not there, which is told of as
  /// of every blob.
  private func needs(of manifest: StoredManifest) async throws(Problem) -> [Digest] {
    let bytes: [UInt8]
    do throws(Problem) {
      bytes = try await blobs.read(manifest.digest, limit: ManifestDocument.longest)
    } catch  where error.isMissingBlob {
      return []
    }
    let document = try ManifestDocument(parsing: bytes, as: manifest.mediaType)
    guard bytes.count == manifest.size, document.subject == manifest.subject,
      document.artifactType == manifest.artifactType
    else {
      throw Problem(
        .integrity, "registry.manifest-changed",
        "expected the manifest as '\(manifest.repository)' has it, found that its bytes say something else",
        subject: manifest.digest.description)
    }
    return document.needs.map(\.digest)
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

  /// That all blobs of each image are there; that they are what they are called, `checkBlobs` has found out.
  private func checkImages(_ report: inout AuditReport) async {
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      for image in try await ledger.images() {
        await check(&report) { (report: inout AuditReport) async throws(Problem) in
          let documents = try await ImageDocuments(of: image.manifest, in: blobs)
          for (blob, _) in documents.layers where try await !blobs.contains(blob.digest) {
            throw Problem(
              .integrity, "image.incomplete", "expected the layer \(blob.digest.short), found none",
              subject: "\(image.reference), image \(image.manifest.short)",
              hint: "push the same artifact again, which packs it again")
          }
          report.images += 1
        }
      }
    }
  }

  /// One segment in memory at a time.
  private func checkSegments(_ report: inout AuditReport) async {
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      var last: SegmentName?
      while true {
        let page = try await ledger.segments(after: last, count: 1000)
        for segment in page {
          await check(&report) { (report: inout AuditReport) async throws(Problem) in
            try await check(segment)
            report.segments += 1
            report.records += segment.records
          }
        }
        guard let next = page.last?.name else { return }
        last = next
      }
    }
  }

  private func check(_ segment: KeptSegment) async throws(Problem) {
    guard let bytes = try await records.kept(segment) else { throw segment.missing }
    let found: KeptSegment
    do throws(Problem) {
      found = try KeptSegment(
        RecordSegment(parsing: bytes, isClosed: true), as: segment.name, at: segment.keptAt)
    } catch {
      var problem = error
      problem.subject = segment.name.description
      throw problem
    }
    guard found == segment else {
      throw Problem(
        .integrity, "records.changed",
        "expected \(segment.lines) lines under the root \(segment.root.short) as the ledger has it, found"
          + " \(found.lines) under \(found.root.short)",
        subject: segment.name.description, hint: "restore records/ from a backup")
    }
  }

  private func checkDamagedSegments(_ report: inout AuditReport) async {
    await check(&report) { (report: inout AuditReport) async throws(Problem) in
      for damaged in try await ledger.damagedSegments() {
        await check(&report) { (_: inout AuditReport) async throws(Problem) in try await check(damaged) }
      }
    }
  }

  /// A segment that was set aside is evidence: it must stay as it was found.
  private func check(_ damaged: DamagedSegment) async throws(Problem) {
    var digest = try await records.digest(of: damaged)
    if digest == nil {
      // It has its row before it has its place.
      let spooled = try await records.spooled().first { $0.name == damaged.name }
      if let spooled { digest = try? await records.measure(spooled).digest }
      if digest != damaged.digest { digest = try await records.digest(of: damaged) }
    }
    guard let digest else {
      throw Problem(
        .integrity, "records.missing", "expected the damaged segment that was set aside, found no file",
        subject: damaged.name.description, hint: "restore records/corrupt/ from a backup")
    }
    guard digest == damaged.digest else {
      throw Problem(
        .integrity, "records.changed",
        "expected the damaged segment as it was set aside, \(damaged.digest.short), found \(digest.short)",
        subject: damaged.name.description, hint: "restore records/corrupt/ from a backup")
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

extension Problem {
  /// Whether it says that there is no such blob.
  fileprivate var isMissingBlob: Bool { code == "blob.missing" }
}
