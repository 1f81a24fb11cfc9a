import Domain
import Encoding
import Packaging
import Provenance

/// Repositories of images: what registries call `/v2/`, without the HTTP.
///
/// The store of blobs is that of pushed artifacts, too, and those are nobody's to pull: a blob is shown in a repository
/// where a manifest of it names it, or where it was uploaded or mounted and waits for its manifest.
public struct Repositories: Sendable {
  let registry: any RegistryReader
  let blobs: any BlobStore
  /// Blobs that come in, and those that wait for their manifest.
  public let uploads: BlobUploads
  let contents: ManifestContents
  let time: any TimeSource

  init(
    registry: any RegistryReader, blobs: any BlobStore, uploads: BlobUploads, time: any TimeSource
  ) {
    self.registry = registry
    self.blobs = blobs
    self.uploads = uploads
    self.time = time
    contents = ManifestContents(of: blobs)
  }

  /// Puts a manifest into a repository, and has a tag name it where one was given.
  ///
  /// Everything that it names has to be there and be shown in the repository, but for its subject, which may come later.
  /// A manifest that is there under that tag already is left as it is.
  ///
  /// Throws `manifest.digest-mismatch`, `manifest.incomplete`, `manifest.of-version`, and what `ManifestDocument` throws.
  func put(
    _ bytes: [UInt8], as mediaType: MediaType?, _ reference: ManifestReference, in repository: RepositoryName,
    recorder: Recorder
  ) async throws(Problem) -> StoredManifest {
    let document = try ManifestDocument(parsing: bytes, as: mediaType)
    let digest = Digest(of: bytes)
    if case .digest(let expected) = reference, expected != digest {
      throw Problem(
        .badInput, "manifest.digest-mismatch",
        "expected a manifest that hashes to \(expected), found one that hashes to \(digest.short)",
        subject: repository.description)
    }
    let present = try await registry.manifest(digest, of: repository)
    var tag: ImageTag?
    if case .tag(let name) = reference { tag = name }
    try await requireFree(tag, in: repository, for: digest)
    if let present, present.mediaType == document.mediaType, try await isTagged(digest, tag, in: repository) {
      // It may have lost its bytes, or have been found by nobody for long.
      _ = try await blobs.keep(bytes)
      return present
    }
    guard present == nil || present?.mediaType == document.mediaType else {
      throw Problem(
        .conflict, "manifest.other-type",
        "expected the type under which these bytes are in '\(repository)', found '\(document.mediaType.rawValue)'"
      )
    }
    try await requireContents(of: document, in: repository)
    let manifest =
      present
      ?? StoredManifest(
        repository: repository, digest: digest, mediaType: document.mediaType, size: bytes.count,
        subject: document.subject, artifactType: document.artifactType, pushedBy: recorder.principal,
        pushedAt: time.now())
    try await recorder.record(
      .publishManifest, of: reference.description(in: repository),
      details: ["digest": .string(digest.description), "type": .string(document.mediaType.rawValue)]
    ) { () async throws(Problem) in
      // Durable before anything names it. A crash between here and the commit leaves a blob that nothing names.
      _ = try await blobs.keep(bytes)
      var changes: [RegistryChange] = present == nil ? [.putManifest(manifest)] : []
      if let tag {
        changes.append(
          .setTag(RepositoryTag(repository: repository, tag: tag, manifest: digest, since: time.now())))
      }
      return .done((), changes: changes)
    }
    await uploads.settle(document.needs.map(\.digest), in: repository)
    return manifest
  }

  /// Makes sure that a tag is not that of a version's image, which nobody moves but who packs the version.
  private func requireFree(
    _ tag: ImageTag?, in repository: RepositoryName, for digest: Digest? = nil
  ) async throws(Problem) {
    guard let tag, let named = try await registry.tag(tag, of: repository)?.manifest, named != digest,
      let image = try await registry.image(named), RepositoryName(of: image.reference.name) == repository,
      image.reference.version.description == tag.text
    else { return }
    throw Problem(
      .conflict, "manifest.of-version",
      "expected a tag of one's own, found that '\(repository):\(tag.text)' is the image of \(image.reference)",
      subject: repository.description, hint: "take another tag")
  }

