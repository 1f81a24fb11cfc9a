import Domain
import Encoding
import Packaging
import Provenance
import Testing

@Suite struct ManifestDocumentTests {
  private static let digests = (0..<4).map { Digest(of: [UInt8($0)]) }

  private static func descriptor(_ number: Int, _ type: String = "application/x", size: Int = 1) -> JSON {
    Descriptor(mediaType: MediaType(rawValue: type), digest: digests[number], size: size).json
  }

  private static func manifest(_ changes: [String: JSON?] = [:]) -> JSON {
    var members: [String: JSON] = [
      "schemaVersion": 2, "config": descriptor(0, "application/vnd.example.config+json"),
      "layers": [descriptor(1), descriptor(2)],
    ]
    for (name, value) in changes { members[name] = value }
    return .object(members)
  }

  private static func document(_ json: JSON, as type: MediaType? = .manifest) throws(Problem)
    -> ManifestDocument
  {
    try ManifestDocument(parsing: json.canonicalBytes, as: type)
  }

  @Test func `a manifest needs its configuration and its layers`() throws {
    for type in [MediaType.manifest, .dockerManifest] {
      let document = try Self.document(Self.manifest(), as: type)
      #expect(document.mediaType == type)
      #expect(document.needs.map(\.digest) == Array(Self.digests[0...2]))
      #expect(document.subject == nil)
      #expect(document.artifactType == "application/vnd.example.config+json")
    }
  }

  @Test func `an index needs its members`() throws {
    let json: JSON = ["schemaVersion": 2, "manifests": [Self.descriptor(1), Self.descriptor(3)]]
    for type in [MediaType.index, .dockerList] {
      let document = try Self.document(json, as: type)
      #expect(document.manifests.map(\.digest) == [Self.digests[1], Self.digests[3]])
      #expect(document.blobs.isEmpty)
      #expect(document.artifactType == nil)
    }
  }

  @Test func `a subject, a kind and annotations are read`() throws {
    let document = try Self.document(
      Self.manifest([
        "subject": Self.descriptor(3), "artifactType": "application/vnd.bom", "annotations": ["a": "b"],
        "unknown": ["x": 1],
      ]))
    #expect(document.subject == Self.digests[3])
    #expect(document.artifactType == "application/vnd.bom")
    #expect(document.annotations == ["a": "b"])
    #expect(!document.needs.map(\.digest).contains(Self.digests[3]))
  }

  @Test func `layers that nobody may hand on are not needed`() throws {
    for type in [
      "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
      "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ] {
      let document = try Self.document(Self.manifest(["layers": [Self.descriptor(1, type)]]))
      #expect(document.needs.map(\.digest) == [Self.digests[0]])
    }
  }

  @Test func `a manifest that is sent without a type is what it states`() throws {
    let json = Self.manifest(["mediaType": .string(MediaType.dockerManifest.rawValue)])
    #expect(try Self.document(json, as: nil).mediaType == .dockerManifest)
  }

  private static let refused: [(JSON, MediaType?, String)] = [
    (manifest(), nil, "manifest.unsupported"),
    (manifest(), MediaType(rawValue: "application/json"), "manifest.unsupported"),
    (
      manifest(), MediaType(rawValue: "application/vnd.docker.distribution.manifest.v1+prettyjws"),
      "manifest.unsupported"
    ),
    (manifest(["mediaType": .string(MediaType.index.rawValue)]), .manifest, "manifest.ambiguous"),
    (manifest(["manifests": []]), .manifest, "manifest.ambiguous"),
    (["manifests": [], "layers": []], .index, "manifest.ambiguous"),
    (["manifests": [], "config": [:]], .dockerList, "manifest.ambiguous"),
    ([], .manifest, "oci.malformed"), ("text", .manifest, "oci.malformed"),
    (manifest(["config": .some(nil)]), .manifest, "oci.malformed"),
    (manifest(["layers": "none"]), .manifest, "oci.malformed"),
    (manifest(["layers": [["digest": "x"]]]), .manifest, "oci.malformed"),
    (manifest(["layers": [descriptor(1, size: -1)]]), .manifest, "oci.malformed"),
    (manifest(["annotations": ["a": 1]]), .manifest, "oci.malformed"),
    (manifest(["artifactType": 1]), .manifest, "oci.malformed"),
    (
      manifest(["artifactType": .string(String(repeating: "x", count: 256))]), .manifest, "oci.malformed"
    ),
    (
      manifest(["config": ["mediaType": "a/b", "digest": "sha512:00", "size": 1]]), .manifest, "oci.digest"
    ),
    (manifest(["subject": ["mediaType": "a/b", "digest": "../x", "size": 1]]), .manifest, "oci.digest"),
    (
      manifest(["annotations": ["a": .string(String(repeating: "x", count: 4 << 20))]]), .manifest,
      "oci.too-large"
    ),
  ]

  @Test(arguments: 0..<refused.count)
  func `what is no manifest, or two, is refused`(number: Int) {
    let (json, type, code) = Self.refused[number]
    let problem = #expect(throws: Problem.self) { try Self.document(json, as: type) }
    #expect(problem?.code == code)
  }
}
