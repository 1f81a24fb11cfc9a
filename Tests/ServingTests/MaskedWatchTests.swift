import Domain
import Foundation
import Monitoring
import Testing

@testable import Serving

/// What of watching is bounded and hidden in the process that serves.
struct MaskedWatchTests {
  private static let window: (start: Int64, end: Int64) = (0, 60_000)

  private static func table(_ model: ServedModel, masked: [String]) throws -> RoutingTable {
    let records = try RecordsPolicy(payloadMillionths: 0, masked: masked, whenSpoolFull: nil)
    let deployment = ServedDeployment(
      live: .model(model), versions: [:], policy: DeploymentPolicy(records: records))
    let key = try PlaneState.Key.record(of: "line-key", opening: "line")
    return RoutingTable(generation: 1, deployments: ["line": deployment], keys: KeyRing([key]))
  }

  private static func limits() -> PlaneLimits {
    var limits = PlaneLimits()
    limits.watchShare = 1
    return limits
  }

  /// Asks a plane, and reads what it has written when it has ended; `body` comes between the answers and the writing.
  private static func written(
    _ plane: DataPlane, _ body: () throws -> Void = {}
  ) throws -> [(bytes: [UInt8], window: WatchedWindow)] {
    let directory = try TemporaryDirectory()
    let server = try LiveServer(plane)
    let spool = WindowSpool(try SpoolDirectory(directory.path), instance: "0123456789abcdef")
    let keeper = WatchKeeper(plane, spool: spool)
    keeper.start()
    let client = try server.connect()
    try client.send(
      request("POST", "/models/line/predict", key: "line-key", body: #"{"data": [[77.125, 2], [77.125, 4]]}"#)
    )
    #expect(try client.receive().status == 200)
    try body()
    server.server.handOverWindows()
    keeper.stop()
    server.stop()
    return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map { name in
      let bytes = Array(try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)")))
      return (bytes, try WatchedWindow(bytes: bytes))
    }
  }

  @Test func `no value of a masked field is in a window that is written`() throws {
    let plane = DataPlane(
      limits: Self.limits(), version: "1", table: try Self.table(TestModels.line(), masked: ["a"]))
    let files = try Self.written(plane)
    let secret = (0..<8).map { UInt8(truncatingIfNeeded: 77.125.bitPattern >> (8 * UInt64($0))) }
    #expect(!files.isEmpty)
    for (bytes, window) in files {
      #expect(!bytes.indices.contains { bytes[$0...].starts(with: secret) })
      #expect(window.window.profile.numbers[0].hidden.count == window.window.profile.rows)
      #expect(window.window.profile.numbers[1].moments.greatest == 4)
    }
  }

  @Test func `a field that is masked while a window is open is masked in that one`() throws {
    let model = try TestModels.line()
    let plane = DataPlane(limits: Self.limits(), version: "1", table: try Self.table(model, masked: []))
    let files = try Self.written(plane) { plane.publish(try Self.table(model, masked: ["a", "predict"])) }
    #expect(!files.isEmpty)
    for (_, window) in files {
      #expect(window.window.profile.numbers.map { $0.hidden.count > 0 } == [true, false, true])
    }
  }

  @Test func `full windows of a hundred columns leave room in four mebibytes, at the error that is stated`()
    throws
  {
    var values: [Double] = []
    for place in 0..<(1000 * 100) { values.append(Double(place * 7919 % 100_003)) }
    let reference = try Reference(
      training: (0..<100).map { column in
        TrainingColumn(name: "feature_\(column)", values: .numbers(values.suffix(1000).map { $0 + 1 }))
      })
    let capacity = ModelWatch.capacity(columns: 100)
    #expect(capacity == 327)
    var profile = ModelProfile(shape: reference.shape, capacity: capacity)
    for _ in 0..<12 { try profile.observe(rows: 1000, numbers: values.span) }
    for _ in 0..<140 { try profile.observe(rows: 1000, numbers: values.span) }
    #expect(2 * 5 * profile.memory <= 4 << 20)
    #expect(profile.numbers.allSatisfy { $0.quantiles.rankError() < 0.04 })
    #expect(ModelWatch.capacity(columns: 32) == QuantileSketch.standardCapacity)
    #expect(ModelWatch.capacity(columns: 4096) == 64)
  }

  private func window(_ model: ServedModel, minute: Int64, rows: Int = 1) throws -> EventWindow {
    var profile = ModelProfile(shape: model.watch.shape)
    for row in 0..<rows { try profile.observe(row: [Double(row), 2, 3]) }
    return EventWindow(
      start: Timestamp(milliseconds: minute * 60_000), end: Timestamp(milliseconds: minute * 60_000 + 60_000),
      profile: profile)
  }

  @Test func `a loud version takes no other version's place on the shelf, and is told what it lost`() throws {
    let (loud, quiet) = (try TestModels.line("loud"), try TestModels.line("quiet"))
    let (one, other) = (NSObject(), NSObject())
    let size = try window(loud, minute: 0, rows: 2000).profile.memory
    let shelf = WatchShelf(Self.limits(), memoryLimit: 6 * size)
    shelf.put(try window(quiet, minute: 0), of: quiet.watch, from: ObjectIdentifier(one))
    for minute: Int64 in 0..<20 {
      shelf.put(try window(loud, minute: minute, rows: 2000), of: loud.watch, from: ObjectIdentifier(one))
      shelf.put(try window(loud, minute: minute, rows: 2000), of: loud.watch, from: ObjectIdentifier(other))
    }
    let taken = shelf.takeAll()
    #expect(taken.filter { $0.watch === quiet.watch }.count == 1)
    let kept = taken.filter { $0.watch === loud.watch }
    #expect(kept.count == 5)
    #expect(kept.last?.window.start == Timestamp(milliseconds: 19 * 60_000))
    #expect(loud.watch.losses.droppedWindows == 35)
    #expect(quiet.watch.losses.droppedWindows == 0)
  }

  @Test func `each event loop has room for a few windows of a version, and no more`() throws {
    let model = try TestModels.line()
    let loop = NSObject()
    let shelf = WatchShelf(Self.limits())
    for minute in 0..<9 {
      shelf.put(try window(model, minute: Int64(minute)), of: model.watch, from: ObjectIdentifier(loop))
    }
    #expect(shelf.takeAll().map(\.window.start.milliseconds) == (5..<9).map { Int64($0) * 60_000 })
    #expect(model.watch.losses.droppedWindows == 5)
  }
}
