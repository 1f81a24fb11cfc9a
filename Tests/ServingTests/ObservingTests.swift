import Domain
import Encoding
import Glibc
import NIOConcurrencyHelpers
import NIOCore
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

  @Test(arguments: [
    (request("GET", "/health/live", fields: ["Connection: Upgrade", "Upgrade: h2c"]), 200),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
  ])
  func `who asks the admin listener for another protocol is answered, and the connection ends`(
    text: String, status: Int
  ) throws {
    let watched = try Watched()
    defer { watched.stop() }
    let client = try Client(port: watched.adminPort)
    try client.send(text)
    let received = try client.receive()
    #expect(received.status == status)
    #expect(received.fields["connection"] == "close")
    #expect(try client.receivesEnd())
  }

  @Test func `requests, rows and durations are counted by model`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    try watched.predict(#"{"data":[1,2]}"#, #"{"data":[[1,2],[3,4]]}"#, "{}")
    let samples = try watched.samples()
    let line = #"deployment="line",version="1""#
    #expect(
      samples["gatehouse_requests_total{\(line),request=\"predict\",protocol=\"http/1.1\",status=\"200\"}"]
        == "2")
    #expect(
      samples["gatehouse_requests_total{\(line),request=\"predict\",protocol=\"http/1.1\",status=\"400\"}"]
        == "1")
    #expect(samples["gatehouse_rows_total{\(line)}"] == "3")
    #expect(samples["gatehouse_request_duration_seconds_count{\(line)}"] == "3")
    #expect(samples["gatehouse_request_duration_seconds_bucket{\(line),le=\"+Inf\"}"] == "3")
    #expect(samples["gatehouse_ready"] == "1")
    #expect(try #require(Int(samples["process_resident_memory_bytes"] ?? "")) > 1_000_000)
    // Every bucket holds what the one before holds.
    let buckets = RequestMetrics.durationBounds.compactMap { bound in
      samples["gatehouse_request_duration_seconds_bucket{\(line),le=\"\(MetricsText.seconds(bound))\"}"]
        .flatMap { Int($0) }
    }
    #expect(buckets.count == RequestMetrics.durationBounds.count)
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
    #expect(samples[#"gatehouse_requests_total{request="predict",protocol="http/1.1",status="401"}"#] == "2")
    #expect(samples.keys.allSatisfy { !$0.contains("nothing") && !$0.contains("\"a\"") })
  }

  @Test func `a probe holds where every model is ready, and says why where it does not`() throws {
    let watched = try Watched()
    let address = watched.admin.address
    try HealthProbe.ask(address)
    watched.server.plane.startDraining()
    #expect { try HealthProbe.ask(address) } throws: { ($0 as? Problem)?.code == "probe.not-ready" }
    watched.stop()
    #expect { try HealthProbe.ask(address) } throws: { ($0 as? Problem)?.code == "probe.unreachable" }
    #expect { try HealthProbe.ask("nowhere") } throws: {
      ($0 as? Problem)?.code == "listen.malformed-address"
    }
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
      recent.note(record, .init(), .init())
    }
    let (slowest, failed) = recent.lists
    #expect(slowest.map(\.record.nanoseconds) == (68..<100).reversed())
    #expect(failed.map(\.record.time.milliseconds) == stride(from: 99, to: 35, by: -2).map { Int64($0) })
  }

  @Test func `recent requests are shown without their data`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    try watched.predict(#"{"data":[123456789,2]}"#, #"{"data":["123456789"]}"#)
    let answer = try watched.ask("/debug/requests")
    #expect(answer.json?["slowest"]?.array?.count == 2)
    let answered = answer.json?["slowest"]?.array?.first { $0["status"]?.integer == 200 }
    #expect(answered?["phases"]?["infer"]?.double != nil)
    #expect(answer.json?["failed"]?.array?.first?["status"]?.integer == 400)
    #expect(!String(decoding: answer.body, as: UTF8.self).contains("123456789"))
  }

  @Test func `problems are counted by their code, and rows by how many came at once`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    try watched.predict(#"{"data":[1,2]}"#, #"{"data":[[1,2],[3,4],[5,6],[7,8],[9,0]]}"#, "{}", "no")
    let samples = try watched.samples()
    let line = #"deployment="line",version="1""#
    #expect(samples["gatehouse_problems_total{\(line),code=\"json.malformed\"}"] == "1")
    #expect(samples["gatehouse_request_rows_bucket{\(line),le=\"1\"}"] == "1")
    #expect(samples["gatehouse_request_rows_bucket{\(line),le=\"4\"}"] == "1")
    #expect(samples["gatehouse_request_rows_bucket{\(line),le=\"16\"}"] == "2")
    #expect(samples["gatehouse_request_rows_sum{\(line)}"] == "6")
    #expect(samples["gatehouse_build_info{version=\"1\"}"] == "1")
  }

  @Test func `connections are counted by what they do, and requests that are under way are shown`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    let idle = try watched.server.connect()
    #expect(try idle.exchange(request("GET", "/v2/health/live")).status == 200)
    let slow = try watched.server.connect()
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    try slow.send(
      request(
        "POST", "/models/line/predict", key: "line-key",
        fields: ["Content-Length: 99", "traceparent: 00-\(trace)-00f067aa0ba902b7-01"]))
    var requests: JSON?
    let patience = ContinuousClock.now + .seconds(60)
    repeat {
      requests = try watched.ask("/debug/requests").json
    } while requests?["inFlight"]?.array?.isEmpty != false && ContinuousClock.now < patience
    let shown = try #require(requests?["inFlight"]?.array?.first)
    #expect(shown["trace"]?.string == trace)
    #expect(shown["phase"]?.string == "receiving")
    #expect(shown["deployment"]?.string == "line")
    #expect(shown["protocol"]?.string == "http/1.1")
    #expect(requests?["connections"]?.int == 2)
    let samples = try watched.samples()
    #expect(samples[#"gatehouse_connections{protocol="http/1.1",state="idle"}"#] == "1")
    #expect(samples[#"gatehouse_connections{protocol="http/1.1",state="receiving"}"#] == "1")
    #expect(samples[#"gatehouse_requests_in_flight{deployment="line",version="1"}"#] == "1")
    #expect(samples["gatehouse_event_loops_answering"] == "2")
    withExtendedLifetime((idle, slow)) {}
  }

  @Test func `an event loop that is held up does not hold up who watches`() throws {
    let watched = try Watched()
    defer { watched.stop() }
    let isOver = NIOLockedValueBox(false)
    let loop = try #require(watched.server.plane.loops.withLockedValue { $0.first })
    loop.eventLoop.execute { while !isOver.withLockedValue({ $0 }) { usleep(1000) } }
    let samples = try watched.samples()
    isOver.withLockedValue { $0 = true }
    #expect(samples["gatehouse_event_loops"] == "2")
    #expect(samples["gatehouse_event_loops_answering"] == "1")
  }

  @Test func `a label's value is escaped`() {
    #expect(MetricsText.escaped("a\"b\\c\nd") == #"a\"b\\c\nd"#)
    #expect(MetricsText.seconds(1_500_000_250) == "1.500000250")
    #expect(MetricsText.seconds(10_000) == "0.000010000")
  }
}
