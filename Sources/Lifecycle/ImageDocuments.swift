import Domain
import Packaging

/// The manifest and the configuration of an image, as a blob store has them.
struct ImageDocuments: Sendable {
  /// What the documents may have.
  private static let limit = 4 << 20
  private static let layerLimit = 128

  /// The bytes of the manifest.
  let manifest: [UInt8]
  /// The bytes of the configuration.
  let configuration: [UInt8]
  /// The layers, the lowest first, and the digest of the archive in each.
  let layers: [(blob: Descriptor, unpacked: Digest)]

  /// Reads the documents of the image with this manifest.
  ///
  /// Throws what the store says, what they are malformed in, `image.wrong-size` or `image.layer-count`.
  init(of manifest: Digest, in blobs: any BlobStore) async throws(Problem) {
    try await self.init(try await blobs.read(manifest, limit: Self.limit), blobs)
  }

  /// Reads the documents of the image that a descriptor refers to; throws the same, also where it has another length.
  init(of manifest: Descriptor, in blobs: any BlobStore) async throws(Problem) {
    try await self.init(try await blobs.read(manifest, limit: Self.limit), blobs)
  }

  private init(_ manifest: [UInt8], _ blobs: any BlobStore) async throws(Problem) {
    self.manifest = manifest
    let documents = try ImageManifest(parsing: self.manifest)
    configuration = try await blobs.read(documents.configuration, limit: Self.limit)
    let unpacked = try ImageConfiguration.unpackedDigests(parsing: configuration)
    guard unpacked.count == documents.layers.count, unpacked.count <= Self.layerLimit else {
      throw Problem(
        .integrity, "image.layer-count",
        "expected as many layers in the manifest as in the configuration, and at most \(Self.layerLimit), found"
          + " \(documents.layers.count) and \(unpacked.count)")
    }
    layers = zip(documents.layers, unpacked).map { ($0, $1) }
  }
}

extension BlobStore {
  /// Hashes a blob that a document refers to, a piece in memory at a time.
  ///
  /// Throws `blob.missing`, `blob.corrupt` or `image.wrong-size`.
  func verify(_ blob: Descriptor) async throws(Problem) {
    try await verify(blob.digest)
    guard let size = try await status(of: blob.digest)?.size, size == blob.size else {
      throw Problem(
        .integrity, "image.wrong-size", "expected \(blob.size) bytes of the blob, found another length",
        subject: blob.digest.short)
    }
  }

  /// The bytes of a blob that a document refers to; throws what the store says, or `image.wrong-size`.
  func read(_ blob: Descriptor, limit: Int) async throws(Problem) -> [UInt8] {
    let bytes = try await read(blob.digest, limit: limit)
    guard bytes.count == blob.size else {
      throw Problem(
        .integrity, "image.wrong-size", "expected \(blob.size) bytes of the blob, found \(bytes.count)",
        subject: blob.digest.short)
    }
    return bytes
  }
}
