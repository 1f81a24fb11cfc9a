public import Domain
import Encoding
import Packaging
import Provenance

/// What is to be collected.
public struct CollectionWish: Sendable {
  /// The shortest grace: what was uploaded while it is looked around has to have a name first.
  public static let shortestGrace: Duration = .seconds(60)

  /// Whether manifests go that no tag names, nothing tagged needs and nothing kept is the subject of.
  public var untagged: Bool
  /// Whether it is only said what would go.
  public var isDryRun: Bool
  /// How long a blob or a manifest is left that nothing needs.
  public let grace: Duration
  /// What is needed beside all that the registry names.
  public var keeping: Set<Digest> = []

  /// Asks for what nothing needs and has been there for longer than a grace, at least a minute.
  public init(untagged: Bool = false, isDryRun: Bool = false, grace: Duration = .seconds(86_400))
    throws(Problem)
  {
    guard grace >= Self.shortestGrace, grace <= .seconds(10 * 365 * 86_400) else {
      throw Problem(
        .badInput, "collect.grace", "expected a grace from a minute to ten years, found another",
        hint: "what is being uploaded must not be taken for what nobody needs")
    }
    self.untagged = untagged
    self.isDryRun = isDryRun
    self.grace = grace
  }
}

/// What was collected.
public struct CollectionReport: Equatable, Sendable {
  /// How many manifests were removed.
  public var manifests = 0
  /// How many blobs were removed.
  public var blobs = 0
  /// How many bytes those had.
  public var bytes = 0
  /// How many blobs stay.
  public var kept = 0
}

/// Removes the blobs that nothing needs.
///
/// Runs as one act, so that no manifest is put and no model pushed meanwhile; uploads go on, and what comes by them is
/// younger than the grace. May be cut off anywhere: manifests go before their bytes, a blob that is left is found the next
/// time, and none is removed that something needs.
struct CollectBlobs: Sendable {
  /// How many manifests go with one entry of the ledger: as many as it has room for.
  private static let batch = 64

  let registry: any RegistryReader
  let blobs: any BlobStore
  let repositories: Repositories
  let time: any TimeSource

  func callAsFunction(_ wish: CollectionWish, recorder: Recorder) async throws(Problem) -> CollectionReport {
    // Before anything is looked at: what comes from here on is younger.
    let moment = time.now().milliseconds - Int64(wish.grace / .milliseconds(1))
    let oldest = Timestamp(milliseconds: moment)
    var report = CollectionReport()
    let doomed = wish.untagged ? try await untagged(before: oldest) : []
    report.manifests = doomed.count
    let needed = try await roots(without: Set(doomed.map(Place.init))).union(wish.keeping)
    let present = try await blobs.digests()
    guard !wish.isDryRun else {
      for digest in present where !needed.contains(digest) {
        guard let status = try await blobs.status(of: digest), status.cameAt < oldest else { continue }
        report.blobs += 1
        report.bytes += status.size
      }
      report.kept = present.count - report.blobs
      return report
    }
    try await remove(doomed, recorder)
    let total = report
    return try await recorder.record(.collect, of: "blobs") { () async throws(Problem) in
      var report = total
      for digest in present where !needed.contains(digest) {
        guard let size = try await blobs.remove(digest, cameBefore: oldest) else { continue }
        report.blobs += 1
        report.bytes += size
      }
      report.kept = present.count - report.blobs
      return .done(
        report,
        details: [
          "manifests": JSON(report.manifests), "blobs": JSON(report.blobs), "bytes": JSON(report.bytes),
          "kept": JSON(report.kept), "untagged": .bool(wish.untagged),
        ])
    }
  }

  /// Which manifest of which repository.
  private struct Place: Hashable {
    let repository: RepositoryName
    let digest: Digest

    init(_ manifest: StoredManifest) { (repository, digest) = (manifest.repository, manifest.digest) }
  }