  private func isTagged(_ digest: Digest, _ tag: ImageTag?, in repository: RepositoryName)
    async throws(Problem) -> Bool
  {
    guard let tag else { return true }
    return try await registry.tag(tag, of: repository)?.manifest == digest
  }

  private func requireContents(
    of document: ManifestDocument, in repository: RepositoryName
  ) async throws(Problem) {
    for member in document.manifests {
      guard let found = try await registry.manifest(member.digest, of: repository) else {
        throw Self.incomplete("the manifest \(member.digest)", "none", repository)
      }
      try requireSize(found.size, of: member, repository)
    }
    for blob in document.blobs {
      guard try await isShown(blob.digest, in: repository),
        let status = try await blobs.status(of: blob.digest)
      else {
        throw Self.incomplete("the blob \(blob.digest)", "none", repository)
      }
      try requireSize(status.size, of: blob, repository)
    }
  }

  private func requireSize(_ size: Int, of named: Descriptor, _ repository: RepositoryName) throws(Problem) {
    guard size == named.size else {
      throw Self.incomplete("\(named.size) bytes of \(named.digest)", "\(size)", repository)
    }
  }

  private static func incomplete(_ expected: String, _ found: String, _ repository: RepositoryName) -> Problem
  {
    Problem(
      .badInput, "manifest.incomplete",
      "expected \(expected) in '\(repository)', which the manifest names, found \(found)",
      subject: repository.description, hint: "upload what a manifest names before the manifest")
  }

  /// Takes a manifest out of a repository, with every tag that names it.
  ///
  /// Its blobs stay until they are collected. Throws `manifest.unknown`, and `manifest.in-use` for a member of an index that
  /// is there.
  func remove(_ digest: Digest, of repository: RepositoryName, recorder: Recorder) async throws(Problem) {
    let manifests = try await registry.manifests(of: repository)
    guard manifests.contains(where: { $0.digest == digest }) else {
      throw Self.unknown(.digest(digest), repository)
    }
    let removed = manifests.first { $0.digest == digest }
    // Its subject: what the platform states of an image stays beside it.
    let stated = removed?.pushedBy == .platform ? removed?.subject : nil
    if let image = try await registry.image(stated ?? digest),
      RepositoryName(of: image.reference.name) == repository
    {
      throw Problem(
        .conflict, "manifest.of-version",
        "expected a manifest of one's own, found the image of \(image.reference)",
        subject: repository.description, hint: "versions are immutable; revoke one by 'gatehouse revoke'")
    }
    for index in manifests where [.index, .dockerList].contains(index.mediaType) {
      guard try await contents.needs(of: index).contains(digest) else { continue }
      throw Problem(
        .conflict, "manifest.in-use",
        "expected a manifest that no index names, found a member of \(index.digest.short)",
        subject: repository.description, hint: "remove the index first")
    }
    try await recorder.record(
      .removeManifest, of: ManifestReference.digest(digest).description(in: repository)
    ) { () async throws(Problem) in
      .done((), changes: [.removeManifest(digest, of: repository, at: time.now())])
    }
  }

  /// Takes a tag away; the manifest that it named stays.
  func remove(_ tag: ImageTag, of repository: RepositoryName, recorder: Recorder) async throws(Problem) {
    guard let named = try await registry.tag(tag, of: repository) else {
      throw Self.unknown(.tag(tag), repository)
    }
    try await requireFree(tag, in: repository)
    try await recorder.record(
      .removeTag, of: ManifestReference.tag(tag).description(in: repository),
      details: ["digest": .string(named.manifest.description)]
    ) { () async throws(Problem) in
      .done((), changes: [.removeTag(tag, of: repository, at: time.now())])
    }
  }

  static func unknown(_ reference: ManifestReference, _ repository: RepositoryName) -> Problem {
    Problem(
      .notFound, "manifest.unknown",
      "expected a manifest of '\(repository)', found none by '\(reference)'",
      hint: "list what is there with 'gatehouse registry list'")
  }
}
