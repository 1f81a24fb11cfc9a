import Access
import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey
import Domain
import Encoding
import Gates
import Lifecycle
import NIOHTTP1
import Provenance
import TestKit
import Testing

@testable import Relay

/// Webhooks from the ledger to a socket.
struct WebhookTests {
  /// A control plane whose ledger any act can be put into.
  private struct Bench {
    let registry: InMemoryRegistry
    let store: InMemoryWebhooks
    let time = ManualTime()
    let control: ControlPlane

    init(_ sender: any WebhookSender = HTTPWebhookSender(), faults: FaultPlan = FaultPlan()) throws {
      let key = try CheckpointSigningKey(name: "test.example/ledger")
      registry = InMemoryRegistry(signingKey: key)
      store = InMemoryWebhooks(faults: faults)
      control = Self.control(registry, store, time, key.verificationKey, sender)
      self.key = key.verificationKey
    }

    private let key: CheckpointVerificationKey

    /// The same stores, as after a crash.
    func reopened(_ sender: any WebhookSender) -> ControlPlane {
      Self.control(registry, store, time, key, sender)
    }

    private static func control(
      _ registry: InMemoryRegistry, _ store: InMemoryWebhooks, _ time: ManualTime,
      _ key: CheckpointVerificationKey, _ sender: any WebhookSender
    ) -> ControlPlane {
      ControlPlane(
        .init(
          registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(),
          records: InMemoryRecordStore(), plane: InMemoryDataPlane(), time: time, entropy: SeededEntropy(),
          people: InMemoryPeople(), webhooks: store, webhookSender: sender),
        .init(sealingKey: SealingKey(), checkpointKey: key, tool: "gatehouse test"))
    }

    /// Writes that an alias was moved.
    func move(_ alias: String) async throws {
      try await registry.commit(
        [
          LedgerEntry(
            time: time.now(), principal: Sample.principal, act: .setAlias, phase: .done,
            subject: "iris@\(alias)", trace: alias)
        ], [])
    }
  }

  private static func id(of request: LocalServer.Request) -> String? {
    request.headers.first(name: "webhook-id")
  }

  private static func subject(of body: [UInt8]) -> String? { (try? JSON(parsing: body))?["subject"]?.string }

  @Test func `a receiver is told in order, by messages whose signatures others verify`() async throws {
    let bench = try Bench()
    try await LocalServer.with { _, _ in
      .http(204)
    } _: { server in
      try await bench.control.working {
        let (webhook, secret) = try await bench.control.addWebhook(
          WebhookWish(url: "\(server.url)/in/s3cret?key=7"), by: .administrator)
        for alias in ["a", "b", "c"] { try await bench.move(alias) }
        #expect(try await bench.control.webhooks.deliverAll().isEmpty)
        let requests = server.requests
        #expect(requests.compactMap { Self.subject(of: $0.body) } == ["iris@a", "iris@b", "iris@c"])
        #expect(Set(requests.compactMap(Self.id)).count == 3)
        for request in requests {
          #expect(request.path == "/in/s3cret?key=7")
          #expect(request.headers.first(name: "content-type") == "application/cloudevents+json")
          // As a receiver does it, with no code of ours but base 64.
          let key = try #require(Base64.decode(String(secret.encoded.dropFirst("whsec_".count))))
          let id = try #require(Self.id(of: request))
          let moment = try #require(request.headers.first(name: "webhook-timestamp"))
          let code = HMAC<SHA256>.authenticationCode(
            for: Array("\(id).\(moment).".utf8) + request.body, using: SymmetricKey(data: key))
          #expect(request.headers.first(name: "webhook-signature") == "v1,\(Base64.encode(Array(code)))")
          let event = try JSON(parsing: request.body)
          #expect(event["specversion"] == "1.0")
          #expect(event["source"] == "//test.example/ledger")
          #expect(event["gatehouseevent"] == "alias-moved")
          #expect(event["data"]?["about"]?["model"] == "iris")
        }
        // Nothing is left to tell.
        #expect(try await bench.control.webhooks.deliverAll().isEmpty)
        #expect(server.requests.count == 3)
        let (_, deliveries) = try await bench.control.deliveries(to: webhook.id)
        #expect(deliveries.map(\.state) == [.delivered, .delivered, .delivered])
        #expect(deliveries.map(\.answer) == ["status 204", "status 204", "status 204"])
      }
    }
  }

  @Test func `neither the secret nor the URL is in the ledger or in what is told of a failure`() async throws
  {
    let bench = try Bench()
    try await LocalServer.with { _, _ in
      .http(410)
    } _: { server in
      try await bench.control.working {
        let (webhook, secret) = try await bench.control.addWebhook(
          WebhookWish(url: "\(server.url)/in/s3cret"), by: .administrator)
        try await bench.move("a")
        let problems = try await bench.control.webhooks.deliverAll()
        #expect(problems.map(\.code) == ["webhook.gone"])
        try await bench.control.removeWebhook(webhook.id, by: .administrator)
        let entries = await bench.registry.entryBytes(from: 0, count: 1000)
        let told = entries.map { String(decoding: $0, as: UTF8.self) } + problems.map(\.description)
        for text in told + ["\(secret)"] {
          #expect(!text.contains("s3cret"))
          #expect(!text.contains(secret.encoded.dropFirst(6)))
          #expect(!text.contains(Hexadecimal.encode(secret.bytes)))
        }
        #expect(entries.count >= 3)
        #expect(bench.store.endpoints().isEmpty)
      }
    }
  }

