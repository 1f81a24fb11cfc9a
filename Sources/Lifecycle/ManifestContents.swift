import Domain
import Packaging

/// What manifests name, by their digests: read once, since what is called by its digest never changes.
actor ManifestContents {
  /// How many digests are remembered at most, some 40 bytes each; beyond that all is forgotten and read again.
  private static let limit = 500_000

  private struct Finding: Hashable {
    let repository: RepositoryName
    let blob: Digest
  }

  private let blobs: any BlobStore
  private var named: [Digest: Set<Digest>] = [:]
  private var count = 0
  /// Which manifest named a blob when it was asked for last.
  private var findings: [Finding: Digest] = [:]

  init(of blobs: any BlobStore) { self.blobs = blobs }

  /// All that a manifest names; throws where its bytes cannot be read.
  func needs(of manifest: StoredManifest) async throws(Problem) -> Set<Digest> {
    try await needs(of: manifest.digest, as: manifest.mediaType)
  }

  /// All that the manifest with a digest names, which is of that type.
  func needs(of digest: Digest, as mediaType: MediaType) async throws(Problem) -> Set<Digest> {
    if let known = named[digest] { return known }
    let bytes = try await blobs.read(digest, limit: ManifestDocument.longest)
    let digests = Set(try ManifestDocument(parsing: bytes, as: mediaType).needs.map(\.digest))
    if count + digests.count > Self.limit { (named, count) = ([:], 0) }
    if named.updateValue(digests, forKey: digest) == nil { count += digests.count + 1 }
    return digests
  }

  /// Whether a manifest of a repository names a blob.
  ///
  /// One whose bytes cannot be read vouches for nothing; an audit tells of it.
  func isNamed(
    _ blob: Digest, in repository: RepositoryName, by registry: any RepositoryReader
  ) async throws(Problem) -> Bool {
    let finding = Finding(repository: repository, blob: blob)
    if let digest = findings[finding], try await registry.manifest(digest, of: repository) != nil {
      return true
    }
    findings[finding] = nil
    for manifest in try await registry.manifests(of: repository) {
      guard let digests = try? await needs(of: manifest), digests.contains(blob) else { continue }
      if findings.count > Self.limit { findings = [:] }
      findings[finding] = manifest.digest
      return true
    }
    return false
  }
}
