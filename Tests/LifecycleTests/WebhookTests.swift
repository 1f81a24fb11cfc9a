import Access
import Domain
import Encoding
import Gates
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// What webhooks are told, when, and what becomes of it.
struct WebhookTests {
  private struct Bench {
    let registry: InMemoryRegistry
    let store = InMemoryWebhooks()
    let receiver = InMemoryReceiver()
    let time = ManualTime()
    let control: ControlPlane

    init() throws {
      let key = try CheckpointSigningKey(name: "test")
      registry = InMemoryRegistry(signingKey: key)
      control = ControlPlane(
        .init(
          registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(),
          records: InMemoryRecordStore(), plane: InMemoryDataPlane(), time: time, entropy: SeededEntropy(),
          people: InMemoryPeople(), webhooks: store, webhookSender: receiver),
        .init(sealingKey: SealingKey(), checkpointKey: key.verificationKey, tool: "gatehouse test"))
    }

    func commit(_ act: Act, _ subject: String, _ details: [String: JSON] = [:], _ phase: ActPhase = .done)
      async throws
    {
      try await registry.commit(
        [
          LedgerEntry(
            time: time.now(), principal: Sample.principal, act: act, phase: phase, subject: subject,
            trace: "t", details: details)
        ], [])
    }

    func add(_ change: (inout WebhookWish) throws -> Void = { _ in }) async throws -> Webhook {
      var wish = WebhookWish(url: "https://chat.example/hook")
      try change(&wish)
      return try await control.addWebhook(wish, by: .administrator).webhook
    }