  @Test func `a receiver that is dead and comes back is told all that it missed, once and in order`()
    async throws
  {
    let bench = try Bench()
    try await LocalServer.with { _, number in
      number == 1 ? .end : .http(200)
    } _: { server in
      try await bench.control.working {
        let (webhook, _) = try await bench.control.addWebhook(
          WebhookWish(url: server.url), by: .administrator)
        try await bench.move("a")
        try await bench.move("b")
        #expect(try await bench.control.webhooks.deliverAll().isEmpty)
        // Not before its time.
        #expect(try await bench.control.webhooks.deliverAll().isEmpty)
        let progress = try await bench.control.deliveries(to: webhook.id).progress
        #expect(progress.attempts == 1)
        #expect(progress.failure != nil)
        #expect(server.requests.count == 1)
        bench.time.advance(by: .seconds(10))
        #expect(try await bench.control.webhooks.deliverAll().isEmpty)
        let subjects = server.requests.compactMap { Self.subject(of: $0.body) }
        #expect(subjects == ["iris@a", "iris@a", "iris@b"])
        let deliveries = try await bench.control.deliveries(to: webhook.id).deliveries
        #expect(deliveries.map(\.attempts) == [1, 2])
      }
    }
  }

  @Test func `a port that nothing listens on is no connection, at once`() async throws {
    let request = WebhookRequest(
      url: try EndpointURL(parsing: "http://127.0.0.1:1/in/s3cret"), fields: [], body: [])
    #expect(await HTTPWebhookSender(patience: .seconds(60)).send(request) == .none("no connection"))
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `a crash between a delivery and what is saved of it has it come again, under the same id`(
    fault: FaultPlan.Fault
  ) async throws {
    let bench = try Bench(faults: FaultPlan([1: fault]))
    try await LocalServer.with { _, _ in
      .http(200)
    } _: { server in
      try await bench.control.working {
        _ = try await bench.control.addWebhook(WebhookWish(url: server.url), by: .administrator)
        try await bench.move("a")
        #expect(try await bench.control.webhooks.deliverAll().map(\.code) == ["fault.injected"])
      }
      let reopened = bench.reopened(HTTPWebhookSender())
      try await bench.move("b")
      #expect(try await reopened.webhooks.deliverAll().isEmpty)
      let requests = server.requests
      let subjects = requests.compactMap { Self.subject(of: $0.body) }
      // What was saved before the crash is not sent again.
      #expect(subjects == (fault == .persisted ? ["iris@a", "iris@b"] : ["iris@a", "iris@a", "iris@b"]))
      #expect(Set(requests.compactMap(Self.id)).count == 2)
      if fault == .notPersisted {
        #expect(Self.id(of: requests[0]) == Self.id(of: requests[1]))
        #expect(requests[0].body == requests[1].body)
      }
    }
  }

  @Test func `one that never answers holds up no other`() async throws {
    let bench = try Bench(HTTPWebhookSender(patience: .milliseconds(300)))
    try await LocalServer.with { request, _ in
      switch request.path {
      case "/silent": .silence
      case "/slow": .trickle
      default: .http(200)
      }
    } _: { server in
      try await bench.control.working {
        var ids: [String] = []
        for path in ["silent", "slow", "prompt"] {
          ids.append(
            try await bench.control.addWebhook(
              WebhookWish(url: "\(server.url)/\(path)"), by: .administrator
            ).webhook.id)
        }
        try await bench.move("a")
        try await bench.move("b")
        _ = try await bench.control.webhooks.deliverAll()
        var failures: [String?] = []
        for id in ids { failures.append(try await bench.control.deliveries(to: id).progress.failure) }
        #expect(failures == ["no whole answer within 0.3 seconds", nil, nil])
        #expect(server.requests.count { $0.path == "/prompt" } == 2)
      }
    }
  }

  @Test func `a redirection is not followed, and is a failure`() async throws {
    let bench = try Bench()
    try await LocalServer.with { request, _ in
      request.path == "/" ? .http(307, [("Location", "/elsewhere")]) : .http(200)
    } _: { server in
      try await bench.control.working {
        let (webhook, _) = try await bench.control.addWebhook(
          WebhookWish(url: "\(server.url)/"), by: .administrator)
        try await bench.move("a")
        _ = try await bench.control.webhooks.deliverAll()
        #expect(server.requests.map(\.path) == ["/"])
        #expect(try await bench.control.deliveries(to: webhook.id).progress.failure == "status 307")
      }
    }
  }
}
