import Access
import Domain
import Encoding
import Gates
import Rollouts
import TestKit
import Testing

/// What is to be done next about a deployment, from wherever it is to whatever it is to be.
struct ReconciliationTests {
  private static func version(_ number: Int) -> VersionNumber { VersionNumber(number) ?? .first }

  private static func record(
    _ desired: DesiredDeployment, excused: [VersionNumber: Timestamp] = [:], at moment: Int64 = 10
  ) -> DesiredRecord {
    DesiredRecord(
      desired, by: Principal(kind: .person, name: "ana"), roles: [.operator],
      at: Timestamp(milliseconds: moment), excused: excused)
  }

  private static func desired(_ change: (inout DesiredDeployment) throws -> Void) rethrows -> DesiredRecord {
    var desired = DesiredDeployment()
    try change(&desired)
    return record(desired)
  }

  /// Versions 1 to 5, the second live.
  private static func present() -> PresentDeployment {
    var present = PresentDeployment(name: Sample.name())
    for number in 1...5 { present.versions[version(number)] = .init() }
    present.live = version(2)
    return present
  }

  private static func excusing(_ present: PresentDeployment) -> [VersionNumber: Timestamp] {
    // Those that were there when it was applied.
    present.versions.compactMapValues { $0.mark.flatMap { $0.at.milliseconds == 5 ? $0.at : nil } }
  }

  private static func mark(_ number: Int, at moment: Int64 = 5) throws -> VersionMark {
    VersionMark(
      version: VersionReference(name: Sample.name(), version: version(number)),
      by: Principal(kind: .person, name: "bo"), reason: try RevocationReason(parsing: "it lies"),
      at: Timestamp(milliseconds: moment))
  }

  private static func shares(_ shares: [Int: Int], shadows: [Int] = []) throws -> StandingShares {
    try StandingShares(
      shares.map { TrafficSplit.Arm(version: version($0.key), share: BasisPoints($0.value) ?? .none) },
      shadows: shadows.map { version($0) })
  }

  @Test func `what says nothing is in place wherever a deployment is`() {
    #expect(Self.record(DesiredDeployment()).next(from: Self.present()) == .inPlace)
    #expect(Self.record(DesiredDeployment()).differences(from: Self.present()).isEmpty)
  }

