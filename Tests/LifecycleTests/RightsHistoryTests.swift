import Access
import Domain
import Gates
import Lifecycle
import TestKit
import Testing

/// Who might do what, as it was recorded, and as it held.
struct RightsHistoryTests {
  private static func grant(
    _ principal: Principal, _ role: Role, from: Timestamp? = nil, until: Timestamp? = nil
  ) throws -> Grant {
    Grant(
      id: "", holder: .principal(principal), gift: .role(role), scope: .everything,
      conditions: Grant.Conditions(from: from, until: until))
  }

  private static func later(_ moment: Timestamp, by milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: moment.milliseconds + milliseconds)
  }

  /// All rights, by what was recorded up to a moment.
  private static func state(of history: RightsHistory, at moment: Timestamp) async throws -> AccessState {
    var state = AccessState()
    for move in try await history.moves(recordedUntil: moment) { try state.apply(move.change) }
    return state
  }

  @Test func `what the ledger says of rights is what the registry says`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ci = try await control.addService("ci", by: .administrator).principal
      let ana = try await control.addPerson("ana", by: .administrator).principal
      let first = try await control.addGrant(Self.grant(ci, .pusher), by: .administrator)
      _ = try await control.addGrant(Self.grant(ana, .approver), by: .administrator)
      try await control.addProject(try ProjectName(parsing: "retail"), by: .administrator)
      _ = try await Bench.pushTree(to: control, try ProjectName(parsing: "retail"))
      try await control.removeGrant(first.id, by: .administrator)
      let history = RightsHistory(ledger: bench.registry)
      let replayed = try await Self.state(of: history, at: control.now())
      let present = try await control.rules.current()
      #expect(replayed == present)
      #expect(replayed.project(of: Sample.name()).description == "retail")
      #expect(try await history.moves().map(\.position) == history.moves().map(\.position).sorted())
    }
  }

  @Test func `a grant that was taken back held until then`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ci = try await control.addService("ci", by: .administrator).principal
      let before = control.now()
      let grant = try await control.addGrant(Self.grant(ci, .pusher), by: .administrator)
      let between = control.now()
      try await control.removeGrant(grant.id, by: .administrator)
      let after = control.now()
      let history = RightsHistory(ledger: bench.registry)
      var held: [Bool] = []
      for moment in [before, between, after] {
        held.append(try await Self.state(of: history, at: moment).grantsInForce(at: moment).isEmpty == false)
      }
      #expect(held == [false, true, false])
    }
  }

  @Test func `what is known later held at no moment before it was recorded`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ci = try await control.addService("ci", by: .administrator).principal
      let before = control.now()
      _ = try await control.addGrant(Self.grant(ci, .pusher), by: .administrator)
      let history = RightsHistory(ledger: bench.registry)
      let then = try await history.grants(heldAt: before, recordedAt: control.now())
      let now = try await history.grants(heldAt: control.now(), recordedAt: control.now())
      #expect(then.isEmpty)
      #expect(now.count == 1)
    }
  }

  @Test func `what is to hold is known before it holds`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let ci = try await control.addService("ci", by: .administrator).principal
      let start = Self.later(control.now(), by: 3_600_000)
      let end = Self.later(start, by: 3_600_000)
      _ = try await control.addGrant(Self.grant(ci, .pusher, from: start, until: end), by: .administrator)
      let history = RightsHistory(ledger: bench.registry)
      let counts = [
        try await history.grants(heldAt: control.now(), recordedAt: control.now()).count,
        try await history.grants(heldAt: start, recordedAt: control.now()).count,
        try await history.grants(heldAt: end, recordedAt: control.now()).count,
      ]
      #expect(counts == [0, 1, 0])
    }
  }

  @Test func `of policies it is known which was in force when`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let before = control.now()
      let text = "policy: gatehouse/v1\nname: next\ngates:\n  - formats: [joblib]\n"
      let (policy, _) = try await control.proposePolicy(Array(text.utf8), by: .administrator)
      let now = try await control.policies.active(at: control.now())
      let then = try await control.policies.active(at: before)
      #expect(now.policy == policy)
      #expect(now.applied?.digest == policy.digest)
      #expect(then.policy == .standard)
      #expect(then.applied == nil)
    }
  }
}
