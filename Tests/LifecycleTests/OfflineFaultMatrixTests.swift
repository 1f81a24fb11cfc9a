import Access
import Domain
import Encoding
import Gates
import Lifecycle
import TestKit
import Testing

/// The command killed after each of its writes, and the next control plane after each of its own.
struct OfflineFaultMatrixTests {
  private static func two(_ control: ControlPlane) async throws {
    for fixture in [Fixture.tree, Fixture.forest] { _ = try await Bench.push(fixture, to: control) }
  }

  /// Faults from a write on: whoever would have mended it is dead.
  private static func faults(after count: Int, _ fault: FaultPlan.Fault) -> [Int: FaultPlan.Fault] {
    var faults: [Int: FaultPlan.Fault] = [:]
    for number in count...(count + 100) { faults[number] = .notPersisted }
    faults[count] = fault
    return faults
  }

  /// Registry, ledger and data plane agree, and no note is left.
  private static func expectOrder(_ stage: OfflineStage, _ live: Int, _ place: Comment) async throws {
    #expect(stage.live == ["iris@\(live)"], place)
    #expect(await stage.bench.registry.deployments().map(\.version.value) == [live], place)
    let mark = try await stage.bench.registry.mark(of: VersionReference(parsing: "iris@2"))
    #expect((mark != nil) == (live == 1), place)
    let entries = try await stage.entries()
    #expect(entries.map(\.phase) == (live == 1 ? [.done] : []), place)
    #expect(try stage.bench.rollBackNotes.all().isEmpty, place)
    #expect(await stage.bench.audit().problems == [], place)
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `cut off anywhere, it has happened or it has not, and the next control plane says which`(
    fault: FaultPlan.Fault
  ) async throws {
    // The first write is that of the state which the platform left.
    for step in 2...3 {
      let plan = FaultPlan(Self.faults(after: step, fault))
      let stage = try OfflineStage(plan: plan)
      try await stage.live(Self.two)
      await #expect(throws: Problem.self) { try await stage.rollBack() }
      plan.mend()
      let hasNote = try !stage.bench.rollBackNotes.all().isEmpty
      #expect(hasNote == (step > 2 || fault == .persisted))
      _ = try await stage.start()
      try await Self.expectOrder(stage, hasNote ? 1 : 2, "\(fault) at write \(step)")
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `cut off anywhere, the same command goes on from there`(fault: FaultPlan.Fault) async throws {
    for step in 2...3 {
      let plan = FaultPlan(Self.faults(after: step, fault))
      let stage = try OfflineStage(plan: plan)
      try await stage.live(Self.two)
      await #expect(throws: Problem.self) { try await stage.rollBack() }
      plan.mend()
      #expect(try await stage.rollBack(trace: "1111111111111111").isServed)
      #expect(stage.process.served.last?.deployments.first?.live.version.value == 1)
      _ = try await stage.start()
      try await Self.expectOrder(stage, 1, "\(fault) at write \(step)")
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `a control plane that is cut off while it takes a note in leaves it to the next, which has it once`(
    fault: FaultPlan.Fault
  ) async throws {
    let before = try await Self.writesBeforeStart()
    var steps = 0
    for step in 1...20 {
      let plan = FaultPlan(Self.faults(after: before + step, fault))
      let stage = try OfflineStage(plan: plan, Bench.Faults(registry: plan, plane: plan))
      try await stage.live(Self.two)
      try await stage.rollBack()
      let isCutOff: Bool
      do {
        _ = try await stage.start()
        isCutOff = false
      } catch { isCutOff = true }
      plan.mend()
      stage.bench.plane.reopen()
      _ = try await stage.start()
      try await Self.expectOrder(stage, 1, "\(fault) at step \(step)")
      guard isCutOff else { break }
      steps += 1
    }
    // The entry, the note that goes, and the state.
    #expect(steps == 3)
  }

  /// How many writes there are before the next control plane makes its first.
  private static func writesBeforeStart() async throws -> Int {
    let plan = FaultPlan()
    let stage = try OfflineStage(plan: plan, Bench.Faults(registry: plan, plane: plan))
    try await stage.live(two)
    try await stage.rollBack()
    return plan.writes
  }

  @Test func `an act that was cut off between data plane and registry is taken back with the rest`()
    async throws
  {
    // Version 2 answers, and the registry knows nothing of it: the state is one act ahead.
    let stage = try OfflineStage()
    try await stage.live { control in _ = try await Bench.push(Fixture.tree, to: control) }
    let first = try stage.saved()
    try await Bench.run(stage.bench.reopened()) { control in
      _ = try await Bench.push(Fixture.forest, to: control)
    }
    let ahead = try #require(stage.bench.plane.applied.last)
    // The registry as it was: the name goes back, and the mark with it.
    try await Bench.run(stage.bench.reopened()) { control in
      _ = try await control.rollBack(
        Sample.name(), because: try RevocationReason(parsing: "another"), by: .administrator)
    }
    try stage.states.save(ahead)
    #expect(first.live.version.value == 1)
    #expect(try stage.saved().live.version.value == 2)
    try await stage.rollBack()
    #expect(try await stage.start().map(\.problem) == [nil])
    #expect(stage.live == ["iris@1"])
    #expect(await stage.bench.registry.deployments().map(\.version.value) == [1])
  }
}
