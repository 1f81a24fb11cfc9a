import Domain
import Encoding
import Glibc
import Testing

@testable import Serving

/// What answers spend their time on, and why others are not given: what the control plane asks for.
struct StageAndCauseTests {
  private static func counts(
    _ plane: DataPlane, until isWanted: (PlaneCounts) -> Bool
  ) throws -> PlaneCounts {
    // Counts are taken when answers are written.
    for _ in 0..<500 {
      let counts = plane.counts(instance: "a")
      if isWanted(counts) { return counts }
      usleep(10_000)
    }
    return plane.counts(instance: "a")
  }

  @Test func `the stages of an answer are together as long as the answer took`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    try client.send(
      request(
        "POST", "/models/line/predict", key: "line-key",
        fields: ["Content-Length: 14", "Expect: 100-continue"]))
    // The head is there, and the body comes later: that is the network's time.
    #expect(try client.receive().status == 100)
    usleep(60_000)
    try client.send(#"{"data":[1,2]}"#)
    #expect(try client.receive().status == 200)
    let version = try #require(
      try Self.counts(server.plane) { $0.versions.first?.answered == 1 }.versions.first)
    #expect(version.stages[.receive] >= 50_000_000)
    for stage in [RequestStage.decode, .infer, .encode] { #expect(version.stages[stage] > 0) }
    let bucket = try #require(version.latency.firstIndex(of: 1))
    #expect(version.stages.total <= LatencyBounds.nanoseconds[bucket])
  }

  @Test func `refusals are counted by cause and by caller, and who comes to no version apart`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    func ask(_ body: String, key: String? = "line-key", path: String = "/models/line/predict") throws -> Int {
      try client.send(request("POST", path, key: key, body: body))
      return try client.receive().status
    }
    #expect(try ask(#"{"data":[1]}"#) == 400)
    #expect(try ask("{") == 400)
    #expect(try ask(#"{"data":[1,2]}"#, key: "nobody's") == 401)
    #expect(try ask(#"{"data":[1,2]}"#, key: nil) == 401)
    // A name that a caller makes up is nowhere counted.
    #expect(try ask(#"{"data":[1,2]}"#, key: nil, path: "/models/made-up/predict") == 401)
    let name = try ModelName(parsing: "line")
    let counts = try Self.counts(server.plane) {
      $0.versions.first?.refused == 2 && $0.turnedAway[name]?.total == 2
    }
    let version = try #require(counts.versions.first)
    #expect(version.refusals.total == 2 && version.refusals.causes.count == 2)
    #expect(version.refusals.leastCallers == 1 && version.refusals.mostOfOne == 2)
    #expect(version.failures == CauseCounts())
    #expect(version.progress == 0 && version.ended == 2)
    #expect(counts.turnedAway.mapValues(\.causes) == [name: ["key.unknown": 1, "key.missing": 1]])
    #expect(PlaneCounts(json: counts.json) == counts)
  }

  @Test func `who asks for a version by its number is no sample of callers, and gets something done`() throws
  {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    for _ in 0..<3 {
      try client.send(
        request("POST", "/models/line@1/predict", key: "line-key", body: #"{"data":[1,2]}"#))
      #expect(try client.receive().status == 200)
    }
    let version = try #require(
      try Self.counts(server.plane) { $0.versions.first?.progress == 3 }.versions.first)
    #expect(version.progress == 3 && version.answered == 0)
  }
}
