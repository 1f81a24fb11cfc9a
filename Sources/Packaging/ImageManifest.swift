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
  /// What kind of thing it is; nil for an image.
  public let artifactType: String?
  /// The manifest that it says something about; nil for one that stands for itself.
  public let subject: Descriptor?

  /// Puts an image together, or something that is kept as one.
  public init(
    configuration: Descriptor, layers: [Descriptor], annotations: [String: String] = [:],
    artifactType: String? = nil, subject: Descriptor? = nil
  ) {
    self.configuration = configuration
    self.layers = layers
    self.annotations = annotations
    self.artifactType = artifactType
    self.subject = subject
  }

  /// The manifest as its blob has it.
  public var json: JSON {
    var members: [String: JSON] = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue),
      "config": configuration.json, "layers": .array(layers.map(\.json)),
    ]
    if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
    members["artifactType"] = artifactType.map { .string($0) }
    members["subject"] = subject?.json
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
      annotations: try DocumentReader.texts(json["annotations"], at: "/annotations"),
      artifactType: json["artifactType"]?.string,
      subject: try json["subject"].map { (json) throws(Problem) in try Descriptor(json, at: "/subject") })
  }
}

/// Images of one thing, each for a platform of its own (image-spec 1.1, `image-index.md`).
public struct ImageIndex: Equatable, Sendable {
  /// The images.
  public let manifests: [Descriptor]

  /// Lists images.
  public init(manifests: [Descriptor]) { self.manifests = manifests }

  /// Lists what is the same image but for the processor that it is for, in the order of their names.
  public init(of images: [ServingImage]) {
    self.init(manifests: images.sorted { $0.architecture < $1.architecture }.map(\.descriptor))
  }

  /// The index as a blob.
  public var blob: ImageBlob { ImageBlob(json, .index) }

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
  init(_ document: JSON, _ mediaType: MediaType) { self.init(bytes: document.canonicalBytes, mediaType) }

  /// Refers to bytes.
  init(bytes: [UInt8], _ mediaType: MediaType) {
    self.bytes = bytes
    descriptor = Descriptor(mediaType: mediaType, digest: Digest(of: bytes), size: bytes.count)
  }
}
