import Domain
import Encoding
import Foundation
import Hummingbird
import HummingbirdTesting
import Lifecycle
import Logging
import NIOCore
import Provenance
import TestKit
import Testing

@testable import ControlAPI

/// The routes over a control plane on stores in memory.
struct RouteTests {
  static let token = "token-of-ada"

  /// Serves the routes, with the queue of acts at work, for as long as `body` runs.
  func serve(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await serve { _, client in try await body(client) }
  }

  /// The same, with the control plane itself at hand.
  func serve(
    _ body: @escaping @Sendable (ControlPlane, any TestClientProtocol) async throws -> Void
  ) async throws {
    let ledgerKey = try CheckpointSigningKey(name: "test")
    let control = ControlPlane(
      .init(
        registry: InMemoryRegistry(signingKey: ledgerKey), blobs: InMemoryBlobStore(),
        bundles: InMemoryBundleStore(), records: InMemoryRecordStore(),
        plane: InMemoryDataPlane(baseURL: "http://plane"), time: ManualTime(), entropy: SeededEntropy(),
        people: InMemoryPeople()),
      .init(
        sealingKey: SealingKey(), checkpointKey: ledgerKey.verificationKey, artifactLimit: 1 << 20,
        tool: "gatehouse test", administrator: Digest(of: Array(Self.token.utf8))))
    _ = try await control.start()
    let server = ControlServer(
      control, control.authenticator(), .init(host: "127.0.0.1", port: 0, tls: nil, version: "test"),
      logger: Logger(label: "test"))
    let application = Application(router: server.router())
    try await control.working {
      try await application.test(.router) { client in try await body(control, client) }
    }
  }

  private static func fixture(_ path: String) throws -> ByteBuffer {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return ByteBuffer(bytes: try Data(contentsOf: root.appending(path: "Fixtures").appending(path: path)))
  }

  static var headers: HTTPFields { [.authorization: "Bearer \(token)"] }

  private static func json(_ response: TestResponse) throws -> JSON {
    try JSON(parsing: response.body.readableBytesView)
  }

  private static func upload(_ fixture: String, _ client: any TestClientProtocol) async throws -> JSON {
    try await client.execute(
      uri: "/api/v1/blobs", method: .post, headers: headers, body: try Self.fixture(fixture)
    ) { response in
      #expect(response.status == .created)
      return try json(response)
    }
  }

  private static func body(_ blob: JSON) -> ByteBuffer {
    let files: JSON = ["files": [["path": "", "digest": blob["digest"] ?? .null]]]
    return ByteBuffer(bytes: files.canonicalBytes)
  }

