import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Deployments that come to what a file says they are to be.
struct DesiredDeploymentTests {
  private static func file(_ lines: String...) -> [UInt8] {
    Array((["deployments: gatehouse/v1", "iris:"] + lines.map { "  \($0)" }).joined(separator: "\n").utf8)
  }

  /// Looks as often as it takes, as the platform does each second.
  private static func settle(_ control: ControlPlane, _ bench: Bench) async -> [Problem] {
    bench.time.advance(by: .seconds(11))
    return await control.reconcileDeployments()
  }

  private static func status(_ control: ControlPlane) async throws -> DeploymentStatus {
    try #require(try await control.desiredStatus(of: Sample.name()))
  }

  private static func acts(_ bench: Bench, after act: Act = .apply) async throws -> [String] {
    let entries = try await bench.entries()
    let first = try #require(entries.lastIndex { $0.act == act && $0.phase == .done })
    return entries[(first + 1)...].filter { $0.phase != .begun }.map {
      "\($0.act.rawValue) \($0.phase.rawValue)"
    }
  }

  @Test func `a file is applied in one act, and the deployment comes to it act by act by itself`()
    async throws
  {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let applied = try await control.apply(
        Self.file(
          "version: 3", "exposure: internal", "limits: {concurrency: 4}", "watch: off",
          "aliases: {stable: 2}", "shadows: [1]"), by: .administrator)
      #expect(applied.deployments.map(\.condition.word) == [.moving])
      #expect(
        applied.deployments.first?.differences.map(\.member) == [
          "version", "shares", "aliases.stable", "exposure", "limits", "watch",
        ])
      #expect(await Self.settle(control, bench).isEmpty)
      let status = try await Self.status(control)
      #expect(status.condition.word == .inPlace, "\(status.condition)")
      #expect(status.differences.isEmpty)
      let served = try stage.served()
      #expect(served.live.version.value == 3 && served.shadowing?.versions.map(\.value) == [1])
      #expect(served.policy.limits.concurrency == 4 && !served.policy.isWatched)
      #expect(try await control.registry.facts(of: Sample.name()).exposure == .internal)
    }
    let acts = try await Self.acts(bench)
    #expect(
      acts == [
        "set-facts done", "set-policy done", "set-policy done", "set-alias done", "pack done",
        "roll-out done",
        "share done",
      ])
    let entries = try await bench.entries()
    #expect(entries.last { $0.act == .rollOut }?.principal == Actor.administrator.principal)
    #expect(await bench.audit().problems == [])
  }

  @Test func `the same file again is no act`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.apply(Self.file("version: 2"), by: .administrator)
      let count = try await stage.bench.entries().count
      _ = try await control.apply(Self.file("version: 2"), by: .administrator)
      #expect(try await stage.bench.entries().count == count)
      _ = await Self.settle(control, stage.bench)
      #expect(try await stage.bench.entries().count == count)
    }
  }

  @Test func `a version comes by the steps of the file, and is in place when it answers everybody`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      _ = try await control.apply(
        Self.file("version: 3", "roll-out: {steps: [10%, 100%], each: 0s, at-least: 100}"), by: .administrator
      )
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .moving)
      #expect(
        try await Self.status(control).condition.message
          == "the roll-out to version 3 is at step 1 of 2, 10 % of callers")
      stage.publish()
      _ = await control.judgeRollOuts()
      try await stage.drive(control)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .inPlace)
      #expect(try await stage.acts() == ["begin-roll-out done", "step-roll-out done", "roll-out done"])
    }
  }

  @Test func `what would change is told, and nothing does`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      let count = try await stage.bench.entries().count
      let applied = try await control.apply(
        Self.file("version: 3", "watch: off"), isDifference: true, by: .administrator)
      #expect(
        applied.deployments.first?.differences.map { "\($0.member) \($0.present) \($0.desired)" }
          == ["version 2 3", "watch on off"])
      #expect(try await control.registry.desired(of: Sample.name()) == nil)
      #expect(try await stage.bench.entries().count == count)
    }
  }

  // MARK: People

  @Test func `a version that somebody rolls back from blocks until the file is applied in spite of that`()
    async throws
  {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.apply(Self.file("version: 3"), by: .administrator)
      _ = await Self.settle(control, bench)
      _ = try await control.rollBack(
        Sample.name(), because: RevocationReason(parsing: "it answers nonsense"), by: .administrator)
      let count = try await bench.entries().count
      for _ in 0..<3 { _ = await Self.settle(control, bench) }
      #expect(try await bench.entries().count == count)
      let status = try await Self.status(control)
      #expect(status.condition.word == .blocked)
      #expect(status.condition.message.contains("it answers nonsense (person:admin"))
      #expect(try await control.registry.deployments().map(\.version.value) == [2])

      _ = try await control.apply(Self.file("version: 3"), isDespiteMarks: true, by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [3])
      // In spite of that mark, and of none that comes after it.
      _ = try await control.rollBack(
        Sample.name(), because: RevocationReason(parsing: "still"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .blocked)
      _ = try await control.apply(Self.file("version: 1"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `whoever follows the newest goes back by hand as ever, and nothing between comes in its place`()
    async throws
  {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.rollOut(RolloutStage.reference(1), by: .administrator)
      _ = try await control.apply(Self.file("version: newest"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [3])
      // What would be undone within seconds is refused instead.
      let older = await #expect(throws: Problem.self) {
        try await control.rollOut(RolloutStage.reference(2), by: .administrator)
      }
      #expect(older?.code == "deployments.named" && older?.hint?.contains("roll-back") == true)
      let shares = try StandingShares([.init(version: .first, share: .whole)], by: .key, shadows: [])
      let shared = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: shares, as: .administrator)
      }
      #expect(shared?.code == "deployments.named")
      _ = try await control.rollBack(
        Sample.name(), because: RevocationReason(parsing: "it lies"), by: .administrator)
      let live = try await control.registry.deployments().map(\.version.value)
      #expect(live == [1])
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
      #expect(try await Self.status(control).condition.word == .inPlace)
    }
  }

  @Test func `a roll-out to another version than the file's ends, and is no mark against it`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, try RolloutStage.terms())
      let applied = try await control.apply(Self.file("version: 2"), by: .administrator)
      #expect(applied.deployments.first?.differences.map(\.present) == ["2, while version 3 comes"])
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.rollout(of: Sample.name())?.isUnderWay == false)
      #expect(try await control.registry.mark(of: RolloutStage.reference(3)) == nil)
      #expect(try await Self.status(control).condition.word == .inPlace)
      #expect(try stage.served().sharing == nil)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `an older version that the file names goes on waiting for its gates`() async throws {
    let window =
      "policy: gatehouse/v1\nname: w\ngates:\n  - change-window: {days: [mon, tue, wed, thu, fri, sat, sun], from: \"22:00\", to: \"23:00\"}\n"
    let stage = try RolloutStage(policy: try Policy(parsing: Array(window.utf8)))
    let bench = stage.bench
    try await bench.run { control in
      // It is 22:13.
      try await stage.prepare(control)
      bench.time.advance(by: .seconds(3600))
      _ = try await control.apply(Self.file("version: 1"), by: .administrator)
      _ = await Self.settle(control, bench)
      let condition = try await Self.status(control).condition
      #expect(condition.word == .waiting, "\(condition)")
      _ = await control.goOnWithWaiting()
      #expect(try await control.registry.waiting().map(\.version.version.value) == [1])
      bench.time.advance(by: .seconds(23 * 3600))
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
    }
  }

  @Test func `an alias that a grant leaves out by now is moved in nobody's name`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let known = try await control.addService("ci", by: .administrator)
      let grant = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.operator), scope: .everything),
        by: .administrator)
      let actor = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      _ = try await control.apply(Self.file("aliases: {stable: 1}"), by: actor)
      try await control.removeGrant(grant.id, by: .administrator)
      _ = try await control.addGrant(
        Grant(
          id: "", holder: .principal(known.principal), gift: .role(.operator), scope: .everything,
          conditions: Grant.Conditions(exceptAliases: [try AliasName(parsing: "stable")])),
        by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .blocked)
      #expect(try await control.registry.aliases().isEmpty)
    }
  }

  @Test func `a push to a name whose file says another version packs and waits`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await control.apply(Self.file("version: 1"), by: .administrator)
      let outcome = try await Bench.push(Fixture.forest, to: control)
      #expect(outcome.status == .waiting && outcome.image != nil)
      #expect(
        outcome.message
          == "iris@2 is packed and waits: deployments name version 1 of 'iris'; name this one in their file, and apply"
          + " it with 'gatehouse apply'")
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [1])
      let problem = await #expect(throws: Problem.self) {
        try await control.rollOut(RolloutStage.reference(2), by: .administrator)
      }
      #expect(problem?.code == "deployments.named")
      // One that the file names comes with its push.
      _ = try await control.apply(Self.file("version: 3"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .blocked)
      #expect(try await Bench.push(RolloutStage.logistic, to: control).status == .live)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .inPlace)
    }
  }

  @Test func `a name of which nothing was pushed waits, and comes with its first version`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      _ = try await control.apply(Self.file("version: 1", "limits: {concurrency: 2}"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .waiting)
      #expect(try await Bench.push(Fixture.tree, to: control).key != nil)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .inPlace)
      #expect(try stage.served().policy.limits.concurrency == 2)
    }
  }

  @Test func `the newest is followed, and comes at once when the file lets it`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await control.apply(Self.file("version: 1"), by: .administrator)
      _ = try await Bench.push(Fixture.forest, to: control)
      _ = try await control.apply(Self.file("version: newest"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
      #expect(try await Bench.push(RolloutStage.logistic, to: control).status == .live)
    }
  }

  @Test func `who may not deploy one of the models applies nothing, and nothing is kept`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let known = try await control.addService("ci", by: .administrator)
      _ = try await control.addGrant(
        Grant(
          id: "", holder: .principal(known.principal), gift: .role(.operator),
          scope: Scope(models: NamePattern(parsing: "iris"))),
        by: .administrator)
      let actor = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      let both = Self.file("version: 3") + Array("\nother: {version: 1}\n".utf8)
      let problem = await #expect(throws: Problem.self) { try await control.apply(both, by: actor) }
      #expect(problem?.code == "access.denied")
      #expect(try await control.registry.desired(of: Sample.name()) == nil)
      _ = try await control.apply(Self.file("version: 3"), by: actor)
      // Letting go of what somebody else applied takes the same right.
      _ = try await control.apply(Array("deployments: gatehouse/v1\nother: {}\n".utf8), by: .administrator)
      let pruned = await #expect(throws: Problem.self) {
        try await control.apply(Self.file("version: 3"), prunes: true, by: actor)
      }
      #expect(pruned?.code == "access.denied")
    }
  }

  @Test func `who may deploy no more moves nothing any more`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let known = try await control.addService("ci", by: .administrator)
      let grant = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.operator), scope: .everything),
        by: .administrator)
      let actor = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      _ = try await control.apply(Self.file("version: 3"), by: actor)
      try await control.removeGrant(grant.id, by: .administrator)
      _ = await Self.settle(control, bench)
      let status = try await Self.status(control)
      #expect(status.condition.word == .blocked && status.condition.message.contains("'deploy'"))
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
      // Somebody else takes it over.
      _ = try await control.apply(Self.file("version: 3"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .inPlace)
    }
  }

  @Test func `what waits for people goes on when they have said yes`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let strict = Array(
        "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n".utf8)
      _ = try await control.proposePolicy(strict, by: .administrator)
      _ = try await control.apply(Self.file("version: 3"), by: .administrator)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .waiting)
      let waiting = try #require(try await control.waitingDeployments().first)
      #expect(waiting.versions.map(\.reference) == [try RolloutStage.reference(3)])
      #expect(waiting.step == "version 3 comes into service" && waiting.ends.isEmpty)
      #expect(
        waiting.reasons.allSatisfy { $0.hasPrefix("iris@3: expected approval") } && !waiting.reasons.isEmpty)
      let count = try await bench.entries().count
      for _ in 0..<20 { _ = await Self.settle(control, bench) }
      #expect(try await bench.entries().count == count)
      let known = try await control.addPerson("ana", by: .administrator)
      _ = try await control.addGrant(
        Grant(id: "", holder: .principal(known.principal), gift: .role(.approver), scope: .everything),
        by: .administrator)
      let ana = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
      _ = try await control.approve(RolloutStage.reference(3), isGiven: true, reason: nil, by: ana)
      _ = await Self.settle(control, bench)
      #expect(try await Self.status(control).condition.word == .inPlace)
      #expect(try await control.registry.deployments().map(\.version.value) == [3])
      #expect(try await control.waitingDeployments().isEmpty)
    }
  }

  @Test func `what is no longer named is nobody's to move, and stays as it is`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.apply(Self.file("version: 2"), by: .administrator)
      let applied = try await control.apply(
        Array("deployments: gatehouse/v1\n".utf8), prunes: true, by: .administrator)
      #expect(applied.pruned == [Sample.name()])
      #expect(try await control.registry.desired(of: Sample.name()) == nil)
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
      #expect(try await control.rollOut(RolloutStage.reference(3), by: .administrator).status == .live)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `more than an entry of the ledger holds is refused, and nothing is kept`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      var text = "deployments: gatehouse/v1\n"
      for number in 0..<1200 { text += "model-\(number): {version: 1, watch: off, limits: none}\n" }
      let problem = await #expect(throws: Problem.self) {
        try await control.apply(Array(text.utf8), by: .administrator)
      }
      #expect(problem?.code == "deployments.too-large")
      let kept = try await control.registry.desired()
      #expect(kept.isEmpty)
    }
  }

  @Test func `what waits for people waits no more where the file names another version`() async throws {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      let strict = Array(
        "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n".utf8)
      _ = try await control.proposePolicy(strict, by: .administrator)
      #expect(try await Bench.push(Fixture.tree, to: control).status == .waiting)
      #expect(try await control.registry.waiting().count == 1)
      _ = try await control.apply(Self.file("version: 2"), by: .administrator)
      _ = await control.goOnWithWaiting()
      #expect(try await control.registry.waiting().isEmpty)
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `what does not answer for a while is tried again, each time after a longer pause`() async throws
  {
    // How many writes there are before the first that brings the version.
    let plan = FaultPlan()
    let whole = try RolloutStage(.init(plane: plan))
    let first = try await whole.bench.control.working {
      try await whole.prepare(whole.bench.control)
      return plan.writes + 1
    }
    // What is done, what takes it back, what is done again.
    let faults = FaultPlan([first: .notPersisted, first + 2: .notPersisted])
    let stage = try RolloutStage(.init(plane: faults))
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.apply(Self.file("version: 3"), by: .administrator)
      _ = await control.reconcileDeployments()
      let status = try await Self.status(control)
      #expect(status.condition.word == .moving && status.condition.message.contains("fault planned"))
      // Looked at again at once nothing is tried.
      let writes = faults.writes
      _ = await control.reconcileDeployments()
      #expect(faults.writes == writes)
      bench.time.advance(by: .seconds(1))
      _ = await control.reconcileDeployments()
      #expect(faults.writes > writes)
      #expect(try await Self.status(control).condition.message.contains("fault planned"))
      // Twice as long.
      let again = faults.writes
      bench.time.advance(by: .seconds(1))
      _ = await control.reconcileDeployments()
      #expect(faults.writes == again)
      bench.time.advance(by: .seconds(1))
      _ = await control.reconcileDeployments()
      #expect(try await Self.status(control).condition.word == .inPlace)
    }
    #expect(await bench.audit().problems == [])
  }
}