  @Test func `a deployment is set before who answers is another`() throws {
    var present = Self.present()
    let record = try Self.desired {
      $0.traffic = .version(Self.version(4))
      $0.limits = try DeploymentLimits(concurrency: 2)
      $0.facts.exposure = .internal
      $0.isWatched = false
      $0.rollOut = .by(RolloutTerms(plan: .standard))
      $0.aliases = [try AliasName(parsing: "stable"): Self.version(3)]
      $0.records.payloadMillionths = 5
      $0.shadows = [Self.version(5)]
    }
    var taken: [String] = []
    while case .take(let step) = record.next(from: present), taken.count < 20 {
      taken.append(step.words)
      Model.perform(step, on: &present)
      present.rollout = nil
      if case .bring(let version) = step { present.live = version }
    }
    #expect(
      taken == [
        "what is said of the model is set", "its limits are set", "what its access records hold is set",
        "it is watched no more", "how its versions come into service is set",
        "the alias 'stable' comes to name version 3", "version 4 comes into service",
        "callers are shared by version 4 100 %, in the shadow 5",
      ])
    #expect(record.next(from: present) == .inPlace)
    #expect(record.differences(from: present).isEmpty)
  }

  @Test func `differences are told member by member`() throws {
    let record = try Self.desired {
      $0.traffic = .version(Self.version(4))
      $0.limits = try DeploymentLimits(concurrency: 2)
      $0.isWatched = false
      $0.rollOut = .by(RolloutTerms(plan: .standard))
      $0.shadows = [Self.version(5)]
    }
    let lines = record.differences(from: Self.present()).map {
      "\($0.member): \($0.present) -> \($0.desired)"
    }
    #expect(
      lines == [
        "version: 2 -> 4", "shares: version 2 alone -> version 4 100 %, in the shadow 5",
        #"limits: none -> {"concurrency":2,"queue":16}"#, "watch: on -> off",
        "roll-out: at once -> 1 %, 10 %, 50 %, 100 %",
      ])
  }

  @Test func `a version that is not there, or revoked, or rolled back from blocks`() throws {
    var present = Self.present()
    let record = Self.desired { $0.traffic = .version(Self.version(9)) }
    guard case .blocked(let unknown) = record.next(from: present) else {
      Issue.record("expected an obstacle")
      return
    }
    #expect(unknown.code == "version.unknown")
    let fourth = Self.desired { $0.traffic = .version(Self.version(4)) }
    present.versions[Self.version(4)] = .init(mark: try Self.mark(4))
    guard case .blocked(let marked) = fourth.next(from: present) else {
      Issue.record("expected an obstacle")
      return
    }
    #expect(
      marked.code == "roll-out.marked"
        && marked.message.hasSuffix("it lies (person:bo, \(Timestamp(milliseconds: 5)))"))
    // In spite of the mark that was there, and not of another, also where a clock was set back since.
    let inSpite = Self.record(fourth.desired, excused: [Self.version(4): Timestamp(milliseconds: 5)])
    #expect(inSpite.next(from: present) == .take(.bring(Self.version(4))))
    present.versions[Self.version(4)] = .init(mark: try Self.mark(4, at: 3))
    guard case .blocked = inSpite.next(from: present) else {
      Issue.record("expected an obstacle")
      return
    }
    present.versions[Self.version(4)] = .init(revocation: "it leaks")
    guard case .blocked(let revoked) = inSpite.next(from: present) else {
      Issue.record("expected an obstacle")
      return
    }
    #expect(revoked.code == "bundle.revoked")
  }

  @Test func `the newest is the newest that nobody went back from`() throws {
    var present = Self.present()
    let record = Self.desired { $0.traffic = .newest }
    #expect(record.next(from: present) == .take(.bring(Self.version(5))))
    // Somebody went back to the second: the third and the fourth never served.
    present.versions[Self.version(5)] = .init(mark: try Self.mark(5))
    #expect(record.next(from: present) == .inPlace)
    present.versions[Self.version(6)] = .init()
    #expect(record.next(from: present) == .take(.bring(Self.version(6))))
    present.versions[Self.version(6)] = nil
    present.live = Self.version(5)
    #expect(record.next(from: present) == .inPlace)
  }

  @Test func `a roll-out that is under way goes first`() throws {
    var present = Self.present()
    let record = Self.desired { $0.traffic = .version(Self.version(4)) }
    present.rollout = .init(version: Self.version(4), words: "step 1 of 2, 10 % of callers")
    #expect(
      record.next(from: present) == .moving("the roll-out to version 4 is at step 1 of 2, 10 % of callers"))
    present.rollout?.isHeld = true
    guard case .waiting = record.next(from: present) else {
      Issue.record("expected it to wait")
      return
    }
    // One to another version gives way, also where what is wanted answers still.
    present.rollout?.version = Self.version(5)
    #expect(record.next(from: present) == .take(.bring(Self.version(4))))
    present.live = Self.version(4)
    #expect(record.next(from: present) == .take(.endRollOut(Self.version(5))))
    #expect(
      record.differences(from: present).map(\.present) == ["4, while version 5 comes"])
  }

  @Test func `what nothing was pushed of waits`() {
    let record = Self.desired { $0.traffic = .version(.first) }
    #expect(
      record.next(from: PresentDeployment(name: Sample.name()))
        == .waiting("no version of 'iris' was pushed yet"))
  }

  // MARK: From anywhere to anywhere

  /// What acts make of a deployment, as a model of them.
  private enum Model {
    static func perform(_ step: DeploymentStep, on present: inout PresentDeployment) {
      switch step {
      case .setFacts(let facts): present.facts = facts
      case .setLimits(let limits): present.policy.limits = limits
      case .setRecords(let records): present.policy.records = records
      case .setWatched(let isWatched): present.policy.isWatched = isWatched
      case .awaitLabels(let millionths): present.policy.feedbackMillionths = millionths
      case .planRollOuts(let terms): present.terms = terms
      case .setAlias(let alias, let version): present.aliases[alias] = version
      case .bring(let version):
        present.versions[version]?.mark = nil
        if present.live != nil, present.terms != nil {
          present.rollout = .init(version: version)
        } else {
          present.live = version
          present.shares = nil
          present.rollout = nil
        }
      case .endRollOut: present.rollout = nil
      case .share(let shares):
        present.shares = shares
        present.live = shares?.live(beside: present.live) ?? present.live
      }
    }

    /// A roll-out ends by itself, or at a person's yes.
    static func pass(_ present: inout PresentDeployment) {
      guard let rollout = present.rollout else { return }
      present.live = rollout.version
      present.shares = nil
      present.rollout = nil
    }
  }

  private static func some(
    _ generator: inout SeededGenerator
  ) throws -> (DesiredRecord, PresentDeployment) {
    func chance(_ share: Int = 2) -> Bool { Int.random(in: 0..<share, using: &generator) == 0 }
    func some() -> Int { Int.random(in: 1...6, using: &generator) }
    func someShares() throws -> StandingShares {
      let first = some()
      let second = first % 6 + 1
      let share = Int.random(in: 1..<10_000, using: &generator)
      let shadow = second % 6 + 1
      return try shares([first: share, second: 10_000 - share], shadows: chance() ? [shadow] : [])
    }
    var present = PresentDeployment(name: Sample.name())
    for number in 1...6 where !chance(6) {
      present.versions[version(number)] = .init(
        mark: chance(5) ? try mark(number, at: chance() ? 5 : 15) : nil,
        revocation: chance(8) ? "it leaks" : nil)
    }
    let served = present.versions.keys.sorted()
    if !chance(5) { present.live = served.randomElement(using: &generator) }
    if chance(3), present.live != nil {
      present.rollout = served.randomElement(using: &generator).flatMap {
        $0 == present.live ? nil : .init(version: $0, isHeld: chance())
      }
    }
    if chance(), let live = present.live {
      let shares = try someShares()
      if shares.live(beside: live) == live { present.shares = shares }
    }
    if chance() { present.terms = RolloutTerms(plan: .standard) }
    if chance() { present.policy.isWatched = false }
    if chance() { present.aliases[try AliasName(parsing: "a")] = version(some()) }
    var desired = DesiredDeployment()
    switch some() {
    case 1: desired.traffic = .newest
    case 2, 3: desired.traffic = .version(version(some()))
    case 4, 5: desired.traffic = .shares(try someShares())
    default: break
    }
    if chance() { desired.shadows = chance(3) ? [] : [version(some())] }
    if case .shares(let shares)? = desired.traffic, let shadows = desired.shadows {
      desired.shadows = shadows.filter { shadow in !shares.arms.contains { $0.version == shadow } }
    }
    if chance() { desired.facts.exposure = .external }
    if chance() { desired.limits = try DeploymentLimits(concurrency: some()) }
    if chance() { desired.records.payloadMillionths = some() }
    if chance() { desired.isWatched = chance() }
    if chance() { desired.feedbackMillionths = some() }
    if chance() { desired.rollOut = chance() ? .atOnce : .by(RolloutTerms(plan: .standard)) }
    if chance() { desired.aliases[try AliasName(parsing: "a")] = version(some()) }
    return (record(desired, excused: chance(4) ? excusing(present) : [:]), present)
  }

  @Test func `from anywhere it comes to an end, and that is what was wanted or says what is in the way`()
    throws
  {
    var generator = SeededGenerator(seed: 7)
    var ends: [String: Int] = [:]
    for round in 0..<4000 {
      let (record, first) = try Self.some(&generator)
      var present = first
      var steps = 0
      loop: while true {
        steps += 1
        guard steps < 40 else {
          Issue.record("round \(round) goes on for ever: \(record), \(first)")
          return
        }
        switch record.next(from: present) {
        case .take(let step):
          #expect(!record.differences(from: present).isEmpty, "round \(round): \(step)")
          let before = present
          Model.perform(step, on: &present)
          #expect(present != before, "round \(round): \(step) changes nothing")
        case .moving, .waiting:
          guard present.rollout != nil else {
            ends["waiting", default: 0] += 1
            break loop
          }
          Model.pass(&present)
        case .inPlace:
          #expect(record.differences(from: present).isEmpty, "round \(round)")
          ends["in place", default: 0] += 1
          break loop
        case .blocked:
          ends["blocked", default: 0] += 1
          break loop
        }
      }
    }
    #expect(ends.count == 3 && ends.values.allSatisfy { $0 > 50 }, "\(ends)")
  }
}
