public import Domain
import Encoding
public import Packaging
public import Provenance

/// Packs sealed bundles into an image, whose blobs go into a store.
///
/// The same program, trusted keys, bundles and callers' keys give the same image anywhere.
public struct Pack: Sendable {
  /// How much of a file is packed at a time.
  private static let piece = 1 << 20

  private let blobs: any BlobStore
  private let tool: String

  /// Packs into a store; `tool` is what packs, `gatehouse 0.1.0`.
  public init(into blobs: any BlobStore, tool: String) {
    self.blobs = blobs
    self.tool = tool
  }

  /// Packs the data plane's program into a layer of its own, which all images of it share.
  public func program(_ bytes: [UInt8]) async throws(Problem) -> PackedProgram {
    let layer = try await layer([File(ImagePlaces.program, bytes, .program)])
    return PackedProgram(
      program: Digest(of: bytes), architecture: try ProgramFile.architecture(of: bytes), layer: layer)
  }

  /// Packs bundles; all its blobs are in the store when this returns, the manifest last.
  ///
  /// `keys` are those whose seals the image trusts, `callers` the hashed keys of callers, a line each, where it is to
  /// bring any. Throws `image.no-bundle`, `image.repeated-bundle`, `seal.untrusted-key`, or what the store says.
  public func callAsFunction(
    _ bundles: [SealedBundle], with program: PackedProgram, trusting keys: [SealVerificationKey],
    callers: [UInt8]? = nil
  ) async throws(Problem) -> ServingImage {
    guard !bundles.isEmpty else {
      throw Problem(.badInput, "image.no-bundle", "expected at least one bundle to pack, found none")
    }
    var packed: [PackedBundle] = []
    for bundle in bundles { packed.append(try await pack(bundle)) }
    var seen: Set<VersionReference> = []
    for reference in packed.map(\.manifest.reference) where !seen.insert(reference).inserted {
      throw Problem(
        .badInput, "image.repeated-bundle", "expected each version once, found '\(reference)' again")
    }
    let trust = try await layer(
      keys.sorted { $0.hint < $1.hint }.map {
        File("\(ImagePlaces.trust)/\($0.hint).pem", Array($0.pem.utf8))
      })
    var brought: Layer?
    if let callers { brought = try await layer([File(ImagePlaces.callers, callers)]) }
    let image = ServingImage(
      program: program, trust: trust, bundles: packed, callers: brought, tool: tool)
    for document in image.documents { _ = try await blobs.keep(document.bytes) }
    return image
  }

  private func pack(_ bundle: SealedBundle) async throws(Problem) -> PackedBundle {
    guard let bytes = bundle.contents.bytes(at: Manifest.path) else {
      throw Problem(
        .integrity, "bundle.incomplete", "expected '\(Manifest.path)' in the bundle, found no such file",
        subject: bundle.digest.short)
    }
    let manifest = try Manifest(parsing: bytes)
    let place = ImagePlaces.bundle(of: manifest.reference)
    // In the order of their paths, so that a file does not stand between those of a directory.
    let layer = try await layer(
      bundle.files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.map {
        File("\(place)/\($0.path)", $0.bytes)
      })
    return PackedBundle(manifest: manifest, digest: bundle.digest, layer: layer)
  }

  private struct File {
    let path: String
    let bytes: [UInt8]
    let use: LayerEncoder.Use

    init(_ path: String, _ bytes: [UInt8], _ use: LayerEncoder.Use = .data) {
      self.path = path
      self.bytes = bytes
      self.use = use
    }
  }

  /// Packs files into a layer and puts that into the store.
  private func layer(_ files: [File]) async throws(Problem) -> Layer {
    var encoder = try LayerEncoder()
    let ingest = try await blobs.beginIngest()
    let layer: Layer
    do throws(Problem) {
      for file in files {
        try await ingest.write(encoder.begin(file.path, size: file.bytes.count, use: file.use))
        for start in stride(from: 0, to: file.bytes.count, by: Self.piece) {
          let end = min(start + Self.piece, file.bytes.count)
          try await ingest.write(encoder.append(file.bytes[start..<end]))
        }
      }
      let rest: [UInt8]
      (rest, layer) = encoder.finish()
      try await ingest.write(rest)
    } catch {
      await ingest.abandon()
      throw error
    }
    _ = try await ingest.finish()
    return layer
  }
}

/// What a program's file says of where it runs.
enum ProgramFile {
  /// The processor, as OCI names it: what a file in ELF is for, `e_machine` of its header.
  ///
  /// Throws `image.bad-program`.
  static func architecture(of bytes: [UInt8]) throws(Problem) -> String {
    let isELF = bytes.count >= 64 && bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
    switch isELF ? (bytes[18], bytes[19]) : (0, 0) {
    case (0x3E, 0): return "amd64"
    case (0xB7, 0): return "arm64"
    default:
      throw Problem(
        .badInput, "image.bad-program",
        "expected a program in ELF for amd64 or arm64, found \(bytes.count) bytes that are none")
    }
  }
}
