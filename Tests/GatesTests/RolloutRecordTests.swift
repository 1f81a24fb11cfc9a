import Access
import Domain
import Encoding
import Gates
import Rollouts
import TestKit
import Testing

/// Roll-outs as the registry and the ledger carry them.
struct RolloutRecordTests {
  private static func terms() throws -> RolloutTerms {
    var criteria = Criteria.standard
    criteria.disagreement = Criteria.Lines(bound: 0.05)
    return RolloutTerms(
      plan: try RolloutPlan(
        steps: [0, 5000, 10_000].map {
          RolloutStep(share: BasisPoints($0) ?? .whole, leastTime: 0, needsApproval: $0 == 5000)
        }, criteria: criteria), affinity: .trace)
  }

  private static func record(_ terms: RolloutTerms) throws -> RolloutRecord {
    let (first, second) = (VersionNumber.first, try #require(VersionNumber(2)))
    let order = try RolloutOrder(
      deployment: Sample.name(), before: [TrafficSplit.Arm(version: first, share: .whole)], version: second,
      plan: terms.plan)
    let state = try RolloutState.after(.begin(order, at: Timestamp(milliseconds: 5)), nil)
    let digest = try #require(Digest(bytes: [UInt8](repeating: 7, count: 32)))
    return try RolloutRecord(
      state, bundles: [first: digest, second: digest], salt: TrafficSplit.Salt(.max, 1), affinity: .trace,
      asker: Principal(kind: .person, name: "ana"), roles: [.approver])
  }

  /// Reads a change from the bytes that the ledger has of it.
  private static func reread(_ change: GovernanceChange) throws -> GovernanceChange? {
    GovernanceChange(json: try JSON(parsing: change.json.canonicalBytes))
  }

  @Test func `changes read back from their bytes`() throws {
    let terms = try Self.terms()
    let moment = Timestamp(milliseconds: 9)
    let changes: [GovernanceChange] = [
      .setRolloutTerms(terms, of: Sample.name(), at: moment),
      .setRolloutTerms(RolloutTerms(plan: .standard), of: Sample.name(), at: moment),
      .setRolloutTerms(nil, of: Sample.name(), at: moment),
      .setRollout(try Self.record(terms), at: moment),
      .wait(
        WaitingRelease(
          version: try VersionReference(parsing: "iris@2"), digest: Sample.digest(1),
          asker: Sample.principal, roles: [.approver], since: moment, manner: .by(terms),
          despiteMark: Timestamp(milliseconds: 8))),
    ]
    for change in changes {
      let reread = try #require(try Self.reread(change))
      #expect(reread == change)
      // What the registry has of it, too.
      guard case .put(let record)? = change.effects.first else { continue }
      let kept = GovernanceRecord(
        kind: record.kind, id: record.id, value: try JSON(parsing: record.value.canonicalBytes))
      #expect(kept == record)
    }
  }

  @Test func `a roll-out without the bundle of a version is none`() throws {
    let record = try Self.record(Self.terms())
    var members = try #require(record.json.object)
    members["bundles"] = [:]
    let problem = #expect(throws: Problem.self) { try RolloutRecord(json: .object(members)) }
    #expect(problem?.code == "rollout-record.malformed")
  }

  @Test func `however often and at whatever length it is held, an entry of the ledger has room for it`()
    throws
  {
    let plan = try RolloutPlan(
      steps: (1...RolloutPlan.stepLimit).map {
        RolloutStep(
          share: BasisPoints($0 == RolloutPlan.stepLimit ? 10_000 : $0) ?? .whole, leastTime: 0,
          needsApproval: $0 > 1)
      })
    var record = try Self.record(RolloutTerms(plan: plan))
    let reason = String(repeating: "😀\\", count: 4000)
    for number in 0... {
      let moment = Timestamp(milliseconds: Int64(number))
      let event: RolloutEvent =
        record.state.phase == .held
        ? .approved(step: record.state.step, by: Sample.principal, at: moment)
        : .held(because: reason, at: moment)
      record = try record.at(try RolloutState.after(event, record.state))
      // Room for details, for formers, and for the roll-out that begins in its place.
      #expect(GovernanceChange.setRollout(record, at: moment).json.canonicalBytes.count < 48 << 10)
      #expect(try RolloutRecord(json: JSON(parsing: record.json.canonicalBytes)) == record)
      guard record.isUnderWay else { break }
    }
    #expect(record.state.journal.count == 1 + 2 * RolloutPlan.stepLimit)
  }

  @Test func `in the shadow nobody's answer is another's, and after the end everything is as it was`() throws
  {
    let record = try Self.record(Self.terms())
    #expect(try record.sharing() == nil)
    #expect(try record.shadowing()?.versions.map(\.value) == [2])
    let undone = try record.at(
      try RolloutState.after(
        .undo(by: .platform, reason: "no", at: Timestamp(milliseconds: 6)), record.state))
    #expect(try undone.sharing() == nil && undone.shadowing() == nil && !undone.isUnderWay)
  }

  @Test func `a manner of coming into service reads back`() throws {
    for manner in [RolloutManner.asPlanned, .atOnce, .by(try Self.terms())] {
      #expect(try RolloutManner(json: manner.json) == manner)
    }
    #expect(throws: Problem.self) { try RolloutManner(json: "slowly") }
  }
}
