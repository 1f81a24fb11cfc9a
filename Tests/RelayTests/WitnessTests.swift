import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Relay

/// Witnesses that answer on a socket, and what the platform makes of it.
struct WitnessTests {
  private struct Bench {
    let key: CheckpointSigningKey
    let store: InMemoryCosignatures
    let time = ManualTime()

    init(faults: FaultPlan = FaultPlan()) throws {
      key = try CheckpointSigningKey(name: "test.example/ledger")
      store = InMemoryCosignatures(faults: faults)
    }

    func registry() -> InMemoryRegistry { InMemoryRegistry(signingKey: key) }

    func witness(_ name: String = "witness.example/w1") -> LittleWitness {
      LittleWitness(name, of: key.verificationKey)
    }

    /// A control plane on a ledger, as after a start.
    func control(_ registry: InMemoryRegistry, patience: Duration = .seconds(20)) -> ControlPlane {
      ControlPlane(
        .init(
          registry: registry, blobs: InMemoryBlobStore(), bundles: InMemoryBundleStore(),
          records: InMemoryRecordStore(), plane: InMemoryDataPlane(), time: time, entropy: SeededEntropy(),
          people: InMemoryPeople(), cosignatures: store, witness: HTTPWitness(patience: patience)),
        .init(sealingKey: SealingKey(), checkpointKey: key.verificationKey, tool: "gatehouse test"))
    }

    /// Writes so many entries, one a commit.
    func write(_ count: Int, to registry: InMemoryRegistry, as trace: String = "t") async throws {
      for number in 0..<count {
        try await registry.commit(
          [
            LedgerEntry(
              time: Sample.moment(number), principal: Sample.principal, act: .push, phase: .done,
              subject: "iris", trace: "\(trace)\(number)")
          ], [])
      }
    }
  }

  private static func add(_ witness: LittleWitness, at server: LocalServer, to control: ControlPlane)
    async throws
  {
    _ = try await control.addWitness(witness.publicKey, at: "\(server.url)/w", by: .administrator)
  }

  /// Asks every witness; the code of what was the matter with the one that there is.
  private static func ask(_ control: ControlPlane) async throws -> String? {
    let outcomes = try await control.witnesses.ask()
    return outcomes.values.compactMap { $0?.code }.first
  }

