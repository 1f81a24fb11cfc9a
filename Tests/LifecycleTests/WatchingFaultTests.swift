import Domain
import Encoding
import Monitoring
import TestKit
import Testing

@testable import Lifecycle

/// What becomes of windows where fields are masked, references do not read and clocks were wrong.
@Suite struct WatchingFaultTests {
  private static let version = VersionReference(name: Sample.name(), version: .first)

  private static func kept(_ bench: Bench) async -> [WatchedWindow] {
    await bench.monitor.windows(
      of: version, after: Timestamp(milliseconds: 0), before: Timestamp(milliseconds: .max), skipping: 0,
      count: 99
    ).map(\.window)
  }

  @Test func `what is masked goes out of what was kept before, and no alert stands about it or says a value`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await WatchingTests.prepare(bench, control)
      _ = try await control.watching.collect()
      let before = try await control.watched(Sample.name(), over: .seconds(30 * 86_400))
      #expect(before.alerts.contains { $0.column == "feature_1" && !$0.message.isEmpty })
      #expect(await Self.kept(bench).allSatisfy { $0.window.profile.numbers[1].hidden.count == 0 })
      let policy = try RecordsPolicy(payloadMillionths: 0, masked: ["feature_1"], whenSpoolFull: nil)
      try await control.setRecords(policy, of: Sample.name(), by: Sample.actor)
      // It is gone before anybody is told of it again.
      let after = try await control.watched(Sample.name(), over: .seconds(30 * 86_400))
      for alert in after.alerts where alert.column == "feature_1" {
        #expect(alert.message.isEmpty)
        #expect(alert.json["message"]?.string == alert.figures)
      }
      for window in await Self.kept(bench) {
        let column = window.window.profile.numbers[1]
        #expect((column.hidden.count, column.hidden.measured, column.moments.count) == (400, 400, 0))
        #expect(window.window.profile.numbers[0].moments.count == 400)
      }
      #expect((after.reports.first?.drift[1].maskedDistance ?? 0) > 0.05)
      // One that a data plane wrote before it knew of the mask, with the change still in it.
      await bench.windows.put(
        try WatchingTests.name(4),
        try WatchingTests.window(of: outcome, WatchingTests.reference(), minute: 4, moved: true).bytes)
      let collected = try await control.watching.collect()
      #expect(await Self.kept(bench).last?.window.profile.numbers[1].hidden.count == 400)
      let ended = collected.alerts.filter { $0.column == "feature_1" && $0.aspect == "values" }
      #expect(ended.count == 1 && ended.allSatisfy { $0.change == nil })
      let standing = await bench.monitor.standing(of: Sample.name(), count: 99)
      #expect(!standing.contains { $0.column == "feature_1" && $0.aspect == "values" })
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `a reference that does not read holds up no window, and is said once and in the report`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let reference = try WatchingTests.reference()
      let outcome = try await WatchingTests.prepare(bench, control)
      let digest = try #require(try await bench.registry.trainingReference(of: Self.version))
      await bench.blobs.corrupt(digest, to: [1, 2, 3])
      let collected = try await control.watching.collect()
      #expect(collected.taken == 3)
      #expect(collected.alerts.isEmpty)
      #expect(collected.problems.map(\.code) == ["watch.reference-unreadable"])
      await bench.windows.put(
        try WatchingTests.name(4), try WatchingTests.window(of: outcome, reference, minute: 3).bytes)
      let next = try await control.watching.collect()
      #expect(next.taken == 1 && next.problems.isEmpty)
      let report = try #require(
        try await control.watched(Sample.name(), over: .seconds(30 * 86_400)).reports.first)
      #expect(report.yardstick != .training)
      #expect(report.referenceProblem?.code == "watch.reference-unreadable")
      #expect(report.json["referenceProblem"]?.string != nil)
    }
  }

  @Test(
    arguments: [
      (Int64.min, Int64.max), (-120_000, -60_000), (0, 400 * 86_400_000),
      (4_000_000_000_000, 4_000_000_060_000), (.max - 1, .max),
    ] as [(Int64, Int64)])
  func `a window of a time that cannot be is dropped and said`(start: Int64, end: Int64) async throws {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await WatchingTests.prepare(bench, control)
      let good = try WatchingTests.window(of: outcome, WatchingTests.reference(), minute: 5)
      let window = WatchedWindow(
        reference: good.reference, bundle: good.bundle,
        window: EventWindow(
          start: Timestamp(milliseconds: start), end: Timestamp(milliseconds: end),
          profile: good.window.profile)
      )
      await bench.windows.put(try WatchingTests.name(1, of: "b"), window.bytes)
      let collected = try await control.watching.collect()
      #expect(collected.taken == 3)
      #expect(collected.problems.map(\.code) == ["watch.window-time"])
    }
  }

  @Test func `versions that answer and that nothing came to are named`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let watched = try await control.watched(Sample.name(), over: .seconds(3600))
      #expect(watched.reports.isEmpty)
      #expect(watched.silent == [.first])
      await #expect(throws: Problem.self) {
        try await control.watched(Sample.name("nobody"), over: .seconds(60))
      }
    }
  }
}
