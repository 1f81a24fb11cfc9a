import Domain
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// Every request of a push and of a pull fails once, in every way.
struct RegistryFaultMatrixTests {
  /// An image with what is about it, in a store.
  struct Cargo {
    let store = InMemoryBlobStore()
    let image: Descriptor
    let statements: [Descriptor]
    let layer: [UInt8]

    init() async throws {
      // Of several pieces, and of bytes that show when some of them are missing.
      layer = (0..<3500).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
      let blob = Descriptor(mediaType: .layer, digest: try await Self.keep(layer, store), size: layer.count)
      let manifest = try Sample.manifest(of: blob)
      image = manifest.descriptor
      _ = try await Self.keep(manifest.bytes, store)
      let words = Array("a statement".utf8)
      let said = Descriptor(mediaType: .layer, digest: try await Self.keep(words, store), size: words.count)
      let statement = try Sample.manifest(of: said, about: image, type: "application/x-said")
      _ = try await Self.keep(statement.bytes, store)
      statements = [statement.descriptor]
    }

    private static func keep(_ bytes: [UInt8], _ store: InMemoryBlobStore) async throws -> Digest {
      let session = await store.beginIngest()
      try await session.write(bytes)
      return try await session.finish()
    }

    var blobs: [Digest] { get async { await store.digests() } }
  }

  private static let tag: ManifestReference = {
    guard let tag = try? ImageTag(parsing: "a") else { preconditionFailure("a tag is one") }
    return .tag(tag)
  }()
  private let cargo: Cargo

  init() async throws { cargo = try await Cargo() }

  private func push(to server: LittleServer, _ retries: RetryPolicy = .once) async throws {
    try await server.client("models/iris", { $0.retries = retries }) { client in
      try await PublishImage(from: cargo.store, to: client)(
        cargo.image, as: Self.tag, statements: cargo.statements
      ) { _ in }
    }
  }

  private func pull(
    from server: LittleServer, into store: InMemoryBlobStore, _ retries: RetryPolicy = .once
  ) async throws -> FetchImage.Fetched {
    try await server.client("models/iris", { $0.retries = retries }) { client in
      try await FetchImage(from: client, into: store)(Self.tag) { _ in }
    }
  }

  /// Whether the whole image and what is about it can be had from the server.
  private func isWhole(_ server: LittleServer) async throws -> Bool {
    let store = InMemoryBlobStore()
    server.change { $0.faults = [:] }
    let fetched = try await pull(from: server, into: store)
    let (found, expected) = (await store.digests(), await cargo.blobs)
    return fetched.image == cargo.image && found == expected
  }

  @Test(arguments: LittleServer.Fault.allCases, [true, false])
  func `a push that fails anywhere leaves nothing half there, and done again it is whole`(
    _ fault: LittleServer.Fault, resumes: Bool
  ) async throws {
    var registry = LittleRegistry()
    registry.resumes = resumes
    registry.listsReferrers = resumes
    let count = try await LittleServer.with(registry) { server in
      try await push(to: server)
      return server.requests.count
    }
    #expect(count > 10)
    for number in 1...count {
      try await LittleServer.with(registry) { server in
        server.change { $0.faults = [number: fault] }
        await #expect(throws: Problem.self, "request \(number)") { try await push(to: server) }
        #expect(server.change { $0.registry.holes } == [], "request \(number)")
        try await push(to: server)
        #expect(try await isWhole(server), "request \(number)")
      }
    }
  }

  @Test(arguments: LittleServer.Fault.allCases, [true, false])
  func `a push that may try again gets over whatever fails`(
    _ fault: LittleServer.Fault, resumes: Bool
  ) async throws {
    var registry = LittleRegistry()
    registry.resumes = resumes
    registry.listsReferrers = resumes
    for number in 1...14 {
      try await LittleServer.with(registry) { server in
        server.change { $0.faults = [number: fault, number + 1: fault] }
        try await push(to: server, .hasty(4))
        #expect(server.change { $0.registry.holes } == [], "request \(number)")
        #expect(try await isWhole(server), "request \(number)")
      }
    }
  }

  @Test func `what has arrived of a blob is not sent again`() async throws {
    try await LittleServer.with { server in
      // HEAD, POST, and then the second piece of the layer.
      server.change { $0.faults = [4: .midRequest] }
      try await push(to: server, .hasty(3))
      let pieces = server.requests.filter {
        ["PATCH", "PUT"].contains($0.method) && $0.path.contains("/uploads/")
      }
      #expect(
        pieces.prefix(5).map { $0.header("content-range") }
          == ["0-999", "1000-1999", "1500-2499", "2500-3499", nil])
      #expect(server.requests[4].method == "GET")
    }
  }

  @Test(arguments: LittleServer.Fault.allCases)
  func `a pull that fails anywhere keeps whole blobs alone, and done again it is whole`(
    _ fault: LittleServer.Fault
  ) async throws {
    let expected = await cargo.blobs
    try await LittleServer.with { server in
      try await push(to: server)
      server.change { $0.requests = [] }
      _ = try await pull(from: server, into: InMemoryBlobStore())
      let count = server.requests.count
      #expect(count >= 6)
      for number in 1...count {
        let store = InMemoryBlobStore()
        server.change { state in
          state.requests = []
          state.faults = [number: fault]
        }
        // The end of a blob's answer may be lost without the blob.
        let first = try? await pull(from: server, into: store)
        for digest in await store.digests() {
          #expect(expected.contains(digest), "request \(number)")
        }
        server.change { $0.faults = [:] }
        let fetched = try await pull(from: server, into: store)
        #expect(first == nil || first == fetched)
        #expect(await store.digests() == expected, "request \(number)")
        #expect(fetched.referrers.map(\.manifest.digest) == cargo.statements.map(\.digest))

        server.change { state in
          state.requests = []
          state.faults = [number: fault, number + 1: fault]
        }
        let patient = InMemoryBlobStore()
        #expect(try await pull(from: server, into: patient, .hasty(4)) == fetched)
        #expect(await patient.digests() == expected, "request \(number)")
        server.change { $0.faults = [:] }
      }
    }
  }

  @Test func `a blob that the store has lost bytes of is not sent`() async throws {
    try await LittleServer.with { server in
      let layer = Digest(of: cargo.layer)
      await cargo.store.corrupt(layer, to: Array(cargo.layer.dropLast()))
      let problem = await #expect(throws: Problem.self) { try await push(to: server) }
      #expect(problem?.code == "blob.corrupt")
      #expect(server.requests.allSatisfy { $0.body.isEmpty })
    }
  }

  @Test func `a whole second push sends no blob`() async throws {
    try await LittleServer.with { server in
      try await push(to: server)
      server.change { $0.requests = [] }
      try await push(to: server)
      #expect(server.requests.map(\.method) == ["HEAD", "PUT", "HEAD", "PUT"])
    }
  }
}
