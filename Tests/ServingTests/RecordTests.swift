import Domain
import Encoding
import Foundation
import Glibc
import Provenance
import Testing

@testable import Serving

/// Records of requests, as the spool has them.
struct RecordTests {
  /// A spool in a directory of its own, and a plane that keeps its records there.
  private final class Kept {
    let directory: URL
    let spool: RecordSpool
    let server: LiveServer

    init(
      whenFull: RecordSpool.WhenFull = .refuse, limits: RecordSpool.Limits = .init(),
      plane: PlaneLimits = PlaneLimits()
    ) throws {
      directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
      spool = try RecordSpool(
        directory: directory.path, instance: "0123456789abcdef", whenFull: whenFull, limits: limits)
      server = try LiveServer(
        DataPlane(
          limits: plane, version: "1", table: try .serving(TestModels.line(), TestModels.sign()),
          spool: spool))
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Ends everything, and reads the segments that are there.
    func segments() throws -> [RecordSegment] {
      server.stop()
      spool.stop()
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      return try names.filter { $0.hasSuffix(".segment") }.map { name in
        try RecordSegment(
          parsing: Array(Data(contentsOf: directory.appending(path: name))), isClosed: true)
      }
    }

    /// Ends everything, and reads the texts of all lines but the first of each segment.
    func lines() throws -> [JSON] {
      server.stop()
      spool.stop()
      let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
      return try names.filter { $0.hasSuffix(".segment") }.flatMap {
        try Self.lines(of: directory.appending(path: $0))
      }
    }

    /// The texts of all lines of a segment but its first.
    static func lines(of segment: URL) throws -> [JSON] {
      try Array(Data(contentsOf: segment)).split(separator: UInt8(ascii: "\n")).dropFirst().map { line in
        try JSON(parsing: line.dropFirst(17))
      }
    }

    func exchange(_ requests: String..., answers: Int) throws -> [Received] {
      let client = try server.connect()
      try client.send(requests.joined())
      return try (0..<answers).map { _ in try client.receive() }
    }
  }

