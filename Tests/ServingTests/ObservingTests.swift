import Domain
import Encoding
import Testing

@testable import Serving

/// Metrics, health and recent requests, on the listener of their own.
struct ObservingTests {
  /// A plane with both listeners.
  private struct Watched {
    let server: LiveServer
    let admin: AdminServer
    let adminPort: Int

    init(broken: [String] = []) throws {
      server = try LiveServer(
        DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line(), broken: broken))
      )
      admin = try AdminServer(plane: server.plane, socket: ListeningSocket(address: "127.0.0.1:0"))
      adminPort = try #require(admin.address.split(separator: ":").last.flatMap { Int($0) })
    }

    func stop() {
      server.stop()
      admin.stop()
    }

    func ask(_ path: String, method: String = "GET") throws -> Received {
      let client = try Client(port: adminPort)
      try client.send(request(method, path))
      return try client.receive(isHead: method == "HEAD")
    }

    func predict(_ bodies: String...) throws {
      let client = try server.connect()
      for body in bodies {
        try client.send(request("POST", "/models/line/predict", key: "line-key", body: body))
        _ = try client.receive()
      }
    }

    func samples() throws -> [String: String] {
      let text = String(decoding: try ask("/metrics").body, as: UTF8.self)
      return Dictionary(
        uniqueKeysWithValues: text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
          let parts = line.split(separator: " ")
          return (parts.dropLast().joined(separator: " "), String(parts.last ?? ""))
        })
    }
  }

  @Test func `requests, rows and durations are counted by model`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    try watched.predict(#"{"data":[1,2]}"#, #"{"data":[[1,2],[3,4]]}"#, "{}")
    let samples = try watched.samples()
    let line = #"deployment="line",version="1""#
    #expect(samples["gatehouse_requests_total{\(line),request=\"predict\",status=\"200\"}"] == "2")
    #expect(samples["gatehouse_requests_total{\(line),request=\"predict\",status=\"400\"}"] == "1")
    #expect(samples["gatehouse_rows_total{\(line)}"] == "3")
    #expect(samples["gatehouse_request_duration_seconds_count{\(line)}"] == "3")
    #expect(samples["gatehouse_request_duration_seconds_bucket{\(line),le=\"+Inf\"}"] == "3")
    #expect(samples["gatehouse_ready"] == "1")
    #expect(try #require(Int(samples["process_resident_memory_bytes"] ?? "")) > 1_000_000)
    // Every bucket holds what the one before holds.
    let buckets = RequestMetrics.bounds.compactMap { bound in
      samples["gatehouse_request_duration_seconds_bucket{\(line),le=\"\(MetricsPage.seconds(bound))\"}"]
        .flatMap { Int($0) }
    }
    #expect(buckets.count == RequestMetrics.bounds.count)
    #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `what came to no model is counted, and its names make no labels`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    let client = try watched.server.connect()
    for path in ["/models/a/predict", "/models/b/predict", "/nothing-\"\n"] {
      try client.send(request("POST", path.filter { $0 != "\n" }, body: "{}"))
      _ = try client.receive()
    }
    let samples = try watched.samples()
    #expect(samples[#"gatehouse_requests_total{request="predict",status="401"}"#] == "2")
    #expect(samples.keys.allSatisfy { !$0.contains("nothing") && !$0.contains("\"a\"") })
  }

  @Test func `health is ready when every model is`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    #expect(try watched.ask("/health/live").status == 200)
    #expect(try watched.ask("/health/ready").status == 200)
    watched.server.plane.startDraining()
    #expect(try watched.ask("/health/ready").status == 503)
    let broken = try Watched(broken: ["broken"])
    defer { broken.stop() }
    #expect(try broken.ask("/health/ready").status == 503)
    #expect(try broken.ask("/health/live", method: "HEAD").status == 200)
    #expect(try broken.ask("/health/live", method: "POST").code == "request.method-not-allowed")
    #expect(try broken.ask("/elsewhere").code == "request.no-such-route")
  }

  @Test func `the slowest requests and those that failed last are kept, and no more than there is room for`()
    throws
  {
    let recent = RecentRequests()
    for index in 0..<100 {
      var record = AccessRecord(time: Timestamp(milliseconds: Int64(index)), trace: "")
      record.nanoseconds = index * 37 % 100
      record.status = index % 2 == 0 ? 200 : 400
      recent.note(record)
    }
    let (slowest, failed) = recent.lists
    #expect(slowest.map(\.nanoseconds) == (68..<100).reversed())
    #expect(failed.map(\.time.milliseconds) == stride(from: 99, to: 35, by: -2).map { Int64($0) })
  }

  @Test func `recent requests are shown without their data`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    try watched.predict(#"{"data":[123456789,2]}"#, #"{"data":["123456789"]}"#)
    let answer = try watched.ask("/debug/requests")
    #expect(answer.json?["slowest"]?.array?.count == 2)
    #expect(answer.json?["failed"]?.array?.first?["status"]?.integer == 400)
    #expect(!String(decoding: answer.body, as: UTF8.self).contains("123456789"))
  }

  @Test func `a label's value is escaped`() {
    #expect(MetricsPage.escaped("a\"b\\c\nd") == #"a\"b\\c\nd"#)
    #expect(MetricsPage.seconds(1_500_000_250) == "1.500000250")
    #expect(MetricsPage.seconds(10_000) == "0.000010000")
  }
}