  /// All that has to stay: what was pushed, what manifests name, and what waits for a manifest.
  ///
  /// Throws where any of it does not read: what it names could not be told from what nothing names.
  private func roots(without doomed: Set<Place>) async throws(Problem) -> Set<Digest> {
    var roots = await repositories.uploads.waitingBlobs()
    var artifacts = Set(try await registry.quarantined().map(\.artifact))
    for name in try await registry.modelNames() {
      for version in try await registry.versions(of: name) { artifacts.insert(version.artifact) }
    }
    for artifact in artifacts {
      roots.insert(artifact)
      roots.formUnion(try await ArtifactList.files(of: artifact, in: blobs))
    }
    // Versions can be packed again, and their images held against that, whatever became of their repositories.
    for image in try await registry.images() {
      roots.insert(image.manifest)
      guard try await blobs.contains(image.manifest) else { continue }
      roots.formUnion(try await needs(of: image))
    }
    for repository in try await registry.repositories() {
      for manifest in try await registry.manifests(of: repository) where !doomed.contains(Place(manifest)) {
        roots.insert(manifest.digest)
        roots.formUnion(try await needs(of: manifest))
      }
    }
    return roots
  }

  private func needs(of image: VersionImage) async throws(Problem) -> Set<Digest> {
    try await needs(
      of: image.manifest, as: .manifest, "the image of \(image.reference)", "push the model again")
  }

  private func needs(of manifest: StoredManifest) async throws(Problem) -> Set<Digest> {
    try await needs(
      of: manifest.digest, as: manifest.mediaType, "a manifest of '\(manifest.repository)'",
      "push it again or remove it")
  }

  private func needs(
    of digest: Digest, as type: MediaType, _ what: String, _ remedy: String
  ) async throws(Problem) -> Set<Digest> {
    do { return try await repositories.contents.needs(of: digest, as: type) } catch {
      throw Problem(
        .integrity, "collect.unreadable",
        "expected to read what \(what) names, found that it does not read", subject: digest.description,
        hint: "run 'gatehouse audit verify', and \(remedy); nothing was collected", cause: error.code)
    }
  }

  /// The manifests that no tag names, that nothing needs that stays, and that say nothing about what stays.
  private func untagged(before oldest: Timestamp) async throws(Problem) -> [StoredManifest] {
    var doomed: [StoredManifest] = []
    for repository in try await registry.repositories() {
      let manifests = try await registry.manifests(of: repository)
      let tagged = Set(try await registry.tags(of: repository, after: nil, count: .max).map(\.manifest))
      let byDigest = Dictionary(manifests.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
      let bySubject = Dictionary(grouping: manifests.filter { $0.subject != nil }) { $0.subject }
      var kept: Set<Digest> = []
      // Each manifest is looked at once, however they refer to each other.
      // The images of versions stay, superseded ones too: what they were can be proved then.
      let images = Set(
        try await registry.images().filter { RepositoryName(of: $0.reference.name) == repository }.map(
          \.manifest))
      var open = manifests.filter {
        tagged.contains($0.digest) || images.contains($0.digest) || $0.pushedAt >= oldest
      }
      while let manifest = open.popLast() {
        guard kept.insert(manifest.digest).inserted else { continue }
        open += try await needs(of: manifest).compactMap { byDigest[$0] }
        open += bySubject[manifest.digest] ?? []
      }
      doomed += manifests.filter { !kept.contains($0.digest) }
    }
    return doomed
  }

  /// Rows before bytes: what a crash leaves behind are bytes that nothing names.
  private func remove(_ doomed: [StoredManifest], _ recorder: Recorder) async throws(Problem) {
    for start in stride(from: 0, to: doomed.count, by: Self.batch) {
      let batch = doomed[start..<min(start + Self.batch, doomed.count)]
      try await recorder.record(.removeManifest, of: "untagged", details: ["count": JSON(batch.count)]) {
        () async throws(Problem) in
        .done((), changes: batch.map { .removeManifest($0.digest, of: $0.repository, at: time.now()) })
      }
    }
  }
}