  private static let prediction = request(
    "POST", "/models/line/predict", key: "line-key", body: #"{"data":[1,2]}"#)

  @Test func `an answer names its record, which says who asked what and how it ended`() throws {
    let kept = try Kept()
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    let body = #"{"data":[[1,2],[3,4]]}"#
    let received = try kept.exchange(
      request(
        "POST", "/models/line/predict", key: "line-key", body: body,
        fields: ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"]), answers: 1)[0]
    #expect(received.fields["gatehouse-receipt"] == "0123456789abcdef-00000001-1")
    let record = try #require(try kept.lines().first.flatMap { AccessRecord(json: $0) })
    #expect(record.key == "k-line-key")
    #expect(record.deployment?.description == "line")
    #expect(record.version == 1)
    #expect(record.request == "predict")
    #expect(record.status == 200)
    #expect(record.code == nil)
    #expect(record.rows == 2)
    #expect(record.trace == trace)
    #expect(record.nanoseconds > 0)
    #expect(record.input == Digest(of: Array(body.utf8), salt: kept.spool.salt))
    #expect(record.output == Digest(of: received.body, salt: kept.spool.salt))
    #expect(abs(record.time.milliseconds - Int64(Date.now.timeIntervalSince1970 * 1000)) < 60_000)
  }

  @Test func `what is refused leaves a record too, and what asks for health none`() throws {
    let kept = try Kept()
    let answers = try kept.exchange(
      request("POST", "/models/line/predict", body: "{}"),
      request("POST", "/models/line/predict", key: "no", body: "{}"),
      request("POST", "/models/line/predict", key: "sign-key", body: "{}"),
      request("GET", "/v2/health/ready"),
      request("POST", "/models/line/predict", key: "line-key", body: "{}"),
      request("GET", "/nothing"), "nonsense\r\n\r\n", answers: 7)
    let records = try kept.lines().compactMap { AccessRecord(json: $0) }
    #expect(records.map(\.status) == [401, 401, 403, 400, 404, 400])
    #expect(records.map(\.code) == answers.filter { $0.status != 200 }.map(\.code))
    #expect(records.map(\.key) == [nil, nil, "k-sign-key", "k-line-key", nil, nil])
    #expect(records[..<3].allSatisfy { $0.deployment?.description == "line" && $0.input == nil })
    #expect(Set(records.map(\.trace)).count == records.count)
    #expect(answers[3].fields["gatehouse-receipt"] == nil)
  }

  @Test func `a malformed request of HTTP/2 leaves a record, be it answered or reset`() throws {
    let kept = try Kept()
    let start = [(":method", "POST"), (":scheme", "http"), (":authority", "test")]
    let head =
      start + [(":path", "/models/line/predict"), ("authorization", "Bearer line-key")]
    let raw = try RawHTTP2(port: kept.server.port)
    try raw.send(
      .headers(1, start), .headers(3, head + [("Upper", "x")]), .headers(5, head + [("connection", "close")]),
      .headers(7, head + [("content-length", "3")]),
      .headers(9, head + [("content-length", "3")], endStream: false),
      RawFrame(kind: RawFrame.Kind.data, flags: 1, stream: 9, payload: Array("{}".utf8)),
      .headers(11, head, endStream: false), .headers(11, [(":status", "200")]))
    for stream: UInt32 in [1, 3, 5, 11] {
      #expect(try raw.next { $0.kind == RawFrame.Kind.reset }?.stream == stream)
    }
    let records = try kept.lines().compactMap { AccessRecord(json: $0) }
    #expect(records.allSatisfy { $0.status == 400 })
    #expect(records.filter { $0.code == "request.malformed" }.map(\.key) == [nil, nil, nil, nil])
    #expect(records.filter { $0.code == "request.content-length" }.count == 2)
    #expect(records.count == 6)
  }

  @Test(arguments: [(request("GET", "/v2"), 200_000), (prediction, 200_000), (prediction, 0)])
  func `a caller that ends its output is answered once its record is written`(
    text: String, inlineSteps: Int
  ) throws {
    var limits = PlaneLimits()
    limits.inlineSteps = inlineSteps
    let kept = try Kept(plane: limits)
    for _ in 0..<20 {
      let client = try kept.server.connect()
      try client.send(text + text)
      client.endOutput()
      #expect(try client.receive().status == 200)
      #expect(try client.receive().status == 200)
      #expect(try client.receivesEnd())
    }
    #expect(try kept.lines().count == 40)
  }

  @Test func `a caller that ends its output within a request is told so`() throws {
    let kept = try Kept()
    let client = try kept.server.connect()
    try client.send(request("GET", "/v2") + "POST /predict HTTP/1.1\r\nHo")
    client.endOutput()
    #expect(try client.receive().status == 200)
    #expect(try client.receive().status == 400)
    #expect(try client.receivesEnd())
  }

  @Test func `who expects to be asked for a body is asked behind the answers before it`() throws {
    let kept = try Kept()
    let client = try kept.server.connect()
    try client.send(
      request("GET", "/v2")
        + request(
          "POST", "/models/line/predict", key: "line-key",
          fields: ["Content-Length: 14", "Expect: 100-continue"]))
    #expect(try client.receive().status == 200)
    #expect(try client.receive().status == 100)
    try client.send(#"{"data":[1,2]}"#)
    #expect(try client.receive().status == 200)
  }

  @Test func `a request whose caller does not wait for its answer leaves its record`() throws {
    var limits = PlaneLimits()
    limits.inlineSteps = 0
    let kept = try Kept(plane: limits)
    do {
      let client = try kept.server.connect()
      try client.send(Self.prediction)
    }
    let patience = ContinuousClock.now + .seconds(10)
    while kept.server.plane.requests == 0, ContinuousClock.now < patience { usleep(1000) }
    let records = try kept.lines()
    #expect(records.map { $0["status"]?.int } == [200])
  }

  @Test func `answers that were asked for one after another keep their order and their records`() throws {
    let kept = try Kept()
    let requests = (0..<50).map { index in
      request("POST", "/models/line/predict", key: "line-key", body: #"{"data":[\#(index),0]}"#)
    }
    let answers = try kept.exchange(requests.joined(), answers: 50)
    #expect(
      answers.map { $0.fields["gatehouse-receipt"] } == (1...50).map { "0123456789abcdef-00000001-\($0)" })
    let records = try kept.lines().compactMap { AccessRecord(json: $0) }
    #expect(records.map(\.output) == answers.map { Digest(of: $0.body, salt: kept.spool.salt) })
  }

  @Test func `a segment that is as long as it may be gives way to the next`() throws {
    var limits = RecordSpool.Limits()
    limits.segmentBytes = 1500
    let kept = try Kept(limits: limits)
    for _ in 0..<10 { _ = try kept.exchange(Self.prediction, answers: 1) }
    let segments = try kept.segments()
    #expect(segments.count > 2)
    #expect(segments.reduce(0) { $0 + $1.records } == 10)
    #expect(segments.allSatisfy { $0.wholeBytes <= 1500 })
    #expect(Set(segments.map(\.header.segment)).count == segments.count)
  }

  @Test func `where the spool is full, predictions are refused`() throws {
    var limits = RecordSpool.Limits()
    limits.spoolBytes = 100
    let kept = try Kept(limits: limits)
    let answers = try kept.exchange(Self.prediction, request("GET", "/nothing"), answers: 2)
    #expect(answers.map(\.status) == [503, 404])
    #expect(answers[0].code == "record.unwritable")
    #expect(answers[0].fields["retry-after"] == "5")
    #expect(answers.allSatisfy { $0.fields["gatehouse-receipt"] == nil })
    // Metrics say what went out, not what was withheld.
    let line = kept.server.plane.table.models.first { $0.reference.name.description == "line" }
    let counts = try #require(line).metrics.counts
    #expect(counts.requests.map { [$0.key.status, $0.value] } == [[503, 1]])
    #expect(counts.problems == ["record.unwritable": 1])
    #expect(kept.server.plane.recent.lists.failed.map(\.record.status) == [404, 503])
  }

  @Test func `a plane that goes on when its spool is full says later how many it answered`() throws {
    var limits = RecordSpool.Limits()
    limits.spoolBytes = 2000
    limits.segmentBytes = 800
    limits.syncInterval = .milliseconds(5)
    let kept = try Kept(whenFull: .goOn, limits: limits)
    var receipts: [String?] = []
    while receipts.count(where: { $0 == nil }) < 3 {
      let answer = try kept.exchange(Self.prediction, answers: 1)[0]
      #expect(answer.status == 200)
      receipts.append(answer.fields["gatehouse-receipt"])
      try #require(receipts.count < 50)
    }
    var lost = 3
    var gaps: [AccessGap] = []
    while true {
      // Somebody fetches what is closed by now.
      for name in try FileManager.default.contentsOfDirectory(atPath: kept.directory.path)
      where name.hasSuffix(".segment") {
        let segment = kept.directory.appending(path: name)
        gaps += try Kept.lines(of: segment).compactMap { AccessGap(json: $0) }
        try FileManager.default.removeItem(at: segment)
      }
      let answer = try kept.exchange(Self.prediction, answers: 1)[0]
      if answer.fields["gatehouse-receipt"] != nil { break }
      lost += 1
      try #require(lost < 1000, "\(String(describing: kept.spool.failure))")
      usleep(5000)
    }
    gaps += try kept.lines().compactMap { AccessGap(json: $0) }
    // There may be room again for a moment between them.
    #expect(gaps.reduce(0) { $0 + $1.count } == lost)
  }

  @Test func `the salt of a spool is made once`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try SpoolDirectory(directory).salt()
    #expect(first.count == 32)
    #expect(try SpoolDirectory(directory).salt() == first)
    #expect(try SpoolDirectory(directory + "-other").salt() != first)
    try FileManager.default.removeItem(atPath: directory + "-other")
  }

  @Test func `a segment is locked as long as somebody writes to it`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let spool = try SpoolDirectory(directory)
    let file = "\(directory)/a-1.open"
    do {
      let segment = try spool.begin("a-1", header: Array("x\n".utf8))
      let other = unsafe open(file, O_RDONLY)
      #expect(flock(other, LOCK_EX | LOCK_NB) != 0)
      close(other)
      withExtendedLifetime(segment) {}
    }
    let other = unsafe open(file, O_RDONLY)
    #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
    close(other)
  }
}
