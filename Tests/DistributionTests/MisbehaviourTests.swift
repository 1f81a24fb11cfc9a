import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// Registries that lie, break off, never end, or lead astray.
struct MisbehaviourTests {
  private static let bytes = [UInt8](repeating: 7, count: 5000)
  private static let blob = Descriptor(mediaType: .layer, digest: Digest(of: bytes), size: bytes.count)
  private static let path = "/v2/models/iris/blobs/\(blob.digest)"

  /// Fetches the blob; says how that failed, what it left in the store, and what was asked.
  private func fetch(
    blob: Descriptor = blob, retries: RetryPolicy = .once, _ registry: LittleRegistry = LittleRegistry(),
    answering: @escaping @Sendable (LittleRequest, Int) -> LittleAnswer?
  ) async throws -> (problem: Problem?, requests: [LittleRequest]) {
    try await LittleServer.with(registry, override: answering) { server in
      let store = InMemoryBlobStore()
      var problem: Problem?
      do {
        try await server.client("models/iris", { $0.retries = retries }) { client in
          let session = await store.beginIngest()
          do { try await client.fetch(blob, into: session) } catch {
            await session.abandon()
            throw error
          }
          #expect(try await session.finish() == blob.digest)
        }
        #expect(await store.digests() == [blob.digest])
      } catch let found as Problem {
        problem = found
        #expect(await store.digests() == [], "nothing is kept")
      }
      return (problem, server.requests)
    }
  }

  @Test func `bytes of another digest are not kept`() async throws {
    let other = [UInt8](repeating: 8, count: 5000)
    let (problem, _) = try await fetch { _, _ in LittleAnswer(status: 200, body: other) }
    #expect(problem?.code == "registry.digest")
    #expect(problem?.exitCode == 5)
  }

  @Test func `a length of ten gigabytes is refused before a byte is read`() async throws {
    let (problem, _) = try await fetch { _, _ in
      LittleAnswer(status: 200, headers: [("Content-Length", "10737418240")], body: Self.bytes)
    }
    #expect(problem?.code == "registry.size")
    #expect(problem?.message == "expected 5000 bytes from the registry, found 10737418240")
  }

  @Test(arguments: [4999, 5001])
  func `a length that is not the blob's is refused`(_ length: Int) async throws {
    let (problem, _) = try await fetch { _, _ in
      LittleAnswer(status: 200, body: [UInt8](repeating: 7, count: length))
    }
    #expect(problem?.code == "registry.size")
  }

