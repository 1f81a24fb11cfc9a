import Access
import Alerting
import Domain
import Encoding
import Gates
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// From what the platform knows to who is told of it.
struct AlertsTests {
  private struct Bench {
    let registry: InMemoryRegistry
    let store: InMemoryAlerts
    let receiver = InMemoryReceiver()
    let time = ManualTime()
    let plane = InMemoryDataPlane()
    let blobs = InMemoryBlobStore()
    let ledgerKey: CheckpointSigningKey
    let sealingKey = SealingKey()
    let control: ControlPlane

    init(faults: FaultPlan = FaultPlan()) throws {
      ledgerKey = try CheckpointSigningKey(name: "test")
      registry = InMemoryRegistry(signingKey: ledgerKey)
      store = InMemoryAlerts(faults: faults)
      control = Self.control(registry, store, receiver, time, plane, blobs, sealingKey, ledgerKey)
    }

    private static func control(
      _ registry: InMemoryRegistry, _ store: InMemoryAlerts, _ receiver: InMemoryReceiver,
      _ time: ManualTime, _ plane: InMemoryDataPlane, _ blobs: InMemoryBlobStore, _ sealingKey: SealingKey,
      _ key: CheckpointSigningKey
    ) -> ControlPlane {
      ControlPlane(
        .init(
          registry: registry, blobs: blobs, bundles: InMemoryBundleStore(), records: InMemoryRecordStore(),
          plane: plane, time: time, entropy: SeededEntropy(), people: InMemoryPeople(),
          webhookSender: receiver,
          alerts: store),
        .init(sealingKey: sealingKey, checkpointKey: key.verificationKey, tool: "gatehouse test"))
    }

    /// The same stores under a new control plane, as after a crash.
    func reopened() -> ControlPlane {
      Self.control(registry, store, receiver, time, plane, blobs, sealingKey, ledgerKey)
    }

    /// What a process has counted of `iris@1` by now.
    func count(answered: Int, failed: Int) throws {
      var version = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
      version.answered = answered
      version.failed = failed
      plane.count(PlaneCounts(instance: "a", versions: [version]))
    }

    /// Looks so often, ten seconds apart, each time after so many more requests have failed of a hundred.
    func look(_ control: ControlPlane, _ count: Int, failing: Int, from start: Int = 0) async throws -> Int {
      var sum = start
      for _ in 0..<count {
        sum += 100
        try self.count(answered: sum - sum / 100 * failing, failed: sum / 100 * failing)
        time.advance(by: .seconds(10))
        _ = await control.alerts.look()
      }
      return sum
    }

    func acts() async throws -> [String] {
      try await entries().filter { [.beginAlert, .endAlert].contains($0.act) }.map(\.act.rawValue)
    }

    func entries() async throws -> [LedgerEntry] {
      await registry.entryBytes(from: 0, count: 1000).compactMap {
        (try? JSON(parsing: $0)).flatMap(LedgerEntry.init(json:))
      }
    }

    /// What receivers were sent, as `event_action` of PagerDuty or the end of the type of a CloudEvent.
    var told: [String] {
      receiver.requests.compactMap { request in
        let body = try? JSON(parsing: request.body)
        return body?["event_action"]?.string ?? body?["type"]?.string
          ?? body?.array?.first.map { $0["endsAt"] == nil ? "firing" : "resolved" }
      }
    }

    func addPagerDuty(_ change: (inout ReceiverWish) -> Void = { _ in }) async throws {
      var wish = ReceiverWish(name: "on-call", kind: .pagerduty, secret: "R0UT1NG")
      change(&wish)
      _ = try await control.addReceiver(wish, by: .administrator)
    }
  }

  @Test func `a deployment that fails has somebody paged, and told when it is over`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty()
      let sum = try await bench.look(bench.control, 9, failing: 10)
      #expect(await bench.control.alerts.deliver().isEmpty)
      #expect(try await bench.acts() == ["begin-alert"])
      let alert = try #require(try await bench.control.alertRecords(over: 0).first)
      #expect(alert.summary == "iris: requests fail")
      #expect(bench.told == ["trigger"])
      #expect(await bench.control.alerts.deliver().isEmpty)
      #expect(bench.told == ["trigger"])

