import Domain
import Encoding
import Provenance
import Testing

@testable import Packaging

/// Images as documents.
struct ServingImageTests {
  private func layer(_ name: String) -> Layer {
    Layer(
      blob: Descriptor(mediaType: .layer, digest: Digest(of: name.utf8), size: name.utf8.count),
      unpacked: Digest(of: "unpacked \(name)".utf8), unpackedSize: 10 * name.utf8.count)
  }

  private func bundle(_ name: String, _ version: Int) throws -> PackedBundle {
    let reference = try VersionReference(parsing: "\(name)@\(version)")
    let manifest = Manifest(
      name: reference.name, version: reference.version, signature: [:], artifact: Digest(of: "artifact".utf8),
      framework: "scikit-learn", frameworkVersion: "1.9.1", estimator: "LogisticRegression",
      tool: "gatehouse 0.1.0", policy: Digest(of: "policy".utf8))
    return PackedBundle(
      manifest: manifest, digest: Digest(of: "bundle \(reference)".utf8), layer: layer("\(reference)"))
  }

  private func image(_ bundles: [PackedBundle], callers: Layer? = nil) -> ServingImage {
    ServingImage(
      program: PackedProgram(
        program: Digest(of: "program".utf8), architecture: "amd64", layer: layer("program")),
      trust: layer("trust"), bundles: bundles, callers: callers, tool: "gatehouse 0.1.0")
  }

  @Test func `what changes least lies lowest`() throws {
    let bundles = [try bundle("wine", 2), try bundle("iris", 10), try bundle("iris", 9)]
    let image = image(bundles, callers: layer("callers"))
    let expected = ["program", "trust", "iris@9", "iris@10", "wine@2", "callers"]
    #expect(image.layers == expected.map(layer))
    #expect(image.packedSize == expected.joined().utf8.count)
    #expect(image.unpackedSize == 10 * expected.joined().utf8.count)
  }

  @Test func `the order in which bundles are named does not matter`() throws {
    let bundles = [try bundle("wine", 2), try bundle("iris", 1)]
    #expect(image(bundles) == image(bundles.reversed()))
  }

  @Test func `the configuration says who runs what, and nothing of when and where`() throws {
    let image = image([try bundle("iris", 3)])
    let json = try JSON(parsing: image.configuration.bytes)
    #expect(json["config"]?["User"] == "65532:65532")
    #expect(json["config"]?["Entrypoint"] == ["/gatehouse-runtime", "--packed", "/"])
    #expect(json["config"]?["ExposedPorts"] == ["8080/tcp": [:], "8081/tcp": [:]])
    #expect(json["config"]?["Labels"]?["org.opencontainers.image.version"] == "3")
    #expect(json["os"] == "linux")
    #expect(json["architecture"] == "amd64")
    #expect(json["created"] == "1970-01-01T00:00:00Z")
    #expect(
      json["rootfs"]?["diff_ids"]?.array == image.layers.map { .string($0.unpacked.description) })
    #expect(json["history"]?.array?.count == image.layers.count)
  }

  @Test func `the manifest refers to the configuration and the layers, and its digest is of its bytes`()
    throws
  {
    let image = image([try bundle("iris", 3)])
    let json = try JSON(parsing: image.manifest.bytes)
    #expect(json["schemaVersion"] == 2)
    #expect(json["mediaType"] == "application/vnd.oci.image.manifest.v1+json")
    #expect(json["config"]?["digest"]?.string == image.configuration.descriptor.digest.description)
    #expect(json["config"]?["size"]?.int == image.configuration.bytes.count)
    #expect(json["layers"]?.array == image.layers.map(\.blob.json))
    #expect(image.manifest.descriptor.digest == Digest(of: image.manifest.bytes))
    #expect(image.manifest.descriptor.size == image.manifest.bytes.count)
    #expect(image.documents.map(\.descriptor.mediaType) == [.configuration, .manifest])
  }

  @Test func `an image of several models has no one version`() throws {
    let image = image([try bundle("iris", 3), try bundle("wine", 1)])
    let labels = try JSON(parsing: image.configuration.bytes)["config"]?["Labels"]
    #expect(labels?["org.opencontainers.image.title"] == "iris@3, wine@1")
    #expect(labels?["org.opencontainers.image.version"] == nil)
  }

  // MARK: Indices

  @Test func `an index comes back as it was written`() throws {
    var descriptor = image([try bundle("iris", 3)]).manifest.descriptor
    descriptor.annotations = ["org.opencontainers.image.ref.name": "3"]
    descriptor.architecture = "amd64"
    let index = ImageIndex(manifests: [descriptor, descriptor])
    #expect(try ImageIndex(parsing: index.json.canonicalBytes) == index)
  }

  @Test(arguments: [
    ("[", "oci.malformed"), ("[]", "oci.malformed"), (#"{"manifests":{}}"#, "oci.malformed"),
    (#"{"manifests":[{"mediaType":"a","size":1}]}"#, "oci.malformed"),
    (#"{"manifests":[{"mediaType":"a","size":1,"digest":"sha512:00"}]}"#, "oci.digest"),
    (#"{"manifests":[{"mediaType":"a","size":1,"digest":"sha256:../../x"}]}"#, "oci.digest"),
    (#"{"manifests":[{"size":1,"digest":"DIGEST"}]}"#, "oci.malformed"),
    (#"{"manifests":[{"mediaType":"a","size":-1,"digest":"DIGEST"}]}"#, "oci.malformed"),
    (#"{"manifests":[{"mediaType":"a","size":1e30,"digest":"DIGEST"}]}"#, "oci.malformed"),
    (#"{"manifests":[{"mediaType":"a","size":1,"digest":"DIGEST","annotations":{"a":1}}]}"#, "oci.malformed"),
  ])
  func `an index that is none is refused`(text: String, code: String) throws {
    let digest = Digest(of: []).description
    let text = text.replacing("DIGEST", with: digest)
    let problem = #expect(throws: Problem.self) { _ = try ImageIndex(parsing: text.utf8) }
    #expect(problem?.code == code)
    #expect(problem?.category == .badInput)
  }

  @Test func `an index of more than four mebibytes is not read`() {
    let problem = #expect(throws: Problem.self) {
      _ = try ImageIndex(parsing: [UInt8](repeating: 0x20, count: (4 << 20) + 1))
    }
    #expect(problem?.code == "oci.too-large")
  }
}
