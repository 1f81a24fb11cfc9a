public import Domain
public import Encoding

/// What kind of bytes a blob has, as OCI names them.
public struct MediaType: RawRepresentable, Hashable, Sendable {
  /// The name, `application/…`.
  public let rawValue: String

  /// Takes a name as it stands.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// An image index (image-spec 1.1, `image-index.md`).
  public static let index = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
  /// An image manifest (`manifest.md`).
  public static let manifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
  /// An image configuration (`config.md`).
  public static let configuration = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
  /// A layer, packed with gzip (`layer.md`).
  public static let layer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
  /// What an image manifest was called before there was an OCI.
  public static let dockerManifest = MediaType(
    rawValue: "application/vnd.docker.distribution.manifest.v2+json")
  /// What an image index was called before there was an OCI.
  public static let dockerList = MediaType(
    rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
}

/// How an OCI document refers to a blob (image-spec 1.1, `descriptor.md`).
public struct Descriptor: Equatable, Sendable {
  /// What the blob is.
  public var mediaType: MediaType
  /// Its SHA-256.
  public var digest: Digest
  /// Its length, in bytes.
  public var size: Int
  /// Words about it.
  public var annotations: [String: String]
  /// The platform of an image, `amd64`; nil where it has none.
  public var architecture: String?

  /// Refers to a blob.
  public init(
    mediaType: MediaType, digest: Digest, size: Int, annotations: [String: String] = [:],
    architecture: String? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.annotations = annotations
    self.architecture = architecture
  }

  /// The descriptor as a document has it.
  public var json: JSON {
    var members: [String: JSON] = [
      "mediaType": .string(mediaType.rawValue), "digest": .string(digest.description), "size": JSON(size),
    ]
    if !annotations.isEmpty { members["annotations"] = .object(annotations.mapValues { .string($0) }) }
    if let architecture {
      members["platform"] = ["architecture": .string(architecture), "os": .string(ImageConfiguration.system)]
    }
    return .object(members)
  }
}
