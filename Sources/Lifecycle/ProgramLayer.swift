import Domain
import Packaging
import Provenance
import Statements

/// The data plane's program as images have it, and how it was built.
struct PlatformProgram: Sendable {
  /// The layer that all images share.
  let packed: PackedProgram
  /// How the program was built; nil where nobody recorded that.
  let build: ProgramBuild?
}

/// The data plane's program as the layer that all images share: packed at most once while the platform runs.
actor ProgramLayer {
  private let source: any ProgramSource
  private let registry: any RegistryReader
  private let blobs: any BlobStore
  private let packer: ImagePacker
  private let tool: String
  /// The last attempt; who comes while it is under way waits for it.
  private var attempt: Task<Result<PlatformProgram, Problem>, Never>?

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
  func packed() async throws(Problem) -> PlatformProgram {
    if let attempt, case .success(let program) = await attempt.value,
      try await blobs.contains(program.packed.layer.blob.digest)
    {
      return program
    }
    let next = Task { () async -> Result<PlatformProgram, Problem> in
      do throws(Problem) { return .success(try await pack()) } catch { return .failure(error) }
    }
    attempt = next
    return try await next.value.get()
  }

  private func pack() async throws(Problem) -> PlatformProgram {
    let bytes = try await source.read()
    let program = Digest(of: bytes)
    // A record of another program is a mistake to be told of, and not one to be stated.
    let build = try await source.build().map { (record) throws(Problem) in
      try ProgramBuild(parsing: record, of: program)
    }
    if let (blob, unpacked) = try await layer(of: program) {
      return PlatformProgram(
        packed: try PackedProgram(bytes, packedAs: blob, unpacked: unpacked), build: build)
    }
    return PlatformProgram(packed: try await packer.program(bytes), build: build)
  }

  /// The layer that an earlier image of this platform has of the same program: packing it takes half a second, and at each
  /// start once more.
  ///
  /// Its bytes are hashed: they are read by nobody else before an image is served from them, and a layer that a failing disk
  /// has changed would be in every image from here on. That happens once while the platform runs, since what was found is
  /// kept; one that does not hold is packed anew, in its place.
  private func layer(of program: Digest) async throws(Problem) -> (
    blob: Descriptor, unpacked: Digest
  )? {
    guard let image = try await registry.images().last(where: { $0.program == program && $0.tool == tool })
    else { return nil }
    // Damaged documents are no reason not to pack; an audit tells of them.
    guard let documents = try? await ImageDocuments(of: image.manifest, in: blobs),
      let layer = documents.layers.first
    else { return nil }
    // Whatever is wrong with it, one that is packed anew takes its place.
    guard (try? await blobs.verify(layer.blob)) != nil else { return nil }
    return layer
  }
}
