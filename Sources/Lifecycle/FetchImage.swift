public import Domain
public import Packaging
import Provenance

/// Brings an image of a registry into a store: blobs first, of which none is fetched that is there, then the manifest,
/// then what says something about it.
///
/// Cut off anywhere, it leaves whole blobs that nothing names, and done again it goes on where it was.
public struct FetchImage: Sendable {
  /// What is told on the way.
  public enum Event: Equatable, Sendable {
    /// A blob is in the store; whether it was there before.
    case blob(Descriptor, wasThere: Bool)
    /// A manifest is in the store, after all that it names.
    case manifest(Descriptor)
    /// A list of referrers names one that the repository has no more.
    case missing(Descriptor)
  }

  /// An image that is in a store whole.
  public struct Fetched: Equatable, Sendable {
    /// Its manifest, or the index of its manifests.
    public let image: Descriptor
    /// What says something about it, each in the store as well.
    public let referrers: [Referrer]
  }

  /// How many blobs or manifests one manifest may name: more than any image has.
  private static let descriptorLimit = 1000

  private let registry: any RemoteRegistry
  private let blobs: any BlobStore
  private let limit: Int

  /// Fetches into a store, of one image at most `limit` bytes.
  public init(
    from registry: any RemoteRegistry, into blobs: any BlobStore, limit: Int = 32 << 30
  ) {
    self.registry = registry
    self.blobs = blobs
    self.limit = limit
  }

  /// Fetches the image of a name, and what says something about it.
  ///
  /// Throws `registry.not-found` where there is none, `image.too-large`, `image.too-deep`, `image.too-many-manifests`,
  /// `image.too-many-blobs`, `image.too-many-referrers`, what the registry says, or what the store says.
  public func callAsFunction(_ name: ManifestReference, follow: (Event) -> Void) async throws(Problem)
    -> Fetched
  {
    var round = Round(registry: registry, blobs: blobs, left: limit, limit: limit)
    let image = try await round.fetch(name, depth: 0, follow)
    var referrers: [Referrer] = []
    // What is about the image, then what is about that.
    var subjects = [image.digest]
    var listed: Set<Digest> = []
    // Those that lists name a second time as well: each list costs pages.
    var named = 0
    for _ in 0..<ImageBounds.depth {
      var next: [Digest] = []
      for subject in subjects {
        let list = try await registry.referrers(of: subject)
        named += list.count
        guard named <= 10 * ImageBounds.referrers else { throw tooManyReferrers }
        for referrer in list
        where !round.fetched.contains(referrer.manifest.digest)
          && listed.insert(referrer.manifest.digest).inserted
        {
          guard listed.count <= ImageBounds.referrers else { throw tooManyReferrers }
          // An index under a tag, where the registry keeps no list, is as old as it is.
          guard try await registry.contains(manifest: referrer.manifest.digest) else {
            follow(.missing(referrer.manifest))
            continue
          }
          _ = try await round.fetch(.digest(referrer.manifest.digest), depth: 0, follow)
          referrers.append(referrer)
          next.append(referrer.manifest.digest)
        }
      }
      if next.isEmpty { break }
      subjects = next
    }
    return Fetched(image: image, referrers: referrers)
  }

  private var tooManyReferrers: Problem {
    Problem(
      .tooLarge, "image.too-many-referrers",
      "expected at most \(ImageBounds.referrers) manifests about an image, found more of them listed",
      subject: registry.place)
  }

  /// What came so far.
  private struct Round {
    let registry: any RemoteRegistry
    let blobs: any BlobStore
    /// How many bytes may still come.
    var left: Int
    let limit: Int
    private(set) var fetched: Set<Digest> = []
    private var manifests = 0

    init(registry: any RemoteRegistry, blobs: any BlobStore, left: Int, limit: Int) {
      self.registry = registry
      self.blobs = blobs
      self.left = left
      self.limit = limit
    }

    mutating func fetch(
      _ name: ManifestReference, depth: Int, _ follow: (Event) -> Void
    ) async throws(Problem) -> Descriptor {
      try ImageBounds.require(depth: depth, manifests: manifests)
      guard let manifest = try await registry.manifest(name) else {
        throw Problem(
          .notFound, "registry.not-found", "expected the image '\(name)' in the repository, found none",
          subject: registry.place)
      }
      manifests += 1
      let named = manifest.document.blobs.count + manifest.document.manifests.count
      guard named <= FetchImage.descriptorLimit else {
        throw Problem(
          .tooLarge, "image.too-many-blobs",
          "expected a manifest that names at most \(FetchImage.descriptorLimit) blobs, found \(named)",
          subject: registry.place)
      }
      try count(manifest.bytes.count)
      for child in manifest.document.manifests where !fetched.contains(child.digest) {
        _ = try await fetch(.digest(child.digest), depth: depth + 1, follow)
      }
      for blob in manifest.document.blobs where !fetched.contains(blob.digest) {
        try count(blob.size)
        follow(.blob(blob, wasThere: try await take(blob)))
        fetched.insert(blob.digest)
      }
      // All that it names is there.
      let digest = try await blobs.keep(manifest.bytes)
      precondition(digest == manifest.descriptor.digest, "a store names bytes by their digest")
      fetched.insert(digest)
      follow(.manifest(manifest.descriptor))
      return manifest.descriptor
    }

    private mutating func count(_ bytes: Int) throws(Problem) {
      guard bytes <= left else {
        throw Problem(
          .tooLarge, "image.too-large", "expected an image of at most \(limit) bytes, found more",
          subject: registry.place)
      }
      left -= bytes
    }

    /// Brings a blob; says whether it was there, whole.
    private func take(_ blob: Descriptor) async throws(Problem) -> Bool {
      if try await blobs.contains(blob.digest) {
        do throws(Problem) {
          try await blobs.verify(blob)
          return true
        } catch {
          // Fetched anew, and put in the place of what a failing disk left.
          guard error.code == "blob.corrupt" else { throw error }
        }
      }
      let digest = try await blobs.ingest { session async throws(Problem) in
        try await registry.fetch(blob, into: session)
      }.digest
      precondition(digest == blob.digest, "a registry hands over what its digest says")
      return false
    }
  }
}

extension RemoteRegistry {
  /// The bytes of a small blob, such as a configuration; throws `blob.too-large` beyond `limit` bytes.
  public func bytes(of blob: Descriptor, limit: Int) async throws(Problem) -> [UInt8] {
    guard blob.size <= limit else {
      throw Problem(
        .tooLarge, "blob.too-large",
        "expected the blob \(blob.digest.short) to have at most \(limit) bytes, found \(blob.size)")
    }
    let session = SessionInMemory()
    try await fetch(blob, into: session)
    return await session.bytes
  }
}

/// Bytes that come in and go nowhere.
private actor SessionInMemory: IngestSession {
  private(set) var bytes: [UInt8] = []

  func write(_ bytes: [UInt8]) { self.bytes += bytes }
  func finish(as expected: Digest?) -> Digest { Digest(of: bytes) }
  func abandon() { bytes = [] }
}