  @Test
  func `a witness cosigns the newest checkpoint, which is served with its line, and grows with the ledger`()
    async throws
  {
    let bench = try Bench()
    let (own, registry) = (bench.witness(), bench.registry())
    let control = bench.control(registry)
    try await LocalServer.with { request, _ in
      own.answer(request)
    } _: { server in
      try await control.working {
        try await Self.add(own, at: server, to: control)
        #expect(try await control.witnesses.cosigned() == nil)
        for round in 1...4 {
          try await bench.write(round * 37, to: registry)
          #expect(try await Self.ask(control) == nil)
          let head = try #require(await registry.checkpoint())
          #expect(own.size == head.size)
          let served = try #require(try await control.witnesses.cosigned())
          #expect(served.checkpoint == head)
          // As somebody verifies it who has both keys: by a proof under it.
          let entry = try #require(await registry.entryBytes(from: 5, count: 1).first)
          let path = try #require(await registry.inclusionProof(of: 5, in: head.size)).path
          let proof = EntryProof(index: 5, path: path, checkpoint: served.text)
          let key = try WitnessKey(parsing: own.publicKey)
          #expect(
            try proof.verify(entry, trusting: bench.key.verificationKey, witnessedBy: [key]).size == head.size
          )
        }
        // Nothing new, and nobody is asked.
        let count = server.requests.count
        #expect(try await Self.ask(control) == nil)
        #expect(server.requests.count == count)
        #expect(count == 4)
        let audited = await AuditCosignatures(ledger: registry, cosignatures: bench.store)(
          trusting: bench.key.verificationKey)
        #expect(audited.count == 4)
        #expect(audited.problems.isEmpty)
      }
    }
  }

  @Test func `what was cosigned and not heard or not kept is taken up by the size that the witness says`()
    async throws
  {
    let bench = try Bench(faults: FaultPlan([1: .notPersisted]))
    let (witness, registry) = (bench.witness(), bench.registry())
    try await LocalServer.with { request, _ in
      witness.answer(request)
    } _: { server in
      let control = bench.control(registry)
      try await control.working {
        try await Self.add(witness, at: server, to: control)
        try await bench.write(20, to: registry)
        // Killed between the answer and what is kept of it.
        #expect(try await Self.ask(control) == "fault.injected")
        #expect(witness.size == 21)
      }
      try await bench.write(9, to: registry)
      let second = bench.control(registry)
      #expect(try await Self.ask(second) == nil)
      #expect(witness.size == 30)
      // The answer is lost on its way.
      witness.turn(.lostAnswer)
      try await bench.write(3, to: registry)
      #expect(try await Self.ask(second) == "witness.unavailable")
      witness.turn(.honest)
      try await bench.write(3, to: registry)
      bench.time.advance(by: .seconds(10))
      #expect(try await Self.ask(second) == nil)
      #expect(try await second.witnesses.cosigned()?.checkpoint.size == 36)
    }
  }

  @Test(arguments: [
    (LittleWitness.Mood.otherKey, "witness.other-key"), (.otherText, "witness.bad-cosignature"),
    (.page, "witness.malformed-answer"), (.silent, "witness.unavailable"), (.endless, "witness.unavailable"),
  ])
  func `what is no cosignature of the key is not kept, and told`(mood: LittleWitness.Mood, code: String)
    async throws
  {
    let bench = try Bench()
    let (witness, registry) = (bench.witness(), bench.registry())
    witness.turn(mood)
    let control = bench.control(registry, patience: .milliseconds(300))
    try await LocalServer.with { request, _ in
      witness.answer(request)
    } _: { server in
      try await control.working {
        try await Self.add(witness, at: server, to: control)
        #expect(try await Self.ask(control) == code)
        #expect(bench.store.cosignatures().isEmpty)
        let report = try #require(try await control.witnesses.report().first)
        #expect(report.problem?.code == code)
        #expect(report.size == nil)
        // What contradicts outlives the process; what may be over in a while does not.
        let isAlarm = mood == .otherKey || mood == .otherText
        #expect(bench.store.alarms().values.map(\.code) == (isAlarm ? [code] : []))
        // Not asked again before its time.
        let count = server.requests.count
        #expect(try await control.witnesses.ask().isEmpty)
        #expect(server.requests.count == count)
      }
    }
  }

  @Test func `a ledger that was put back is found out by its witness, and by what is kept of it`()
    async throws
  {
    let bench = try Bench()
    let (witness, registry) = (bench.witness(), bench.registry())
    try await LocalServer.with { request, _ in
      witness.answer(request)
    } _: { server in
      let control = bench.control(registry)
      try await control.working {
        try await Self.add(witness, at: server, to: control)
        try await bench.write(20, to: registry)
        #expect(try await Self.ask(control) == nil)
      }
      // The same beginning and less of it; then as much as before and more, of another history.
      let other = bench.registry()
      let second = bench.control(other)
      try await second.working { try await Self.add(witness, at: server, to: second, asBefore: bench) }
      bench.store.forget(witness.name)
      try await bench.write(4, to: other, as: "u")
      #expect(try await Self.ask(second) == "witness.ahead")
      #expect(bench.store.alarms().values.map(\.code) == ["witness.ahead"])
      // One more is the alarm's own.
      try await bench.write(15, to: other, as: "u")
      bench.time.advance(by: .seconds(600))
      #expect(await other.checkpoint()?.size == 21)
      #expect(try await Self.ask(second) == "witness.split-view")
      try await bench.write(16, to: other, as: "u")
      bench.time.advance(by: .seconds(600))
      #expect(try await Self.ask(second) == "witness.split-view")
      #expect(try await second.witnesses.report().first?.alarm?.code == "witness.split-view")
      #expect(witness.size == 21)
      let audited = await AuditCosignatures(ledger: other, cosignatures: bench.store)(
        trusting: bench.key.verificationKey)
      #expect(audited.problems.map(\.code) == ["witness.split-view"])
      // Each alarm is in the ledger once, however often the witness is asked.
      let entries = await other.entryBytes(from: 0, count: 1000).compactMap {
        (try? JSON(parsing: $0)).flatMap(LedgerEntry.init(json:))
      }
      let alarms = entries.filter { $0.act == .cosign }
      #expect(alarms.map { $0.details["code"] } == ["witness.ahead", "witness.split-view"])
      #expect(alarms.allSatisfy { $0.phase == .failed && $0.subject == witness.name })
    }
  }

  @Test func `a ledger that contradicts a cosignature is found out without asking anybody`() async throws {
    let bench = try Bench()
    let (witness, registry) = (bench.witness(), bench.registry())
    try await LocalServer.with { request, _ in
      witness.answer(request)
    } _: { server in
      let control = bench.control(registry)
      try await control.working {
        try await Self.add(witness, at: server, to: control)
        try await bench.write(20, to: registry)
        #expect(try await Self.ask(control) == nil)
      }
      let other = bench.registry()
      let second = bench.control(other)
      try await second.working { try await Self.add(witness, at: server, to: second, asBefore: bench) }
      let count = server.requests.count
      for (entries, code) in [(4, "witness.ahead"), (40, "witness.split-view")] {
        try await bench.write(entries, to: other, as: "u")
        bench.time.advance(by: .seconds(600))
        #expect(try await Self.ask(second) == code)
        let audited = await AuditCosignatures(ledger: other, cosignatures: bench.store)(
          trusting: bench.key.verificationKey)
        #expect(Set(audited.problems.map(\.code)) == [code])
        #expect(audited.count == 0)
      }
      #expect(server.requests.count == count)
    }
  }

  @Test func `what most witnesses have cosigned is served, and a slow or dead one changes nothing of it`()
    async throws
  {
    let bench = try Bench()
    let witnesses = (1...3).map { bench.witness("witness.example/w\($0)") }
    let registry = bench.registry()
    let control = bench.control(registry, patience: .milliseconds(500))
    try await control.working {
      try await LocalServer.with { request, _ in
        witnesses[0].answer(request)
      } _: { first in
        try await LocalServer.with { request, _ in
          witnesses[1].answer(request)
        } _: { second in
          try await LocalServer.with { request, _ in
            witnesses[2].answer(request)
          } _: { third in
            for (witness, server) in zip(witnesses, [first, second, third]) {
              try await Self.add(witness, at: server, to: control)
            }
            witnesses[2].turn(.silent)
            try await bench.write(10, to: registry)
            _ = try await control.witnesses.ask()
            let served = try #require(try await control.witnesses.cosigned())
            #expect(served.checkpoint.size == 13)
            #expect(served.text.split(separator: "\n").count { $0.hasPrefix("\u{2014}") } == 3)
            // One of three is not most of them: what two have cosigned stays what is served.
            witnesses[1].forgetLog()
            for _ in 0..<20 {
              try await bench.write(1, to: registry)
              _ = try await control.witnesses.ask()
            }
            #expect(witnesses[0].size == 33)
            #expect(try await control.witnesses.cosigned()?.checkpoint.size == 13)
            let behind = try await control.witnesses.report().map(\.behind)
            #expect(behind == [0, 20, 33])
          }
        }
      }
    }
  }

  @Test func `a witness is added once, and asked no more when it is removed`() async throws {
    let bench = try Bench()
    let (witness, registry) = (bench.witness(), bench.registry())
    let control = bench.control(registry)
    try await LocalServer.with { request, _ in
      witness.answer(request)
    } _: { server in
      try await control.working {
        try await Self.add(witness, at: server, to: control)
        #expect(try await Self.ask(control) == nil)
        let known = await #expect(throws: Problem.self) {
          try await Self.add(witness, at: server, to: control)
        }
        #expect(known?.code == "witness.known")
        #expect(bench.store.cosignatures().count == 1)
        for url in ["\(server.url)/", "http://10.0.0.1/w", "https://w.example/?x"] {
          await #expect(throws: Problem.self) {
            try await control.addWitness(bench.witness("other").publicKey, at: url, by: .administrator)
          }
        }
        try await control.removeWitness(witness.name, by: .administrator)
        #expect(bench.store.cosignatures().isEmpty)
        #expect(try await control.witnesses.ask().isEmpty)
        let unknown = await #expect(throws: Problem.self) {
          try await control.removeWitness(witness.name, by: .administrator)
        }
        #expect(unknown?.code == "witness.unknown")
      }
    }
  }
}

extension WitnessTests {
  /// Adds a witness to a second ledger of the same key, whose cosignatures over the first one stay.
  private static func add(
    _ witness: LittleWitness, at server: LocalServer, to control: ControlPlane, asBefore bench: Bench
  ) async throws {
    let kept = bench.store.cosignatures()
    try await add(witness, at: server, to: control)
    for cosignature in kept { try bench.store.keep(cosignature, beside: nil) }
  }
}
