import Alerting
import Domain
import Foundation
import GRDB
import Lifecycle
import TestKit
import Testing

@testable import Storage

@Suite struct `What is kept of webhooks` {
  @Test func `keeps the contract on disk, and so does it in memory`() async throws {
    try await WebhookStoreContract(InMemoryWebhooks()).run()
    let scratch = try Scratch()
    try await WebhookStoreContract(SQLiteRelay(path: "\(scratch.path)/relay.sqlite")).run()
  }

  @Test func `and of witnesses keeps the contract on disk, and so does it in memory`() async throws {
    try await CosignatureStoreContract(InMemoryCosignatures()).run()
    let scratch = try Scratch()
    try await CosignatureStoreContract(SQLiteRelay(path: "\(scratch.path)/relay.sqlite")).run()
  }

  @Test func `and of alerts keeps the contract on disk, and so does it in memory`() async throws {
    try await AlertStoreContract(InMemoryAlerts()).run()
    let scratch = try Scratch()
    try await AlertStoreContract(SQLiteRelay(path: "\(scratch.path)/relay.sqlite")).run()
  }

  @Test func `is read beside who writes it, and changed by nobody who reads`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/relay.sqlite"
    #expect(try SQLiteRelay(reading: path) == nil)
    let store = try SQLiteRelay(path: path)
    let kept = KeptCosignature(witness: "w", size: 1, checkpoint: "note", line: "line")
    try await store.keep(kept, beside: nil)
    let reader = try #require(try SQLiteRelay(reading: path))
    #expect(try await reader.cosignatures() == [kept])
    await #expect(throws: Problem.self) { try await reader.forget("w") }
    #expect(try await store.cosignatures() == [kept])
  }

  @Test func `is for its owner alone, and leaves nothing of what is removed`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/relay.sqlite"
    let store = try SQLiteRelay(path: path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let secret = try #require(WebhookSecret(bytes: Array("0123456789abcdef-secret!".utf8)))
    try await store.put(
      WebhookEndpoint(
        id: "a", url: try EndpointURL(parsing: "https://chat.example/s3cret"), secret: secret,
        progress: WebhookProgress(position: 1)))
    func traces() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("relay") }
        .count { name in
          let bytes = try Data(contentsOf: URL(filePath: "\(scratch.path)/\(name)"))
          return bytes.range(of: Data(secret.bytes)) != nil || bytes.range(of: Data("s3cret".utf8)) != nil
        }
    }
    #expect(try traces() == 1)
    try await store.remove("a")
    #expect(try traces() == 0)
  }

  @Test func `of the release before the progress of alerts keeps its rows`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/relay.sqlite"
    let former = try DatabaseQueue(path: path)
    try SQLiteRelay.migrator.migrate(former, upTo: "3 alerts")
    try await former.write {
      try $0.execute(
        sql: """
          INSERT INTO webhooks VALUES ('a', 'https://chat.example/in', zeroblob(32), 9, 3, 5, 'status 500', 0);
          INSERT INTO alerts VALUES
            ('old', 'drift', 'iris', 'iris@1', 'ticket', NULL, 10, 20, 30, 'unlike training', 'person:ana', 15, 1, 1),
            ('new', 'latency', 'iris', 'iris', 'page', 'https://wiki.example/x', 40, 50, NULL, 'slow', NULL, NULL, 1, 0);
          INSERT INTO receivers VALUES ('on-call', 'https://events.example/v2', zeroblob(8));
          INSERT INTO alert_deliveries VALUES ('on-call', 'new', 'began', 41, 2, 70, 'status 500');
          """)
    }
    try former.close()
    let store = try SQLiteRelay(path: path)
    #expect(try await store.endpoints().map(\.progress.position) == [9])
    let alerts = try await store.alerts(over: 9)
    #expect(alerts.map(\.id) == ["new", "old"])
    #expect(alerts.map(\.source.rule) == [.latency, .drift])
    #expect(alerts.last?.acknowledgement?.by == Principal(kind: .person, name: "ana"))
    #expect(
      try await store.deliveries(to: "on-call") == [
        AlertDelivery(
          receiver: "on-call", alert: "new", told: .began, toldAt: Timestamp(milliseconds: 41), attempts: 2,
          notBefore: Timestamp(milliseconds: 70), failure: "status 500")
      ])
    // Whether it is in the ledger that somebody had taken it on was not kept: it is looked for there.
    #expect(
      try await store.unrecorded(9).map { "\($0.alert.id) \($0.news.rawValue)" } == ["old acknowledged"])
    try await store.save([
      AlertRecord(
        id: "new", source: AlertSource(.latency, of: try ModelName(parsing: "iris"), "iris"), severity: .page,
        runbook: nil, began: Timestamp(milliseconds: 40), seen: Timestamp(milliseconds: 60),
        ended: Timestamp(milliseconds: 60), figures: "slow")
    ])
    try await store.noteRecorded("new", .ended)
    #expect(try await store.unrecorded(9).count == 1)
  }

  @Test func `is there when it is opened again`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/relay.sqlite"
    let secret = try #require(WebhookSecret(bytes: [UInt8](repeating: 7, count: 32)))
    let endpoint = WebhookEndpoint(
      id: "a", url: try EndpointURL(parsing: "http://10.0.0.1/x", allowingHTTP: true), secret: secret,
      progress: WebhookProgress(
        position: 9, attempts: 3, notBefore: Timestamp(milliseconds: 5), failure: "status 500"))
    try await SQLiteRelay(path: path).put(endpoint)
    #expect(try await SQLiteRelay(path: path).endpoints() == [endpoint])
  }
}
