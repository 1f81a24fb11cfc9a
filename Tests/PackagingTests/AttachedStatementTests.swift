import Domain
import Encoding
import Provenance
import Statements
import Testing

@testable import Packaging

/// Statements about images as OCI keeps them.
struct AttachedStatementTests {
  private let image = Descriptor(
    mediaType: .manifest, digest: Digest(of: "image".utf8), size: 5, annotations: ["a": "b"],
    architecture: "amd64")

  @Test func `a statement is the one layer of a manifest whose subject is the image`() throws {
    let attached = AttachedStatement(Array("{}".utf8), predicateType: "https://cyclonedx.org/bom", to: image)
    #expect(
      String(decoding: attached.manifest.bytes, as: UTF8.self)
        == """
        {"annotations":{"dev.sigstore.bundle.content":"dsse-envelope",\
        "dev.sigstore.bundle.predicateType":"https://cyclonedx.org/bom"},\
        "artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json",\
        "config":{"digest":"\(Digest(of: "{}".utf8))","mediaType":"application/vnd.oci.empty.v1+json","size":2},\
        "layers":[{"digest":"\(Digest(of: "{}".utf8))",\
        "mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":2}],\
        "mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2,\
        "subject":{"digest":"\(image.digest)","mediaType":"application/vnd.oci.image.manifest.v1+json","size":5}}
        """)
    #expect(attached.documents.last == attached.manifest)
  }

  @Test func `what is read back names the statement, of that image and of no other`() throws {
    let attached = AttachedStatement(Array("statement".utf8), predicateType: "p", to: image)
    let manifest = try ImageManifest(parsing: attached.manifest.bytes)
    #expect(manifest.json.canonicalBytes == attached.manifest.bytes)
    #expect(manifest.statement(about: image.digest) == attached.statement.descriptor)
    #expect(manifest.statement(about: Digest(of: "other".utf8)) == nil)
    let plain = ImageManifest(configuration: image, layers: [image], subject: image)
    #expect(plain.statement(about: image.digest) == nil)
    let two = ImageManifest(
      configuration: image, layers: [image, image], artifactType: AttachedStatement.artifactType,
      subject: image)
    #expect(two.statement(about: image.digest) == nil)
  }
}
