public import Domain
public import Encoding

extension MediaType {
  /// What a manifest may be; what a client says that it takes.
  public static let manifests: [MediaType] = [.manifest, .index, .dockerManifest, .dockerList]
}

/// A manifest that says something about another: a statement, a seal, a bill of materials.
public struct Referrer: Equatable, Sendable {
  /// The manifest that says it; its annotations are that manifest's.
  public var manifest: Descriptor
  /// What kind of statement it is; nil where it does not say.
  public var artifactType: String?

  /// Names a statement.
  public init(_ manifest: Descriptor, artifactType: String?) {
    self.manifest = manifest
    self.artifactType = artifactType
  }

  /// The descriptor as a list of referrers has it (distribution-spec, "Listing Referrers").
  public var json: JSON {
    guard let artifactType, case .object(var members) = manifest.json else { return manifest.json }
    members["artifactType"] = .string(artifactType)
    return .object(members)
  }

  /// The statements that an index lists; throws `oci.too-large`, `oci.malformed` or `oci.digest`.
  public static func list(parsing bytes: some Collection<UInt8>) throws(Problem) -> [Referrer] {
    var referrers: [Referrer] = []
    for (number, json) in try ImageIndex.members(parsing: bytes).manifests.enumerated() {
      referrers.append(
        Referrer(
          try Descriptor(json, at: "/manifests/\(number)"), artifactType: json["artifactType"]?.string))
    }
    return referrers
  }

  /// The index of these statements, as a registry without a list of its own keeps it.
  public static func index(of referrers: [Referrer]) -> [UInt8] {
    var members = ImageIndex(manifests: []).json.object ?? [:]
    members["manifests"] = .array(referrers.map(\.json))
    return JSON.object(members).canonicalBytes
  }

  /// The tag under which a registry that does not list referrers has an index of them (distribution-spec, "Unavailable
  /// Referrers API").
  public static func fallbackTag(of subject: Digest) throws(Problem) -> ImageTag {
    try ImageTag(parsing: "sha256-\(subject.hexadecimal)")
  }
}
