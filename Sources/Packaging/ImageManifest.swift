public import Domain
public import Encoding
import Provenance

/// What an image is put together from (image-spec 1.1, `manifest.md`).
public struct ImageManifest: Equatable, Sendable {
  /// The configuration.
  public let configuration: Descriptor
  /// The layers, the lowest first.
  public let layers: [Descriptor]
  /// Words about it.
  public let annotations: [String: String]

  /// Puts an image together.
  public init(configuration: Descriptor, layers: [Descriptor], annotations: [String: String] = [:]) {
    self.configuration = configuration
    self.layers = layers
    self.annotations = annotations
  }

  /// The manifest as its blob has it.
  public var json: JSON {
    var members: [String: JSON] = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue),
      "config": configuration.json, "layers": .array(layers.map(\.json)),
    ]
    if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
    return .object(members)
  }
}

extension ImageManifest {
  /// Reads the bytes of a manifest; throws `oci.too-large`, `oci.malformed` or `oci.digest`.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    let json = try DocumentReader.json(bytes, "an image manifest")
    guard let configuration = json["config"] else {
      throw DocumentReader.malformed("expected an object at '/config', found nothing")
    }
    self.init(
      configuration: try Descriptor(configuration, at: "/config"),
      layers: try DocumentReader.descriptors(json["layers"], at: "/layers"),
      annotations: try DocumentReader.texts(json["annotations"], at: "/annotations"))
  }
}

/// Images of one thing, each for a platform of its own (image-spec 1.1, `image-index.md`).
public struct ImageIndex: Equatable, Sendable {
  /// The images.
  public let manifests: [Descriptor]

  /// Lists images.
  public init(manifests: [Descriptor]) { self.manifests = manifests }

  /// The index as its blob has it.
  public var json: JSON {
    [
      "schemaVersion": 2, "mediaType": .string(MediaType.index.rawValue),
      "manifests": .array(manifests.map(\.json)),
    ]
  }
}

/// Bytes that an image is made of, and how they are referred to.
public struct ImageBlob: Equatable, Sendable {
  /// How they are referred to.
  public let descriptor: Descriptor
  /// The bytes.
  public let bytes: [UInt8]

  /// Refers to the canonical bytes of a document.
  init(_ document: JSON, _ mediaType: MediaType) {
    bytes = document.canonicalBytes
    descriptor = Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: bytes.count)
  }
}
