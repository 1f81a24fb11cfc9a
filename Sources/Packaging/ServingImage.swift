public import Domain
import Encoding
public import Provenance

/// A data plane's program that images are made with, and the layer that it fills.
public struct PackedProgram: Equatable, Sendable {
  /// The digest of the program itself.
  public let program: Digest
  /// What its processor is, `amd64`.
  public let architecture: String
  /// The layer with nothing in it but the program.
  public let layer: Layer

  /// Names the program with these bytes, which is in a layer of its own; throws `image.bad-program`.
  public init(_ bytes: [UInt8], in layer: Layer) throws(Problem) {
    self.init(
      program: Digest(of: bytes), architecture: try ProgramFile.architecture(of: bytes), layer: layer)
  }

  /// Names the program with these bytes, which was packed as `blob` before, an archive of the digest `unpacked`.
  ///
  /// Throws `image.bad-program`.
  public init(_ bytes: [UInt8], packedAs blob: Descriptor, unpacked: Digest) throws(Problem) {
    var archive = ArchiveEncoder()
    let frame =
      archive.begin(ImagePlaces.program, size: bytes.count, use: .program).count
      + archive.append(bytes.count).count + archive.end().count
    try self.init(
      bytes, in: Layer(blob: blob, unpacked: unpacked, unpackedSize: frame + bytes.count))
  }

  /// Says what is in a layer.
  init(program: Digest, architecture: String, layer: Layer) {
    self.program = program
    self.architecture = architecture
    self.layer = layer
  }
}

/// A bundle that an image serves, and the layer that it fills.
public struct PackedBundle: Equatable, Sendable {
  /// What the bundle says of itself.
  public let manifest: Manifest
  /// The digest of the bundle.
  public let digest: Digest
  /// The layer with nothing in it but the bundle.
  public let layer: Layer

  /// Says what is in a layer.
  public init(manifest: Manifest, digest: Digest, layer: Layer) {
    self.manifest = manifest
    self.digest = digest
    self.layer = layer
  }
}

/// The image that serves sealed bundles: one static program, the keys that it trusts, the bundles, and nothing else.
///
/// What changes least lies lowest, so that images share it: the program is one layer for all, the trusted keys one for a
/// platform, each bundle one for itself, and callers' keys, where an image brings them, the last.
public struct ServingImage: Equatable, Sendable {
  /// What its processor is, `amd64`.
  public let architecture: String
  /// The configuration of the image.
  public let configuration: ImageBlob
  /// Its manifest, by whose digest it is known.
  public let manifest: ImageBlob
  /// Its layers, the lowest first.
  public let layers: [Layer]

  /// Puts the layers of an image together.
  ///
  /// The order of `bundles` does not matter. `tool` is what packs, `gatehouse 0.1.0`.
  public init(
    program: PackedProgram, trust: Layer, bundles: [PackedBundle], callers: Layer? = nil, tool: String
  ) {
    let bundles = bundles.sorted { Self.order($0) < Self.order($1) }
    var steps = [
      ImageConfiguration.Step(program.layer, origin: "\(tool): \(ImagePlaces.program) \(program.program)"),
      ImageConfiguration.Step(trust, origin: "\(tool): the keys whose seals are trusted"),
    ]
    steps += bundles.map {
      ImageConfiguration.Step($0.layer, origin: "\(tool): \($0.manifest.reference), bundle \($0.digest)")
    }
    if let callers {
      steps.append(ImageConfiguration.Step(callers, origin: "\(tool): the keys of callers, hashed"))
    }
    let labels = Self.labels(program, bundles)
    layers = steps.map(\.layer)
    architecture = program.architecture
    configuration = ImageBlob(
      ImageConfiguration(
        architecture: program.architecture, entrypoint: ["/\(ImagePlaces.program)", "--packed", "/"],
        ports: [ImagePlaces.port, ImagePlaces.adminPort], labels: labels, steps: steps
      ).json, .configuration)
    manifest = ImageBlob(
      ImageManifest(
        configuration: configuration.descriptor, layers: layers.map(\.blob), annotations: labels
      ).json, .manifest)
  }

  /// The documents beside the layers, in the order in which they have to be there.
  public var documents: [ImageBlob] { [configuration, manifest] }

  /// How an index refers to the image.
  public var descriptor: Descriptor {
    var descriptor = manifest.descriptor
    descriptor.architecture = architecture
    return descriptor
  }

  /// How many bytes the files of the image take unpacked, about: the layers' archives.
  public var unpackedSize: Int { layers.reduce(0) { $0 + $1.unpackedSize } }

  /// How many bytes the layers take packed.
  public var packedSize: Int { layers.reduce(0) { $0 + $1.blob.size } }

  private static func order(_ bundle: PackedBundle) -> (String, Int) {
    (bundle.manifest.name.description, bundle.manifest.version.value)
  }

  /// The words of the image-spec (`annotations.md`), and our own for what it has none for.
  private static func labels(_ program: PackedProgram, _ bundles: [PackedBundle]) -> [String: String] {
    let references = bundles.map { $0.manifest.reference.description }.joined(separator: ", ")
    var labels = [
      "org.opencontainers.image.title": references,
      "org.opencontainers.image.description": "Answers predictions of \(references)",
      "dev.gatehouse.program": program.program.description,
      "dev.gatehouse.bundles": bundles.map(\.digest.description).joined(separator: ","),
    ]
    if let only = bundles.first, bundles.count == 1 {
      labels["org.opencontainers.image.version"] = only.manifest.version.description
      labels["org.opencontainers.image.revision"] = only.manifest.artifact.description
    }
    return labels
  }
}
