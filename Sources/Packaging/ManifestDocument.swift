public import Domain
import Encoding

/// A manifest or an index as somebody puts it into a repository: what it is, and what it names.
///
/// Read from the bytes of anybody; of members that are not known nothing is asked.
public struct ManifestDocument: Equatable, Sendable {
  /// The longest manifest, in bytes.
  public static let longest = DocumentReader.longest
  /// The longest name of a type, in bytes: two of 127 with a slash between them (RFC 6838, section 4.2).
  private static let longestType = 255

  /// What it is.
  public let mediaType: MediaType
  /// The blobs that it needs: its configuration and its layers, but for layers that are kept elsewhere by their license.
  public let blobs: [Descriptor]
  /// The manifests that it needs: the members of an index.
  public let manifests: [Descriptor]
  /// The manifest that it says something about, which need not be there.
  public let subject: Digest?
  /// What kind of thing it is to those who ask for referrers; nil where it does not say.
  public let artifactType: String?
  /// Words about it.
  public let annotations: [String: String]

  /// Reads the bytes of a manifest that was sent as a media type; nil for the one that it states itself.
  ///
  /// Throws `manifest.unsupported` for what is neither an OCI manifest or index nor Docker's of the same kind,
  /// `manifest.ambiguous` where it could be read as two kinds, `oci.too-large`, `oci.malformed` or `oci.digest`.
  public init(parsing bytes: some Collection<UInt8>, as sent: MediaType?) throws(Problem) {
    let json = try DocumentReader.json(bytes, "a manifest")
    guard json.object != nil else {
      throw DocumentReader.malformed("expected an object, found \(json.kind)")
    }
    let stated = json["mediaType"]?.string.map(MediaType.init(rawValue:))
    guard let mediaType = sent ?? stated else { throw Self.unsupported("none") }
    guard [.manifest, .dockerManifest, .index, .dockerList].contains(mediaType) else {
      throw Self.unsupported("'\(mediaType.rawValue.excerpt(80))'")
    }
    guard stated == nil || stated == mediaType else {
      throw Problem(
        .badInput, "manifest.ambiguous",
        "expected a manifest of the type that it was sent as, found '\(stated?.rawValue.excerpt(80) ?? "")' in it",
        position: "/mediaType", hint: "send it with the Content-Type that its 'mediaType' states")
    }
    // Who reads it as the other kind must not see another image: CVE-2021-41190.
    let strangers: [String]
    switch mediaType {
    case .manifest, .dockerManifest:
      strangers = ["manifests"]
      let configuration = try Self.configuration(json)
      let layers = try DocumentReader.descriptors(json["layers"], at: "/layers")
      blobs = [configuration] + layers.filter { !Self.isElsewhere($0.mediaType) }
      manifests = []
      let kind = try Self.type(json)
      let fallback = try Self.bounded(configuration.mediaType.rawValue)
      artifactType = kind ?? fallback
    default:
      strangers = ["layers", "config"]
      blobs = []
      manifests = try DocumentReader.descriptors(json["manifests"], at: "/manifests")
      artifactType = try Self.type(json)
    }
    if let stranger = strangers.first(where: { json[$0] != nil }) {
      throw Problem(
        .badInput, "manifest.ambiguous",
        "expected members of '\(mediaType.rawValue)' alone, found '\(stranger)'", position: "/\(stranger)")
    }
    self.mediaType = mediaType
    var subject: Digest?
    if let json = json["subject"] { subject = try Descriptor(json, at: "/subject").digest }
    self.subject = subject
    annotations = try DocumentReader.texts(json["annotations"], at: "/annotations")
  }

  /// All that has to be there before it.
  public var needs: [Descriptor] { blobs + manifests }

  private static func configuration(_ json: JSON) throws(Problem) -> Descriptor {
    guard let configuration = json["config"] else {
      throw DocumentReader.malformed("expected an object at '/config', found nothing")
    }
    return try Descriptor(configuration, at: "/config")
  }

  private static func type(_ json: JSON) throws(Problem) -> String? {
    guard let member = json["artifactType"] else { return nil }
    guard let text = member.string else {
      throw DocumentReader.malformed("expected a string at '/artifactType', found \(member.kind)")
    }
    return text.isEmpty ? nil : try bounded(text)
  }

  private static func bounded(_ type: String) throws(Problem) -> String {
    guard type.utf8.count <= longestType else {
      throw DocumentReader.malformed(
        "expected a type of at most \(longestType) characters, found \(type.utf8.count)")
    }
    return type
  }

  /// Layers that nobody may hand on, by what the image-spec (`layer.md`, "Non-Distributable Layers") and Docker call them.
  private static func isElsewhere(_ type: MediaType) -> Bool {
    type.rawValue.hasPrefix("application/vnd.oci.image.layer.nondistributable.v1.tar")
      || type.rawValue == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
  }

  private static func unsupported(_ found: String) -> Problem {
    Problem(
      .badInput, "manifest.unsupported",
      "expected an OCI image manifest or index, or Docker's of schema 2, found \(found)",
      hint: "push it in the format 'oci' or 'v2s2'")
  }
}
