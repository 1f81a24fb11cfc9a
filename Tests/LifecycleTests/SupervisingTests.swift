import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

/// What the platform does about a process that does not answer, or not right.
struct SupervisingTests {
  /// Lets rounds go by; the codes of what was told.
  @discardableResult
  private static func rounds(_ count: Int, _ bench: Bench, _ control: ControlPlane) async -> [String] {
    var told: [String] = []
    for _ in 0..<count {
      bench.time.advance(by: ControlPlane.supervisionInterval)
      told += await control.goOnWithSupervision().map(\.code)
    }
    return told
  }

  private static func counts(_ text: String, failing: Int) throws -> PlaneCounts {
    var version = PlaneCounts.Version(try VersionReference(parsing: text))
    version.failingProbes = failing
    return PlaneCounts(instance: "a", versions: [version])
  }

  /// Acts of replacing processes, each with how it stands.
  private static func acts(_ bench: Bench) async throws -> [String] {
    try await bench.entries().filter { $0.act == .repave || $0.act == .supervise }
      .map { "\($0.act.rawValue) \($0.phase.rawValue) \($0.details["event"]?.string ?? "")" }
  }

  @Test func `a process that answers is left alone`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      #expect(await Self.rounds(10, bench, control).isEmpty)
    }
    #expect(bench.plane.processes == (1, nil, nil))
    #expect(try await Self.acts(bench).isEmpty)
  }

  @Test func `what cannot be asked is told of, and nothing is replaced for it`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.obstruct(
        by: Problem(.unavailable, "system.call", "expected a socket, found none to be had"))
      #expect(Set(await Self.rounds(100, bench, control)) == ["system.call"])
      bench.plane.obstruct(by: nil)
      #expect(await Self.rounds(1, bench, control).isEmpty)
    }
    #expect(bench.plane.processes == (1, nil, nil))
    #expect(try await Self.acts(bench).isEmpty)
  }

  @Test func `a listener that answers nobody has its process replaced, and the ledger says why`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.listener.answer { bench.plane.processes.serving != 1 }
      #expect(await Self.rounds(12, bench, control).isEmpty)
      #expect(await Self.rounds(10, bench, control) == ["supervise.replaced"])
    }
    #expect(bench.plane.processes == (2, nil, nil))
    // What it answers whoever steers it is asked, as at any repave.
    #expect(bench.plane.standing == .answering)
    #expect(
      try await Self.acts(bench) == ["supervise done replacing", "repave begun ", "repave done "])
    let entries = try await bench.entries().suffix(3)
    #expect(Set(entries.map(\.trace)).count == 1)
    let why: JSON = [
      ["cause": "listener", "found": "expected an answer at http://127.0.0.1:0, found none", "rounds": 12]
    ]
    #expect(entries.first?.details["faults"] == why)
    #expect(entries.allSatisfy { $0.principal == .platform })
    #expect(entries.last?.details["for"] == why)
    #expect(entries.last?.details["replay"]?.array?.count == 1)
    #expect(await bench.audit().problems == [])
  }

  @Test(arguments: [false, true])
  func `a process that is silent is asked nothing`(isDeaf: Bool) async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.silence()
      if isDeaf { bench.listener.answer { bench.plane.processes.serving != 1 } }
      #expect(await Self.rounds(isDeaf ? 11 : 59, bench, control).isEmpty)
      #expect(await Self.rounds(1, bench, control) == ["supervise.replaced"])
    }
    #expect(bench.plane.processes == (2, nil, nil))
    #expect(bench.plane.standing == (isDeaf ? .lost : .silent))
    let done = try #require(try await bench.entries().last)
    #expect(done.act == .repave && done.phase == .done && done.details["unasked"] == true)
    #expect(done.details["old"]?["process"] == 1)
  }

  @Test func `one that falls silent while it is asked is replaced by what was compared until then`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.tree, as: "other", to: control)
      bench.listener.answer { bench.plane.processes.serving != 1 }
      bench.plane.meanwhile { bench.plane.silence() }
      #expect(await Self.rounds(13, bench, control) == ["supervise.replaced"])
    }
    let done = try #require(try await bench.entries().last { $0.act == .repave })
    #expect(done.details["unasked"] == true && done.details["replay"]?.array?.count == 1)
    // A repave that somebody wants does not pass over what it could not ask.
    let other = try Bench()
    try await other.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.tree, as: "other", to: control)
      other.plane.meanwhile { other.plane.silence() }
      let problem = await #expect(throws: Problem.self) { try await control.repave(by: .administrator) }
      #expect(problem?.code == "plane.silent")
    }
    #expect(other.plane.processes == (1, nil, nil))
  }

  @Test func `a version that is wrong in every process costs one replacement, which it does not measure`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.count(try Self.counts("iris@1", failing: 3))
      #expect(
        await Self.rounds(1000, bench, control) == ["supervise.replaced", "supervise.gave-up"])
    }
    #expect(bench.plane.processes.serving == 2)
    #expect(
      try await Self.acts(bench)
        == ["supervise done replacing", "repave begun ", "repave done ", "supervise failed gave-up"])
    let done = try #require(try await bench.entries().last { $0.act == .repave })
    #expect(done.details["replay"] == [])
    #expect(await bench.audit().problems == [])
    // Nor does a control plane that starts anew know better.
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      #expect(await Self.rounds(1000, bench, control).isEmpty)
    }
    #expect(bench.plane.processes.serving == 2)
    // Somebody who has it done has it begin anew.
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      _ = try await control.repave(by: .administrator)
      #expect(await Self.rounds(5, bench, control) == ["supervise.replaced"])
    }
    #expect(bench.plane.processes.serving == 4)
  }

  @Test func `a version that answers nobody costs none`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.count(try Self.counts("iris@9", failing: 3))
      #expect(await Self.rounds(10, bench, control).isEmpty)
    }
    #expect(bench.plane.processes.serving == 1)
  }

  @Test func `where the new process answers otherwise the former goes on, and it is tried three times`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.listener.answer { false }
      bench.plane.disagree(in: "predict")
      let failed = "repave.replay"
      #expect(
        await Self.rounds(1000, bench, control) == [failed, failed, failed, "supervise.gave-up"])
    }
    #expect(bench.plane.processes == (1, nil, nil))
    #expect(await bench.audit().problems == [])
  }

  @Test func `while somebody repaves it is not looked`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.listener.answer { bench.plane.processes.serving != 1 }
      bench.plane.meanwhile { _ = await Self.rounds(20, bench, control) }
      _ = try await control.repave(by: .administrator)
    }
    #expect(bench.plane.processes.serving == 2)
    #expect(try await Self.acts(bench) == ["repave begun ", "repave done "])
  }

  // MARK: The crash matrix

  /// A platform whose listener answers nobody until its process is another; what was written before rounds, and by them.
  private static func supervise(_ bench: Bench, _ plan: FaultPlan) async throws -> (before: Int, of: Int) {
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.listener.answer { bench.plane.processes.serving == 2 }
      let before = plan.writes
      _ = await rounds(13, bench, control)
      return (before, plan.writes - before)
    }
  }

  private static func writes() async throws -> (before: Int, of: Int) {
    let plan = FaultPlan()
    return try await supervise(Bench(Bench.Faults(registry: plan, plane: plan)), plan)
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `killed after any step, the next control plane replaces it at most twice more, and says each time`(
    fault: FaultPlan.Fault
  ) async throws {
    let (before, count) = try await Self.writes()
    // That it is tried, and the seven of a repave.
    #expect(count == 8)
    for step in 1...count {
      var faults = Dictionary(
        uniqueKeysWithValues: ((before + step)...(before + step + 200)).map {
          ($0, FaultPlan.Fault.notPersisted)
        })
      faults[before + step] = fault
      let plan = FaultPlan(faults)
      let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
      _ = try? await Self.supervise(bench, plan)
      let place: Comment = "\(fault) at step \(step)"
      let hadBegun = bench.plane.processes.serving == 2
      plan.mend()
      bench.plane.reopen()
      // No process answers callers: however often control planes start, it is tried three times in all.
      bench.listener.answer { false }
      for _ in 0..<4 {
        bench.plane.reopen()
        try await Bench.run(bench.reopened()) { control in
          _ = try await control.start()
          #expect(await bench.registry.unfinished().isEmpty, place)
          _ = await Self.rounds(160, bench, control)
        }
      }
      let acts = try await Self.acts(bench)
      #expect(acts.count { $0 == "supervise done replacing" } == 3, place)
      #expect(acts.count { $0 == "supervise failed gave-up" } == 1, place)
      #expect(acts.count { $0 == "repave begun " } == acts.count { $0.hasPrefix("repave ") } / 2, place)
      if hadBegun { #expect(acts.contains("repave done "), place) }
      #expect(await bench.audit().problems == [], place)
    }
  }
}
