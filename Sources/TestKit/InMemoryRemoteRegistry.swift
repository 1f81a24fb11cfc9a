public import Domain
public import Lifecycle
public import Packaging
import Provenance

/// A repository of a registry in memory, with faults on request.
///
/// As strict as a registry may be: a manifest is taken after all that it names.
public actor InMemoryRemoteRegistry: RemoteRegistry {
  /// The repository as people name it.
  public nonisolated let place = "registry.test/models/iris"

  private let faults: FaultPlan
  private var blobs: [Digest: [UInt8]] = [:]
  private var stored: [Digest: RemoteManifest] = [:]
  private var named: [String: Digest] = [:]
  /// What other repositories of the registry have.
  private var elsewhere: [String: [Digest: [UInt8]]] = [:]
  /// Manifests that are listed and not there.
  private var lost: Set<Digest> = []
  /// What is listed about every manifest, and was never there.
  private var alleged: [Referrer] = []
  /// How many times it was asked whether it has a manifest.
  public private(set) var lookups = 0

  /// An empty repository; `faults` numbers everything that it is asked, reading included.
  public init(faults: FaultPlan = FaultPlan()) { self.faults = faults }

  /// The manifest of a name.
  public func manifest(_ name: ManifestReference) throws(Problem) -> RemoteManifest? {
    try faults.write { () throws(Problem) in find(name) }
  }

  private func find(_ name: ManifestReference) -> RemoteManifest? {
    switch name {
    case .tag(let tag): named[tag.text].flatMap { stored[$0] }
    case .digest(let digest): lost.contains(digest) ? nil : stored[digest]
    }
  }

  /// Whether the repository has the manifest with this digest.
  public func contains(manifest digest: Digest) throws(Problem) -> Bool {
    lookups += 1
    return try faults.write { () throws(Problem) in find(.digest(digest)) != nil }
  }

  /// Puts a manifest under a name, after all that it names.
  public func put(_ manifest: RemoteManifest, as name: ManifestReference) throws(Problem) {
    try faults.write { () throws(Problem) in
      for blob in manifest.document.blobs where blobs[blob.digest] == nil { throw Self.missing(blob) }
      for child in manifest.document.manifests where stored[child.digest] == nil { throw Self.missing(child) }
      switch name {
      case .tag(let tag): named[tag.text] = manifest.descriptor.digest
      case .digest(let digest):
        guard digest == manifest.descriptor.digest else {
          throw Problem(.badInput, "registry.refused", "expected the digest of the manifest, found another")
        }
      }
      stored[manifest.descriptor.digest] = manifest
    }
  }

  private static func missing(_ part: Descriptor) -> Problem {
    Problem(
      .conflict, "registry.refused", "expected all that a manifest names, found none of \(part.digest.short)")
  }

  /// Removes a tag, or a manifest with all its tags.
  public func remove(_ name: ManifestReference) throws(Problem) {
    try faults.write { () throws(Problem) in
      switch name {
      case .tag(let tag): named[tag.text] = nil
      case .digest(let digest):
        stored[digest] = nil
        named = named.filter { $0.value != digest }
      }
    }
  }

  /// Whether the repository has a blob.
  public func contains(blob: Descriptor) throws(Problem) -> Bool {
    try faults.write { () throws(Problem) in blobs[blob.digest] != nil }
  }

  /// Writes the bytes of a blob to a session, in two pieces.
  public func fetch(_ blob: Descriptor, into session: any IngestSession) async throws(Problem) {
    let bytes = try faults.write { () throws(Problem) -> [UInt8] in
      guard let bytes = blobs[blob.digest] else {
        throw Problem(.notFound, "registry.not-found", "expected the blob \(blob.digest.short), found none")
      }
      return bytes
    }
    guard bytes.count == blob.size else {
      throw Problem(.integrity, "registry.size", "expected \(blob.size) bytes, found \(bytes.count)")
    }
    try await session.write(Array(bytes[..<(bytes.count / 2)]))
    guard Digest(of: bytes) == blob.digest else {
      throw Problem(.integrity, "registry.digest", "expected bytes of \(blob.digest.short), found others")
    }
    try await session.write(Array(bytes[(bytes.count / 2)...]))
  }

  /// Puts a blob into the repository.
  public func send(
    _ blob: Descriptor, from store: any BlobStore, mounting repository: String?
  ) async throws(Problem) -> BlobDelivery {
    if let repository, let bytes = elsewhere[repository]?[blob.digest] {
      try faults.write { () throws(Problem) in blobs[blob.digest] = bytes }
      return .mounted
    }
    guard let reader = try await store.open(blob.digest) else {
      throw Problem(.notFound, "blob.missing", "expected the blob \(blob.digest.short), found none")
    }
    var bytes: [UInt8] = []
    while bytes.count < blob.size {
      let piece = try await reader.bytes(from: bytes.count, count: 100_000)
      guard !piece.isEmpty else { break }
      bytes += piece
    }
    guard Digest(of: bytes) == blob.digest else {
      throw Problem(.conflict, "registry.refused", "expected bytes of \(blob.digest.short), found others")
    }
    try faults.write { () throws(Problem) in blobs[blob.digest] = bytes }
    return .sent
  }

  /// The tags of the repository.
  public func tags() throws(Problem) -> [String] {
    try faults.write { () throws(Problem) in named.keys.sorted() }
  }

  /// What says something about a manifest.
  public func referrers(of subject: Digest) throws(Problem) -> [Referrer] {
    try faults.write { () throws(Problem) in
      stored.values.filter { $0.document.subject == subject }.map { manifest in
        var descriptor = manifest.descriptor
        descriptor.annotations = manifest.document.annotations
        return Referrer(descriptor, artifactType: manifest.document.artifactType)
      }.sorted { $0.manifest.digest < $1.manifest.digest } + alleged
    }
  }

  /// Has what another one has from now on.
  public func copy(_ other: InMemoryRemoteRegistry) async {
    (blobs, stored, named) = await other.contents
  }

  private var contents: (blobs: [Digest: [UInt8]], stored: [Digest: RemoteManifest], named: [String: Digest])
  {
    (blobs, stored, named)
  }

  /// Puts a blob into another repository of the registry.
  public func keep(_ bytes: [UInt8], in repository: String) {
    elsewhere[repository, default: [:]][Digest(of: bytes)] = bytes
  }

  /// Lists what is not there about every manifest.
  public func allege(_ referrers: [Referrer]) { alleged = referrers }

  /// Loses a manifest, and goes on to list it among referrers.
  public func lose(_ manifest: Digest) { lost.insert(manifest) }

  /// Changes the bytes of a blob behind the registry's back.
  public func corrupt(_ digest: Digest, to bytes: [UInt8]) { blobs[digest] = bytes }

  /// What leads from a name or a manifest to something that is not there: nothing, in a registry that is in order.
  public func holes() -> [Digest] {
    let named = stored.values.flatMap { $0.document.blobs.map(\.digest) }.filter { blobs[$0] == nil }
    return named + stored.values.flatMap { $0.document.manifests.map(\.digest) }.filter { stored[$0] == nil }
      + self.named.values.filter { stored[$0] == nil }
  }
}
