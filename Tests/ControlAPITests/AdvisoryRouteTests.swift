import Access
import Advisories
import Domain
import Encoding
import Hummingbird
import HummingbirdTesting
import Lifecycle
import NIOCore
import TestKit
import Testing

/// Advisories over HTTP.
struct AdvisoryRouteTests {
  private static func document(_ second: Int64 = 0) throws -> [UInt8] {
    let range = VersionRange(isSemantic: false, events: [.init(.introduced, "0"), .init(.fixed, "2.0")])
    return try AdvisoryDatabase(of: [
      AdvisoryRecord(
        id: "PYSEC-1", aliases: ["CVE-1"], published: Timestamp(milliseconds: 0),
        modified: Timestamp(milliseconds: 1_600_000_000_000 + second * 1000), summary: "it is weak",
        severity: nil,
        affected: [AffectedPackage(PackageName("PyPI", "scikit-learn"), ranges: [range], versions: [])])
    ]).bytes
  }

  private static func send(
    _ method: HTTPRequest.Method, _ path: String, _ body: [UInt8] = [], _ client: any TestClientProtocol
  ) async throws -> (status: HTTPResponse.Status, json: JSON) {
    let response = try await client.execute(
      uri: "/api/v1/advisories\(path)", method: method, headers: RouteTests.headers,
      body: ByteBuffer(bytes: body)
    ) { $0 }
    return (response.status, try JSON(parsing: response.body.readableBytesView))
  }

  @Test func `what is in force is told, once something is`() async throws {
    try await RouteTests().serve { _, client in
      #expect(try await Self.send(.get, "", [], client).json == ["inForce": .null])
      let none = try await Self.send(.get, "/affected", [], client)
      #expect(none.status == .notFound && none.json["code"] == "advisories.none")
      let taken = try await Self.send(.post, "", Self.document(), client)
      #expect(taken.status == .created)
      #expect(taken.json["imported"] == true && taken.json["served"] == 0 && taken.json["advisories"] == 1)
      #expect(taken.json["newest"] == "2020-09-13T12:26:40.000Z")
      let again = try await Self.send(.post, "", Self.document(), client)
      #expect(again.status == .ok && again.json["imported"] == false)
      let present = try await Self.send(.get, "", [], client).json["inForce"]
      #expect(present?["digest"] == taken.json["digest"] && present?["by"] == "person:admin")
    }
  }

  @Test func `older advisories take a word, and what is no document is told with its line`() async throws {
    try await RouteTests().serve { _, client in
      #expect(try await Self.send(.post, "", Self.document(9), client).status == .created)
      let older = try await Self.send(.post, "", Self.document(), client)
      #expect(older.status == .conflict && older.json["code"] == "advisories.older")
      #expect(try await Self.send(.post, "?older=true", Self.document(), client).status == .created)
      let unclear = try await Self.send(.post, "?older=yes", Self.document(), client)
      #expect(unclear.status == .badRequest && unclear.json["code"] == "request.query")
      let malformed = try await Self.send(.post, "", Array("[]\n".utf8), client)
      #expect(malformed.status == .badRequest && malformed.json["position"] == "line 1")
    }
  }

  @Test func `versions with weak parts are told with where those were mended`() async throws {
    try await RouteTests().serve { control, client in
      let session = try await control.beginUpload()
      try await session.write(Fixtures.bytes("models/sklearn-1.9/iris-tree/model.joblib"))
      let file = PushedFile(path: "", blob: try await session.finish())
      _ = try await control.push(
        PushRequest(name: Sample.name(), files: [file], actor: .administrator)
      ) { _ in }
      _ = try await Self.send(.post, "", Self.document(), client)
      for path in ["/affected", "/affected?model=iris&all=true"] {
        let versions = try await Self.send(.get, path, [], client).json["versions"]?.array
        #expect(versions?.count == 1)
        #expect(versions?.first?["version"] == "iris@1" && versions?.first?["live"] == true)
        let found = versions?.first?["advisories"]?.array?.first
        #expect(
          found?["id"] == "CVE-1" && found?["severity"] == "critical" && found?["severityStated"] == false)
        #expect(
          found?["parts"] == [
            [
              "name": "scikit-learn", "version": "1.9.1", "scope": "training", "statedBy": ["artifact"],
              "fixedIn": ["2.0"], "certain": true,
            ]
          ])
      }
      #expect(try await Self.send(.get, "/affected?model=other", [], client).json["code"] == "model.unknown")
    }
  }

  @Test func `an advisory is found under each of its names`() async throws {
    try await RouteTests().serve { _, client in
      _ = try await Self.send(.post, "", Self.document(), client)
      for name in ["CVE-1", "PYSEC-1"] {
        let shown = try await Self.send(.get, "/records/\(name)", [], client)
        #expect(shown.json["id"] == "CVE-1" && shown.json["aliases"] == ["PYSEC-1"])
        #expect(
          shown.json["published"] == "1970-01-01T00:00:00.000Z" && shown.json["summary"] == "it is weak")
      }
      #expect(try await Self.send(.get, "/records/CVE-2", [], client).json["code"] == "advisory.unknown")
    }
  }
}
