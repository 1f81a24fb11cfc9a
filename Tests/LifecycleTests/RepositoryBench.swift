import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit

/// Small images, and how they get into the repositories of a control plane.
struct SampleImage {
  let configuration: [UInt8]
  let layers: [[UInt8]]
  var subject: Descriptor?
  var kind: String?

  init(_ number: Int, layers: [Int] = [1], about subject: Descriptor? = nil, kind: String? = nil) {
    configuration = Array(#"{"architecture":"amd64","number":\#(number)}"#.utf8)
    self.layers = layers.map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 1000 + $0) }
    self.subject = subject
    self.kind = kind
  }

  var manifest: [UInt8] {
    var members: [String: JSON] = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue),
      "config": Self.descriptor(.configuration, configuration).json,
      "layers": .array(layers.map { Self.descriptor(.layer, $0).json }),
    ]
    members["subject"] = subject?.json
    members["artifactType"] = kind.map { .string($0) }
    return JSON.object(members).canonicalBytes
  }

  var digest: Digest { Digest(of: manifest) }
  var descriptor: Descriptor { Self.descriptor(.manifest, manifest) }
  var blobs: [[UInt8]] { [configuration] + layers }
  /// All that is in the store once it is there.
  var all: Set<Digest> { Set((blobs + [manifest]).map { Digest(of: $0) }) }

  static func descriptor(_ type: MediaType, _ bytes: [UInt8]) -> Descriptor {
    Descriptor(mediaType: type, digest: Digest(of: bytes), size: bytes.count)
  }

  /// The index of these images.
  static func index(_ images: [SampleImage]) -> [UInt8] {
    ImageIndex(manifests: images.map(\.descriptor)).json.canonicalBytes
  }

  /// Uploads the blobs that the repository does not show, and puts the manifest.
  func push(_ text: String, to repository: RepositoryName, _ control: ControlPlane) async throws {
    for blob in blobs { try await Self.upload(blob, to: repository, control) }
    try await put(text, to: repository, control)
  }

  func put(_ text: String, to repository: RepositoryName, _ control: ControlPlane) async throws {
    _ = try await control.putManifest(
      manifest, as: .manifest, ManifestReference(parsing: text), in: repository, by: Sample.actor)
  }

  static func upload(_ blob: [UInt8], to repository: RepositoryName, _ control: ControlPlane) async throws {
    let (digest, uploads) = (Digest(of: blob), control.repositories.uploads)
    if (try? await control.repositories.size(of: digest, in: repository)) == blob.count { return }
    let id = try await uploads.begin(in: repository)
    // In two pieces, as over a connection that breaks.
    for piece in [blob.prefix(10), blob.dropFirst(10)] {
      _ = try await uploads.take(id, in: repository)
      try await uploads.write(Array(piece), to: id)
      await uploads.release(id)
    }
    _ = try await uploads.take(id, in: repository)
    try await uploads.finish(id, as: digest)
  }
}
