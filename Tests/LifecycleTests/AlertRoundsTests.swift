import Access
import Alerting
import Domain
import Encoding
import Gates
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Lifecycle

/// Receivers of which one, `slow.example`, answers nothing before it is let.
private final class HeldSender: WebhookSender {
  private struct State {
    var hosts: [String] = []
    var held: [CheckedContinuation<Void, Never>] = []
    var isOpen = false
  }

  // Who is let and who comes are told apart in one step.
  private let state = Mutex(State())

  func send(_ request: WebhookRequest) async -> WebhookAnswer {
    let host = request.url.host
    state.withLock { $0.hosts.append(host) }
    if host == "slow.example" {
      await withCheckedContinuation { continuation in
        let isOpen = state.withLock { state in
          if !state.isOpen { state.held.append(continuation) }
          return state.isOpen
        }
        if isOpen { continuation.resume() }
      }
    }
    return .status(200)
  }

  /// How often a host was told something.
  func count(_ host: String) -> Int { state.withLock { $0.hosts.count { $0 == host } } }

  /// Has all answers come from here on.
  func open() {
    let held = state.withLock { state in
      defer { state.held = [] }
      state.isOpen = true
      return state.held
    }
    for continuation in held { continuation.resume() }
  }
}

/// How receivers are told at the same time, and what becomes of them meanwhile.
struct AlertRoundsTests {
  private struct Bench {
    let registry: InMemoryRegistry
    let store: InMemoryAlerts
    let plane = InMemoryDataPlane()
    let time = ManualTime()
    let sender = HeldSender()
    let ledgerKey: CheckpointSigningKey
    let sealingKey = SealingKey()

    init(_ faults: FaultPlan = FaultPlan(), store storeFaults: FaultPlan = FaultPlan()) throws {
      ledgerKey = try CheckpointSigningKey(name: "test")
      registry = InMemoryRegistry(signingKey: ledgerKey, faults: faults)
      store = InMemoryAlerts(faults: storeFaults)
    }

    func control() -> ControlPlane {
      ControlPlane(
        .init(
          registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(),
          records: InMemoryRecordStore(), plane: plane, time: time, entropy: SeededEntropy(),
          people: InMemoryPeople(), webhookSender: sender, alerts: store),
        .init(sealingKey: sealingKey, checkpointKey: ledgerKey.verificationKey, tool: "gatehouse test"))
    }

    /// Has an alert begin that requests fail.
    func fail(_ control: ControlPlane) async throws {
      for look in 1...9 {
        var version = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
        (version.answered, version.failed) = (90 * look, 10 * look)
        plane.count(PlaneCounts(instance: "a", versions: [version]))
        time.advance(by: .seconds(10))
        _ = await control.alerts.look()
      }
    }

    /// Has an alert begin that no process serves.
    func end(_ control: ControlPlane) async {
      plane.endServing()
      for _ in 0..<5 {
        time.advance(by: .seconds(10))
        _ = await control.alerts.look()
      }
    }

    func add(_ name: String, _ host: String, _ control: ControlPlane) async throws {
      _ = try await control.addReceiver(
        ReceiverWish(name: name, kind: .webhook, url: "https://\(host)/in"), by: .administrator)
    }

    func acknowledgements() async throws -> [LedgerEntry] {
      await registry.entryBytes(from: 0, count: 1000).compactMap {
        (try? JSON(parsing: $0)).flatMap(LedgerEntry.init(json:))
      }.filter { $0.act == .acknowledgeAlert }
    }
  }

  /// Waits until something is so, ten seconds at most.
  private static func wait(until isSo: () -> Bool) async throws {
    for _ in 0..<10_000 where !isSo() { try await Task.sleep(for: .milliseconds(1)) }
    try #require(isSo())
  }

