import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Storage

/// Images that come into a layout from elsewhere.
struct FetchedImageTests {
  private func keep(_ bytes: [UInt8], _ layout: DirectoryImageLayout) async throws -> Descriptor {
    let session = try await layout.blobs.beginIngest()
    try await session.write(bytes)
    return Descriptor(mediaType: .layer, digest: try await session.finish(), size: bytes.count)
  }

  /// An image of these bytes, and a statement about it, whole in a layout.
  private func image(
    _ text: String, in layout: DirectoryImageLayout
  ) async throws -> (image: Descriptor, statement: Referrer) {
    let manifest = try Sample.manifest(of: try await keep(Array(text.utf8), layout))
    _ = try await keep(manifest.bytes, layout)
    let words = try await keep(Array("about \(text)".utf8), layout)
    let statement = try Sample.manifest(of: words, about: manifest.descriptor, type: "application/x-said")
    _ = try await keep(statement.bytes, layout)
    return (manifest.descriptor, Referrer(statement.descriptor, artifactType: "application/x-said"))
  }

  @Test func `an image stands beside what is said about it, and is the only one`() async throws {
    let scratch = try Scratch()
    let layout = try DirectoryImageLayout(path: "\(scratch.path)/layout")
    let (image, statement) = try await image("iris", in: layout)
    for name in [nil, try ImageTag(parsing: "3"), nil] {
      try layout.add(image, as: name, statements: [statement])
      #expect(try layout.image(named: nil).digest == image.digest)
      let entries = try layout.manifests()
      #expect(entries.count { $0.artifactType == "application/x-said" } == 1)
      #expect(Set(entries.map(\.manifest.digest)) == [image.digest, statement.manifest.digest])
    }
    #expect(try layout.image(named: "3").digest == image.digest)
  }

  @Test func `another image takes a name, and leaves the rest`() async throws {
    let scratch = try Scratch()
    let layout = try DirectoryImageLayout(path: "\(scratch.path)/layout")
    let (first, second) = (try await image("first", in: layout), try await image("second", in: layout))
    let tag = try ImageTag(parsing: "latest")
    try layout.add(first.image, as: tag, statements: [first.statement])
    try layout.add(first.image, as: try ImageTag(parsing: "kept"))
    try layout.add(second.image, as: tag, statements: [second.statement])
    #expect(try layout.image(named: "latest").digest == second.image.digest)
    #expect(try layout.image(named: "kept").digest == first.image.digest)
    #expect(try layout.manifests().count { $0.artifactType != nil } == 2)
    #expect(#expect(throws: Problem.self) { _ = try layout.image(named: nil) }?.code == "image.ambiguous")
  }

  @Test func `an image that went into a registry and came back is the same layout of blobs`() async throws {
    let scratch = try Scratch()
    let source = try DirectoryImageLayout(path: "\(scratch.path)/source")
    let (image, statement) = try await image("iris", in: source)
    let tag = try ImageTag(parsing: "3")
    try source.add(image, as: tag, statements: [statement])
    let registry = InMemoryRemoteRegistry()
    try await PublishImage(from: source.blobs, to: registry)(
      image, as: .tag(tag), statements: try source.manifests().map(\.manifest)
    ) { _ in }
    let target = try DirectoryImageLayout(path: "\(scratch.path)/target")
    let fetched = try await FetchImage(from: registry, into: target.blobs)(.tag(tag)) { _ in }
    try target.add(fetched.image, as: tag, statements: fetched.referrers)
    #expect(fetched.referrers.map(\.manifest.digest) == [statement.manifest.digest])
    let (came, went) = (try await target.blobs.digests(), try await source.blobs.digests())
    #expect(came == went)
    #expect(try target.image(named: "3").digest == image.digest)
  }

  @Test func `a temporary layout is gone afterwards, whatever became of it`() async throws {
    let scratch = try Scratch()
    await #expect(throws: Problem.self) {
      try await TemporaryImageLayout.with(below: scratch.path) { layout in
        _ = try await image("iris", in: layout)
        #expect(try DirectoryListing.entries(of: scratch.path).count == 1)
        throw Problem(.internal, "test", "expected nothing")
      }
    }
    #expect(try DirectoryListing.entries(of: scratch.path).isEmpty)
  }
}
