import Glibc
import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Storage

/// Image layouts on a disk.
struct ImageLayoutTests {
  private func image(_ text: String, into layout: DirectoryImageLayout) async throws -> ServingImage {
    let key = SealingKey()
    let bundle = try Sample.bundle(text, sealedBy: key)
    let packer = ImagePacker(into: layout.blobs, tool: "gatehouse test")
    let packed = try await packer.program(Sample.program())
    return try await packer.image(
      of: [try await packer.bundle(bundle)], with: packed, trusting: [key.verificationKey])
  }

  private func index(_ path: String) throws -> JSON {
    try JSON(parsing: try #require(try DurableFile.read("\(path)/index.json", limit: 1 << 20)))
  }

  @Test func `a layout has its version, its index and its blobs, for everybody to read`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    let layout = try DirectoryImageLayout(path: path)
    let image = try await image("iris@1", into: layout)
    try layout.add(image.descriptor, as: try ImageTag(parsing: "1"))

    #expect(
      try DurableFile.read("\(path)/oci-layout", limit: 100) == Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)
    )
    let only = try #require(try index(path)["manifests"]?.array?.first)
    #expect(only["digest"]?.string == image.manifest.descriptor.digest.description)
    #expect(only["annotations"]?["org.opencontainers.image.ref.name"] == "1")
    #expect(only["platform"] == ["architecture": "amd64", "os": "linux"])
    for blob in image.layers.map(\.blob) + image.documents.map(\.descriptor) {
      let found = try OpenFile.reading("\(path)/blobs/sha256/\(blob.digest.hexadecimal)")?.status()
      #expect(found.map { Int($0.st_size) } == blob.size)
      #expect(found.map { $0.st_mode & 0o777 } == 0o644)
    }
    #expect(try await layout.blobs.digests().count == image.layers.count + image.documents.count)
    // Nothing is in it that no layout has.
    #expect(
      try DirectoryListing.entries(of: path).map(\.name).sorted() == ["blobs", "index.json", "oci-layout"])
  }

  @Test func `images join those that are there, and a name is moved`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    let first = try await image("iris@1", into: try DirectoryImageLayout(path: path))
    try DirectoryImageLayout(path: path).add(first.descriptor, as: try ImageTag(parsing: "a"))
    let second = try await image("iris@2", into: try DirectoryImageLayout(path: path))
    try DirectoryImageLayout(path: path).add(second.descriptor, as: try ImageTag(parsing: "b"))
    try DirectoryImageLayout(path: path).add(second.descriptor, as: try ImageTag(parsing: "a"))
    let manifests = try #require(try index(path)["manifests"]?.array)
    let names = manifests.map { $0["annotations"]?["org.opencontainers.image.ref.name"]?.string }
    #expect(names == ["b", "a"])
    #expect(Set(manifests.map { $0["digest"]?.string }) == [second.manifest.descriptor.digest.description])
  }

  @Test func `a directory with something else in it is left alone`() throws {
    let scratch = try Scratch()
    try DurableFile.write([1], to: "\(scratch.path)/mine")
    let problem = #expect(throws: Problem.self) { _ = try DirectoryImageLayout(path: scratch.path) }
    #expect(problem?.code == "image.not-a-layout")
    #expect(try DirectoryListing.entries(of: scratch.path).map(\.name) == ["mine"])
  }

  @Test func `an index that is none is refused before anything is packed, and left as it is`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    _ = try DirectoryImageLayout(path: path)
    try DurableFile.write(Array("[".utf8), to: "\(path)/index.json")
    let problem = #expect(throws: Problem.self) { _ = try DirectoryImageLayout(path: path) }
    #expect(problem?.code == "oci.malformed")
    #expect(try DurableFile.read("\(path)/index.json", limit: 100) == Array("[".utf8))
  }

  @Test func `what others wrote into an index stays`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    let layout = try DirectoryImageLayout(path: path)
    let image = try await image("iris@1", into: layout)
    let foreign: JSON = [
      "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha512:00", "size": 7,
      "artifactType": "text/plain", "platform": ["os": "windows", "architecture": "arm", "variant": "v7"],
    ]
    let before: JSON = ["schemaVersion": 2, "annotations": ["a": "b"], "manifests": [foreign]]
    try DurableFile.write(before.canonicalBytes, to: "\(path)/index.json")
    try layout.add(image.descriptor, as: try ImageTag(parsing: "1"))
    let after = try index(path)
    #expect(after["annotations"] == ["a": "b"])
    #expect(after["manifests"]?.array?.first == foreign)
    #expect(after["manifests"]?.array?.count == 2)
    #expect(try layout.image(named: "1").digest == image.manifest.descriptor.digest)
  }

  @Test func `one process at a time writes a layout`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    let first = try DirectoryImageLayout(path: path)
    let problem = #expect(throws: Problem.self) { _ = try DirectoryImageLayout(path: path) }
    #expect(problem?.code == "image.layout-in-use")
    #expect(problem?.category == .unavailable)
    withExtendedLifetime(first) {}
  }

  @Test func `what a crash left is removed, at the top as well`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    // Before the first file had its name.
    try Disk().createDirectory(path)
    try DurableFile.write([1], to: "\(path)/oci-layout.0123.part")
    _ = try DirectoryImageLayout(path: path)
    try DurableFile.write([1], to: "\(path)/index.json.0123.part")
    try DurableFile.write([1], to: "\(path)/blobs/sha256/0123.part")
    _ = try DirectoryImageLayout(path: path)
    #expect(try DirectoryListing.entries(of: path).map(\.name) == ["blobs", "oci-layout"])
    #expect(try DirectoryListing.entries(of: "\(path)/blobs/sha256").isEmpty)
  }

  @Test func `a layout of another version is left alone`() throws {
    let scratch = try Scratch()
    try DurableFile.write(Array(#"{"imageLayoutVersion":"2.0.0"}"#.utf8), to: "\(scratch.path)/oci-layout")
    let problem = #expect(throws: Problem.self) { _ = try DirectoryImageLayout(path: scratch.path) }
    #expect(problem?.code == "image.not-a-layout")
  }

  @Test func `an image is found by its name, or as the only one`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    let reader = DirectoryImageLayout(reading: path)
    #expect(#expect(throws: Problem.self) { _ = try reader.image(named: nil) }?.code == "image.no-such-image")
    let layout = try DirectoryImageLayout(path: path)
    let first = try await image("iris@1", into: layout)
    let second = try await image("iris@2", into: layout)
    try layout.add(first.descriptor, as: try ImageTag(parsing: "a"))
    #expect(try reader.image(named: nil).digest == first.manifest.descriptor.digest)
    try layout.add(second.descriptor, as: try ImageTag(parsing: "b"))
    #expect(try reader.image(named: "b").digest == second.manifest.descriptor.digest)
    #expect(#expect(throws: Problem.self) { _ = try reader.image(named: nil) }?.code == "image.ambiguous")
    #expect(#expect(throws: Problem.self) { _ = try reader.image(named: "c") }?.code == "image.no-such-image")
  }

  @Test func `directories above the blobs are for everybody to read too`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/layout"
    _ = try DirectoryImageLayout(path: path)
    for directory in [path, "\(path)/blobs", "\(path)/blobs/sha256"] {
      var status = stat()
      #expect(unsafe stat(directory, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o755)
    }
  }

  @Test func `a directory without a name is refused`() {
    #expect(throws: Problem.self) { _ = try DirectoryImageLayout(path: "") }
  }
}
