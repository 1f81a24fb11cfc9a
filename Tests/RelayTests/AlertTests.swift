import Access
import Alerting
import Domain
import Encoding
import Lifecycle
import NIOHTTP1
import Provenance
import TestKit
import Testing

@testable import Relay

/// Alerts from what the platform knows to a socket.
struct AlertTests {
  /// A control plane whose data plane has no process: an alert that pages.
  private struct Bench {
    let store = InMemoryAlerts()
    let time = ManualTime()
    let control: ControlPlane

    init(_ sender: any WebhookSender = HTTPWebhookSender()) throws {
      let key = try CheckpointSigningKey(name: "test.example/ledger")
      let plane = InMemoryDataPlane()
      plane.endServing()
      control = ControlPlane(
        .init(
          registry: InMemoryRegistry(signingKey: key), blobs: InMemoryBlobStore(),
          bundles: InMemoryBundleStore(), records: InMemoryRecordStore(), plane: plane, time: time,
          entropy: SeededEntropy(), people: InMemoryPeople(), webhookSender: sender, alerts: store),
        .init(sealingKey: SealingKey(), checkpointKey: key.verificationKey, tool: "gatehouse test"))
    }

    /// Looks for a minute, ten seconds apart.
    func look() async {
      for _ in 0..<6 {
        #expect(await control.alerts.look().isEmpty)
        time.advance(by: .seconds(10))
      }
    }

    func add(_ name: String, _ kind: ReceiverKind, _ url: String, _ secret: String? = nil) async throws {
      _ = try await control.addReceiver(
        ReceiverWish(name: name, kind: kind, url: url, secret: secret), by: .administrator)
    }
  }

  @Test func `Alertmanager and PagerDuty are posted to under the paths of their APIs`() async throws {
    let bench = try Bench()
    try await LocalServer.with { _, _ in
      .http(202)
    } _: { server in
      try await bench.control.working {
        try await bench.add("am", .alertmanager, "\(server.url)/am", "t0ken")
        try await bench.add("on-call", .pagerduty, "\(server.url)/v2/enqueue", "R0UT1NG")
        await bench.look()
        #expect(await bench.control.alerts.deliver().isEmpty)
        let requests = server.requests.sorted { $0.path < $1.path }
        #expect(requests.map(\.path) == ["/am/api/v2/alerts", "/v2/enqueue"])
        #expect(requests.map(\.method) == ["POST", "POST"])
        #expect(requests.first?.headers.first(name: "Authorization") == "Bearer t0ken")
        #expect(requests.allSatisfy { $0.headers.first(name: "Content-Type") == "application/json" })
        let bodies = try requests.map { try JSON(parsing: $0.body) }
        #expect(bodies.first?.array?.first?["labels"]?["alertname"] == "plane-down")
        #expect(bodies.last?["routing_key"] == "R0UT1NG")
        #expect(bodies.last?["payload"]?["severity"] == "critical")
      }
    }
  }

  @Test func `a receiver that is away is tried again, under the same key, and then told nothing more`()
    async throws
  {
    let bench = try Bench()
    try await LocalServer.with { _, number in
      number < 3 ? .http(503) : .http(202)
    } _: { server in
      try await bench.control.working {
        try await bench.add("on-call", .pagerduty, "\(server.url)/v2/enqueue", "R0UT1NG")
        await bench.look()
        for _ in 0..<6 {
          #expect(await bench.control.alerts.deliver().isEmpty)
          bench.time.advance(by: .seconds(20))
        }
        #expect(server.requests.count == 3)
        #expect(Set(server.requests.map(\.body)).count == 1)
        let delivery = try #require(try await bench.control.alertDeliveries(to: "on-call").first)
        #expect(delivery.told == .began)
        #expect(delivery.failure == nil)
      }
    }
  }

  @Test func `one that never answers holds up no other, and neither secret nor URL is in what is told of it`()
    async throws
  {
    let bench = try Bench(HTTPWebhookSender(patience: .milliseconds(300)))
    try await LocalServer.with { request, _ in
      request.path == "/silent" ? .silence : .http(200)
    } _: { server in
      try await bench.control.working {
        try await bench.add("silent", .pagerduty, "\(server.url)/silent", "R0UT1NG")
        try await bench.add("prompt", .pagerduty, "\(server.url)/prompt", "R0UT1NG")
        await bench.look()
        #expect(await bench.control.alerts.deliver().isEmpty)
        #expect(try await bench.control.alertDeliveries(to: "prompt").map(\.told) == [.began])
        let failed = try #require(try await bench.control.alertDeliveries(to: "silent").first)
        #expect(failed.failure == "no whole answer within 0.3 seconds")
        #expect(failed.attempts == 1)
      }
    }
  }
}
