public import Domain
import Encoding
import Packaging
import Provenance

/// The sixth stage: the version is an image that everybody can check and run.
public struct PackedImage: Sendable {
  /// The version that was packed.
  public let signed: SignedModel
  /// Its image; nil on a platform that packs none, because its program is not one that an image can run.
  public let image: VersionImage?

  fileprivate init(signed: SignedModel, image: VersionImage?) {
    self.signed = signed
    self.image = image
  }
}

/// Packs a version's bundle, the data plane's program and the trusted keys into an image in the blob store.
struct Pack: Sendable {
  let registry: any RegistryReader
  let bundles: any BundleStore
  let seals: Seals
  let packer: ImagePacker
  /// Nil where the platform packs no images.
  let program: ProgramLayer?
  let tool: String
  let time: any TimeSource

  /// Packs what stands in the bundle store now, verified; the same bundle again is the same image.
  func callAsFunction(_ signed: SignedModel, recorder: Recorder) async throws(Problem) -> PackedImage {
    guard let program else { return PackedImage(signed: signed, image: nil) }
    let version = signed.version
    return try await recorder.record(.pack, of: version.reference.description) { () async throws(Problem) in
      let trusted = try await seals.trusted()
      let sealed = try await bundles.sealed(version.bundle, trusting: trusted)
      let programLayer = try await program.packed()
      // All blobs of the image are durable before the registry names it: a crash between leaves blobs that nothing
      // names, and the next push of the same bytes finds them there.
      let packed = try await packer.image(
        of: [try await packer.bundle(sealed)], with: programLayer, trusting: trusted)
      let manifest = packed.manifest.descriptor.digest
      var details: [String: JSON] = [
        "image": .string(manifest.description), "program": .string(programLayer.program.description),
        "bytes": JSON(packed.packedSize),
      ]
      if let known = try await registry.image(manifest) {
        details["known"] = true
        return .done(PackedImage(signed: signed, image: known), details: details)
      }
      let image = VersionImage(
        reference: version.reference, bundle: version.bundle, manifest: manifest,
        program: programLayer.program, trusted: trusted.map(\.pem), tool: tool, packedAt: time.now())
      return .done(
        PackedImage(signed: signed, image: image), details: details, changes: [.addImage(image)])
    }
  }
}

/// The data plane's program as the layer that all images share: packed at most once while the platform runs.
actor ProgramLayer {
  private let source: any ProgramSource
  private let registry: any RegistryReader
  private let blobs: any BlobStore
  private let packer: ImagePacker
  private let tool: String
  /// The last attempt; who comes while it is under way waits for it.
  private var attempt: Task<Result<PackedProgram, Problem>, Never>?

  init(
    _ source: any ProgramSource, registry: any RegistryReader, blobs: any BlobStore, packer: ImagePacker,
    tool: String
  ) {
    self.source = source
    self.registry = registry
    self.blobs = blobs
    self.packer = packer
    self.tool = tool
  }

  /// The layer, which is in the blob store.
  func packed() async throws(Problem) -> PackedProgram {
    if let attempt, case .success(let program) = await attempt.value,
      try await blobs.contains(program.layer.blob.digest)
    {
      return program
    }
    let next = Task { () async -> Result<PackedProgram, Problem> in
      do throws(Problem) { return .success(try await pack()) } catch { return .failure(error) }
    }
    attempt = next
    return try await next.value.get()
  }

  private func pack() async throws(Problem) -> PackedProgram {
    let bytes = try await source.read()
    if let (blob, unpacked) = try await layer(of: Digest(of: bytes)) {
      return try PackedProgram(bytes, packedAs: blob, unpacked: unpacked)
    }
    return try await packer.program(bytes)
  }

  /// The layer that an earlier image of this platform has of the same program: packing it takes half a second, and at each
  /// start once more.
  private func layer(of program: Digest) async throws(Problem) -> (
    blob: Descriptor, unpacked: Digest
  )? {
    guard let image = try await registry.images().last(where: { $0.program == program && $0.tool == tool })
    else { return nil }
    // Damaged documents are no reason not to pack; an audit tells of them.
    guard let documents = try? await ImageDocuments(of: image.manifest, in: blobs),
      let layer = documents.layers.first, try await blobs.contains(layer.blob.digest)
    else { return nil }
    return layer
  }
}
