import Domain
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// The client against a little registry that keeps to the specification, as much of it as it has.
struct ClientContractTests {
  static let doors: [LittleRegistry.Door] = [
    .open, .basic(user: "me", password: "secret"), .token(user: "me", password: "secret"),
  ]

  private func run(_ registry: LittleRegistry) async throws {
    try await RemoteRegistryContract { body in
      try await LittleServer.with(registry) { server in
        try await withClient(server) { client in try await body(client) }
        #expect(server.change { $0.registry.holes } == [])
      }
    }.run()
  }

  private func withClient(_ server: LittleServer, _ body: (RegistryClient) async throws -> Void)
    async throws
  {
    let credentials = try RegistryLogins(parsing: Array("me:secret".utf8))
    try await server.client("models/iris", { $0.credentials = credentials }, body)
  }

  @Test(arguments: doors.indices)
  func `it keeps the contract, however the registry knows who asks`(_ door: Int) async throws {
    var registry = LittleRegistry()
    registry.door = Self.doors[door]
    try await run(registry)
  }

  @Test func `it keeps the contract where referrers are an index under a tag`() async throws {
    var registry = LittleRegistry()
    registry.listsReferrers = false
    // Tags are checked where there are none but those of the test.
    try await LittleServer.with(registry) { server in
      try await withClient(server) { client in
        let store = InMemoryBlobStore()
        let session = await store.beginIngest()
        try await session.write([1])
        let blob = Descriptor(mediaType: .layer, digest: try await session.finish(), size: 1)
        _ = try await client.send(blob, from: store, mounting: nil)
        let image = try Sample.manifest(of: blob)
        try await client.put(image, as: .tag(try ImageTag(parsing: "a")))
        for type in ["one", "two", "two"] {
          let statement = try Sample.manifest(of: blob, about: image.descriptor, type: type)
          try await client.put(statement, as: .digest(statement.descriptor.digest))
        }
        let found = try await client.referrers(of: image.descriptor.digest)
        #expect(found.compactMap(\.artifactType) == ["one", "two"])
        #expect(try await client.tags() == ["a", "sha256-\(image.descriptor.digest.hexadecimal)"])
      }
    }
  }

  @Test func `lists are read to their end, however many pages they have`() async throws {
    try await LittleServer.with { server in
      let names = (0..<7).map { "v\($0)" }
      server.change { state in
        state.registry.tags["models/iris"] = Dictionary(uniqueKeysWithValues: names.map { ($0, "x") })
      }
      let found = try await server.client { try await $0.tags() }
      #expect(found == names)
      #expect(server.requests.count == 4)
    }
  }

  @Test func `a blob of another repository is mounted, and no byte of it sent`() async throws {
    try await LittleServer.with { server in
      let bytes = [UInt8](repeating: 1, count: 5000)
      let blob = Descriptor(mediaType: .layer, digest: Digest(of: bytes), size: bytes.count)
      server.change { $0.registry.blobs["base/program"] = [blob.digest.description: bytes] }
      let deliveries = try await server.client { client in
        let store = InMemoryBlobStore()
        let session = await store.beginIngest()
        try await session.write(bytes)
        _ = try await session.finish()
        return [
          try await client.send(blob, from: store, mounting: "base/program"),
          try await client.send(blob, from: store, mounting: "base/another"),
        ]
      }
      #expect(deliveries == [.mounted, .sent])
      #expect(server.requests.first?.body.count == 0)
      #expect(server.change { $0.registry.blobs["models/iris"]?[blob.digest.description] } == bytes)
    }
  }

  @Test func `a blob goes in pieces of the size that the registry wants`() async throws {
    var registry = LittleRegistry()
    registry.shortestPiece = 4000
    try await LittleServer.with(registry) { server in
      _ = try await server.client { client in
        try await Self.send([UInt8](repeating: 1, count: 9000), to: client)
      }
      #expect(server.requests.map(\.method) == ["POST", "PATCH", "PATCH", "PUT"])
      #expect(
        server.requests.compactMap { $0.header("content-range") } == ["0-3999", "4000-7999", "8000-8999"])
    }
  }

  /// Sends bytes as a blob; says what it is known by.
  @discardableResult
  static func send(_ bytes: [UInt8], to client: RegistryClient) async throws(Problem) -> Descriptor {
    let store = InMemoryBlobStore()
    let session = await store.beginIngest()
    try await session.write(bytes)
    let blob = Descriptor(mediaType: .layer, digest: try await session.finish(), size: bytes.count)
    _ = try await client.send(blob, from: store, mounting: nil)
    return blob
  }
}
