import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Monitoring
import Rollouts
import TestKit
import Testing

/// Coming into service by steps, judged by what is seen.
struct RollOutByStepsTests {
  private static func reason() throws -> RevocationReason {
    try RevocationReason(parsing: "it answers nonsense")
  }

  @Test func `at its first step it has its share of callers, and what served before has the rest`()
    async throws
  {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      let outcome = try await stage.begin(control, RolloutStage.terms())
      #expect(outcome.status == .live && outcome.share?.value == 1000)
      let served = try stage.served()
      #expect(served.live.version.value == 2)
      #expect(
        served.sharing?.split.arms.map { [$0.version.value, $0.share.value] } == [[3, 1000], [2, 9000]])
      #expect(served.others.map(\.version.value) == [3])
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
    }
    let entry = try #require(try await stage.bench.entries().last { $0.act == .beginRollOut })
    #expect(entry.subject == "iris@3" && entry.details["shares"] == ["2": 9000, "3": 1000])
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `one that does well comes to answer everybody, and is what a roll-back goes back from`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      try await stage.drive(control)
      #expect(try await control.registry.deployments().map(\.version.value) == [3])
      let served = try stage.served()
      #expect(served.live.version.value == 3 && served.sharing == nil && served.standby?.version.value == 2)
      #expect(try await stage.acts() == ["begin-roll-out done", "step-roll-out done", "roll-out done"])
      let back = try await control.rollBack(Sample.name(), because: Self.reason(), by: .administrator)
      #expect(back.deployment.version.value == 2)
    }
    let history = try await History(ledger: bench.registry)(of: Sample.name())
    #expect(history.served.map(\.version.version.value) == [1, 2, 3, 2, 3, 2])
    #expect(await bench.audit().problems == [])
  }

  @Test(arguments: [(30, 200_000), (0, 40_000_000)])
  func `one that fails, or is slow, goes back, and stays away`(failing: Int, nanoseconds: Int) async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      try await stage.drive(control, failing: failing, nanoseconds: nanoseconds)
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
      let served = try stage.served()
      #expect(served.live.version.value == 2 && served.sharing == nil && served.others.isEmpty)
      let mark = try #require(try await control.registry.mark(of: RolloutStage.reference(3)))
      #expect(mark.by == .platform)
      #expect(mark.reason.description.hasPrefix(failing > 0 ? "failures: canary" : "latency beyond"))
      let again = try await Bench.push(RolloutStage.logistic, to: control)
      #expect(again.problem?.code == "roll-out.marked")
    }
    #expect(try await stage.acts() == ["begin-roll-out done", "undo-roll-out done"])
    let entry = try #require(try await bench.entries().last { $0.act == .undoRollOut })
    #expect(entry.details["reason"]?.string?.contains("evidence") == true)
    #expect(await bench.audit().problems == [])
  }

  @Test func `one that disagrees in the shadow goes back before it answered anybody`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      let terms = try RolloutStage.terms(shares: [0, 1000, 10_000], disagreement: 0.05)
      let outcome = try await stage.begin(control, terms)
      #expect(outcome.share == BasisPoints.none)
      let served = try stage.served()
      #expect(served.sharing == nil && served.shadowing?.versions.map(\.value) == [3])
      for _ in 0..<10 {
        try stage.answer(2, 100)
        try stage.answer(3, 100, compared: 100, disagreeing: 40)
        _ = await control.judgeRollOuts()
      }
      let record = try #require(try await control.registry.rollout(of: Sample.name()))
      #expect(record.state.phase == .undone)
      #expect(record.state.reason.hasPrefix("disagreement: canary"))
      #expect(!bench.plane.applied.contains { $0.deployments.contains { $0.sharing != nil } })
    }
  }

  @Test func `one that agrees in the shadow goes on, though its time is not judged there`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      let terms = try RolloutStage.terms(shares: [0, 1000, 10_000], disagreement: 0.05)
      _ = try await stage.begin(control, terms)
      for _ in 0..<10 {
        try stage.answer(2, 100)
        var counts = try stage.counted[3] ?? PlaneCounts.Version(RolloutStage.reference(3))
        counts.answered += 100
        counts.compared += 100
        stage.counted[3] = counts
        stage.publish()
        _ = await control.judgeRollOuts()
        let record = try #require(try await control.registry.rollout(of: Sample.name()))
        if record.state.step > 0 { break }
      }
      #expect(try stage.served().sharing?.split.arms.first?.share.value == 1000)
      #expect(try stage.served().shadowing?.versions.map(\.value) == [3])
    }
  }

  @Test func `where a yes is wanted it waits for one, and whoever may not give it does not`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms(yesBefore: 10_000))
      try await stage.drive(control, rounds: 20)
      #expect(try await control.registry.rollout(of: Sample.name())?.state.phase == .held)
      #expect(try await stage.acts() == ["begin-roll-out done", "hold-roll-out done"])
      let ana = try await control.addPerson("ana", by: .administrator).principal
      let stranger = Actor(principal: ana, credential: .token(provider: "none", words: []))
      let denied = await #expect(throws: Problem.self) {
        try await control.approveRollOut(of: Sample.name(), by: stranger)
      }
      #expect(denied?.code == "access.denied")
      let record = try await control.approveRollOut(of: Sample.name(), by: .administrator)
      #expect(record.state.share == .whole)
      #expect(try stage.served().sharing?.split.arms.map(\.version.value) == [3])
    }
  }

  @Test func `a gate that came to stand against it holds it`() async throws {
    let strict =
      "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n"
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      _ = try await control.proposePolicy(Array(strict.utf8), by: .administrator)
      try await stage.drive(control, rounds: 20)
      let record = try #require(try await control.registry.rollout(of: Sample.name()))
      #expect(record.state.phase == .held && record.state.share.value == 1000)
      let refused = await #expect(throws: Problem.self) {
        try await control.approveRollOut(of: Sample.name(), by: .administrator)
      }
      #expect(refused?.code == "rollout.gates")
    }
  }

  @Test func `a roll-back while it is under way is its undoing`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      let back = try await control.rollBack(Sample.name(), because: Self.reason(), by: .administrator)
      #expect(back.deployment.version.value == 2 && back.from.value == 3)
      #expect(try stage.served().sharing == nil)
      #expect(try await control.registry.mark(of: RolloutStage.reference(3)) != nil)
    }
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `another version takes its place, and it may come again`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      _ = try await control.rollOut(
        RolloutStage.reference(1), in: .by(RolloutStage.terms()), by: .administrator)
      #expect(try stage.served().sharing?.split.arms.map(\.version.value) == [1, 2])
      #expect(try await control.registry.mark(of: RolloutStage.reference(3)) == nil)
      _ = try await control.rollOut(RolloutStage.reference(3), in: .atOnce, by: .administrator)
      #expect(try stage.served().live.version.value == 3)
      #expect(try stage.served().sharing == nil)
      #expect(try await control.registry.rollout(of: Sample.name())?.isUnderWay == false)
    }
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `by a deployment's plan a push comes by steps too, and the same bytes again change nothing`()
    async throws
  {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await control.planRollOuts(of: Sample.name(), by: RolloutStage.terms(), as: .administrator)
      let outcome = try await Bench.push(Fixture.forest, to: control)
      #expect(outcome.status == .live && outcome.share?.value == 1000)
      let count = try await stage.bench.entries().count { $0.act == .beginRollOut }
      let again = try await Bench.push(Fixture.forest, to: control)
      #expect(again.share?.value == 1000)
      #expect(try await stage.bench.entries().count { $0.act == .beginRollOut } == count)
      try await control.planRollOuts(of: Sample.name(), by: nil, as: .administrator)
      #expect(try await control.registry.rolloutTerms(of: Sample.name()) == nil)
    }
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `a version that is revoked on its way goes back`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      _ = try await control.revokeVersion(RolloutStage.reference(3), Self.reason(), by: .administrator)
      _ = await control.judgeRollOuts()
      #expect(try await control.registry.rollout(of: Sample.name())?.state.phase == .undone)
    }
  }

  @Test func `what watching finds of it holds it until a person looks`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      try stage.answer(3, 10)
      let moment = bench.time.now()
      let shape = ModelShape(columns: [ColumnShape(name: "petal", kind: .number(NumberShape(edges: [1])))])
      let window = WatchedWindow(
        reference: try RolloutStage.reference(3), bundle: Sample.digest(1),
        window: EventWindow(start: moment, end: moment, profile: ModelProfile(shape: shape)))
      var taken = TakenWindow(
        name: try #require(WindowName("00112233aabbccdd-000000000001")), window: window)
      taken.alerts = [
        MonitoringAlert(
          id: "1", version: try RolloutStage.reference(3), column: "petal", role: "feature",
          aspect: "values", at: moment, message: "feature 'petal': 'Bob' has 80 % where training had 1 %",
          change: .init(since: moment, rows: 10, distance: 0.4, eValue: 1e9, threshold: 1e4))
      ]
      try await bench.monitor.keep(taken)
      _ = await control.judgeRollOuts()
      let record = try #require(try await control.registry.rollout(of: Sample.name()))
      #expect(record.state.phase == .held)
      // Figures alone: nothing can be erased from the ledger.
      #expect(
        record.state.reason
          == "feature 'petal': values are 0.40 from those of training over 10 requests since \(moment); e-value 1.0e9,"
          + " needed 1.0e4")
      let seen = try #require(try await control.rollOutStatus(of: Sample.name()).seen)
      #expect(seen.canary.alarms.map(\.column) == ["petal"] && seen.champion.alarms.isEmpty)
      // A person who has looked takes it on.
      let next = try await control.approveRollOut(of: Sample.name(), by: .administrator)
      #expect(next.state.share == .whole)
    }
  }

  @Test func `a process that takes over begins to count at nothing, and no request is seen twice`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      try stage.answer(2, 5000)
      _ = try await stage.begin(control, RolloutStage.terms(atLeast: 100_000))
      try stage.answer(3, 40)
      _ = await control.judgeRollOuts()
      stage.replaceProcess()
      try stage.answer(3, 7)
      _ = await control.judgeRollOuts()
      _ = await control.judgeRollOuts()
      let seen = try #require(try await control.rollOutStatus(of: Sample.name()).seen)
      #expect(seen.canary.answered == 47)
      #expect(seen.champion.answered == 0)
    }
  }

  @Test func `a control plane that comes after a crash goes on from what was seen`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms(atLeast: 100_000))
      try stage.answer(3, 40)
      bench.time.advance(by: .seconds(6))
      _ = await control.judgeRollOuts()
      // What came since it was saved is in the process still.
      try stage.answer(3, 1)
      _ = await control.judgeRollOuts()
    }
    let next = bench.reopened()
    try await next.working {
      _ = try await next.start()
      try stage.answer(3, 2)
      _ = await next.judgeRollOuts()
      let seen = try #require(try await next.rollOutStatus(of: Sample.name()).seen)
      #expect(seen.canary.answered == 43)
    }
  }
}
