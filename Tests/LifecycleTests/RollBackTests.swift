import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

/// Going back to what served before.
struct RollBackTests {
  private static let logistic = "models/sklearn-1.9/iris-logistic/model.joblib"

  private static func reference(_ number: Int) throws -> VersionReference {
    try VersionReference(parsing: "iris@\(number)")
  }

  private static func reason() throws -> RevocationReason {
    try RevocationReason(parsing: "it answers nonsense")
  }

  private static func rollBack(_ control: ControlPlane) async throws -> RolledBack {
    try await control.rollBack(Sample.name(), because: reason(), by: .administrator)
  }

  /// Versions 1, 2 and 3, the last in service.
  private static func pushThree(_ control: ControlPlane) async throws {
    for fixture in [Fixture.tree, Fixture.forest, logistic] { _ = try await Bench.push(fixture, to: control) }
  }

  @Test func `the version that served before answers again, and the one before it stands by`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      #expect(bench.plane.applied.last?.deployments.first?.standby?.version.value == 2)
      let rollout = try await Self.rollBack(control)
      #expect(rollout.deployment.version.value == 2)
      #expect(rollout.from.value == 3)
      let served = try #require(bench.plane.applied.last?.deployments.first)
      #expect(served.live.version.value == 2)
      #expect(served.standby?.version.value == 1)
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
    }
    let entry = try #require(try await bench.entries().last)
    #expect(entry.act == .rollBack && entry.phase == .done && entry.subject == "iris@2")
    #expect(entry.details["from"] == "3" && entry.details["reason"] == "it answers nonsense")
    #expect(await bench.audit().problems == [])
  }

  @Test func `once more it goes back further, and nowhere where nothing is left`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      #expect(try await Self.rollBack(control).deployment.version.value == 2)
      #expect(try await Self.rollBack(control).deployment.version.value == 1)
      let problem = await #expect(throws: Problem.self) { try await Self.rollBack(control) }
      #expect(problem?.code == "roll-back.nowhere")
      let unknown = await #expect(throws: Problem.self) {
        try await control.rollBack(ModelName(parsing: "other"), because: Self.reason(), by: .administrator)
      }
      #expect(unknown?.code == "deployment.unknown")
    }
  }

  @Test func `what was rolled back from does not come back by itself`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      _ = try await Self.rollBack(control)
      let again = try await Bench.push(Self.logistic, to: control)
      #expect(again.status == .refused)
      #expect(again.problem?.code == "roll-out.marked")
      let refused = await #expect(throws: Problem.self) {
        try await control.rollOut(Self.reference(3), by: .administrator)
      }
      #expect(refused?.code == "roll-out.marked")
      #expect(try await control.registry.deployments().map(\.version.value) == [2])
      let meant = try await control.rollOut(Self.reference(3), despiteMark: true, by: .administrator)
      #expect(meant.status == .live)
      #expect(try await control.registry.mark(of: Self.reference(3)) == nil)
      // And from there back to where it was.
      #expect(try await Self.rollBack(control).deployment.version.value == 2)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `a version that was revoked is passed over`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      _ = try await control.revokeVersion(Self.reference(2), Self.reason(), by: .administrator)
      #expect(try await Self.rollBack(control).deployment.version.value == 1)
    }
  }

  @Test func `no gate stands in the way back`() async throws {
    let strict =
      "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n"
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      _ = try await control.proposePolicy(Array(strict.utf8), by: .administrator)
      #expect(try await Self.rollBack(control).deployment.version.value == 2)
    }
  }

  @Test func `what served when is told of roll-backs too`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      _ = try await Self.rollBack(control)
      let history = try await History(ledger: bench.registry)(of: Sample.name())
      #expect(history.served.map(\.version.version.value) == [1, 2, 3, 2])
      #expect(history.served.map(\.act) == [.rollOut, .rollOut, .rollOut, .rollBack])
    }
  }

  @Test func `a roll-out of a version that is live changes nothing`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      let count = try await bench.entries().count
      #expect(try await control.rollOut(Self.reference(3), by: .administrator).status == .live)
      #expect(try await bench.entries().count == count)
    }
  }

  @Test func `whoever may not deploy goes back nowhere`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.pushThree(control)
      let ana = try await control.addPerson("ana", by: .administrator).principal
      let actor = Actor(principal: ana, credential: .token(provider: "none", words: []))
      let problem = await #expect(throws: Problem.self) {
        try await control.rollBack(Sample.name(), because: Self.reason(), by: actor)
      }
      #expect(problem?.code == "access.denied")
    }
  }
}
