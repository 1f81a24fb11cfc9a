public import Domain
import Encoding
import Provenance
import Statements

/// A signed statement about an image as OCI keeps it: a manifest of its own whose `subject` is the image's, which registries
/// list as a referrer of it (image-spec 1.1, `manifest.md`, "Guidelines for Artifact Usage").
///
/// The statement is the one layer. Words and types are those that cosign gives the Sigstore bundles that it attaches.
public struct AttachedStatement: Equatable, Sendable {
  /// What kind of thing the manifest is.
  public static let artifactType = SignedStatement.mediaType
  private static let contentAnnotation = "dev.sigstore.bundle.content"
  /// The word that says what kind of statement it is.
  public static let predicateAnnotation = "dev.sigstore.bundle.predicateType"

  /// The signed statement.
  public let statement: ImageBlob
  /// The configuration, which says nothing.
  public let configuration: ImageBlob
  /// The manifest that names the image.
  public let manifest: ImageBlob

  /// Attaches the bytes of a signed statement to the image with a manifest; `predicateType` is what kind of statement it is.
  public init(_ bytes: [UInt8], predicateType: String, to image: Descriptor) {
    statement = ImageBlob(bytes: bytes, MediaType(rawValue: Self.artifactType))
    configuration = ImageBlob([:], .empty)
    let subject = Descriptor(mediaType: image.mediaType, digest: image.digest, size: image.size)
    manifest = ImageBlob(
      ImageManifest(
        configuration: configuration.descriptor, layers: [statement.descriptor],
        annotations: [
          Self.contentAnnotation: "dsse-envelope", Self.predicateAnnotation: predicateType,
        ], artifactType: Self.artifactType, subject: subject
      ).json, .manifest)
  }

  /// The documents, in the order in which they have to be there.
  public var documents: [ImageBlob] { [statement, configuration, manifest] }
}

extension ImageManifest {
  /// The one blob of a statement that is attached to an image; nil where the manifest is that of something else.
  public func statement(about image: Digest) -> Descriptor? {
    guard artifactType == AttachedStatement.artifactType, subject?.digest == image, layers.count == 1 else {
      return nil
    }
    return layers.first
  }
}