    /// The events that were sent, by name.
    var events: [String] {
      receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["gatehouseevent"]?.string }
    }
  }

  private static func entry(
    _ act: Act, _ phase: ActPhase = .done, _ details: [String: JSON] = [:], of subject: String = "iris@2"
  ) -> LedgerEntry {
    LedgerEntry(
      time: Sample.moment(), principal: Sample.principal, act: act, phase: phase, subject: subject,
      trace: "t", details: details)
  }

  @Test func `each event is what its entry of the ledger says`() {
    let cases: [(LedgerEntry, WebhookEvent?)] = [
      (Self.entry(.wait), .waiting), (Self.entry(.wait, .failed), .stopped),
      (Self.entry(.approve, .done, ["given": true]), .approved),
      (Self.entry(.approve, .done, ["given": false]), .declined), (Self.entry(.approve, .failed), nil),
      (Self.entry(.sign, .done, ["version": 2]), .admitted), (Self.entry(.sign, .done, ["bundle": ""]), nil),
      (Self.entry(.sign, .begun, ["version": 2]), nil),
      (Self.entry(.inspect, .failed), .refused), (Self.entry(.gate, .failed), .refused),
      (Self.entry(.gate), nil), (Self.entry(.rollOut, .begun), nil), (Self.entry(.rollOut, .failed), nil),
      (Self.entry(.rollOut, .done, ["from": .null]), .rolledOut),
      (Self.entry(.rollOut, .done, ["from": "1"]), .rolledOut),
      (Self.entry(.rollOut, .done, ["from": "10"]), .rolledBack),
      (Self.entry(.setAlias), .aliasMoved), (Self.entry(.removeAlias), .aliasMoved),
      (Self.entry(.proposePolicy), .policyProposed), (Self.entry(.applyPolicy), .policyApplied),
      (Self.entry(.importAdvisories), .advisoriesImported),
      (Self.entry(.withdrawPolicy), .policyWithdrawn), (Self.entry(.revokeVersion), .versionRevoked),
      (Self.entry(.revokeKey), .keyRevoked), (Self.entry(.revokeSealKey), .keyRevoked),
      (Self.entry(.cosign, .failed), .alarm),
      (Self.entry(.createKey), nil), (Self.entry(.addWebhook), nil), (Self.entry(.request, .failed), nil),
    ]
    for (entry, event) in cases { #expect(WebhookEvent(of: entry) == event, "\(entry.act) \(entry.phase)") }
    #expect(Set(cases.compactMap(\.1)) == Set(WebhookEvent.allCases))
  }

  @Test func `a webhook is told of the events and of the models that it is for`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      _ = try await bench.add {
        $0.events = [.waiting, .policyApplied]
        $0.scope = Scope(models: try NamePattern(parsing: "iris*"))
      }
      try await bench.commit(.wait, "iris@1")
      try await bench.commit(.setAlias, "iris@champion")
      try await bench.commit(.wait, "fraud@1")
      // Of what concerns no model, only who is told of all of them.
      try await bench.commit(.applyPolicy, "sha256:00")
      try await bench.commit(.wait, "iris-2@7")
      #expect(try await bench.control.webhooks.deliverAll().isEmpty)
    }
    let subjects = bench.receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["subject"] }
    #expect(subjects == ["iris@1", "iris-2@7"])
    #expect(bench.events == ["waiting", "waiting"])
  }

  @Test func `who is told that a version waits is told which bytes, under which policy, and who may say yes`()
    async throws
  {
    let bench = try Bench()
    try await bench.control.working {
      let known = try await bench.control.addPerson("ana@example.com", by: .administrator)
      _ = try await bench.control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.approver), scope: .everything),
        by: .administrator)
      _ = try await bench.add()
      let waiting = WaitingRelease(
        version: VersionReference(name: Sample.name(), version: .first), digest: Sample.digest(1),
        asker: Sample.principal, roles: [.pusher], since: Sample.moment())
      try await bench.registry.commit(
        [Self.entry(.wait, .done, ["policy": "sha256:aa"], of: "iris@1")], [.governance(.wait(waiting))])
      _ = try await bench.control.webhooks.deliverAll()
      let body = try #require(bench.receiver.requests.last?.body)
      let about = try JSON(parsing: body)["data"]?["about"]
      #expect(about?["model"] == "iris")
      #expect(about?["version"] == 1)
      #expect(about?["bundle"] == .string(Sample.digest(1).description))
      #expect(about?["policy"] == "sha256:aa")
      #expect(about?["approvers"] == [.string(known.principal.description)])
      #expect(!String(decoding: body, as: UTF8.self).contains("ana"))
    }
  }

  @Test func `an event is tried twelve times within six hours, and the next one after it`() {
    var progress = WebhookProgress(position: 7)
    var now = Timestamp(milliseconds: 0)
    var pauses: [Int64] = []
    var last: WebhookDelivery?
    for _ in 0..<12 {
      let (next, delivery) = progress.after(.status(500), to: "waiting", at: now, chance: 1)
      if let notBefore = next.notBefore { pauses.append((notBefore.milliseconds - now.milliseconds) / 1000) }
      now = next.notBefore ?? now
      #expect(next.isDue(at: now))
      (progress, last) = (next, delivery)
    }
    #expect(pauses == [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600, 3600, 3600])
    #expect(last?.state == .dead)
    #expect(last?.attempts == 12)
    #expect(last?.answer == "status 500")
    #expect(progress == WebhookProgress(position: 8))
    #expect(now.milliseconds < 6 * 3_600_000)
  }

  @Test(arguments: [
    (WebhookAnswer.status(500), 0.0, 2_500), (.status(500), 1, 5_000), (.none("no connection"), 1, 5_000),
    (.status(503, retryAfter: .seconds(60)), 0, 60_000), (.status(429, retryAfter: .seconds(60)), 0, 60_000),
    (.status(503, retryAfter: .seconds(1)), 1, 5_000), (.status(500, retryAfter: .seconds(60)), 1, 5_000),
    (.status(503, retryAfter: .seconds(999_999_999)), 1, 3_600_000),
  ])
  func `a pause is spread, and as long as a receiver asks that is full or busy`(
    answer: WebhookAnswer, chance: Double, milliseconds: Int64
  ) {
    let now = Timestamp(milliseconds: 1000)
    let next = WebhookProgress(position: 0).after(answer, to: "waiting", at: now, chance: chance).progress
    #expect(next.notBefore == Timestamp(milliseconds: 1000 + milliseconds))
    #expect(next.attempts == 1)
    #expect(!next.isDue(at: now))
  }

  @Test func `an event that is dead is listed, told to the operator, and can be sent again`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      try await bench.commit(.setAlias, "iris@a")
      bench.receiver.answer([WebhookAnswer](repeating: .status(404), count: 12))
      var problems: [Problem] = []
      for _ in 0..<12 {
        problems += try await bench.control.webhooks.deliverAll()
        bench.time.advance(by: .seconds(3600))
      }
      #expect(problems.map(\.code) == ["webhook.dead"])
      let dead = try #require(try await bench.control.deliveries(to: webhook.id).deliveries.first)
      #expect(dead.state == .dead)
      #expect(
        problems.first?.hint
          == "send it again with 'gatehouse webhooks redeliver \(webhook.id) \(dead.position)'")
      let again = try await bench.control.redeliver(dead.position, to: webhook.id, by: .administrator)
      #expect(again.state == .delivered)
      let size = try await bench.control.ledgerSize()
      let last = try #require(await bench.registry.entryBytes(from: size - 1, count: 1).first)
      let entry = try #require(LedgerEntry(json: try JSON(parsing: last)))
      #expect(entry.act == .redeliver && entry.phase == .done && entry.subject == webhook.id)
      #expect(again.attempts == 13)
      #expect(try await bench.control.deliveries(to: webhook.id).deliveries == [again])
      // The same message as ever.
      #expect(Set(bench.receiver.requests.map(\.body)).count == 1)
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.redeliver(0, to: webhook.id, by: .administrator)
      }
      #expect(problem?.code == "webhook.no-event")
    }
  }

  @Test func `a receiver that says it is gone is left alone until it takes one again`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      for alias in ["a", "b"] { try await bench.commit(.setAlias, "iris@\(alias)") }
      bench.receiver.answer([.status(410)])
      #expect(try await bench.control.webhooks.deliverAll().map(\.code) == ["webhook.gone"])
      bench.time.advance(by: .seconds(7200))
      #expect(try await bench.control.webhooks.deliverAll().isEmpty)
      #expect(bench.receiver.requests.count == 1)
      let position = try await bench.control.deliveries(to: webhook.id).progress.position
      bench.receiver.answer([.status(500)])
      #expect(
        try await bench.control.redeliver(position, to: webhook.id, by: .administrator).state == .dead)
      #expect(try await bench.control.deliveries(to: webhook.id).progress.isStopped)
      #expect(
        try await bench.control.redeliver(position, to: webhook.id, by: .administrator).state == .delivered)
      #expect(try await bench.control.webhooks.deliverAll().isEmpty)
      let bodies = bench.receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["subject"] }
      #expect(bodies == ["iris@a", "iris@a", "iris@a", "iris@b"])
    }
  }

  @Test func `an event that is still under way is not sent beside its turn`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      try await bench.commit(.setAlias, "iris@a")
      bench.receiver.answer([.status(500)])
      _ = try await bench.control.webhooks.deliverAll()
      let position = try await bench.control.deliveries(to: webhook.id).progress.position
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.redeliver(position, to: webhook.id, by: .administrator)
      }
      #expect(problem?.code == "webhook.under-way")
    }
  }

  @Test func `a URL or a secret that was changed behind the ledger's back is told nothing`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      let present = try #require(bench.store.endpoint(webhook.id))
      bench.store.put(
        WebhookEndpoint(
          id: webhook.id, url: try EndpointURL(parsing: "https://evil.example/"), secret: present.secret,
          progress: present.progress))
      try await bench.commit(.setAlias, "iris@a")
      #expect(try await bench.control.webhooks.deliverAll().map(\.code) == ["webhook.changed"])
      #expect(bench.receiver.requests.isEmpty)
    }
  }

  @Test(arguments: [("retail", 1), ("wholesale", 0)])
  func `what is refused before it has a version is of the project that its push was for`(
    named: String, count: Int
  ) async throws {
    let bench = try Bench()
    try await bench.control.working {
      _ = try await bench.add { $0.scope = Scope(projects: try NamePattern(parsing: "retail")) }
      try await bench.commit(.inspect, "iris sha256:0", ["project": .string(named)], .failed)
      #expect(try await bench.control.webhooks.deliverAll().isEmpty)
      #expect(bench.receiver.requests.count == count)
    }
  }

  @Test func `a clock that is put back holds up nothing for longer than the longest pause`() {
    let now = Timestamp(milliseconds: 10_000_000)
    func progress(_ seconds: Int64) -> WebhookProgress {
      WebhookProgress(
        position: 1, attempts: 3, notBefore: Timestamp(milliseconds: now.milliseconds + seconds * 1000))
    }
    #expect(progress(-1).isDue(at: now))
    #expect(progress(0).isDue(at: now))
    #expect(!progress(1).isDue(at: now))
    #expect(!progress(3600).isDue(at: now))
    #expect(progress(3601).isDue(at: now))
  }

  @Test func `what stands behind an event that failed waits for it, and nothing of it is skipped`()
    async throws
  {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      let start = try await bench.control.ledgerSize()
      for alias in ["a", "b"] {
        try await bench.commit(.setAlias, "iris@\(alias)")
        try await bench.commit(.createKey, "some key")
      }
      bench.receiver.answer([.status(500), .status(500)])
      for _ in 0..<3 {
        _ = try await bench.control.webhooks.deliverAll()
        bench.time.advance(by: .seconds(60))
      }
      let subjects = bench.receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["subject"] }
      #expect(subjects == ["iris@a", "iris@a", "iris@a", "iris@b"])
      let deliveries = try await bench.control.deliveries(to: webhook.id).deliveries
      #expect(deliveries.map(\.position) == [start + 2, start])
      #expect(deliveries.map(\.attempts) == [1, 3])
    }
  }

  @Test func `a webhook that is removed is sent nothing more of what it had to be told`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      for alias in ["a", "b", "c"] { try await bench.commit(.setAlias, "iris@\(alias)") }
      bench.receiver.follow { bench.store.remove(webhook.id) }
      _ = try await bench.control.webhooks.deliverAll()
      #expect(bench.receiver.requests.count == 1)
    }
  }

  @Test func `a webhook of which nothing is kept is told to the operator once`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      bench.store.remove(webhook.id)
      #expect(try await bench.control.webhooks.deliverAll().map(\.code) == ["webhook.lost"])
      bench.time.advance(by: .seconds(60))
      #expect(try await bench.control.webhooks.deliverAll().isEmpty)
      try await bench.control.removeWebhook(webhook.id, by: .administrator)
    }
  }

  @Test func `what a crash left of a webhook that was being added is erased at the next start`() async throws
  {
    let bench = try Bench()
    try await bench.control.working {
      let webhook = try await bench.add()
      bench.store.put(
        WebhookEndpoint(
          id: "000000000000", url: try EndpointURL(parsing: "https://half.example/"),
          secret: try #require(WebhookSecret(bytes: [UInt8](repeating: 1, count: 24))),
          progress: WebhookProgress(position: 0)))
      try await bench.control.webhooks.sweep()
      #expect(bench.store.endpoints().map(\.id) == [webhook.id])
    }
  }

  @Test func `who may not read the ledger cannot have somebody told what it says`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let known = try await bench.control.addService("bot", by: .administrator)
      _ = try await bench.control.addGrant(
        Grant(
          id: "", holder: .principal(known.principal), gift: .rights([.manageWebhooks]), scope: .everything),
        by: .administrator)
      let bot = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.addWebhook(WebhookWish(url: "https://a.example/"), by: bot)
      }
      #expect(problem?.code == "access.denied")
      #expect(bench.store.endpoints().isEmpty)
    }
  }

  @Test func `there are no more than thirty-two webhooks`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      for _ in 0..<Webhook.limit { _ = try await bench.add() }
      let problem = await #expect(throws: Problem.self) { try await bench.add() }
      #expect(problem?.code == "webhook.too-many")
      #expect(bench.store.endpoints().count == Webhook.limit)
    }
  }
}