  @Test func `a body without a length that goes on is left`() async throws {
    let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 7, count: 4096) + Array("\r\n".utf8)
    let (problem, _) = try await fetch { _, _ in
      LittleAnswer(
        status: 200, headers: [("Transfer-Encoding", "chunked")],
        body: Array(repeatElement(chunk, count: 500).joined()))
    }
    #expect(problem?.code == "registry.size")
  }

  @Test func `a body that ends in the midst of a chunk is asked for again, from there on`() async throws {
    let chunk =
      Array("1000\r\n".utf8) + [UInt8](repeating: 7, count: 4096) + Array("\r\n1000\r\n".utf8) + [7, 7]
    let (problem, requests) = try await fetch(retries: .hasty(3)) { request, number in
      number == 1
        ? LittleAnswer(status: 200, headers: [("Transfer-Encoding", "chunked")], body: chunk, closes: true)
        : LittleAnswer(
          status: 206, headers: [("Content-Range", "bytes 4098-4999/5000")],
          body: [UInt8](repeating: 7, count: 902))
    }
    #expect(problem == nil)
    #expect(requests.map { $0.header("range") } == [nil, "bytes=4098-4999"])
  }

  @Test(arguments: [
    "bytes 0-4999/5000", "bytes 2501-4999/5000", "bytes 2500-5000/5001", "bytes 2500-4999/5001",
    "bytes 2500-4999", "",
  ])
  func `other bytes than were asked for are refused`(_ range: String) async throws {
    let (problem, requests) = try await fetch(retries: .hasty(3)) { request, number in
      number == 1
        ? LittleAnswer(
          status: 200, headers: [("Content-Length", "5000")], body: [UInt8](repeating: 7, count: 2500),
          closes: true)
        : LittleAnswer(
          status: 206, headers: [("Content-Range", range)], body: [UInt8](repeating: 7, count: 2500))
    }
    #expect(problem?.code == "registry.malformed-answer")
    #expect(requests.count == 2)
  }

  @Test func `who knows no ranges sends all of it again, of which the rest is taken`() async throws {
    var registry = LittleRegistry()
    registry.knowsRanges = false
    registry.blobs = ["models/iris": [Self.blob.digest.description: Self.bytes]]
    let (problem, requests) = try await fetch(retries: .hasty(3), registry) { _, number in
      number == 1
        ? LittleAnswer(
          status: 200, headers: [("Content-Length", "5000")], body: [UInt8](repeating: 7, count: 10),
          closes: true) : nil
    }
    #expect(problem == nil)
    #expect(requests.count == 2)
  }

  @Test func `a registry that always breaks off is given up`() async throws {
    let (problem, requests) = try await fetch(retries: .hasty(4)) { _, _ in
      LittleAnswer(status: 200, headers: [("Content-Length", "5000")], closes: true)
    }
    #expect(problem?.exitCode == 6)
    #expect(requests.count == 4)
  }

  @Test func `one that asks to wait is waited for, and one that asks too much is given up`() async throws {
    var registry = LittleRegistry()
    registry.blobs = ["models/iris": [Self.blob.digest.description: Self.bytes]]
    let (problem, requests) = try await fetch(retries: .hasty(3), registry) { _, number in
      number == 1 ? LittleAnswer(status: 429, headers: [("Retry-After", "0")]) : nil
    }
    #expect(problem == nil)
    #expect(requests.count == 2)
    let (busy, asked) = try await fetch(retries: .hasty(3)) { _, _ in
      LittleAnswer(status: 429, headers: [("Retry-After", "86400")])
    }
    #expect(busy?.code == "registry.too-many")
    #expect(busy?.retryAfter == 86400)
    #expect(asked.count == 1)
  }

  @Test func `what will not change is not tried again`() async throws {
    for (status, code) in [
      (400, "registry.refused"), (403, "registry.denied"), (404, "registry.not-found"),
      (501, "registry.unavailable"),
    ] {
      let words = Array(#"{"errors":[{"code":"SOME","message":"a\u0007 word"}]}"#.utf8)
      let (problem, requests) = try await fetch(retries: .hasty(5)) { _, _ in
        LittleAnswer(status: status, body: words)
      }
      #expect(problem?.code == code)
      #expect(problem?.cause == "the registry says SOME: a\\u{7} word")
      #expect(requests.count == 1)
    }
  }

  @Test func `redirections are followed, and end`() async throws {
    var registry = LittleRegistry()
    registry.blobs = ["models/iris": [Self.blob.digest.description: Self.bytes]]
    let (problem, requests) = try await fetch(registry) { request, number in
      number < 4 ? LittleAnswer(status: 307, headers: [("Location", "\(Self.path)?hop=\(number)")]) : nil
    }
    #expect(problem == nil)
    #expect(requests.count == 4)
    let (circle, asked) = try await fetch { _, _ in
      LittleAnswer(status: 307, headers: [("Location", Self.path)])
    }
    #expect(circle?.code == "registry.malformed-answer")
    #expect(asked.count == 6)
  }

  @Test(arguments: [
    ("http://registry.example/a", "registry.insecure-redirection"), ("ftp://a/b", "registry.malformed-url"),
    ("//a/b", "registry.malformed-url"), ("http://user:word@127.0.0.1/a", "registry.malformed-url"),
  ])
  func `a redirection that leads astray is not followed`(_ location: String, _ code: String) async throws {
    let (problem, requests) = try await fetch { _, _ in
      LittleAnswer(status: 307, headers: [("Location", location)])
    }
    #expect(problem?.code == code)
    #expect(requests.count == 1)
  }

  @Test func `a manifest that is too long, another's, or of another kind is refused`() async throws {
    let image = try Sample.manifest(of: Self.blob)
    let type = ("Content-Type", MediaType.manifest.rawValue)
    let cases: [(LittleAnswer, String)] = [
      (LittleAnswer(status: 200, headers: [type, ("Content-Length", "4194305")]), "registry.too-long"),
      (
        LittleAnswer(status: 200, headers: [type], body: [UInt8](repeating: 0x20, count: 4_194_305)),
        "registry.too-long"
      ),
      (LittleAnswer(status: 200, headers: [type], body: image.bytes + [0x0A]), "registry.digest"),
      (
        LittleAnswer(status: 200, headers: [("Content-Type", "text/html")], body: image.bytes),
        "manifest.unsupported"
      ),
      (LittleAnswer(status: 200, headers: [("Content-Type", "text/html")], body: []), "registry.digest"),
      (
        LittleAnswer(status: 200, headers: [("Content-Type", MediaType.index.rawValue)], body: image.bytes),
        "manifest.ambiguous"
      ),
    ]
    for (answer, code) in cases {
      try await LittleServer.with(override: { _, _ in answer }) { server in
        let problem = await #expect(throws: Problem.self) {
          try await server.client { try await $0.manifest(.digest(image.descriptor.digest)) }
        }
        #expect(problem?.code == code)
      }
    }
  }

  @Test func `a tag whose digest is not that of its bytes is refused`() async throws {
    let image = try Sample.manifest(of: Self.blob)
    try await LittleServer.with(override: { _, _ in
      LittleAnswer(
        status: 200,
        headers: [
          ("Content-Type", MediaType.manifest.rawValue),
          ("Docker-Content-Digest", Self.blob.digest.description),
        ], body: image.bytes)
    }) { server in
      let problem = await #expect(throws: Problem.self) {
        try await server.client { try await $0.manifest(.tag(try ImageTag(parsing: "a"))) }
      }
      #expect(problem?.code == "registry.digest")
    }
  }

  @Test(arguments: [
    ("</v2/models/iris/tags/list?n=1000>; rel=next", "registry.malformed-answer"),
    ("<https://evil.example/v2/>; rel=next", "registry.malformed-answer"), ("</a", "registry.malformed-link"),
  ])
  func `a list that goes in a circle or elsewhere is left`(_ link: String, _ code: String) async throws {
    try await LittleServer.with(override: { _, _ in
      LittleAnswer(status: 200, headers: [("Link", link)], body: Array(#"{"tags":["a"]}"#.utf8))
    }) { server in
      let problem = await #expect(throws: Problem.self) { try await server.client { try await $0.tags() } }
      #expect(problem?.code == code)
      #expect(server.requests.count == 1)
    }
  }

  @Test func `a list that never ends is left`() async throws {
    try await LittleServer.with(override: { _, number in
      LittleAnswer(
        status: 200, headers: [("Link", "</v2/models/iris/tags/list?page=\(number)>; rel=next")],
        body: Array(#"{"tags":["a"]}"#.utf8))
    }) { server in
      let problem = await #expect(throws: Problem.self) { try await server.client { try await $0.tags() } }
      #expect(problem?.code == "registry.malformed-answer")
      #expect(server.requests.count == 100)
    }
  }

  @Test func `one that says nothing, or nothing more, is left`() async throws {
    for answer in [
      LittleAnswer(status: 200, isSilent: true),
      LittleAnswer(status: 200, headers: [("Content-Length", "5000")], body: [7, 7]),
    ] {
      try await LittleServer.with(override: { _, _ in answer }) { server in
        let problem = await #expect(throws: Problem.self) {
          try await server.client("models/iris", { $0.patience = .seconds(3) }) { client in
            try await client.bytes(of: Self.blob, limit: 5000)
          }
        }
        // Whichever clock ends first where all threads are taken.
        #expect(["registry.unreachable", "registry.too-slow"].contains(problem?.code))
        #expect(server.requests.count <= 1)
      }
    }
  }

  @Test func `a head that never ends is left`() async throws {
    let (problem, _) = try await fetch { _, _ in
      LittleAnswer(
        status: 200, headers: (0..<10_000).map { ("X-\($0)", String(repeating: "x", count: 1000)) })
    }
    #expect(problem?.code == "registry.unreachable")
  }
}
