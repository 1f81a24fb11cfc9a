import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Turns of roll-outs by steps: each is of the roll-out and the step that somebody saw, and what is asked is asked in it.
struct RolloutTurnTests {
  private static let strict =
    "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n"

  private static func reason() throws -> RevocationReason {
    try RevocationReason(parsing: "it answers nonsense")
  }

  private static func number(_ value: Int) throws -> VersionNumber { try #require(VersionNumber(value)) }

  private static func rollout(_ control: ControlPlane) async throws -> RolloutRecord {
    try #require(try await control.registry.rollout(of: Sample.name()))
  }

  /// A person who holds roles, perhaps only on what others made.
  private static func person(
    _ name: String, _ roles: [Role], of control: ControlPlane, othersOnly: Bool = false
  ) async throws -> Actor {
    let known = try await control.addPerson(name, by: .administrator)
    for role in roles {
      _ = try await control.addGrant(
        Grant(
          id: "", holder: .principal(known.principal), gift: .role(role), scope: .everything,
          conditions: .init(othersOnly: othersOnly && role == .approver)), by: .administrator)
    }
    return Actor(principal: known.principal, credential: .token(provider: "none", words: []))
  }

  @Test func `a judgement moves no other roll-out than the one that was judged`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      bench.rolloutEvidence.afterNextSave {
        // While it is judged that version 3 goes back, version 1 takes its place, at the same step.
        _ = try? await control.rollOut(
          RolloutStage.reference(1), in: .by(RolloutStage.terms()), by: .administrator)
      }
      try stage.answer(2, 900)
      _ = await control.judgeRollOuts()
      for _ in 0..<20 {
        try stage.answer(3, 100, failing: 60)
        try stage.answer(2, 900)
        #expect(await control.judgeRollOuts().isEmpty)
        if try await Self.rollout(control).version.version.value == 1 { break }
      }
      let record = try await Self.rollout(control)
      #expect(record.version.version.value == 1 && record.isUnderWay)
      #expect(try await control.registry.mark(of: RolloutStage.reference(1)) == nil)
    }
    #expect(try await !stage.acts().contains("undo-roll-out done"))
    #expect(await bench.audit().problems == [])
  }

  @Test func `who means another roll-out, or another step, moves none`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms(yesBefore: 10_000))
      try await stage.drive(control, rounds: 20)
      let held = try await Self.rollout(control)
      #expect(held.state.phase == .held)
      let others = [
        MeantRollout(version: try Self.number(1)), MeantRollout(version: held.state.version, step: 1),
        MeantRollout(
          version: held.state.version, began: Timestamp(milliseconds: held.state.began.milliseconds - 1)),
      ]
      for other in others {
        for act in 0..<3 {
          let problem = await #expect(throws: Problem.self) {
            switch act {
            case 0: try await control.approveRollOut(of: Sample.name(), meaning: other, by: .administrator)
            case 1: try await control.finishRollOut(of: Sample.name(), meaning: other, by: .administrator)
            default:
              try await control.undoRollOut(
                of: Sample.name(), meaning: other, because: Self.reason(), by: .administrator)
            }
          }
          #expect(problem?.code == "rollout.stale" && problem?.category == .conflict)
        }
      }
      #expect(try await Self.rollout(control) == held)
      let next = try await control.approveRollOut(
        of: Sample.name(), meaning: MeantRollout(held), by: .administrator)
      #expect(next.state.step == 1)
    }
  }

  @Test func `the gates are asked of a person who ends it, too`() async throws {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms(yesBefore: 10_000))
      try await stage.drive(control, rounds: 20)
      _ = try await control.approveRollOut(of: Sample.name(), by: .administrator)
      _ = try await control.proposePolicy(Array(Self.strict.utf8), by: .administrator)
      let refused = await #expect(throws: Problem.self) {
        try await control.finishRollOut(of: Sample.name(), by: .administrator)
      }
      #expect(refused?.code == "rollout.gates")
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
    }
  }

  @Test func `whoever may say yes to what others do says none to the roll-out that they asked for`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      let ana = try await Self.person("ana", [.operator, .approver], of: control, othersOnly: true)
      let bob = try await Self.person("bob", [.approver], of: control, othersOnly: true)
      _ = try await control.rollOut(
        RolloutStage.reference(3), in: .by(RolloutStage.terms(yesBefore: 10_000)), by: ana)
      stage.publish()
      _ = await control.judgeRollOuts()
      try await stage.drive(control, rounds: 20)
      #expect(try await Self.rollout(control).state.phase == .held)
      let denied = await #expect(throws: Problem.self) {
        try await control.approveRollOut(of: Sample.name(), by: ana)
      }
      #expect(denied?.code == "access.denied")
      #expect(try await control.approveRollOut(of: Sample.name(), by: bob).state.share == .whole)
    }
  }

  @Test func `another version takes its place in one act`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      let count = bench.plane.applied.count
      _ = try await control.rollOut(
        RolloutStage.reference(1), in: .by(RolloutStage.terms()), by: .administrator)
      #expect(bench.plane.applied.count == count + 1)
      #expect(try await Self.rollout(control).version.version.value == 1)
    }
    #expect(try await stage.acts() == ["begin-roll-out done", "begin-roll-out done"])
    let entry = try #require(try await bench.entries().last { $0.act == .beginRollOut })
    #expect(entry.details["superseded"] == "iris@3")
    #expect(await bench.audit().problems == [])
  }

  @Test func `what stands by is what a roll-back goes to, also while a mark is being made`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.rollOut(
        RolloutStage.reference(3), despiteMark: true, in: .atOnce, by: .administrator)
      // Version 2 served last, comes back by steps, and is undone.
      #expect(try stage.served().standby?.version.value == 2)
      _ = try await control.rollOut(
        RolloutStage.reference(2), in: .by(RolloutStage.terms()), by: .administrator)
      _ = try await control.undoRollOut(of: Sample.name(), because: Self.reason(), by: .administrator)
      #expect(try stage.served().standby?.version.value == 1)
      let back = try await control.rollBack(Sample.name(), because: Self.reason(), by: .administrator)
      #expect(back.deployment.version.value == 1)
    }
    #expect(await bench.audit().problems == [])
  }

  // MARK: Versions that wait

  /// Version 1 in service under a policy that wants a yes, and a version 2 that waits for one.
  private static func waiting(
    _ bench: Bench, _ control: ControlPlane
  ) async throws -> (approver: Actor, second: VersionReference) {
    let ana = try await person("ana", [.approver], of: control)
    _ = try await Bench.push(Fixture.tree, by: .administrator, to: control)
    let live = try await control.approve(
      RolloutStage.reference(1), isGiven: true, reason: nil, by: ana)
    #expect(live.status == .live)
    #expect(try await Bench.push(Fixture.forest, by: .administrator, to: control).status == .waiting)
    return (ana, try RolloutStage.reference(2))
  }

  @Test func `an older version that waited takes the place of no newer one that is on its way`() async throws
  {
    let stage = try RolloutStage(policy: Policy(parsing: Array(Self.strict.utf8)))
    try await stage.bench.run { control in
      let (ana, second) = try await Self.waiting(stage.bench, control)
      try await control.planRollOuts(of: Sample.name(), by: RolloutStage.terms(), as: .administrator)
      _ = try await Bench.push(RolloutStage.logistic, by: .administrator, to: control)
      _ = try await control.approve(RolloutStage.reference(3), isGiven: true, reason: nil, by: ana)
      #expect(try await Self.rollout(control).version == RolloutStage.reference(3))
      let outcome = try await control.approve(second, isGiven: true, reason: nil, by: ana)
      #expect(outcome.status == .refused && outcome.message.contains("version 3 is on its way"))
      #expect(try await Self.rollout(control).version == RolloutStage.reference(3))
      let again = try await Bench.push(Fixture.forest, by: .administrator, to: control)
      #expect(again.status == .waiting && again.message.contains("version 3 is on its way"))
      // A person who names it has it.
      let meant = try await control.rollOut(second, by: .administrator)
      #expect(meant.share?.value == 1000)
    }
    #expect(await stage.bench.audit().problems == [])
  }

  @Test(arguments: [false, true])
  func `who asked for a version despite its mark has it when its gates hold, but for a later mark`(
    isMarkedAgain: Bool
  ) async throws {
    let bench = try Bench(policy: Policy(parsing: Array(Self.strict.utf8)))
    try await bench.run { control in
      let (ana, second) = try await Self.waiting(bench, control)
      _ = try await control.approve(second, isGiven: true, reason: nil, by: ana)
      _ = try await control.rollBack(Sample.name(), because: Self.reason(), by: .administrator)
      _ = try await control.approve(second, isGiven: false, reason: nil, by: ana)
      bench.time.advance(by: .seconds(1))
      let outcome = try await control.rollOut(second, despiteMark: true, by: .administrator)
      #expect(outcome.status == .waiting)
      if isMarkedAgain {
        let mark = VersionMark(
          version: second, by: .platform, reason: try Self.reason(), at: bench.time.now())
        try await bench.registry.commit(
          [Sample.entry(.rollBack, subject: second.description)], [.governance(.mark(mark))])
      }
      let end = try await control.approve(second, isGiven: true, reason: nil, by: ana)
      #expect(end.status == (isMarkedAgain ? .refused : .live))
    }
  }

  @Test func `a roll-out of which looks fail is looked at less and less often, up to a minute apart`()
    async throws
  {
    let faults = FaultPlan(Dictionary(uniqueKeysWithValues: (1...1000).map { ($0, .notPersisted) }))
    var stage = try RolloutStage(.init(rolloutEvidence: faults))
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      let before = faults.writes
      for _ in 0..<300 {
        try stage.answer(3, 100, failing: 60)
        try stage.answer(2, 900)
        bench.time.advance(by: .seconds(1))
        // Whoever asks is told of it all the while.
        #expect(await control.judgeRollOuts().map(\.code) == ["fault.injected"])
      }
      // After the one at the beginning: 2, 4, 8, 16, 32 and then 64 seconds lie between them, of 300.
      #expect(before == 1 && faults.writes - before == 8)
      faults.mend()
      bench.time.advance(by: .seconds(64))
      #expect(await control.judgeRollOuts().isEmpty)
      // By what was seen meanwhile.
      #expect(try await Self.rollout(control).state.phase == .undone)
    }
  }
}
