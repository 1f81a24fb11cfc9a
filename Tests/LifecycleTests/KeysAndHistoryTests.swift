import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

struct PredictionKeysTests {
  @Test func `a key opens its deployment from its making to its revocation`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let first = try await Bench.push(Fixture.tree, to: control)
      let issued = try await control.createKey(for: first.name, by: Sample.actor)
      #expect(bench.plane.applied.last?.keys.map(\.id).contains(issued.id) == true)
      try await control.revokeKey(id: issued.id, by: Sample.actor)
      #expect(bench.plane.applied.last?.keys.map(\.id) == [try #require(first.key).id])
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `the terms of a key reach the data plane and the ledger`() async throws {
    let bench = try Bench()
    let terms = KeyTerms(
      limits: try CallerLimits(rate: 10, daily: 500), expiresAt: Timestamp(milliseconds: 1_900_000_000_000))
    try await bench.run { control in
      let name = try await Bench.push(Fixture.tree, to: control).name
      let issued = try await control.createKey(for: name, terms: terms, by: Sample.actor)
      #expect(bench.plane.applied.last?.keys.first { $0.id == issued.id }?.terms == terms)
      #expect(try await control.registry.keys().last?.terms == terms)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `a key to nothing is refused`() async throws {
    let bench = try Bench()
    let problem = await #expect(throws: Problem.self) {
      try await bench.run { try await $0.createKey(for: Sample.name("nothing"), by: Sample.actor) }
    }
    #expect(problem?.code == "deployment.unknown")
    #expect(problem?.httpStatus == 404)
  }

  @Test func `a revoked key is revoked once`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await Bench.push(Fixture.tree, to: control)
      let id = try #require(outcome.key).id
      try await control.revokeKey(id: id, by: Sample.actor)
      let entries = try await bench.entries().count
      try await control.revokeKey(id: id, by: Sample.actor)
      #expect(try await bench.entries().count == entries)
    }
  }
}

struct DeploymentPolicyTests {
  @Test func `limits reach the data plane, stay over a push, and are lifted again`() async throws {
    let bench = try Bench()
    let limits = try DeploymentLimits(concurrency: 2, queue: 5, deadline: 100)
    try await bench.run { control in
      let name = try await Bench.push(Fixture.tree, to: control).name
      try await control.limitDeployment(name, to: limits, by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy.limits == limits)
      let entries = try await bench.entries().count
      try await control.limitDeployment(name, to: limits, by: Sample.actor)
      #expect(try await bench.entries().count == entries)
      _ = try await Bench.push(Fixture.forest, to: control)
      #expect(bench.plane.applied.last?.deployments.first?.policy.limits == limits)
      try await control.limitDeployment(name, to: .none, by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.first?.policy == .standard)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `limits of nothing are refused`() async throws {
    let bench = try Bench()
    let problem = await #expect(throws: Problem.self) {
      try await bench.run {
        try await $0.limitDeployment(Sample.name("nothing"), to: .none, by: Sample.actor)
      }
    }
    #expect(problem?.code == "deployment.unknown")
  }
}

struct HistoryTests {
  @Test func `the ledger tells what served when`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let between = control.now()
      _ = try await Bench.push(Fixture.forest, to: control)
      let history = History(ledger: control.ledger)
      #expect(try await history(of: Sample.name()).served.map(\.version.version.value) == [1, 2])
      #expect(try await history(of: Sample.name(), at: between).served.map(\.version.version.value) == [1])
      #expect(
        try await history(of: Sample.name(), at: control.now()).served.map(\.version.version.value) == [2])
      #expect(try await history(of: Sample.name(), at: Timestamp(milliseconds: 0)).served.isEmpty)
    }
  }
}

struct ActQueueTests {
  @Test func `a platform that has stopped takes no more acts`() async throws {
    let bench = try Bench()
    let name = Sample.name()
    try await bench.run { _ in }
    let problem = await #expect(throws: Problem.self) {
      try await bench.control.createKey(for: name, by: Sample.actor)
    }
    #expect(problem?.code == "platform.busy")
    #expect(problem?.httpStatus == 503)
  }

  @Test func `pushes at once come one after another, each with a version of its own`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      try await withThrowingTaskGroup { group in
        for fixture in [Fixture.tree, Fixture.forest] {
          group.addTask { try await Bench.push(fixture, to: control) }
        }
        for try await outcome in group { #expect(outcome.version != nil) }
      }
      #expect(
        try await control.registry.versions(of: Sample.name()).map(\.reference.version.value) == [1, 2])
    }
    #expect(await bench.audit().problems == [])
  }
}

struct RecoveryTests {
  @Test func `an act that a crash cut off is closed at the next start`() async throws {
    let bench = try Bench()
    _ = try await bench.run { try await $0.start() }
    try await bench.registry.commit(
      [
        LedgerEntry(
          time: Timestamp(milliseconds: 1), principal: Sample.principal, act: .sign, phase: .begun,
          subject: "iris@1", trace: "t")
      ], [])
    let found = try await Bench.run(bench.reopened()) { try await $0.start() }
    #expect(found.map(\.subject) == ["iris@1"])
    #expect(await bench.registry.unfinished().isEmpty)
    let last = try #require(try await bench.entries().last)
    #expect(last.phase == .failed)
    #expect(last.details["code"] == "platform.interrupted")
    #expect(await bench.audit().problems == [])
  }
}
