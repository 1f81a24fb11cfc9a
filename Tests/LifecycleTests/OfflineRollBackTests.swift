import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Taking a name back while no control plane is there, and what the next one makes of it.
struct OfflineRollBackTests {
  private static func two(_ control: ControlPlane) async throws {
    for fixture in [Fixture.tree, Fixture.forest] { _ = try await Bench.push(fixture, to: control) }
  }

  private static func reference(_ number: Int) throws -> VersionReference {
    try VersionReference(parsing: "iris@\(number)")
  }

  @Test func `the version that stands by answers`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    let former = try #require(try stage.states.load())
    let outcome = try await stage.rollBack()
    #expect(outcome.isServed)
    #expect("\(outcome.note.from) \(outcome.note.target)" == "iris@2 iris@1")
    let served = try #require(stage.process.served.last)
    #expect(served.deployments.first?.live.version.value == 1)
    #expect(served.deployments.first?.standby == nil)
    #expect(served.generation > former.generation)
    #expect(served.keys == former.keys && served.sealKeys == former.sealKeys)
  }

  @Test func `the next control plane has it in the ledger, with who did it, and goes on from there`()
    async throws
  {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    try await stage.rollBack()
    let taken = try await stage.start()
    #expect(taken.map(\.problem) == [nil])
    #expect(stage.live == ["iris@1"])
    #expect(await stage.bench.registry.deployments().map(\.version.value) == [1])
    let mark = try #require(try await stage.bench.registry.mark(of: Self.reference(2)))
    #expect(mark.reason.description == "it answers nonsense")
    let entry = try #require(try await stage.entries().last)
    #expect(entry.act == .rollBack && entry.phase == .done && entry.subject == "iris@1")
    #expect(entry.principal == Actor.administrator.principal && entry.trace == "00aa11bb22cc33dd")
    #expect(entry.details["from"] == "2" && entry.details["reason"] == "it answers nonsense")
    #expect(entry.details["offline"]?["by"]?["name"] == "ada")
    #expect(try stage.bench.rollBackNotes.all().isEmpty)
    #expect(await stage.bench.audit().problems == [])
    // And nothing of it a second time.
    #expect(try await stage.start().isEmpty)
    #expect(try await stage.entries().count == 1)
  }

  /// The control plane tells the data plane of a roll-back, and is killed before its registry has it.
  private static func cutOff(_ stage: OfflineStage) async throws {
    let state = try #require(try stage.states.load())
    let way = try #require(state.deployments.first?.standby)
    let first = try #require(await stage.bench.registry.versions(of: Sample.name()).first)
    let former = PlaneState.Deployment.Version(
      version: first.reference.version, bundle: first.bundle, path: "/bundles/\(first.bundle.hexadecimal)")
    try stage.states.save(
      PlaneState(
        generation: state.generation + 1, sealKeys: state.sealKeys,
        deployments: [PlaneState.Deployment(name: Sample.name(), live: way, standby: former)],
        keys: state.keys))
  }

  private static func three(_ control: ControlPlane) async throws {
    for fixture in [Fixture.tree, Fixture.forest, RolloutStage.logistic] {
      _ = try await Bench.push(fixture, to: control)
    }
  }

  @Test func `after a roll-back that was cut off, the version it was to leave does not come back`()
    async throws
  {
    let stage = try OfflineStage()
    try await stage.live(Self.three)
    try await Self.cutOff(stage)
    // It looks as though the second had always answered, and the name is taken back once more.
    let outcome = try await stage.rollBack()
    #expect("\(outcome.note.from) \(outcome.note.target)" == "iris@2 iris@1")
    #expect(try await stage.start().map(\.problem) == [nil])
    #expect(stage.live == ["iris@1"])
    for number in [2, 3] { #expect(try await stage.bench.registry.mark(of: Self.reference(number)) != nil) }
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `whoever says which version is to go takes it back once, whatever was cut off`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.three)
    try await Self.cutOff(stage)
    for _ in 0..<2 {
      let outcome = try await stage.rollBack(from: 3)
      #expect("\(outcome.note.from) \(outcome.note.target)" == "iris@3 iris@2")
      #expect(try stage.saved().live.version.value == 2)
    }
    #expect(try await stage.start().map(\.problem) == [nil])
    #expect(stage.live == ["iris@2"])
    #expect(try await stage.bench.registry.mark(of: Self.reference(3)) != nil)
    #expect(try await stage.bench.registry.mark(of: Self.reference(2)) == nil)
  }

  @Test func `said again where the answer was lost, it is not done twice`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.three(control)
      let third = try OfflineStage.version(3)
      let reason = try RevocationReason(parsing: "it lies")
      let first = try await control.rollBack(Sample.name(), from: third, because: reason, by: .administrator)
      #expect(first.deployment.version.value == 2 && !first.wasBefore)
      let again = try await control.rollBack(Sample.name(), from: third, because: reason, by: .administrator)
      #expect(again.deployment.version.value == 2 && again.wasBefore)
      let other = await #expect(throws: Problem.self) {
        try await control.rollBack(
          Sample.name(), from: OfflineStage.version(1), because: reason, by: .administrator)
      }
      #expect(other?.code == "roll-back.other")
    }
    #expect(try await bench.entries().count { $0.act == .rollBack && $0.phase == .done } == 1)
  }

  @Test func `what was taken back so does not come back by itself`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    try await stage.rollBack()
    try await Bench.run(stage.bench.reopened()) { control in
      _ = try await control.start()
      #expect(try await Bench.push(Fixture.forest, to: control).problem?.code == "roll-out.marked")
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
    }
  }

  @Test func `a roll-out that is under way is undone, in the record too`() async throws {
    let stage = try OfflineStage()
    try await stage.live { control in
      let rollouts = RolloutStage(on: stage.bench)
      try await rollouts.prepare(control)
      _ = try await rollouts.begin(control, RolloutStage.terms())
    }
    let before = try stage.saved()
    #expect(before.rollout?.value == 3 && before.sharing != nil)
    let outcome = try await stage.rollBack()
    #expect("\(outcome.note.from) \(outcome.note.target)" == "iris@3 iris@2")
    let after = try stage.saved()
    #expect(after.sharing == nil && after.others.isEmpty && after.rollout == nil)
    _ = try await stage.start()
    let record = try #require(try await stage.bench.registry.rollout(of: Sample.name()))
    #expect(record.state.phase == .undone)
    #expect(try await stage.bench.registry.mark(of: Self.reference(3)) != nil)
    #expect(try await stage.entries().last?.act == .undoRollOut)
    #expect(stage.live == ["iris@2"])
    #expect(await stage.bench.audit().problems == [])
  }

  @Test func `what an alias names is served on`() async throws {
    let stage = try OfflineStage()
    try await stage.live { control in
      try await Self.two(control)
      let alias = try AliasName(parsing: "newest")
      _ = try await control.setAlias(
        alias, of: Sample.name(), to: OfflineStage.version(2), by: .administrator)
    }
    try await stage.rollBack()
    #expect(try stage.saved().others.map(\.version.value) == [2])
    #expect(try stage.saved().aliases.values.map(\.value) == [2])
  }

  @Test func `where nothing stands by it goes nowhere, and nothing is written`() async throws {
    let stage = try OfflineStage()
    try await stage.live { control in _ = try await Bench.push(Fixture.tree, to: control) }
    let before = try stage.states.load()
    let nowhere = await #expect(throws: Problem.self) { try await stage.rollBack() }
    #expect(nowhere?.code == "roll-back.nowhere")
    let unknown = await #expect(throws: Problem.self) { try await stage.rollBack(Sample.name("other")) }
    #expect(unknown?.code == "deployment.unknown")
    #expect(try stage.states.load() == before)
    #expect(try stage.bench.rollBackNotes.all().isEmpty)
  }

  @Test func `asked twice it says the same and goes no further`() async throws {
    let stage = try OfflineStage()
    try await stage.live { control in
      for fixture in [Fixture.tree, Fixture.forest, RolloutStage.logistic] {
        _ = try await Bench.push(fixture, to: control)
      }
    }
    let first = try await stage.rollBack()
    let second = try await stage.rollBack(trace: "1111111111111111")
    #expect(first.note == second.note)
    _ = try await stage.start()
    #expect(stage.live == ["iris@2"])
  }

  @Test func `without a process the state is what the next one starts from`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    stage.process.end()
    #expect(try await !stage.rollBack().isServed)
    #expect(try stage.saved().live.version.value == 1)
  }

  @Test func `a version that cannot be served leaves all as it was`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    let before = try stage.states.load()
    stage.process.breaks(at: try OfflineStage.version(1))
    let problem = await #expect(throws: Problem.self) { try await stage.rollBack() }
    #expect(problem?.code == "roll-back.refused")
    #expect(try stage.states.load() == before)
    #expect(stage.process.served.last == before)
    #expect(try stage.bench.rollBackNotes.all().isEmpty)
    #expect(try await stage.start().isEmpty)
    #expect(stage.live == ["iris@2"])
  }

  @Test func `one that was cut off, and whose version cannot be served, leaves what the registry says`()
    async throws
  {
    // The note and the state are written down; the process is told by the second try alone.
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    stage.process.end()
    try await stage.rollBack()
    stage.process.begin()
    stage.process.breaks(at: try OfflineStage.version(1))
    let problem = await #expect(throws: Problem.self) { try await stage.rollBack() }
    #expect(problem?.code == "roll-back.refused")
    #expect(problem?.hint?.contains("start the control plane") == true)
    #expect(try stage.bench.rollBackNotes.all().isEmpty)
    #expect(try await stage.start().isEmpty)
    #expect(stage.live == ["iris@2"])
  }

  @Test func `it has served since it was gone back to, not since a control plane wrote that down`()
    async throws
  {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    try await stage.rollBack()
    stage.bench.time.advance(by: .seconds(3600))
    _ = try await stage.start()
    let history = History(ledger: stage.bench.registry)
    let move = try #require(try await history(of: Sample.name()).served.last)
    #expect(move.version.version.value == 1 && move.time == Sample.moment(500_000))
    let entry = try #require(try await stage.entries().last)
    #expect(entry.time > move.time)
    // Asked of a moment between the two.
    let then = Timestamp(milliseconds: Sample.moment(500_000).milliseconds + 1)
    let served = try #require(try await history(of: Sample.name(), at: then).served.last)
    #expect(entry.time > then && served.version.version.value == 1)
  }

  // MARK: Notes that do not fit

  @Test func `a note that the registry contradicts is a failed act, and set aside`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    let note = try RollBackNote(
      trace: "00aa11bb22cc33dd", at: Sample.moment(), by: RollBackNote.User(id: 0, name: "root"),
      reason: RevocationReason(parsing: "a test"), from: Self.reference(7), to: OfflineStage.version(1),
      bundle: Sample.digest(1), state: Sample.digest(2))
    try stage.bench.rollBackNotes.keep(note)
    #expect(try await stage.start().map { $0.problem?.code } == ["roll-back.stale"])
    let entry = try #require(try await stage.entries().last)
    #expect(entry.phase == .failed && entry.details["code"] == "roll-back.stale")
    #expect(entry.details["offline"]?["from"] == "iris@7")
    #expect(stage.bench.rollBackNotes.refused == ["iris.json"])
    #expect(stage.live == ["iris@2"])
    #expect(try await stage.start().isEmpty)
  }

  @Test func `neither does a version come back that was revoked`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    try await stage.rollBack()
    // As where a crash cut off an act whose commit had come through.
    try await Bench.run(stage.bench.reopened()) { control in
      _ = try await control.revokeVersion(
        Self.reference(1), RevocationReason(parsing: "a test"), by: .administrator)
    }
    #expect(try await stage.start().map { $0.problem?.code } == ["roll-back.stale"])
    #expect(stage.live == ["iris@2"])
  }

  @Test func `what is no note is a failed act, and set aside`() async throws {
    let stage = try OfflineStage()
    try await stage.live(Self.two)
    stage.bench.rollBackNotes.put(Array("{\"at\":1".utf8), as: "iris.json")
    #expect(try await stage.start().map { $0.problem?.code } == ["roll-back.note"])
    let entry = try #require(try await stage.entries().last)
    #expect(entry.phase == .failed && entry.subject == "iris.json")
    #expect(stage.bench.rollBackNotes.refused == ["iris.json"])
    #expect(await stage.bench.audit().problems == [])
  }
}
