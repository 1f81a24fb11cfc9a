import Access
import Domain
import Encoding
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

/// Processes that are replaced by the clock.
struct ScheduledRepaveTests {
  /// A platform of which nothing is known but that a process has been running since 2023-11-14T22:13:20Z, and that it is to be
  /// replaced every week, on Sundays from 02:00 to 04:00.
  private static func bench(_ plan: FaultPlan = FaultPlan()) throws -> Bench {
    try Bench(Bench.Faults(plane: plan))
  }

  private static func schedule(_ control: ControlPlane) async throws {
    _ = try await control.scheduleRepaves(every: "7d", windows: ["sun 02:00-04:00"], by: .administrator)
  }

  /// Lets time go by until a moment.
  private static func wait(until text: String, _ bench: Bench) throws {
    let moment = try Timestamp(parsing: text)
    // It goes by whole seconds.
    bench.time.advance(by: .milliseconds(moment.milliseconds - bench.time.now().milliseconds + 1000))
  }

  private static func repaves(_ bench: Bench) async throws -> [LedgerEntry] {
    try await bench.entries().filter { $0.act == .repave }
  }

  @Test func `a process is replaced in its window by the platform, and not again in it`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      _ = try await control.start()
      try await Self.schedule(control)
      #expect(await control.goOnWithRepaves() == nil)
      #expect(bench.plane.processes.serving == 1)
      let next = try #require(try await control.repaveStatus().next)
      #expect(next >= (try Timestamp(parsing: "2023-11-19T02:00:00Z")))
      try Self.wait(until: next.description, bench)
      #expect(await control.goOnWithRepaves() == nil)
      #expect(bench.plane.processes == (2, nil, nil))
      let entries = try await Self.repaves(bench)
      #expect(entries.map(\.phase) == [.begun, .done])
      #expect(entries.allSatisfy { $0.principal == .platform })
      #expect(try await control.repaveStatus().last?["repave"]?["new"]?["process"] == 2)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `what fails is tried again after a pause, and goes through when it can`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      try await Self.schedule(control)
      bench.plane.disagree(in: "predict")
      try Self.wait(until: try #require(try await control.repaveStatus().next).description, bench)
      #expect(await control.goOnWithRepaves()?.code == "repave.replay")
      // At once nothing is tried.
      #expect(await control.goOnWithRepaves() == nil)
      #expect(try await Self.repaves(bench).map(\.phase) == [.begun, .failed])
      bench.plane.disagree(in: nil)
      bench.time.advance(by: .seconds(61))
      #expect(await control.goOnWithRepaves() == nil)
      #expect(try await Self.repaves(bench).map(\.phase) == [.begun, .failed, .begun, .done])
    }
  }

  @Test func `a window in which nothing came of it is told of once, over restarts too`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      _ = try await control.start()
      try await Self.schedule(control)
      try Self.wait(until: "2023-11-20T00:00:00Z", bench)
      for _ in 0..<3 { #expect(await control.goOnWithRepaves() == nil) }
    }
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      #expect(await control.goOnWithRepaves() == nil)
    }
    let entries = try await Self.repaves(bench)
    #expect(entries.count == 1)
    let missed = try #require(entries.first)
    #expect(missed.phase == .failed && missed.details["code"] == "repave.missed")
    #expect(
      missed.details["message"]?.string
        == "expected the process to be replaced from 2023-11-19T02:00:00.000Z to 2023-11-19T04:00:00.000Z, found it"
        + " running since 2023-11-14T22:13:20.000Z")
    // It is replaced in the next.
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      try Self.wait(until: "2023-11-26T03:58:00Z", bench)
      #expect(await control.goOnWithRepaves() == nil)
      #expect(bench.plane.processes.serving == 2)
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `a schedule is set and taken back by who may deploy everywhere`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      let ana = try await control.addPerson("ana", by: .administrator).principal
      let actor = Actor(principal: ana, credential: .token(provider: "none", words: []))
      let denied = await #expect(throws: Problem.self) {
        try await control.scheduleRepaves(every: "7d", windows: ["sun 02:00-04:00"], by: actor)
      }
      #expect(denied?.code == "access.denied")
      let none = await #expect(throws: Problem.self) { try await control.endRepaves(by: .administrator) }
      #expect(none?.code == "repave-schedule.none")
      try await Self.schedule(control)
      #expect(try await control.repaveStatus().schedule?.windows.map(\.description) == ["sun 02:00-04:00"])
      try await control.endRepaves(by: .administrator)
      #expect(try await control.repaveStatus().schedule == nil)
      try Self.wait(until: "2023-11-19T03:58:00Z", bench)
      #expect(await control.goOnWithRepaves() == nil)
      #expect(bench.plane.processes.serving == 1)
    }
  }

  @Test func `the gate asks the process that serves`() async throws {
    let bench = try Self.bench()
    let strict = "policy: gatehouse/v1\nname: young\ngates:\n  - process-age: {within: 1d}\n"
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await control.proposePolicy(Array(strict.utf8), by: .administrator)
      try Self.wait(until: "2023-11-19T00:00:00Z", bench)
      let outcome = try await Bench.push(Fixture.forest, to: control)
      #expect(outcome.status == .refused)
      let failed = try #require(try await bench.entries().last { $0.act == .gate && $0.phase == .failed })
      #expect(
        failed.details["message"]?.string?.contains("found one that has been running for 4d 1h") == true)
    }
  }
}
