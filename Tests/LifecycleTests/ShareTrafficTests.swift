import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Versions that share a deployment's callers by shares that stay.
struct ShareTrafficTests {
  private static func shares(_ shares: [Int: Int], shadows: [Int] = []) throws -> StandingShares {
    try StandingShares(
      shares.map {
        TrafficSplit.Arm(version: VersionNumber($0.key) ?? .first, share: BasisPoints($0.value) ?? .none)
      },
      shadows: shadows.map { VersionNumber($0) ?? .first })
  }

  private static func arms(_ served: PlaneState.Deployment) -> [[Int]]? {
    served.sharing?.split.arms.map { [$0.version.value, $0.share.value] }
  }

  @Test func `versions share callers, one is asked in the shadow, and the largest share is live`()
    async throws
  {
    let stage = try RolloutStage()
    let bench = stage.bench
    try await bench.run { control in
      try await stage.prepare(control)
      _ = try await control.share(
        Sample.name(), by: Self.shares([2: 9000, 1: 1000], shadows: [3]), as: .administrator)
      var served = try stage.served()
      #expect(Self.arms(served) == [[1, 1000], [2, 9000]])
      #expect(served.live.version.value == 2 && served.others.map(\.version.value) == [1, 3])
      #expect(served.shadowing?.versions.map(\.value) == [3])
      let salt = served.sharing?.split.salt

      // Other shares of the same versions move nobody that need not move.
      _ = try await control.share(
        Sample.name(), by: Self.shares([2: 4000, 1: 6000], shadows: [3]), as: .administrator)
      served = try stage.served()
      #expect(served.sharing?.split.salt == salt)
      #expect(served.live.version.value == 1)
      #expect(try await control.registry.deployments().map(\.version.value) == [1])

      _ = try await control.share(Sample.name(), by: Self.shares([3: 5000, 1: 5000]), as: .administrator)
      served = try stage.served()
      #expect(served.sharing?.split.salt != salt && served.live.version.value == 1)
      _ = try await control.share(Sample.name(), by: nil, as: .administrator)
      served = try stage.served()
      #expect(served.sharing == nil && served.shadowing == nil && served.others.isEmpty)
    }
    let entry = try #require(try await bench.entries().first { $0.act == .share && $0.phase == .done })
    #expect(entry.subject == "iris@2" && entry.details["shares"] == ["1": 1000, "2": 9000])
    #expect(entry.details["shadows"] == [3])
    let history = try await History(ledger: bench.registry)(of: Sample.name())
    #expect(history.served.map(\.version.version.value) == [1, 2, 3, 2, 1])
    #expect(await bench.audit().problems == [])
  }

  @Test func `a roll-out goes first, and when it is undone they share again`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.share(Sample.name(), by: Self.shares([2: 9000, 1: 1000]), as: .administrator)
      _ = try await stage.begin(control, RolloutStage.terms())
      #expect(try Self.arms(stage.served()) == [[3, 1000], [2, 9000]])
      let problem = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 1: 2000]), as: .administrator)
      }
      #expect(problem?.code == "share.rolling-out")
      _ = try await control.undoRollOut(
        of: Sample.name(), because: RevocationReason(parsing: "no"), by: .administrator)
      #expect(try Self.arms(stage.served()) == [[1, 1000], [2, 9000]])
    }
  }

  @Test func `another live version ends the shares, and its way back does not bring them back`() async throws
  {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.share(Sample.name(), by: Self.shares([2: 9000, 1: 1000]), as: .administrator)
      _ = try await control.rollOut(RolloutStage.reference(3), by: .administrator)
      #expect(try stage.served().sharing == nil)
      _ = try await control.rollBack(
        Sample.name(), because: RevocationReason(parsing: "no"), by: .administrator)
      let served = try stage.served()
      #expect(served.sharing == nil && served.live.version.value == 2)
    }
  }

  @Test func `a version that is revoked leaves its share to the live one`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.share(
        Sample.name(), by: Self.shares([1: 1000, 2: 7000, 3: 2000]), as: .administrator)
      _ = try await control.revokeVersion(
        RolloutStage.reference(3), RevocationReason(parsing: "it leaks"), by: .administrator)
      #expect(try Self.arms(stage.served()) == [[1, 1000], [2, 9000]])
      let problem = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 3: 2000]), as: .administrator)
      }
      #expect(problem?.code == "bundle.revoked")
    }
  }

  @Test func `a version comes to callers only where its gates hold and nobody went back from it`()
    async throws
  {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.rollOut(RolloutStage.reference(3), by: .administrator)
      _ = try await control.rollBack(
        Sample.name(), because: RevocationReason(parsing: "it lies"), by: .administrator)
      let marked = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 3: 2000]), as: .administrator)
      }
      #expect(marked?.code == "roll-out.marked")
      let strict = Array(
        "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n".utf8)
      _ = try await control.proposePolicy(strict, by: .administrator)
      let held = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 1: 2000]), as: .administrator)
      }
      #expect(held?.code == "gate.approvals" && held?.category == .waiting)
      #expect(try stage.served().sharing == nil)
    }
  }

  @Test func `nothing is shared that is not served, and what deployments name is not shared by hand`()
    async throws
  {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      let none = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 1: 2000]), as: .administrator)
      }
      #expect(none?.code == "deployment.unknown")
      try await stage.prepare(control)
      let alone = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([3: 10_000]), as: .administrator)
      }
      #expect(alone?.code == "share.alone")
      _ = try await control.apply(
        Array("deployments: gatehouse/v1\niris: {version: 2}\n".utf8), by: .administrator)
      let named = await #expect(throws: Problem.self) {
        try await control.share(Sample.name(), by: Self.shares([2: 8000, 1: 2000]), as: .administrator)
      }
      #expect(named?.code == "deployments.named")
    }
  }
}