  @Test func `health needs no credential`() async throws {
    try await serve { client in
      try await client.execute(uri: "/health", method: .get) { #expect($0.status == .ok) }
    }
  }

  @Test func `a push answers 201, the same again 200`() async throws {
    try await serve { client in
      let blob = try await Self.upload("models/sklearn-1.9/iris-tree/model.joblib", client)
      for (status, isNew) in [(HTTPResponse.Status.created, true), (.ok, false)] {
        try await client.execute(
          uri: "/api/v1/models/iris/versions", method: .post, headers: Self.headers, body: Self.body(blob)
        ) { response in
          #expect(response.status == status)
          let outcome = try Self.json(response)
          #expect(outcome["status"] == "live")
          #expect(outcome["new"] == .bool(isNew))
          #expect(outcome["url"] == "http://plane/models/iris/predict")
        }
      }
    }
  }

  @Test func `a push that asks for lines gets each step as one`() async throws {
    try await serve { client in
      let blob = try await Self.upload("models/sklearn-1.9/iris-tree/model.joblib", client)
      var headers = Self.headers
      headers[.accept] = "application/x-ndjson"
      try await client.execute(
        uri: "/api/v1/models/iris/versions", method: .post, headers: headers, body: Self.body(blob)
      ) { response in
        #expect(response.headers[.contentType] == "application/x-ndjson")
        let lines = try String(buffer: response.body).split(separator: "\n").map {
          try JSON(parsing: $0.utf8)
        }
        #expect(lines.count == 2 * Stage.allCases.count { $0 != .test } + 1)
        #expect(lines.last?["outcome"]?["version"] == 1)
      }
    }
  }

  @Test func `a refusal answers 422 with the finding`() async throws {
    try await serve { client in
      let blob = try await Self.upload("malicious/reduce-os-system-p2.pkl", client)
      try await client.execute(
        uri: "/api/v1/models/iris/versions", method: .post, headers: Self.headers, body: Self.body(blob)
      ) { response in
        #expect(response.status == .unprocessableContent)
        let outcome = try Self.json(response)
        #expect(outcome["problem"]?["code"] == "inspect.dangerous")
      }
      try await client.execute(uri: "/api/v1/quarantine", method: .get, headers: Self.headers) { response in
        let kept = try Self.json(response)
        #expect(kept["quarantine"]?.array?.count == 1)
      }
    }
  }

  static let mistakes: [(String, String, String, Int, String)] = [
    ("POST", "models/iris/versions", "not json", 400, "request.not-json"),
    ("POST", "models/iris/versions", "{}", 400, "request.member"),
    ("POST", "models/iris/versions", #"{"files":[],"trainingData":{}}"#, 400, "request.member"),
    ("POST", "models/iris/versions", #"{"files":[],"trainingData":[{"name":"a"}]}"#, 400, "request.member"),
    (
      "POST", "models/iris/versions",
      #"{"files":[],"trainingData":[{"name":"","digest":"sha256:\#(String(repeating: "0", count: 64))"}]}"#,
      400, "training-data.name"
    ),
    ("POST", "models/iris/versions", #"{"files":[1]}"#, 400, "request.member"),
    ("POST", "models/iris/versions", #"{"files":[]}"#, 400, "push.no-files"),
    ("POST", "models/iris/versions", #"{"files":[{"path":"","digest":"x"}]}"#, 400, "digest.malformed"),
    ("POST", "models/Iris/versions", #"{"files":[]}"#, 400, "name.malformed"),
    ("GET", "models/none", "", 404, "model.unknown"),
    ("GET", "models/none/history", "", 404, "model.unknown"),
    ("GET", "ledger?from=-1", "", 400, "request.query"),
    ("GET", "ledger?act=nothing", "", 400, "request.query"),
    ("GET", "ledger?refused=1", "", 400, "request.query"),
    ("GET", "ledger?principal=ada", "", 400, "request.query"),
    ("GET", "ledger?since=a", "", 400, "request.query"),
    ("GET", "nothing", "", 404, "route.unknown"),
    ("POST", "deployments/none/keys", "", 404, "deployment.unknown"),
    ("DELETE", "keys/none", "", 404, "key.unknown"),
    ("PUT", "models/iris/aliases/7", #"{"version":1}"#, 400, "alias.malformed"),
    ("PUT", "models/iris/aliases/champion", #"{"version":"1"}"#, 400, "request.member"),
    ("PUT", "models/iris/aliases/champion", #"{"version":1}"#, 404, "version.unknown"),
    ("DELETE", "models/iris/aliases/champion", "", 404, "alias.unknown"),
    ("PUT", "deployments/iris/records", #"{"share":1}"#, 400, "records-policy.malformed"),
    ("PUT", "deployments/iris/records", "{}", 404, "deployment.unknown"),
    ("POST", "registry/collections", #"{"grace":1}"#, 400, "request.unknown-member"),
    ("POST", "registry/collections", #"{"untagged":1}"#, 400, "request.member"),
    ("POST", "registry/collections", #"{"graceSeconds":-1}"#, 400, "request.member"),
    ("POST", "registry/collections", #"{"graceSeconds":59}"#, 400, "collect.grace"),
    ("POST", "registry/collections", #"{"graceSeconds":9223372036854775807}"#, 400, "collect.grace"),
  ]

  @Test(arguments: mistakes)
  func `a mistake is told as problem details with its stable code`(
    method: String, path: String, body: String, status: Int, code: String
  ) async throws {
    try await serve { client in
      let method = try #require(HTTPRequest.Method(method))
      try await client.execute(
        uri: "/api/v1/\(path)", method: method, headers: Self.headers, body: ByteBuffer(string: body)
      ) { response in
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == "application/problem+json")
        let problem = try Self.json(response)
        #expect(problem["code"]?.string == code)
      }
    }
  }

  @Test func `more bytes than the limit are refused`() async throws {
    try await serve { client in
      let large = ByteBuffer(repeating: 0, count: (1 << 20) + 1)
      try await client.execute(uri: "/api/v1/blobs", method: .post, headers: Self.headers, body: large) {
        #expect($0.status == .contentTooLarge)
      }
    }
  }

  @Test func `repositories are listed, and what nothing needs is counted and collected`() async throws {
    try await serve { client in
      try await client.execute(uri: "/api/v1/registry", method: .get, headers: Self.headers) { response in
        #expect(response.status == .ok)
        let list = try Self.json(response)
        #expect(list == ["repositories": []])
      }
      _ = try await Self.upload("models/sklearn-1.9/iris-tree/model.joblib", client)
      for (body, isDry) in [(#"{"dryRun":true,"untagged":true}"#, true), ("", false)] {
        try await client.execute(
          uri: "/api/v1/registry/collections", method: .post, headers: Self.headers,
          body: ByteBuffer(string: body)
        ) { response in
          #expect(response.status == .ok)
          // It is too young to go.
          let report = try Self.json(response)
          #expect(
            report == [
              "manifests": 0, "blobs": 0, "bytes": 0, "kept": 1, "dryRun": .bool(isDry), "problems": [],
            ])
        }
      }
    }
  }

  @Test func `a key is shown once and revoked once`() async throws {
    try await serve { client in
      let blob = try await Self.upload("models/sklearn-1.9/iris-tree/model.joblib", client)
      try await client.execute(
        uri: "/api/v1/models/iris/versions", method: .post, headers: Self.headers, body: Self.body(blob)
      ) { #expect($0.status == .created) }
      let key = try await client.execute(
        uri: "/api/v1/deployments/iris/keys", method: .post, headers: Self.headers
      ) { response in
        #expect(response.status == .created)
        return try Self.json(response)
      }
      try await client.execute(uri: "/api/v1/models/iris", method: .get, headers: Self.headers) { response in
        let model = try Self.json(response)
        let secret = try #require(key["key"]?.string)
        #expect(model["keys"]?.array?.count == 2)
        #expect(!String(buffer: response.body).contains(secret))
      }
      let id = try #require(key["id"]?.string)
      try await client.execute(uri: "/api/v1/keys/\(id)", method: .delete, headers: Self.headers) {
        #expect($0.status == .noContent)
      }
    }
  }
}
