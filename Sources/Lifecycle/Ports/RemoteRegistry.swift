public import Domain
public import Packaging
import Provenance

/// One repository of a registry of images that others keep.
///
/// Nothing that it hands over is anything but what its digest says.
public protocol RemoteRegistry: Sendable {
  /// The repository as people name it, `registry.example/models/iris`.
  var place: String { get }

  /// The manifest of a name; nil where there is none.
  func manifest(_ name: ManifestReference) async throws(Problem) -> RemoteManifest?
  /// Whether the repository has the manifest with this digest.
  func contains(manifest digest: Digest) async throws(Problem) -> Bool
  /// Puts a manifest under a name, after all that it names; by a digest it has to be the one of its bytes.
  ///
  /// One that says something about another is among that one's referrers when this returns.
  func put(_ manifest: RemoteManifest, as name: ManifestReference) async throws(Problem)
  /// Removes a tag, or a manifest with all its tags. One that is not there is fine.
  func remove(_ name: ManifestReference) async throws(Problem)

  /// Whether the repository has a blob.
  func contains(blob: Descriptor) async throws(Problem) -> Bool
  /// Writes the bytes of a blob to a session and leaves it open.
  ///
  /// When this throws, what was written is nobody's and the session is to be abandoned: `registry.not-found`,
  /// `registry.digest`, `registry.size` where there are more than the descriptor says, or what the session says.
  func fetch(_ blob: Descriptor, into session: any IngestSession) async throws(Problem)
  /// Puts a blob into the repository, from a store that has it, or from another repository of the same registry that
  /// may have it; says which.
  func send(_ blob: Descriptor, from store: any BlobStore, mounting repository: String?)
    async throws(Problem)
    -> BlobDelivery

  /// The tags of the repository, as they come.
  func tags() async throws(Problem) -> [String]
  /// What says something about a manifest.
  func referrers(of subject: Digest) async throws(Problem) -> [Referrer]
}

/// A manifest as a registry has it.
public struct RemoteManifest: Equatable, Sendable {
  /// Its bytes.
  public let bytes: [UInt8]
  /// What they are.
  public let descriptor: Descriptor
  /// What it names.
  public let document: ManifestDocument

  /// Reads the bytes of a manifest, of the media type that whoever has it says; throws what `ManifestDocument` throws.
  public init(_ bytes: [UInt8], as stated: MediaType?) throws(Problem) {
    self.bytes = bytes
    document = try ManifestDocument(parsing: bytes, as: stated)
    descriptor = Descriptor(mediaType: document.mediaType, digest: Digest(of: bytes), size: bytes.count)
  }
}

/// How a blob came into a repository.
public enum BlobDelivery: String, Sendable {
  /// It was there.
  case present
  /// Another repository of the registry had it.
  case mounted
  /// Its bytes were sent.
  case sent
}
