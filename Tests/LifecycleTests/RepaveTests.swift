import Access
import Domain
import Encoding
import Lifecycle
import Provenance
import Synchronization
import TestKit
import Testing

/// Replacing the process that serves.
struct RepaveTests {
  @Test func `a new process serves, and the ledger names both, the bundles and what was asked again`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.install(Digest(words: 2, 0, 0, 0))
      let repaved = try await control.repave(by: .administrator)
      #expect(repaved.old.process == 1 && repaved.new.process == 2)
      #expect(repaved.old.program == Digest(words: 1, 0, 0, 0))
      #expect(repaved.replays.map(\.version.description) == ["iris@1"])
      #expect(repaved.replays.allSatisfy { $0.difference == nil && $0.cases == 1 })
    }
    #expect(bench.plane.processes == (2, nil, nil))
    let entries = try await bench.entries().filter { $0.act == .repave }
    #expect(entries.map(\.phase) == [.begun, .done])
    let done = try #require(entries.last)
    #expect(done.subject == "process 1")
    #expect(done.details["old"]?["process"] == 1 && done.details["new"]?["process"] == 2)
    #expect(done.details["new"]?["program"] == .string("\(Digest(words: 2, 0, 0, 0))"))
    let bundle = try #require(bench.plane.applied.last?.deployments.first?.live.bundle)
    #expect(done.details["bundles"] == ["iris@1": .string(bundle.description)])
    #expect(
      done.details["replay"] == [["version": "iris@1", "source": "self-check", "cases": 1, "same": true]])
    #expect(await bench.audit().problems == [])
  }

  @Test func `where the new process answers otherwise the former serves on, and the entry says which output`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      bench.plane.disagree(in: "predict_proba")
      let problem = await #expect(throws: Problem.self) { try await control.repave(by: .administrator) }
      #expect(problem?.code == "repave.replay")
      #expect(
        problem?.message
          == "expected the new process to answer what the former answered, found another answer of 'predict_proba'"
          + " to case 0 of 1 of 'iris@1'")
      #expect(problem?.category == .integrity)
    }
    #expect(bench.plane.processes == (1, nil, nil))
    let failed = try #require(try await bench.entries().last { $0.act == .repave })
    #expect(failed.phase == .failed)
    #expect(failed.details["code"] == "repave.replay")
    #expect(
      failed.details["replay"] == [
        [
          "version": "iris@1", "source": "self-check", "cases": 1, "same": false, "case": 0,
          "output": "predict_proba",
        ]
      ])
  }

  @Test func `hundreds of versions stand in the entry by their number and a digest`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let many = try (1...600).map { number in
        PlaneState.Deployment(
          name: try ModelName(parsing: "a-model-with-a-rather-long-name-\(number)"),
          live: .init(
            version: try #require(VersionNumber(1)), bundle: Digest(words: 0, 0, 0, UInt64(number)),
            path: "/b"))
      }
      try await bench.plane.apply(PlaneState(generation: 1, sealKeys: [], deployments: many, keys: []))
      #expect(try await control.repave(by: .administrator).replays.count == 600)
    }
    let done = try #require(try await bench.entries().last { $0.act == .repave })
    #expect(done.phase == .done)
    #expect(done.details["bundles"]?["versions"] == 600)
    let replay = try #require(done.details["replay"])
    #expect(replay["versions"] == 600 && replay["same"] == 600 && replay["different"] == [])
    #expect(done.json.canonicalBytes.count < 4096)
  }

  @Test func `a roll-back waits for no repave, which makes another process ready for what is served then`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.forest, to: control)
      bench.plane.meanwhile {
        _ = try? await control.rollBack(
          Sample.name(), because: RevocationReason(parsing: "worse"), by: .administrator)
      }
      let repaved = try await control.repave(by: .administrator)
      #expect(repaved.replays.map(\.version.description).contains("iris@1"))
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
    }
    // The second was ended for what it did not know.
    #expect(bench.plane.processes == (3, nil, nil))
    let acts = try await bench.entries().suffix(4).map { "\($0.act.rawValue) \($0.phase.rawValue)" }
    #expect(acts == ["repave begun", "roll-back begun", "roll-back done", "repave done"])
    #expect(await bench.audit().problems == [])
  }

  @Test func `one that acts overtake again and again gives up, and says why`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let name = Sample.name()
      let limits = try (1...9).map { try DeploymentLimits(concurrency: $0) }
      let turns = Mutex(0)
      @Sendable func overtake() async {
        let turn = turns.withLock { turns in
          turns += 1
          return turns
        }
        bench.plane.meanwhile(overtake)
        try? await control.limitDeployment(name, to: limits[turn], by: .administrator)
      }
      bench.plane.meanwhile(overtake)
      let problem = await #expect(throws: Problem.self) { try await control.repave(by: .administrator) }
      #expect(problem?.code == "plane.no-successor")
    }
    #expect(bench.plane.processes == (1, nil, nil))
    let ends = try await bench.entries().filter { $0.act == .repave }.map(\.phase)
    #expect(ends == [.begun, .failed])
  }

  @Test func `a second repave is refused while one is under way`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let refused = Mutex<String?>(nil)
      bench.plane.meanwhile {
        do throws(Problem) { _ = try await control.repave(by: .administrator) } catch {
          refused.withLock { $0 = error.code }
        }
      }
      _ = try await control.repave(by: .administrator)
      #expect(refused.withLock { $0 } == "repave.under-way")
    }
  }

  @Test func `a deployment that nobody knows has no process`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let problem = await #expect(throws: Problem.self) {
        try await control.repave(ModelName(parsing: "other"), by: .administrator)
      }
      #expect(problem?.code == "deployment.unknown")
      #expect(bench.plane.processes == (1, nil, nil))
    }
  }

  @Test func `whoever may not deploy replaces no process`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ana = try await control.addPerson("ana", by: .administrator).principal
      let actor = Actor(principal: ana, credential: .token(provider: "none", words: []))
      let problem = await #expect(throws: Problem.self) { try await control.repave(by: actor) }
      #expect(problem?.code == "access.denied")
      #expect(bench.plane.processes == (1, nil, nil))
    }
  }

  // MARK: The crash matrix

  /// How many writes of registry and data plane together come before a repave, and how many it makes.
  private static func writes() async throws -> (before: Int, of: Int) {
    let plan = FaultPlan()
    let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
    return try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      let before = plan.writes
      _ = try await control.repave(by: .administrator)
      return (before, plan.writes - before)
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `killed after any step, the platform goes on or undoes on return, never both, and says which`(
    fault: FaultPlan.Fault
  ) async throws {
    let (before, count) = try await Self.writes()
    // The entry, a process made ready, rows, answers, the beginning, the former's end, the entry.
    #expect(count == 7)
    for step in 1...count {
      // Nothing reaches registry or data plane after the step: whoever would have undone it is dead.
      var faults = Dictionary(
        uniqueKeysWithValues: ((before + step)...(before + step + 100)).map {
          ($0, FaultPlan.Fault.notPersisted)
        })
      faults[before + step] = fault
      let plan = FaultPlan(faults)
      let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
      _ = try? await bench.run { control in
        _ = try await control.start()
        _ = try await Bench.push(Fixture.tree, to: control)
        _ = try await control.repave(by: .administrator)
      }
      let hadBegun = bench.plane.processes.serving == 2
      plan.mend()
      bench.plane.reopen()
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        let place: Comment = "\(fault) at step \(step)"
        #expect(await bench.registry.unfinished().isEmpty, place)
        #expect(bench.plane.processes == (hadBegun ? 2 : 1, nil, nil), place)
        let entries = try await bench.entries().filter { $0.act == .repave }
        let ends = entries.filter { $0.phase != .begun }
        // The first entry that did not come to be is that of nothing that happened.
        #expect(ends.count == entries.count - ends.count, place)
        #expect(ends.count == (step == 1 && fault == .notPersisted ? 0 : 1), place)
        if let end = ends.first {
          #expect(end.phase == (hadBegun ? .done : .failed), place)
          #expect(end.details["new"]?["process"] == (hadBegun ? 2 : nil), place)
          if end.phase == .failed {
            #expect(end.details["code"] == "repave.undone", place)
            #expect(end.details["serving"]?["process"] == 1, place)
          }
        }
        // And then it can be done.
        _ = try await control.repave(by: .administrator)
      }
      #expect(await bench.audit().problems == [])
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `where one step fails and the platform lives, what it says is what is`(fault: FaultPlan.Fault)
    async throws
  {
    let (before, count) = try await Self.writes()
    for step in 1...count {
      let plan = FaultPlan([before + step: fault])
      let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
      try await bench.run { control in
        _ = try await control.start()
        _ = try await Bench.push(Fixture.tree, to: control)
        _ = try? await control.repave(by: .administrator)
      }
      let place: Comment = "\(fault) at step \(step)"
      let hasBegun = bench.plane.processes.serving == 2
      #expect(bench.plane.processes.ready == nil, place)
      #expect(await bench.registry.unfinished().isEmpty, place)
      let ends = try await bench.entries().filter { $0.act == .repave && $0.phase != .begun }
      #expect(ends.count == (step == 1 && fault == .notPersisted ? 0 : 1), place)
      if let end = ends.first { #expect(end.phase == (hasBegun ? .done : .failed), place) }
    }
  }

  @Test func `a repave that was cut off beside a process that ended too is undone, and says what serves`()
    async throws
  {
    let (before, _) = try await Self.writes()
    var faults = Dictionary(
      uniqueKeysWithValues: ((before + 3)...(before + 100)).map { ($0, FaultPlan.Fault.notPersisted) })
    faults[before + 3] = .persisted
    let plan = FaultPlan(faults)
    let bench = try Bench(Bench.Faults(registry: plan, plane: plan))
    _ = try? await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await control.repave(by: .administrator)
    }
    plan.mend()
    bench.plane.reopen()
    bench.plane.killServing()
    try await Bench.run(bench.reopened()) { control in _ = try await control.start() }
    let end = try #require(try await bench.entries().last { $0.act == .repave })
    #expect(end.phase == .failed)
    #expect(
      end.details["message"] == "no new process had begun to serve; a process that was started apart serves")
  }
}
