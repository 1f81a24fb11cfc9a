import Access
import Domain
import Encoding
import Hummingbird
import HummingbirdTesting
import Lifecycle
import Logging
import NIOCore
import Provenance
import TestKit

@testable import ControlAPI

/// The HTTP face over a control plane on stores in memory, whose administrator is `administrator`.
struct ControlBench: Sendable {
  static let administrator = "token-of-the-administrator"

  let registry: InMemoryRegistry
  let people = InMemoryPeople()
  let time = ManualTime()
  let control: ControlPlane
  let server: ControlServer

  init(keySets: any KeySetSource = NoKeySets()) throws {
    let ledgerKey = try CheckpointSigningKey(name: "test")
    registry = InMemoryRegistry(signingKey: ledgerKey)
    control = ControlPlane(
      .init(
        registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(),
        records: InMemoryRecordStore(), plane: InMemoryDataPlane(baseURL: "http://plane"), time: time,
        entropy: SeededEntropy(), people: people, keySets: keySets),
      .init(
        sealingKey: SealingKey(), checkpointKey: ledgerKey.verificationKey, artifactLimit: 1 << 20,
        tool: "gatehouse test", administrator: Digest(of: Array(Self.administrator.utf8))))
    server = ControlServer(
      control, control.authenticator(), .init(host: "127.0.0.1", port: 0, tls: nil, version: "test"),
      logger: Logger(label: "test"))
  }

  /// Serves with the queue of acts at work for as long as `body` runs.
  func serve(_ body: @escaping @Sendable (ControlCaller) async throws -> Void) async throws {
    _ = try await control.start()
    let application = Application(router: server.router())
    try await control.working {
      try await application.test(.router) { try await body(ControlCaller(client: $0)) }
    }
  }

  /// A service that holds a grant, and its key.
  func key(of service: String, _ gift: Grant.Gift?, _ scope: Scope = .everything) async throws -> String {
    let known = try await control.addService(service, by: .administrator)
    if let gift {
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: gift, scope: scope), by: .administrator)
    }
    return try await control.createAPIKey(APIKeyWish(principal: known.principal), by: .administrator).key
  }

  /// The entries of the ledger, in order.
  func entries() async -> [LedgerEntry] {
    await registry.entryBytes(from: 0, count: .max).compactMap {
      (try? JSON(parsing: $0)).flatMap(LedgerEntry.init(json:))
    }
  }
}

/// Asks the HTTP face.
struct ControlCaller: Sendable {
  struct Answer: Sendable {
    let status: Int
    let json: JSON

    var code: String? { json["code"]?.string }
    var message: String? { json["title"]?.string }
  }

  let client: any TestClientProtocol

  func callAsFunction(
    _ method: HTTPRequest.Method, _ path: String, as token: String? = ControlBench.administrator,
    _ body: JSON? = nil
  ) async throws -> Answer {
    var headers: HTTPFields = [:]
    headers[.authorization] = token.map { "Bearer \($0)" }
    let bytes = body.map { ByteBuffer(bytes: $0.canonicalBytes) }
    return try await client.execute(uri: path, method: method, headers: headers, body: bytes) { response in
      Answer(
        status: Int(response.status.code),
        json: (try? JSON(parsing: response.body.readableBytesView)) ?? .null)
    }
  }
}
