public import Domain
import Encoding
public import Packaging

// What repositories show.

/// A repository, and what its tags name.
public struct RepositorySummary: Sendable {
  /// Its name.
  public let name: RepositoryName
  /// All that is in it, by digest.
  public let manifests: [StoredManifest]
  /// Its tags, in their order.
  public let tags: [RepositoryTag]
  /// How many bytes its manifests and all that they name have, each counted once.
  public let bytes: Int
  /// How many bytes each manifest has with all that it names itself.
  public let sizes: [Digest: Int]
}

extension Repositories {
  /// The manifest that a tag or a digest picks; throws `manifest.unknown`.
  public func manifest(_ reference: ManifestReference, of repository: RepositoryName) async throws(Problem)
    -> StoredManifest
  {
    var digest: Digest?
    switch reference {
    case .digest(let named): digest = named
    case .tag(let tag): digest = try await registry.tag(tag, of: repository)?.manifest
    }
    guard let digest, let manifest = try await registry.manifest(digest, of: repository) else {
      throw Self.unknown(reference, repository)
    }
    return manifest
  }

  /// The bytes of a manifest, hashed again on the way.
  public func bytes(of manifest: StoredManifest) async throws(Problem) -> [UInt8] {
    try await blobs.read(manifest.digest, limit: ManifestDocument.longest)
  }

  /// At most `count` repositories, sorted, those after `last` alone.
  public func names(after last: String?, count: Int) async throws(Problem) -> [RepositoryName] {
    let all = try await registry.repositories()
    return Array(all.filter { each in last.map { $0 < each.description } ?? true }.prefix(max(0, count)))
  }

  /// At most `count` tags of a repository in their order, those after `last` alone.
  ///
  /// Throws `repository.unknown` where it has no manifest.
  public func tags(of repository: RepositoryName, after last: ImageTag?, count: Int) async throws(Problem)
    -> [ImageTag]
  {
    let tags = try await registry.tags(of: repository, after: last, count: count)
    if tags.isEmpty, try await !registry.repositories().contains(repository) {
      throw Problem(
        .notFound, "repository.unknown", "expected a repository with an image in it, found '\(repository)'",
        hint: "list those there are with 'gatehouse registry list'")
    }
    return tags.map(\.tag)
  }

  /// At most `count` referrers of a manifest, which need not be there, each with its annotations and kind.
  ///
  /// By digest, those after `last` alone, and of one kind where one is named. No more are read once their descriptors have
  /// `bytes`, and one more than fits is among them. One whose bytes do not read is told without annotations.
  public func referrers(
    of subject: Digest, in repository: RepositoryName, kind: String?, after last: Digest?, count: Int,
    bytes limit: Int
  ) async throws(Problem) -> [(descriptor: Descriptor, kind: String?)] {
    let all = try await registry.referrers(of: subject, in: repository).filter { referrer in
      (kind == nil || referrer.artifactType == kind) && (last.map { $0 < referrer.digest } ?? true)
    }
    var referrers: [(Descriptor, String?)] = []
    var size = 0
    for manifest in all.prefix(max(0, count)) {
      if size > limit { break }
      var descriptor = manifest.descriptor
      if let bytes = try? await bytes(of: manifest),
        let document = try? ManifestDocument(parsing: bytes, as: manifest.mediaType)
      {
        descriptor.annotations = document.annotations
      }
      size += descriptor.json.canonicalBytes.count
      referrers.append((descriptor, manifest.artifactType))
    }
    return referrers
  }

  /// Whether a repository shows a blob.
  func isShown(_ digest: Digest, in repository: RepositoryName) async throws(Problem) -> Bool {
    if await uploads.isWaiting(digest, in: repository) { return true }
    return try await contents.isNamed(digest, in: repository, by: registry)
  }

  /// Opens a blob that a repository shows; throws `blob.unknown`.
  public func open(_ digest: Digest, in repository: RepositoryName) async throws(Problem) -> any BlobReader {
    guard try await isShown(digest, in: repository), let reader = try await blobs.open(digest) else {
      throw Self.unknownBlob(digest, repository)
    }
    return reader
  }

  /// How large a blob is that a repository shows; throws `blob.unknown`.
  ///
  /// Whoever hears that it is there does not send it: it is not collected before there was time to name it.
  public func size(of digest: Digest, in repository: RepositoryName) async throws(Problem) -> Int {
    guard try await isShown(digest, in: repository), try await blobs.renew(digest),
      let status = try await blobs.status(of: digest)
    else { throw Self.unknownBlob(digest, repository) }
    return status.size
  }

  /// Shows a blob of one repository in another until a manifest names it there; false where the one does not show it.
  public func mount(
    _ digest: Digest, from source: RepositoryName, in repository: RepositoryName
  ) async throws(Problem) -> Bool {
    guard try await isShown(digest, in: source), try await blobs.renew(digest) else { return false }
    await uploads.keepWaiting(digest, in: repository)
    return true
  }

  /// Has a repository show a blob no more that waits for its manifest.
  ///
  /// Throws `blob.in-use` for one that a manifest names, and `blob.unknown`.
  public func forget(_ digest: Digest, in repository: RepositoryName) async throws(Problem) {
    guard try await isShown(digest, in: repository) else { throw Self.unknownBlob(digest, repository) }
    guard try await !contents.isNamed(digest, in: repository, by: registry) else {
      throw Problem(
        .conflict, "blob.in-use",
        "expected a blob that no manifest of '\(repository)' names, found \(digest.short), which one does",
        hint: "remove the manifest; what nothing names is removed by 'gatehouse registry collect'")
    }
    await uploads.settle([digest], in: repository)
  }

  /// All repositories, with what is in them.
  public func summaries() async throws(Problem) -> [RepositorySummary] {
    var summaries: [RepositorySummary] = []
    for name in try await registry.repositories() {
      let manifests = try await registry.manifests(of: name)
      var known: [Digest: Int] = [:]
      var sizes: [Digest: Int] = [:]
      for manifest in manifests {
        var size = 0
        for digest in ((try? await contents.needs(of: manifest)) ?? []).union([manifest.digest]) {
          if known[digest] == nil { known[digest] = try await blobs.status(of: digest)?.size ?? 0 }
          size += known[digest] ?? 0
        }
        sizes[manifest.digest] = size
      }
      summaries.append(
        RepositorySummary(
          name: name, manifests: manifests, tags: try await registry.tags(of: name, after: nil, count: .max),
          bytes: known.values.reduce(0, +), sizes: sizes))
    }
    return summaries
  }

  private static func unknownBlob(_ digest: Digest, _ repository: RepositoryName) -> Problem {
    Problem(
      .notFound, "blob.unknown", "expected a blob of '\(repository)', found none with digest \(digest.short)")
  }
}
