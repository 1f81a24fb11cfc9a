import Access
import Domain
import Encoding
import Foundation
import Hummingbird
import HummingbirdTesting
import Lifecycle
import NIOCore
import TestKit
import Testing

/// The threats of versions over HTTP.
struct ThreatRouteTests {
  private static let base = "/api/v1/models/iris/versions/1"
  private static let decision: JSON = ["choice": "accept", "owner": "person:admin", "reason": "borne"]

  /// Serves the routes over a control plane with one version.
  private func serve(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await RouteTests().serve { control, client in
      let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/models/sklearn-1.9/iris-tree/model.joblib")
      let session = try await control.beginUpload()
      try await session.write(Array(try Data(contentsOf: fixture)))
      let file = PushedFile(path: "", blob: try await session.finish())
      _ = try await control.push(
        PushRequest(name: Sample.name(), files: [file], actor: .administrator)
      ) { _ in }
      try await body(client)
    }
  }

  private static func get(
    _ path: String, _ client: any TestClientProtocol, accept: String? = nil
  ) async throws -> TestResponse {
    var headers = RouteTests.headers
    headers[.accept] = accept
    return try await client.execute(uri: base + path, method: .get, headers: headers) { $0 }
  }

  private static func decide(
    _ id: String, _ body: JSON, _ client: any TestClientProtocol
  ) async throws -> (status: HTTPResponse.Status, json: JSON) {
    let response = try await client.execute(
      uri: "\(base)/threats/\(id)/decision", method: .put, headers: RouteTests.headers,
      body: ByteBuffer(bytes: body.canonicalBytes)
    ) { $0 }
    return (response.status, try JSON(parsing: response.body.readableBytesView))
  }

  @Test func `a version's threats are JSON, and Markdown for who accepts that`() async throws {
    try await serve { client in
      let plain = try await Self.get("/threat-model", client)
      #expect(plain.headers[.contentType] == "application/json")
      let json = try JSON(parsing: plain.body.readableBytesView)
      #expect(json["version"] == "iris@1" && json["threats"]?.array?.count == 14)
      let document = try await Self.get("/threat-model", client, accept: "text/markdown")
      #expect(document.headers[.contentType] == "text/markdown; charset=utf-8")
      #expect(String(buffer: document.body).hasPrefix("# Threat model of iris@1\n"))
    }
  }

  @Test func `the threats at the push are those that stand in the bundle`() async throws {
    try await serve { client in
      let json = try JSON(parsing: try await Self.get("/threat-model?at=push", client).body.readableBytesView)
      #expect(json["facts"]?["callers"]?["keys"] == 0)
      #expect(try await Self.get("/threat-model?at=noon", client).status == .badRequest)
    }
  }

  @Test func `a decision is answered with what became of the threat, and its reason is shown`() async throws {
    try await serve { client in
      let answer = try await Self.decide("ML05", Self.decision, client)
      #expect(answer.status == .ok)
      #expect(answer.json["threat"]?["state"] == "decided")
      let json = try JSON(parsing: try await Self.get("/threat-model", client).body.readableBytesView)
      #expect(json["reasons"]?.object?.values.map { $0 } == ["borne"])
      let text = String(buffer: try await Self.get("/threat-model", client, accept: "text/markdown").body)
      #expect(text.contains("person:admin answers for it: borne.\n"))
    }
  }

  @Test func `a day as the end of a decision is the whole of it`() async throws {
    try await serve { client in
      var members = try #require(Self.decision.object)
      members["until"] = "2999-03-31"
      let answer = try await Self.decide("ML05", .object(members), client)
      let end = try Timestamp(parsing: "2999-04-01T00:00:00Z")
      #expect(answer.json["threat"]?["decision"]?["until"] == .integer(end.milliseconds))
    }
  }

  @Test(
    arguments: [
      ("ML5", decision, HTTPResponse.Status.notFound, "threat.unknown"),
      ("ML08", decision, .conflict, "threat.does-not-apply"),
      ("ML05", ["owner": "person:admin", "reason": "r"], .badRequest, "threat-decision.malformed"),
      (
        "ML05", ["choice": "ignore", "owner": "person:admin", "reason": "r"], .badRequest,
        "threat-decision.malformed"
      ),
      ("ML05", ["choice": "accept", "owner": "admin", "reason": "r"], .badRequest, "principal.malformed"),
      ("ML05", ["choice": "accept", "owner": "person:admin"], .badRequest, "request.member"),
      (
        "ML05", ["choice": "accept", "owner": "person:admin", "reason": "r", "why": 1], .badRequest,
        "request.unknown-member"
      ),
      (
        "ML05", ["choice": "mitigate", "owner": "person:admin", "reason": "r", "until": "soon"], .badRequest,
        "time.malformed"
      ),
    ] as [(String, JSON, HTTPResponse.Status, String)])
  func `a decision that cannot be one says why`(
    id: String, body: JSON, status: HTTPResponse.Status, code: String
  ) async throws {
    try await serve { client in
      let answer = try await Self.decide(id, body, client)
      #expect(answer.status == status)
      #expect(answer.json["code"] == .string(code))
    }
  }
}
