public import Domain
public import Packaging
public import Provenance

/// Verifies an image without running anything of it: that its bytes are those that its documents name, that they are
/// what packing its own contents makes, and that every bundle is sealed by a key that is trusted.
public struct VerifyImage: Sendable {
  /// What is verified, in this order.
  public enum Step: String, Sendable, CaseIterable {
    /// The manifest and the configuration are what they are called by.
    case documents
    /// Each layer is, packed and unpacked, and holds what packing puts there and nothing else.
    case layers
    /// Packing what was found makes this very image.
    case image
    /// Its program is one that was named.
    case program
    /// Every key that the image trusts is one that was given.
    case trust
    /// Every bundle is sealed by such a key.
    case seals
  }

  /// What a document or a bundle's layer may have.
  private static let documentLimit = 4 << 20
  private static let layerLimit = 5 << 30
  private static let layerCountLimit = 128

  private let blobs: any BlobStore

  /// Verifies images whose blobs are in a store.
  public init(in blobs: any BlobStore) { self.blobs = blobs }

  /// Verifies the image with this manifest, whose program has to be one of `programs`; tells `follow` what was found of each
  /// step that holds.
  ///
  /// Throws at the first that does not: `blob.missing`, `blob.corrupt`, `blob.too-large`, `image.wrong-size`,
  /// `image.layer-count`, `image.foreign-program`, `image.untrusted-key`, what `LayerContents` and `OpenedImage` throw, and the seal's own problem.
  public func callAsFunction(
    _ manifest: Descriptor, trusting keys: [SealVerificationKey], revoked: Revocations = .none,
    programs: [Digest],
    follow: (Step, String) -> Void
  ) async throws(Problem) -> [SealedBundle] {
    let manifestBytes = try await read(manifest, limit: Self.documentLimit)
    let documents = try ImageManifest(parsing: manifestBytes)
    let configuration = try await read(documents.configuration, limit: Self.documentLimit)
    let unpacked = try ImageConfiguration.unpackedDigests(parsing: configuration)
    guard unpacked.count == documents.layers.count, unpacked.count <= Self.layerCountLimit else {
      throw Problem(
        .integrity, "image.layer-count",
        "expected as many layers in the manifest as in the configuration, and at most \(Self.layerCountLimit), found"
          + " \(documents.layers.count) and \(unpacked.count)")
    }
    follow(.documents, "\(manifest.digest.short), \(unpacked.count) layers")

    var layers: [LayerContents] = []
    for (blob, unpacked) in zip(documents.layers, unpacked) {
      layers.append(
        try LayerContents(try await read(blob, limit: Self.layerLimit), of: blob, unpacked: unpacked))
    }
    follow(.layers, "\(layers.reduce(0) { $0 + $1.files.count }) files, which nobody may write to")

    let opened = try OpenedImage(manifest: manifestBytes, configuration: configuration, layers: layers)
    follow(
      .image,
      "made again from its contents, \(opened.callers == nil ? "without callers' keys" : "with callers' keys")"
    )

    let program = opened.program.program
    guard programs.contains(program) else {
      throw Problem(
        .integrity, "image.foreign-program",
        "expected a program that was named, found \(program) in the image",
        hint: "name it by --program if you know where it comes from")
    }
    follow(.program, "\(program.short), \(opened.program.architecture)")

    if let stranger = opened.trusted.first(where: { !keys.contains($0) }) {
      throw Problem(
        .integrity, "image.untrusted-key",
        "expected an image that trusts only keys that are trusted here, found key '\(stranger.hint.prefix(12))…' in it",
        hint: "whoever has that key can exchange the bundles of this image")
    }
    follow(.trust, "\(opened.trusted.count) of \(keys.count) keys that were given")

    var sealed: [SealedBundle] = []
    for bundle in opened.bundles {
      do { sealed.append(try SealedBundle(files: bundle.files, trusting: keys, revoked: revoked)) } catch {
        var problem = error
        problem.subject = "\(bundle.reference)\(problem.subject.map { "/\($0)" } ?? "")"
        throw problem
      }
    }
    follow(.seals, opened.bundles.map(\.reference.description).joined(separator: ", "))
    return sealed
  }

  private func read(_ blob: Descriptor, limit: Int) async throws(Problem) -> [UInt8] {
    let bytes = try await blobs.read(blob.digest, limit: limit)
    guard bytes.count == blob.size else {
      throw Problem(
        .integrity, "image.wrong-size", "expected \(blob.size) bytes of the blob, found \(bytes.count)",
        subject: blob.digest.short)
    }
    return bytes
  }
}
