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
  /// The platform's own manifests that do not read; what they may name stays.
  public var problems: [Problem] = []
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
    let needed = try await roots(without: Set(doomed.map(Place.init)))
    report.problems = needed.unread
    let present = try await blobs.digests()
    guard !wish.isDryRun else {
      for digest in present {
        guard try await !needs(needed, digest), let status = try await blobs.status(of: digest),
          status.cameAt < oldest
        else { continue }
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
      for digest in present {
        guard try await !needs(needed, digest),
          let size = try await blobs.remove(digest, cameBefore: oldest)
        else { continue }
        report.blobs += 1
        report.bytes += size
      }
      report.kept = present.count - report.blobs
      return .done(
        report,
        details: [
          "manifests": JSON(report.manifests), "blobs": JSON(report.blobs), "bytes": JSON(report.bytes),
          "kept": JSON(report.kept), "untagged": .bool(wish.untagged),
          "unreadable": JSON(report.problems.count),
        ])
    }
  }

  /// What has to stay.
  private struct Needed {
    /// All that is named.
    var digests: Set<Digest>
    /// What was to say what it names, and does not read.
    var unread: [Problem] = []
  }

  /// Whether a blob has to stay.
  ///
  /// Where one of the platform's own manifests does not read, that is whatever it may name. Such a manifest names a
  /// configuration, which is JSON, layers, which are packed with gzip, and signed statements, which are JSON: a blob that
  /// begins as neither is none of its, or no use to it any more. When blobs came says nothing, for one that comes again is as new.
  private func needs(_ needed: Needed, _ digest: Digest) async throws(Problem) -> Bool {
    if needed.digests.contains(digest) { return true }
    guard !needed.unread.isEmpty else { return false }
    let start: [UInt8]
    do throws(Problem) {
      guard let reader = try await blobs.open(digest) else { return false }
      start = try await reader.bytes(from: 0, count: 2)
    } catch {
      // What cannot be looked at may be anything.
      return true
    }
    return start.first == UInt8(ascii: "{") || start == [0x1F, 0x8B]
  }

  /// Which manifest of which repository.
  private struct Place: Hashable {
    let repository: RepositoryName
    let digest: Digest

    init(_ manifest: StoredManifest) { (repository, digest) = (manifest.repository, manifest.digest) }
  }

  /// All that has to stay: what was pushed, what manifests name, and what waits for a manifest.
  ///
  /// Throws where any of it does not read: what it names could not be told from what nothing names. Only of manifests that
  /// the platform itself has made is it known what that may be, see `needs`; and nobody could mend a collection that they
  /// stop: an image that was superseded is not packed again, and nobody may remove it.
  private func roots(without doomed: Set<Place>) async throws(Problem) -> Needed {
    var roots = await repositories.uploads.waitingBlobs()
    var artifacts = Set(try await registry.quarantined().map(\.artifact))
    for name in try await registry.modelNames() {
      for version in try await registry.versions(of: name) { artifacts.insert(version.artifact) }
    }
    // A verdict stays explainable for as long as it is named, and a bundle can be made again.
    roots.formUnion(try await registry.governedFiles())
    for artifact in artifacts {
      roots.insert(artifact)
      roots.formUnion(try await ArtifactList.files(of: artifact, in: blobs))
    }
    // Versions can be packed again, and their images held against that, whatever became of their repositories.
    var unread: [Digest: Problem] = [:]
    for image in try await registry.images() {
      roots.insert(image.manifest)
      do throws(Problem) {
        roots.formUnion(try await repositories.contents.needs(of: image.manifest, as: .manifest))
      } catch {
        unread[image.manifest] = Self.damage(of: image.manifest, "the image of \(image.reference)", error)
      }
    }
    for repository in try await registry.repositories() {
      for manifest in try await registry.manifests(of: repository) where !doomed.contains(Place(manifest)) {
        roots.insert(manifest.digest)
        if let needs = try await needs(of: manifest) {
          roots.formUnion(needs)
        } else if unread[manifest.digest] == nil {
          unread[manifest.digest] = Self.damage(
            of: manifest.digest, "a manifest of '\(repository)' by the platform itself", nil)
        }
      }
    }
    return Needed(digests: roots, unread: unread.sorted { $0.key < $1.key }.map(\.value))
  }

  /// What a manifest names; nil for one of the platform's own that does not read.
  private func needs(of manifest: StoredManifest) async throws(Problem) -> Set<Digest>? {
    do throws(Problem) { return try await repositories.contents.needs(of: manifest) } catch {
      if manifest.pushedBy == .platform, manifest.mediaType == .manifest { return nil }
      throw Problem(
        .integrity, "collect.unreadable",
        "expected to read what a manifest of '\(manifest.repository)' names, found that it does not read",
        subject: manifest.digest.description,
        hint: "run 'gatehouse audit verify', and push it again or remove it; nothing was collected",
        cause: error.code)
    }
  }

  private static func damage(of manifest: Digest, _ what: String, _ cause: Problem?) -> Problem {
    Problem(
      .integrity, "image.unreadable", "expected to read what \(what) names, found that it does not read",
      subject: manifest.description,
      hint: "restore blobs/sha256/ from a backup, or push the model again where it is its latest image;"
        + " until then what it may name stays",
      cause: cause?.code)
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
        // One of the platform's own that does not read is no index, and names no other manifest.
        open += try await needs(of: manifest)?.compactMap { byDigest[$0] } ?? []
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
