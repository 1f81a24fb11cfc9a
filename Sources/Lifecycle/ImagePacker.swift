public import Domain
import Encoding
public import Packaging
public import Provenance

/// Packs sealed bundles into an image, whose blobs go into a store.
///
/// The same program, trusted keys, bundles and callers' keys give the same image anywhere.
public struct ImagePacker: Sendable {
  /// How much of a file is packed at a time.
  private static let piece = 1 << 20
  /// Overlay file systems stack some 125 layers.
  private static let bundleLimit = 100

  private let blobs: any BlobIngest
  private let tool: String

  /// Packs into a store; `tool` is what packs, `gatehouse 0.1.0`.
  public init(into blobs: any BlobIngest, tool: String) {
    self.blobs = blobs
    self.tool = tool
  }

  /// Packs the data plane's program into a layer of its own, which all images of it share.
  ///
  /// Throws `image.bad-program` for a file that is no static program, or what the store says.
  public func program(_ bytes: [UInt8]) async throws(Problem) -> PackedProgram {
    // Looked at before it is packed.
    _ = try ProgramFile.architecture(of: bytes)
    return try PackedProgram(bytes, in: try await layer([File(ImagePlaces.program, bytes, .program)]))
  }

  /// Packs a bundle into a layer of its own; its bytes are no longer needed then.
  public func bundle(_ bundle: SealedBundle) async throws(Problem) -> PackedBundle {
    let manifest = try Manifest(parsing: try bundle.contents.requiredBytes(at: Manifest.path))
    // Who unpacks a layer takes such a name for a word that a file is gone (image-spec, `layer.md`, "Whiteouts").
    for file in bundle.files where file.path.split(separator: "/").contains(where: { $0.hasPrefix(".wh.") }) {
      throw Problem(
        .badInput, "image.whiteout",
        "expected no name that begins with '.wh.' in a bundle, found '\(file.path)'",
        subject: manifest.reference.description)
    }
    let place = ImagePlaces.bundle(of: manifest.reference)
    // In the order of their paths, so that a file does not stand between those of a directory.
    let layer = try await layer(
      bundle.files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.map {
        File("\(place)/\($0.path)", $0.bytes)
      })
    return PackedBundle(manifest: manifest, digest: bundle.digest, layer: layer)
  }

  /// Puts an image together of what was packed before; all its blobs are in the store when this returns, the manifest last.
  ///
  /// `keys` are those whose seals the image trusts, `callers` the hashed keys of callers, a line each, where it is to
  /// bring any. Throws `image.no-bundle`, `image.too-many-bundles`, `image.repeated-bundle`, `image.no-key`, or what the
  /// store says.
  public func image(
    of bundles: [PackedBundle], with program: PackedProgram, trusting keys: [SealVerificationKey],
    callers: [UInt8]? = nil
  ) async throws(Problem) -> ServingImage {
    guard !bundles.isEmpty else {
      throw Problem(.badInput, "image.no-bundle", "expected at least one bundle to pack, found none")
    }
    guard bundles.count <= Self.bundleLimit else {
      throw Problem(
        .tooLarge, "image.too-many-bundles",
        "expected at most \(Self.bundleLimit) bundles in an image, found \(bundles.count)")
    }
    guard !keys.isEmpty else {
      throw Problem(.badInput, "image.no-key", "expected a key whose seals the image trusts, found none")
    }
    var seen: Set<VersionReference> = []
    for reference in bundles.map(\.manifest.reference) where !seen.insert(reference).inserted {
      throw Problem(
        .badInput, "image.repeated-bundle", "expected each version once, found '\(reference)' again")
    }
    let trust = try await layer(
      keys.sorted { $0.hint < $1.hint }.map { File(ImagePlaces.trusted($0.hint), Array($0.pem.utf8)) })
    var brought: Layer?
    if let callers { brought = try await layer([File(ImagePlaces.callers, callers)]) }
    let image = ServingImage(
      program: program, trust: trust, bundles: bundles, callers: brought, tool: tool)
    for document in image.documents {
      let digest = try await blobs.keep(document.bytes)
      precondition(digest == document.descriptor.digest, "a store names bytes by their digest")
    }
    return image
  }

  /// Lists images that serve the same by programs for several processors; all that the index names is in the store before it.
  ///
  /// Throws `image.repeated-platform` where two are for the same processor, or what the store says.
  public func index(of images: [ServingImage]) async throws(Problem) -> Descriptor {
    var seen: Set<String> = []
    for architecture in images.map(\.architecture) where !seen.insert(architecture).inserted {
      throw Problem(
        .badInput, "image.repeated-platform",
        "expected a program for each processor once, found two for \(architecture)")
    }
    let index = ImageIndex(of: images).blob
    let digest = try await blobs.keep(index.bytes)
    precondition(digest == index.descriptor.digest, "a store names bytes by their digest")
    return index.descriptor
  }

  private struct File {
    let path: String
    let bytes: [UInt8]
    let use: FileUse

    init(_ path: String, _ bytes: [UInt8], _ use: FileUse = .data) {
      self.path = path
      self.bytes = bytes
      self.use = use
    }
  }

  /// Packs files into a layer and puts that into the store.
  private func layer(_ files: [File]) async throws(Problem) -> Layer {
    var encoder = try LayerEncoder()
    let (digest, layer) = try await blobs.ingest { ingest async throws(Problem) in
      for file in files {
        try await ingest.write(encoder.begin(file.path, size: file.bytes.count, use: file.use))
        for start in stride(from: 0, to: file.bytes.count, by: Self.piece) {
          let end = min(start + Self.piece, file.bytes.count)
          try await ingest.write(encoder.append(file.bytes[start..<end]))
        }
      }
      let (rest, layer) = encoder.finish()
      try await ingest.write(rest)
      return layer
    }
    precondition(digest == layer.blob.digest, "a store names bytes by their digest")
    return layer
  }
}
