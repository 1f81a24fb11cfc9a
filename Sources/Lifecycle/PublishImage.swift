public import Domain
public import Packaging

/// Puts an image of a store into a repository of a registry: blobs first, of which none is sent that is there, then the
/// manifest that names them, then what says something about it.
///
/// Cut off anywhere, it leaves no name that leads to something incomplete, and done again it goes on where it was.
public struct PublishImage: Sendable {
  /// What is told on the way.
  public enum Event: Equatable, Sendable {
    /// A blob is in the repository.
    case blob(Descriptor, BlobDelivery)
    /// A manifest is in the repository, after all that it names.
    case manifest(Descriptor)
    /// A statement about a manifest is.
    case referrer(Descriptor)
  }

  private let blobs: any BlobStore
  private let registry: any RemoteRegistry
  private let mountable: String?

  /// Publishes from a store; `mountable` is another repository of the same registry that may have the blobs.
  public init(
    from blobs: any BlobStore, to registry: any RemoteRegistry, mounting mountable: String? = nil
  ) {
    self.blobs = blobs
    self.registry = registry
    self.mountable = mountable
  }

  /// Publishes the image with this manifest under a name, and those of `statements` that are about it, by their digests.
  ///
  /// Throws `blob.missing`, `blob.corrupt`, `image.name-digest` where the name is the digest of another,
  /// `image.too-deep`, `image.too-many-manifests`, what `ManifestDocument` throws, or what the registry says.
  public func callAsFunction(
    _ image: Descriptor, as name: ManifestReference, statements: [Descriptor] = [], follow: (Event) -> Void
  ) async throws(Problem) {
    if case .digest(let digest) = name, digest != image.digest {
      throw Problem(
        .badInput, "image.name-digest",
        "expected the digest of the image, \(image.digest.short), found \(digest.short) in the reference",
        hint: "name it by a tag")
    }
    var round = Round(blobs: blobs, registry: registry, mountable: mountable)
    try await round.publish(image, as: name, depth: 0, follow)
    var about: [(statement: RemoteManifest, subject: Digest)] = []
    for statement in statements.prefix(ImageBounds.manifests) where statement.digest != image.digest {
      let manifest = try RemoteManifest(
        try await blobs.read(statement.digest, limit: ManifestDocument.longest), as: statement.mediaType)
      if let subject = manifest.document.subject { about.append((manifest, subject)) }
    }
    // What is about the image, then what is about that.
    var subjects: Set<Digest> = round.published
    for _ in 0..<ImageBounds.depth {
      var next: Set<Digest> = []
      for (statement, subject) in about where subjects.contains(subject) && !round.isPublished(statement) {
        try await round.publish(
          statement.descriptor, as: .digest(statement.descriptor.digest), depth: 0, follow)
        follow(.referrer(statement.descriptor))
        next.insert(statement.descriptor.digest)
      }
      if next.isEmpty { break }
      subjects = next
    }
  }

  /// What is known of the repository while an image is published.
  private struct Round {
    let blobs: any BlobStore
    let registry: any RemoteRegistry
    let mountable: String?
    private(set) var published: Set<Digest> = []
    private var sent: Set<Digest> = []

    init(blobs: any BlobStore, registry: any RemoteRegistry, mountable: String?) {
      self.blobs = blobs
      self.registry = registry
      self.mountable = mountable
    }

    func isPublished(_ manifest: RemoteManifest) -> Bool { published.contains(manifest.descriptor.digest) }

    mutating func publish(
      _ descriptor: Descriptor, as name: ManifestReference, depth: Int, _ follow: (Event) -> Void
    ) async throws(Problem) {
      try ImageBounds.require(depth: depth, manifests: published.count)
      let manifest = try RemoteManifest(
        try await blobs.read(descriptor.digest, limit: ManifestDocument.longest), as: descriptor.mediaType)
      for child in manifest.document.manifests where !published.contains(child.digest) {
        try await publish(child, as: .digest(child.digest), depth: depth + 1, follow)
      }
      for blob in manifest.document.blobs where !sent.contains(blob.digest) {
        follow(.blob(blob, try await deliver(blob)))
        sent.insert(blob.digest)
      }
      // All that it names is there: a crash before this leaves blobs that nothing names.
      try await registry.put(manifest, as: name)
      published.insert(descriptor.digest)
      follow(.manifest(manifest.descriptor))
    }

    private func deliver(_ blob: Descriptor) async throws(Problem) -> BlobDelivery {
      if try await registry.contains(blob: blob) { return .present }
      // Before a byte goes out: what a failing disk made of it is no reason to blame the registry.
      try await blobs.verify(blob)
      return try await registry.send(blob, from: blobs, mounting: mountable)
    }
  }
}