      // The counts stay as they are: nothing comes any more.
      for _ in 0..<70 {
        bench.time.advance(by: .seconds(10))
        _ = await bench.control.alerts.look()
      }
      #expect(sum == 900)
      #expect(await bench.control.alerts.deliver().isEmpty)
      #expect(try await bench.acts() == ["begin-alert", "end-alert"])
      #expect(bench.told == ["trigger", "resolve"])
      let keys = bench.receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["dedup_key"]?.string }
      #expect(keys == [alert.id, alert.id])
    }
    let entry = try #require(try await bench.entries().last { $0.act == .beginAlert })
    #expect(entry.principal == .platform)
    #expect(entry.model?.description == "iris")
    #expect(entry.details["severity"] == "page")
  }

  @Test func `a data plane that does not answer is an alert, and the failures before it stay`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      _ = try await bench.look(bench.control, 9, failing: 10)
      bench.plane.count(nil)
      bench.plane.endServing()
      for _ in 0..<60 {
        bench.time.advance(by: .seconds(10))
        _ = await bench.control.alerts.look()
      }
      let rules = try await bench.control.alertRecords(over: 10).map(\.source.rule)
      #expect(Set(rules) == [.failures, .planeDown])
      #expect(try await bench.control.alertRecords(over: 0).count == 2)
    }
  }

  @Test func `an alert that somebody has taken on goes to no further receiver`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty()
      try await bench.addPagerDuty {
        $0.name = "second"
        $0.after = 60_000
      }
      _ = try await bench.look(bench.control, 9, failing: 10)
      _ = await bench.control.alerts.deliver()
      let alert = try #require(try await bench.control.alertRecords(over: 0).first)
      let taken = try await bench.control.acknowledgeAlert(alert.id, by: .administrator)
      #expect(taken.acknowledgement != nil)
      bench.time.advance(by: .seconds(3600))
      _ = await bench.control.alerts.deliver()
      #expect(bench.told == ["trigger", "acknowledge"])
      #expect(try await bench.entries().contains { $0.act == .acknowledgeAlert && $0.phase == .done })
    }
  }

  @Test func `an alert that nobody takes on goes to the next receiver`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty {
        $0.name = "second"
        $0.after = 60_000
      }
      _ = try await bench.look(bench.control, 9, failing: 10)
      _ = await bench.control.alerts.deliver()
      #expect(bench.told.isEmpty)
      bench.time.advance(by: .seconds(61))
      _ = await bench.control.alerts.deliver()
      #expect(bench.told == ["trigger"])
    }
  }

  @Test func `a round of a slow receiver ends after ten seconds, and the next goes on with the rest`()
    async throws
  {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty()
      _ = try await bench.look(bench.control, 9, failing: 10)
      bench.plane.endServing()
      for _ in 0..<5 {
        bench.time.advance(by: .seconds(10))
        _ = await bench.control.alerts.look()
      }
      let time = bench.time
      bench.receiver.follow { time.advance(by: .seconds(14)) }
      for count in 1...3 {
        #expect(await bench.control.alerts.deliver().isEmpty)
        #expect(bench.told.count == min(count, 2))
      }
      bench.receiver.follow {}
    }
  }

  @Test func `a silence keeps people from being told, and nothing from being written down`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty()
      let silence = try await bench.control.silenceAlerts(
        SilenceWish(rule: .failures, deployments: .any, length: 3_600_000, reason: "a test of load"),
        by: .administrator)
      _ = try await bench.look(bench.control, 9, failing: 10)
      _ = await bench.control.alerts.deliver()
      #expect(bench.told.isEmpty)
      #expect(try await bench.acts() == ["begin-alert"])
      try await bench.control.endSilence(silence.id, by: .administrator)
      _ = await bench.control.alerts.deliver()
      #expect(bench.told == ["trigger"])
      await #expect(throws: Problem.self) {
        try await bench.control.endSilence(silence.id, by: .administrator)
      }
    }
  }

  @Test func `each kind of receiver is told in its own form, and the ledger has none of their secrets`()
    async throws
  {
    let bench = try Bench()
    try await bench.control.working {
      try await bench.addPagerDuty()
      _ = try await bench.control.addReceiver(
        ReceiverWish(
          name: "am", kind: .alertmanager, url: "https://alerts.example/am/", secret: "t0ken",
          allowsHTTP: false),
        by: .administrator)
      let (_, secret) = try await bench.control.addReceiver(
        ReceiverWish(name: "hook", kind: .webhook, url: "https://hook.example/in/s3cret"), by: .administrator)
      _ = try await bench.look(bench.control, 9, failing: 10)
      _ = await bench.control.alerts.deliver()
      let requests = bench.receiver.requests.sorted { $0.url.host < $1.url.host }
      #expect(
        requests.map(\.url.description) == [
          "https://alerts.example/am/api/v2/alerts", "https://events.pagerduty.com/v2/enqueue",
          "https://hook.example/in/s3cret",
        ])
      #expect(
        requests.first?.fields.contains { $0.name == "Authorization" && $0.value == "Bearer t0ken" } == true)
      #expect(requests.last?.fields.contains { $0.name == "webhook-signature" } == true)
      #expect(Set(bench.told) == ["trigger", "firing", "gatehouse.alert.began"])
      let encoded = try #require(secret?.encoded)
      for bytes in await bench.registry.entryBytes(from: 0, count: 1000) {
        let text = String(decoding: bytes, as: UTF8.self)
        for word in ["t0ken", "s3cret", "R0UT1NG", String(encoded.dropFirst(6))] {
          #expect(!text.contains(word))
        }
      }
      try await bench.control.removeReceiver("hook", by: .administrator)
      #expect(bench.store.receivers().map(\.name) == ["am", "on-call"])
    }
  }

  @Test func `rules of a file come into force, and a file that is wrong does not`() async throws {
    let bench = try Bench()
    try await bench.control.working {
      let file =
        "alerts: gatehouse/v1\nrules:\n  - failures: {severity: ticket, runbook: 'https://wiki.example/f'}\n"
      let applied = try await bench.control.applyAlertRules(Array(file.utf8), by: .administrator)
      #expect(try await bench.control.registry.governedFiles().contains(applied.digest))
      _ = try await bench.look(bench.control, 9, failing: 10)
      let alert = try #require(try await bench.control.alertRecords(over: 0).first)
      #expect(alert.severity == .ticket)
      #expect(alert.runbook == "https://wiki.example/f")
      let problem = await #expect(throws: Problem.self) {
        try await bench.control.applyAlertRules(Array("alerts: gatehouse/v9".utf8), by: .administrator)
      }
      #expect(problem?.code == "alerts.language")
    }
  }

  @Test func `whatever write fails, and however, an alert is in the ledger once and under one key`()
    async throws
  {
    // As many writes as a run without a fault has.
    let counted = FaultPlan()
    try await Self.drive(try Bench(faults: counted))
    let writes = counted.writes
    #expect(writes >= 6)
    for write in 1...writes {
      for fault in FaultPlan.Fault.allCases {
        try await Self.drive(try Bench(faults: FaultPlan([write: fault])))
      }
    }
  }

  /// Has an alert begin and end, with a crash after each step.
  private static func drive(_ bench: Bench) async throws {
    try await bench.control.working { try await bench.addPagerDuty() }
    var control = bench.control
    var sum = 0
    for _ in 0..<12 {
      sum = try await bench.look(control, 1, failing: 10, from: sum)
      _ = await control.alerts.deliver()
    }
    for _ in 0..<80 {
      bench.time.advance(by: .seconds(10))
      _ = await control.alerts.look()
      _ = await control.alerts.deliver()
    }
    control = bench.reopened()
    for _ in 0..<3 {
      bench.time.advance(by: .seconds(60))
      _ = await control.alerts.look()
      _ = await control.alerts.deliver()
    }
    #expect(try await bench.acts() == ["begin-alert", "end-alert"])
    #expect(bench.store.unrecorded(10).isEmpty)
    #expect(bench.told.first == "trigger")
    #expect(bench.told.last == "resolve")
    let keys = Set(bench.receiver.requests.compactMap { (try? JSON(parsing: $0.body))?["dedup_key"]?.string })
    #expect(keys.count == 1)
    // Once more at most, for the one write that failed after a delivery.
    #expect(bench.told.count <= 3)
  }
}
