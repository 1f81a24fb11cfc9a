public import Domain
import Encoding
public import Lifecycle
public import Packaging
import Provenance
import Testing

/// What every registry that images are published to must do.
///
/// Each check takes a repository of its own, empty.
public struct RemoteRegistryContract: Sendable {
  private let make: @Sendable (_ body: (any RemoteRegistry) async throws -> Void) async throws -> Void

  /// Checks the repositories that `make` hands over, each of them empty.
  public init(
    make: @escaping @Sendable (_ body: (any RemoteRegistry) async throws -> Void) async throws -> Void
  ) {
    self.make = make
  }

  /// Runs every check.
  public func run() async throws {
    try await make(blobsComeBackAsTheyWere)
    try await make(aManifestComesAfterWhatItNames)
    try await make(namesLeadToManifestsAndMove)
    try await make(statementsAreFoundByTheirSubject)
    try await make(whatIsNotThereIsNotThere)
  }

  private func send(_ bytes: [UInt8], to registry: any RemoteRegistry) async throws -> Descriptor {
    let store = InMemoryBlobStore()
    let session = await store.beginIngest()
    try await session.write(bytes)
    let digest = try await session.finish()
    let blob = Descriptor(mediaType: .layer, digest: digest, size: bytes.count)
    #expect(try await registry.send(blob, from: store, mounting: nil) == .sent)
    return blob
  }

  private func fetch(_ blob: Descriptor, from registry: any RemoteRegistry) async throws -> [UInt8] {
    let store = InMemoryBlobStore()
    let session = await store.beginIngest()
    try await registry.fetch(blob, into: session)
    let digest = try await session.finish()
    return try await store.read(digest, limit: blob.size)
  }

  private func image(_ text: String, in registry: any RemoteRegistry) async throws -> RemoteManifest {
    let blob = try await send(Array(text.utf8), to: registry)
    return try Sample.manifest(of: blob)
  }

  private func blobsComeBackAsTheyWere(_ registry: any RemoteRegistry) async throws {
    for bytes in [[], [7], Array(repeating: 1, count: 300_001)] as [[UInt8]] {
      let blob = try await send(bytes, to: registry)
      #expect(try await registry.contains(blob: blob))
      #expect(try await fetch(blob, from: registry) == bytes)
      #expect(try await registry.bytes(of: blob, limit: bytes.count) == bytes)
    }
  }

  private func aManifestComesAfterWhatItNames(_ registry: any RemoteRegistry) async throws {
    let blob = Descriptor(mediaType: .layer, digest: Digest(of: [9]), size: 1)
    await #expect(throws: Problem.self) {
      try await registry.put(try Sample.manifest(of: blob), as: .tag(try ImageTag(parsing: "a")))
    }
    #expect(try await registry.manifest(.tag(try ImageTag(parsing: "a"))) == nil)
  }

  private func namesLeadToManifestsAndMove(_ registry: any RemoteRegistry) async throws {
    let (first, second) = (try await image("first", in: registry), try await image("second", in: registry))
    let tag = ManifestReference.tag(try ImageTag(parsing: "a"))
    try await registry.put(first, as: tag)
    #expect(try await registry.manifest(tag) == first)
    #expect(try await registry.manifest(.digest(first.descriptor.digest)) == first)
    try await registry.put(second, as: tag)
    try await registry.put(second, as: .digest(second.descriptor.digest))
    #expect(try await registry.manifest(tag) == second)
    #expect(try await registry.contains(manifest: first.descriptor.digest))
    #expect(try await registry.tags() == ["a"])
    try await registry.remove(tag)
    #expect(try await registry.manifest(tag) == nil)
    try await registry.remove(.digest(first.descriptor.digest))
    #expect(try await registry.contains(manifest: first.descriptor.digest) == false)
    try await registry.remove(.digest(first.descriptor.digest))
  }

  private func statementsAreFoundByTheirSubject(_ registry: any RemoteRegistry) async throws {
    let image = try await image("image", in: registry)
    try await registry.put(image, as: .tag(try ImageTag(parsing: "a")))
    #expect(try await registry.referrers(of: image.descriptor.digest).isEmpty)
    var statements: [RemoteManifest] = []
    for text in ["one", "two"] {
      let blob = try await send(Array(text.utf8), to: registry)
      let statement = try Sample.manifest(of: blob, about: image.descriptor, type: "application/x-\(text)")
      try await registry.put(statement, as: .digest(statement.descriptor.digest))
      // Again is once.
      try await registry.put(statement, as: .digest(statement.descriptor.digest))
      statements.append(statement)
    }
    let found = try await registry.referrers(of: image.descriptor.digest)
    #expect(Set(found.map(\.manifest.digest)) == Set(statements.map(\.descriptor.digest)))
    #expect(found.count == 2)
    #expect(Set(found.compactMap(\.artifactType)) == ["application/x-one", "application/x-two"])
    #expect(found.allSatisfy { $0.manifest.annotations == ["said": "by a sample"] })
  }

  private func whatIsNotThereIsNotThere(_ registry: any RemoteRegistry) async throws {
    let blob = Descriptor(mediaType: .layer, digest: Digest(of: [9]), size: 1)
    #expect(try await registry.contains(blob: blob) == false)
    #expect(try await registry.contains(manifest: blob.digest) == false)
    #expect(try await registry.manifest(.digest(blob.digest)) == nil)
    #expect(try await registry.tags().isEmpty)
    #expect(try await registry.referrers(of: blob.digest).isEmpty)
    let problem = await #expect(throws: Problem.self) { try await fetch(blob, from: registry) }
    #expect(problem?.code == "registry.not-found")
  }
}

extension Sample {
  /// A manifest of one blob, which is its configuration too; about another where that is named.
  public static func manifest(
    of blob: Descriptor, about subject: Descriptor? = nil, type: String? = nil
  ) throws(Problem) -> RemoteManifest {
    var configuration = blob
    configuration.mediaType = .configuration
    var members: [String: JSON] = [
      "schemaVersion": 2, "mediaType": .string(MediaType.manifest.rawValue), "config": configuration.json,
      "layers": [blob.json], "annotations": ["said": "by a sample"],
    ]
    if let subject { members["subject"] = subject.json }
    if let type { members["artifactType"] = .string(type) }
    return try RemoteManifest(JSON.object(members).canonicalBytes, as: .manifest)
  }
}
