import Access
import Domain
import Gates
import Lifecycle
import TestKit
import Testing

/// What deployments of a file wait for, and who or what ends it.
struct WaitingDeploymentTests {
  private static let strict = Array(
    "policy: gatehouse/v1\nname: strict\ngates:\n  - approvals: {at-least: 1, roles: [approver]}\n".utf8)

  private static func apply(_ line: String, _ control: ControlPlane, _ bench: Bench) async throws {
    _ = try await control.apply(
      Array("deployments: gatehouse/v1\niris:\n  \(line)\n".utf8), by: .administrator)
    bench.time.advance(by: .seconds(11))
    _ = await control.reconcileDeployments()
  }

  @Test(arguments: [
    ("aliases: {stable: 3}", "the alias 'stable' comes to name version 3", [3]),
    ("shares: {2: 90%, 3: 10%}", "callers are shared by version 2 90 %, version 3 10 %", [3]),
    ("version: 1", "version 1 comes into service", [1]),
  ])
  func `what aliases, shares and versions wait for are the gates of the versions that they name`(
    line: String, step: String, versions: [Int]
  ) async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await control.proposePolicy(Self.strict, by: .administrator)
      _ = try await control.apply(
        Array("deployments: gatehouse/v1\niris:\n  \(line)\n".utf8), isDespiteMarks: true, by: .administrator)
      stage.bench.time.advance(by: .seconds(11))
      _ = await control.reconcileDeployments()
      let waiting = try #require(try await control.waitingDeployments().first)
      #expect(waiting.status.name == Sample.name())
      #expect(waiting.step == step)
      #expect(waiting.versions.map(\.reference.version.value) == versions)
      #expect(!waiting.reasons.isEmpty && waiting.ends.isEmpty)
    }
  }

  @Test func `a roll-out that is held waits for whoever may deploy, and the words to end it are told`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      let line = "roll-out: {steps: [10%, 100%], each: 0s, at-least: 100, yes-before: 100%}"
      try await Self.apply("version: 3\n  \(line)", control, bench)
      stage.publish()
      _ = await control.judgeRollOuts()
      try await stage.drive(control, rounds: 20)
      bench.time.advance(by: .seconds(11))
      _ = await control.reconcileDeployments()
      let waiting = try #require(try await control.waitingDeployments().first)
      #expect(waiting.step == nil && waiting.versions.isEmpty)
      #expect(waiting.ends.count == 1)
      #expect(waiting.ends.first?.contains("'gatehouse roll-out approve iris'") == true)
    }
  }

  @Test func `what was never pushed waits for a push`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await Self.apply("version: 1", control, bench)
      let waiting = try #require(try await control.waitingDeployments().first)
      #expect(waiting.step == nil && waiting.versions.isEmpty)
      #expect(waiting.ends.first == "a push of 'iris'")
      #expect(waiting.status.condition.message == "no version of 'iris' was pushed yet")
    }
  }
}
