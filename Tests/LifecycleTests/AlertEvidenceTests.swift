import Access
import Alerting
import Domain
import Encoding
import Gates
import TestKit
import Testing

@testable import Lifecycle

/// What the platform knows of the conditions that people are told of.
struct AlertEvidenceTests {
  /// What is measured now, as the rule and what it is of, where its line is reached by itself.
  private static func found(_ control: ControlPlane) async -> [String] {
    var history = TrafficHistory()
    let seen = await control.alerts.evidence.gather(&history, at: control.now())
    #expect(seen.problems.isEmpty)
    return seen.measured.filter { $0.value >= 1 && $0.source.rule != .processAge }.map(\.source.description)
  }

  @Test
  func `a roll-out that waits for a person, and one that was taken back, are told of until another comes`()
    async throws
  {
    var stage = try RolloutStage()
    let bench = stage.bench
    try await bench.control.working {
      let control = bench.control
      try await stage.prepare(control)
      #expect(await Self.found(control).isEmpty)
      _ = try await stage.begin(control, RolloutStage.terms(yesBefore: 10_000))
      #expect(await Self.found(control).isEmpty)
      try await stage.drive(control, rounds: 20)
      #expect(await Self.found(control) == ["roll-out-held iris@3"])
      _ = try await control.undoRollOut(
        of: Sample.name(), because: try RevocationReason(parsing: "slow"), by: .administrator)
      #expect(await Self.found(control) == ["roll-out-undone iris@3"])
      bench.time.advance(by: .seconds(86_400))
      #expect(await Self.found(control).isEmpty)
    }
  }

  @Test func `a version that does not answer its own check is told of while that is so`() async throws {
    let bench = try Bench()
    let reference = try VersionReference(parsing: "iris@1")
    var version = PlaneCounts.Version(reference)
    for (failing, found) in [(0, []), (3, [3.0]), (0, [])] {
      version.failingProbes = failing
      bench.plane.count(PlaneCounts(instance: "a", versions: [version]))
      var history = TrafficHistory()
      let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
      let probes = seen.measured.filter { $0.source.rule == .probeFailed }
      #expect(probes.map(\.value) == found)
      #expect(probes.allSatisfy { $0.source.deployment == reference.name })
    }
  }

  @Test func `an answer that is late is told of apart from one that is wrong`() async throws {
    let bench = try Bench()
    var version = PlaneCounts.Version(try VersionReference(parsing: "iris@1"))
    version.failingProbes = 2
    version.isProbeOverdue = true
    bench.plane.count(PlaneCounts(instance: "a", versions: [version]))
    #expect(await Self.found(bench.control) == ["probe-overdue iris@1"])
    #expect(AlertTerms(of: .probeOverdue).holding == 180_000 && AlertTerms(of: .probeFailed).holding == 0)
  }

  @Test func `a listener that does not answer is told of, and so is a process that is silent`() async throws {
    let bench = try Bench()
    bench.listener.answer { false }
    #expect(await Self.found(bench.control) == ["plane-unreachable data plane"])
    bench.plane.silence()
    #expect(
      await Self.found(bench.control) == ["plane-down data plane", "plane-unreachable data plane"])
    bench.listener.answer { true }
    #expect(await Self.found(bench.control) == ["plane-down data plane"])
  }

  @Test func `a process that cannot be asked is neither well nor down, and why is told`() async throws {
    let bench = try Bench()
    bench.plane.obstruct(by: Problem(.unavailable, "system.call", "expected a socket, found none to be had"))
    var history = TrafficHistory()
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    #expect(seen.problems.map(\.code) == ["system.call"])
    #expect(
      seen.unread.isSuperset(of: [.planeDown, .failures, .refusals, .latency, .probeFailed, .processAge]))
    #expect(!seen.measured.contains { $0.source.rule == .planeDown })
  }

  @Test func `one caller who is refused in a loop begins no alert, and the figures say of how many they are`()
    async throws
  {
    let bench = try Bench()
    let reference = try VersionReference(parsing: "iris@1")
    var history = TrafficHistory()
    bench.plane.count(PlaneCounts(instance: "a", versions: [PlaneCounts.Version(reference)]))
    _ = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    var version = PlaneCounts.Version(reference)
    (version.answered, version.refused) = (600, 400)
    for place in 0..<400 { version.refusals.add("predict.malformed", of: place < 399 ? "loud" : "quiet") }
    bench.plane.count(PlaneCounts(instance: "a", versions: [version]))
    bench.time.advance(by: .seconds(10))
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    let measured = try #require(seen.measured.first { $0.source.rule == .refusals })
    #expect(measured.value == 1.0 / 601)
    #expect(
      measured.figures.hasSuffix(
        ", most of them with predict.malformed, of at least 2 callers"), "\(measured.figures)")
  }

  @Test func `of versions that are worse than they were those that answer are told of`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      for number in [1, 7] {
        try await bench.feedback.keep(
          KeptPerformance(
            version: try VersionReference(parsing: "iris@\(number)"), state: .null, alarm: "worse",
            hasNews: false),
          at: control.now())
      }
      #expect(await Self.found(control) == ["performance iris@1"])
    }
  }

  @Test func `a data plane without a process says nothing of requests, and nothing of its age`() async throws
  {
    let bench = try Bench()
    bench.plane.endServing()
    var history = TrafficHistory()
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    #expect(
      seen.unread == [
        .failures, .refusals, .latency, .probeFailed, .probeOverdue, .processAge, .planeUnreachable, .expiry,
        .expiryImminent, .renewalFailed,
      ])
    #expect(seen.measured.map(\.source.rule) == [.planeDown])
  }

  @Test func `a roll-out that was brought to everybody at once was not taken back`() async throws {
    let stage = try RolloutStage()
    try await stage.bench.run { control in
      try await stage.prepare(control)
      _ = try await stage.begin(control, RolloutStage.terms())
      _ = try await control.rollOut(RolloutStage.reference(3), in: .atOnce, by: .administrator)
      #expect(try await control.registry.rollout(of: Sample.name())?.isUnderWay == false)
      #expect(try await control.registry.deployments().map(\.version.value) == [3])
      #expect(await Self.found(control).isEmpty)
    }
  }

  @Test func `who has looked for less than five minutes says of requests that nothing is over`() async throws
  {
    let bench = try Bench()
    var history = TrafficHistory()
    let requests: Set<AlertRule> = [.failures, .refusals, .latency]
    bench.plane.count(PlaneCounts(instance: "a", versions: []))
    for seconds in [0, 299] {
      bench.time.advance(by: .seconds(seconds))
      let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
      #expect(seen.unread == requests)
    }
    bench.time.advance(by: .seconds(1))
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    #expect(seen.unread.isEmpty)
  }
}
