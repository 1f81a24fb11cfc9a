import Domain
import Hummingbird
import HummingbirdTesting
import Lifecycle
import NIOCore
import Provenance
import TestKit
import Testing

/// The ledger as others follow it.
@Suite struct `The routes of the log` {
  private let routes = RouteTests()

  private static func get(
    _ path: String, _ client: any TestClientProtocol
  ) async throws -> (status: HTTPResponse.Status, bytes: [UInt8], headers: HTTPFields) {
    try await client.execute(uri: "/api/v1/\(path)", method: .get, headers: RouteTests.headers) { response in
      (response.status, Array(response.body.readableBytesView), response.headers)
    }
  }

  @Test func `prove every entry that they serve, by what they serve alone`() async throws {
    try await routes.serve { client in
      let checkpoint = try await Self.get("log/checkpoint", client)
      #expect(checkpoint.status == .ok)
      #expect(checkpoint.headers[.cacheControl] == "no-cache")
      let head = try UnverifiedCheckpoint(parsing: String(decoding: checkpoint.bytes, as: UTF8.self))
      #expect(head.size > 1)
      let bundle = try await Self.get("log/tile/entries/000.p/\(head.size)", client)
      #expect(bundle.status == .ok)
      var entries: [[UInt8]] = []
      var rest = bundle.bytes[...]
      while let high = rest.popFirst(), let low = rest.popFirst() {
        entries.append(Array(rest.prefix(Int(high) << 8 | Int(low))))
        rest = rest.dropFirst(Int(high) << 8 | Int(low))
      }
      #expect(entries.count == head.size)
      let leaves = entries.map { MerkleTree.leafHash($0) }
      #expect(MerkleTree.root(of: leaves) == head.root)
      let tile = try await Self.get("log/tile/0/000.p/\(head.size)", client)
      #expect(tile.bytes == leaves.flatMap(\.bytes))
      #expect(tile.headers[.contentType] == "application/octet-stream")
      #expect(tile.headers[.cacheControl] == "private, max-age=60")
      for index in entries.indices {
        let proof = try await Self.get("ledger/\(index)/proof", client)
        #expect(proof.status == .ok)
        let read = try EntryProof(parsing: proof.bytes)
        let inclusion = InclusionProof(index: index, size: head.size, path: read.path)
        #expect(inclusion.verifies(leaves[index], under: head.root))
      }
    }
  }

  @Test(arguments: [
    ("log/tile/0/000", 404, "log.not-there"), ("log/tile/1/000.p/1", 404, "log.not-there"),
    ("log/tile/entries/x001/000", 404, "log.not-there"), ("log/tile/7/000", 404, "log.not-there"),
    ("log/tile/0/0", 400, "log.malformed-path"), ("log/tile/0/000.p/256", 400, "log.malformed-path"),
    ("log/tile/0/%30%30%30", 400, "log.malformed-path"), ("log/tile/0/000/", 400, "log.malformed-path"),
    ("log/tile/entries/../0/000", 400, "log.malformed-path"), ("log/tile/x", 400, "log.malformed-path"),
    ("ledger/99999/proof", 404, "ledger.unknown-entry"), ("ledger/-1/proof", 400, "request.path"),
    ("ledger/01/proof", 400, "request.path"), ("ledger/a/proof", 400, "request.path"),
  ])
  func `say what is not there, and what is no path`(path: String, status: Int, code: String) async throws {
    try await routes.serve { client in
      let answer = try await Self.get(path, client)
      #expect(answer.status.code == status)
      #expect(String(decoding: answer.bytes, as: UTF8.self).contains("\"code\":\"\(code)\""))
      #expect(answer.headers[.cacheControl] == nil)
    }
  }

  @Test func `let what is complete be kept for good`() async throws {
    try await routes.serve { control, client in
      for number in 0..<256 {
        try await control.note(PlaneEvent(kind: .started, process: number, detail: ""))
      }
      for path in ["log/tile/0/000", "log/tile/entries/000"] {
        let answer = try await Self.get(path, client)
        #expect(answer.status == .ok)
        #expect(answer.headers[.cacheControl] == "private, max-age=31536000, immutable")
      }
      #expect(try await Self.get("log/tile/1/000.p/1", client).bytes.count == 32)
    }
  }
}
