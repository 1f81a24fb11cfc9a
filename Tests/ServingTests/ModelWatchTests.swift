import Domain
import Encoding
import Foundation
import Monitoring
import Testing

@testable import Serving

/// What is watched of requests and their answers.
struct ModelWatchTests {
  private static func limits(share: Double = 1) -> PlaneLimits {
    var limits = PlaneLimits()
    limits.watchShare = share
    return limits
  }

  private static func seen(_ plane: DataPlane, _ server: LiveServer) throws -> [String: ModelProfile] {
    server.server.handOverWindows()
    var seen: [String: ModelProfile] = [:]
    for (watch, window) in plane.shelf.takeAll() {
      let name = watch.version.description
      if seen[name] == nil { seen[name] = ModelProfile(shape: watch.shape) }
      try seen[name]?.merge(window.profile)
    }
    return seen
  }

  private static func predict(_ server: LiveServer, _ model: String, _ bodies: [String]) throws -> [Int] {
    let client = try server.connect()
    return try bodies.map { body in
      try client.send(request("POST", "/models/\(model)/predict", key: "\(model)-key", body: body))
      return try client.receive().status
    }
  }

  @Test func `rows and answers are counted once they are answered, and refused inputs beside them`() throws {
    let model = try TestModels.line()
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try .serving(model))
    let server = try LiveServer(plane)
    defer { server.stop() }
    let statuses = try Self.predict(
      server, "line",
      [#"{"data": [1, 2]}"#, #"{"data": [[3, 4], [5, 6]]}"#, #"{"data": [null, 1]}"#, #"{"data": [1]}"#, "x"])
    #expect(statuses == [200, 200, 400, 400, 400])
    let profile = try #require(try Self.seen(plane, server)["line@1"])
    #expect(profile.rows == 3)
    #expect(profile.shape.columns.map(\.name) == ["a", "b", "predict"])
    #expect(profile.numbers.map(\.moments.mean) == [3, 4, 11])
    #expect(model.watch.losses.refusedRequests == 3)
    #expect(model.watch.takeLosses().refusedRequests == 3)
    #expect(model.watch.takeLosses() == WatchedWindow.Losses())
  }

  @Test func `labels are predictions, and the highest probability is how sure they were`() throws {
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try .serving(TestModels.sign()))
    let server = try LiveServer(plane)
    defer { server.stop() }
    _ = try Self.predict(
      server, "sign", [#"{"data": [2]}"#, #"{"data": [[-1], [-3]], "method": "predict_proba"}"#])
    let profile = try #require(try Self.seen(plane, server)["sign@1"])
    #expect(profile.rows == 3)
    #expect(profile.categories[0].counts.known == [2, 1])
    #expect(profile.numbers[1].moments.count == 2)
    #expect(profile.numbers[1].missing == 1)
    #expect(profile.numbers[1].moments.least > 0.7)
  }

  @Test func `a deployment that is not watched costs nothing and counts nothing`() throws {
    let model = try TestModels.line()
    var policy = DeploymentPolicy.standard
    policy.isWatched = false
    let deployment = ServedDeployment(live: .model(model), versions: [:], policy: policy)
    let key = try PlaneState.Key.record(of: "line-key", opening: "line")
    let table = RoutingTable(generation: 1, deployments: ["line": deployment], keys: KeyRing([key]))
    let plane = DataPlane(limits: Self.limits(), version: "1", table: table)
    let server = try LiveServer(plane)
    defer { server.stop() }
    #expect(try Self.predict(server, "line", [#"{"data": [1, 2]}"#, #"{"data": [1]}"#]) == [200, 400])
    #expect(try Self.seen(plane, server).isEmpty)
    #expect(model.watch.losses == WatchedWindow.Losses())
  }

  @Test func `what there is no time to look at is counted, and answered all the same`() throws {
    var budget = WatchBudget(share: 0.04, now: 0, used: 0)
    let first = budget.allows(at: 0) { 0 }
    budget.spend(50_000_000)
    // What is missing beyond the 20 ms in advance, 30 ms, is earned back in 750 ms by a loop that has a processor for itself.
    let later = [1_000_000, 700_000_000, 760_000_000].map { now in budget.allows(at: now) { now } }
    #expect(first && later == [false, false, true])
    // Beside others it has less: an eighth of what goes by counts, whoever has it.
    var slow = WatchBudget(share: 0.04, now: 0, used: 0)
    slow.spend(21_000_000)
    let slowly = [150_000_000, 190_000_000, 210_000_000].map { now in slow.allows(at: now) { 0 } }
    #expect(slowly == [false, false, true])
    let model = try TestModels.line()
    let plane = DataPlane(limits: Self.limits(share: 1e-9), version: "1", table: try .serving(model))
    let server = try LiveServer(plane)
    defer { server.stop() }
    var statuses: [Int] = []
    // The little that may be spent in advance is gone after some of them.
    let rows = "[" + Array(repeating: "[1, 2]", count: 1000).joined(separator: ",") + "]"
    for _ in 0..<40 where model.watch.losses.unseenRows == 0 {
      statuses += try Self.predict(server, "line", Array(repeating: "{\"data\": \(rows)}", count: 5))
    }
    #expect(statuses.allSatisfy { $0 == 200 })
    let seen = try Self.seen(plane, server)["line@1"]?.rows ?? 0
    #expect(seen + model.watch.losses.unseenRows == 1000 * statuses.count)
    #expect(model.watch.losses.unseenRows > 0)
  }

  @Test func `windows of all loops become one file, whole, and drained planes leave nothing behind`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "watch-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: directory) }
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try .serving(TestModels.line()))
    let server = try LiveServer(plane)
    let spool = WindowSpool(try SpoolDirectory(directory.path), instance: "0123456789abcdef")
    let keeper = WatchKeeper(plane, spool: spool)
    keeper.start()
    // As many connections as it takes to have both loops see some.
    for _ in 0..<8 { _ = try Self.predict(server, "line", [#"{"data": [1, 2]}"#]) }
    server.server.handOverWindows()
    keeper.stop()
    server.stop()
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(files.allSatisfy { $0.hasPrefix("0123456789abcdef-0000000000") && $0.hasSuffix(".window") })
    let windows = try files.map {
      try WatchedWindow(bytes: Array(try Data(contentsOf: directory.appending(path: $0))))
    }
    // Two where a minute ended in between.
    #expect((1...2).contains(windows.count))
    #expect(windows.reduce(0) { $0 + $1.window.profile.rows } == 8)
    #expect(windows.allSatisfy { $0.reference.description == "line@1" })
  }

  @Test func `files of windows have a bound, at which the oldest go`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "watch-\(UInt64.random(in: 0 ... .max))")
    defer { try? FileManager.default.removeItem(at: directory) }
    let spool = WindowSpool(try SpoolDirectory(directory.path), instance: "0123456789abcdef", byteLimit: 250)
    let bytes = [UInt8](repeating: 1, count: 100)
    #expect(try (0..<4).map { _ in try spool.write(bytes) } == [0, 0, 1, 1])
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
    #expect(files == ["0123456789abcdef-000000000003.window", "0123456789abcdef-000000000004.window"])
  }

  @Test func `a window that has ended is told of by metrics, at most ten columns of it`() throws {
    let model = try TestModels.line()
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try .serving(model))
    var profile = ModelProfile(shape: model.watch.shape)
    for _ in 0..<5 { try profile.observe(row: [1, 2, 5]) }
    model.watch.note(
      EventWindow(start: Timestamp(milliseconds: 0), end: Timestamp(milliseconds: 60_000), profile: profile))
    let page = MetricsPage.write(plane)
    #expect(
      page.split(separator: "\n").contains(#"gatehouse_watched_rows_total{deployment="line",version="1"} 5"#))
    #expect(page.split(separator: "\n").contains("# TYPE gatehouse_drift_distance gauge"))
  }

  @Test
  func `of a window that has seen many rows one answer of several is looked at, and the next begins anew`()
    throws
  {
    let model = try TestModels.line()
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try .serving(model))
    let server = try LiveServer(plane)
    defer { server.stop() }
    let rows = "[" + Array(repeating: "[1, 2]", count: 1024).joined(separator: ",") + "]"
    // One connection, so that one loop sees all of it; a minute may end in between, and then more are looked at.
    let statuses = try Self.predict(server, "line", Array(repeating: "{\"data\": \(rows)}", count: 36))
    #expect(statuses.allSatisfy { $0 == 200 })
    let seen = try #require(try Self.seen(plane, server)["line@1"]).rows
    #expect(seen + model.watch.losses.unseenRows == 36 * 1024)
    #expect(seen >= LoopWatch.fullRows + 4 * 1024)
    #expect(seen < 36 * 1024)
  }
}