  @Test func `a page that begins while a receiver is slow to answer reaches the others`() async throws {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      try await bench.add("slow", "slow.example", control)
      try await bench.add("prompt", "prompt.example", control)
      try await bench.fail(control)
      let (sender, alerts) = (bench.sender, control.alerts)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await alerts.keepDelivering(every: .milliseconds(1)) { #expect($0.isEmpty) } }
        defer { sender.open() }
        try await Self.wait { sender.count("prompt.example") == 1 && sender.count("slow.example") == 1 }
        await bench.end(control)
        try await Self.wait { sender.count("prompt.example") == 2 }
        // One message at a time is on its way to each.
        #expect(sender.count("slow.example") == 1)
        sender.open()
        try await Self.wait { sender.count("slow.example") == 2 }
        group.cancelAll()
      }
    }
  }

  @Test func `what is silenced while another message is on its way is not told`() async throws {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      try await bench.add("slow", "slow.example", control)
      try await bench.fail(control)
      await bench.end(control)
      async let round = control.alerts.deliver()
      try await Self.wait { bench.sender.count("slow.example") == 1 }
      _ = try await control.silenceAlerts(
        SilenceWish(rule: nil, deployments: .any, length: 3_600_000, reason: "a move"), by: .administrator)
      bench.sender.open()
      #expect(await round.isEmpty)
      #expect(bench.sender.count("slow.example") == 1)
    }
  }

  @Test func `a receiver that was put in another's place meanwhile has been told nothing`() async throws {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      try await bench.add("on-call", "slow.example", control)
      try await bench.fail(control)
      await bench.end(control)
      async let round = control.alerts.deliver()
      try await Self.wait { bench.sender.count("slow.example") == 1 }
      try await control.removeReceiver("on-call", by: .administrator)
      try await bench.add("on-call", "prompt.example", control)
      bench.sender.open()
      #expect(await round.isEmpty)
      // Nothing goes to the former but what was on its way.
      #expect(bench.sender.count("slow.example") == 1)
      #expect(try await control.alertDeliveries(to: "on-call").isEmpty)
      #expect(await control.alerts.deliver().isEmpty)
      #expect(bench.sender.count("prompt.example") == 2)
    }
  }

  @Test func `a receiver is added where a removal left what nothing names`() async throws {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      let left = ReceiverEndpoint(
        name: "on-call", url: try EndpointURL(parsing: "https://former.example"), secret: [1])
      try bench.store.put(left)
      try await bench.add("on-call", "prompt.example", control)
      #expect(bench.store.receivers().map(\.url.host) == ["prompt.example"])
      let problem = await #expect(throws: Problem.self) {
        try await bench.add("on-call", "other.example", control)
      }
      #expect(problem?.code == "receiver.exists")
      #expect(bench.store.receivers().map(\.url.host) == ["prompt.example"])
    }
  }

  @Test func `of receivers that are added by one name at a time one is there and the others are told so`()
    async throws
  {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      let codes = await withTaskGroup(of: String?.self) { group in
        for number in 0..<8 {
          group.addTask {
            do throws(Problem) {
              _ = try await control.addReceiver(
                ReceiverWish(name: "on-call", kind: .webhook, url: "https://h\(number).example/in"),
                by: .administrator)
              return nil
            } catch {
              return error.code
            }
          }
        }
        return await group.reduce(into: [String?]()) { $0.append($1) }
      }
      #expect(codes.count { $0 == nil } == 1)
      #expect(codes.compactMap(\.self).allSatisfy { $0 == "receiver.exists" })
      let receiver = try #require(try await control.registry.alertReceivers().first)
      #expect(try await control.loss(of: receiver) == nil)
    }
  }

  @Test func `a receiver of which nothing is kept, or another URL, is an alert of its own`() async throws {
    let bench = try Bench()
    let control = bench.control()
    try await control.working {
      try await bench.add("on-call", "prompt.example", control)
      let receiver = try #require(try await control.registry.alertReceivers().first)
      _ = await control.alerts.look()
      #expect(try await control.alertRecords(over: 0).isEmpty)
      bench.store.removeReceiver("on-call")
      _ = await control.alerts.look()
      #expect(try await control.loss(of: receiver)?.code == "receiver.lost")
      let alert = try #require(try await control.alertRecords(over: 0).first)
      #expect(alert.source.description == "deliveries receiver on-call")
      #expect(alert.figures == "it cannot be told: receiver.lost")
      try bench.store.put(
        ReceiverEndpoint(
          name: "on-call", url: try EndpointURL(parsing: "https://former.example"), secret: [1]))
      #expect(try await control.loss(of: receiver)?.code == "receiver.changed")
      try await control.removeReceiver("on-call", by: .administrator)
      #expect(try await control.loss(of: receiver) == nil)
    }
  }

  @Test func `whatever write of an acknowledgement fails, and however, the ledger says once who has it`()
    async throws
  {
    for fault in FaultPlan.Fault.allCases {
      // Of the store: the acknowledgement, and that it is in the ledger; of the registry: its entry.
      for (inStore, number) in [(true, 1), (true, 2), (false, 1)] {
        // As many writes as there were before.
        var before = 0
        for attempt in 0...1 {
          let faults = FaultPlan(attempt == 0 ? [:] : [before + number: fault])
          let bench = inStore ? try Bench(store: faults) : try Bench(faults)
          var control = bench.control()
          let isDone = try await control.working {
            try await bench.fail(control)
            before = faults.writes
            let alert = try #require(try await control.alertRecords(over: 0).first)
            return (try? await control.acknowledgeAlert(alert.id, by: .administrator)) != nil
          }
          #expect(isDone == (attempt == 0))
          control = bench.control()
          _ = try await control.start()
          _ = await control.alerts.look()
          _ = await control.alerts.look()
          let alert = try #require(try await control.alertRecords(over: 0).first)
          let entries = try await bench.acknowledgements()
          #expect(entries.map(\.phase) == (alert.acknowledgement == nil ? [] : [.done]))
          #expect(entries.allSatisfy { $0.principal == Actor.administrator.principal })
          let isKept = !inStore || number == 2 || fault == .persisted || attempt == 0
          #expect((alert.acknowledgement != nil) == isKept)
          #expect(bench.store.unrecorded(10).isEmpty)
        }
      }
    }
  }
}
