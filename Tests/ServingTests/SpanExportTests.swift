import Domain
import Encoding
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import Serving

/// Spans of requests, from a caller to a collector.
struct SpanExportTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let traceparent = "traceparent: 00-\(trace)-00f067aa0ba902b7-01"

  /// A plane that sends spans.
  private struct Traced {
    let collector: CollectorServer
    let exporter: SpanExporter
    let server: LiveServer

    init(
      _ collector: CollectorServer, as access: Collector? = nil, share: Double = 0,
      limits: SpanExporter.Limits = quick, spool: RecordSpool? = nil
    ) throws {
      self.collector = collector
      exporter = SpanExporter(
        to: try access ?? collector.collector, of: .init(name: "gatehouse", version: "1", instance: "abc"),
        limits: limits
      )
      server = try LiveServer(
        DataPlane(
          limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()), spool: spool,
          tracing: Tracing(sampling: TraceSampling(share: share), exporter: exporter)))
    }

    static var quick: SpanExporter.Limits {
      var limits = SpanExporter.Limits()
      limits.interval = .milliseconds(5)
      return limits
    }

    func predict(_ fields: String..., body: String = #"{"data":[[1,2],[3,4]]}"#) throws -> Received {
      try server.connect().exchange(
        request("POST", "/models/line/predict?x=secret", key: "line-key", body: body, fields: fields))
    }

    /// Ends everything; what was sent is at the collector then.
    func stop() {
      server.stop()
      exporter.stop()
      collector.stop()
    }

    func spans() throws -> [ReceivedSpan] {
      try collector.requests.flatMap { try ReceivedSpan.read($0.body).spans }
    }
  }

  @Test func `a request of a caller's trace leaves a span under the caller's`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let spool = try RecordSpool(directory: directory, instance: "0123456789abcdef")
    let traced = try Traced(try CollectorServer(), spool: spool)
    let answer = try traced.predict(Self.traceparent, "tracestate: a=1", "tracestate: b=2")
    traced.stop()
    spool.stop()
    let request = try #require(traced.collector.requests.first)
    #expect(request.head.uri == "/v1/traces")
    #expect(request.head.headers.first(name: "Content-Type") == "application/x-protobuf")
    #expect(
      try ReceivedSpan.read(request.body).resource == [
        "service.name": "gatehouse", "service.version": "1", "service.instance.id": "abc",
      ])
    let span = try #require(try traced.spans().first)
    #expect(span.trace == Self.trace)
    #expect(span.parent == "00f067aa0ba902b7")
    #expect(span.state == "a=1,b=2")
    #expect(span.name == "POST /models/{model}/predict")
    #expect(span.kind == 2)
    #expect(span.flags == 0x301)
    #expect(span.end > span.start)
    let age = Date.now.timeIntervalSince1970 - Double(span.start) / 1e9
    #expect(0..<60 ~= age)
    #expect(!span.isError)
    #expect(answer.fields["traceresponse"] == "00-\(Self.trace)-\(span.id)-01")
    let expected = [
      "http.request.method": "POST", "http.route": "/models/{model}/predict",
      "http.response.status_code": "200", "url.path": "/models/line/predict", "url.scheme": "http",
      "network.protocol.version": "1.1", "gatehouse.deployment": "line", "gatehouse.version": "1",
      "gatehouse.rows": "2", "gatehouse.receipt": try #require(answer.fields["gatehouse-receipt"]),
    ]
    for (name, value) in expected { #expect(span.attributes[name] == value, "\(name)") }
    let parts = ["queue", "decode", "infer", "encode"].compactMap {
      span.attributes["gatehouse.\($0)_nanoseconds"].flatMap { UInt64($0) }
    }
    #expect(parts.count == 4)
    #expect(parts.reduce(0, +) <= span.end - span.start)
    #expect(!String(decoding: request.body, as: UTF8.self).contains("secret"))
  }

  @Test func `a caller's mistake is no error of the span, and carries its code`() throws {
    let traced = try Traced(try CollectorServer())
    _ = try traced.predict(Self.traceparent, body: "no")
    _ = try traced.server.connect().exchange(
      request("PURGE", "/nowhere", body: "", fields: [Self.traceparent]))
    traced.stop()
    let spans = try traced.spans()
    try #require(spans.count == 2)
    #expect(spans.map(\.name) == ["POST /models/{model}/predict", "HTTP"])
    #expect(spans[0].attributes["gatehouse.code"] == "json.malformed")
    #expect(spans[0].attributes["http.response.status_code"] == "400")
    #expect(spans[1].attributes["http.request.method"] == "_OTHER")
    #expect(spans.allSatisfy { !$0.isError && $0.attributes["error.type"] == nil })
  }

  @Test func `a span of gRPC says which call it was and how it ended`() throws {
    let open = OpenSpan(
      trace: Self.trace, span: 1, parent: nil, state: "", isSampled: true, method: "POST",
      path: "/inference.GRPCInferenceService/ModelInfer")
    var draft = AccessDraft(trace: Self.trace, transport: RequestTransport(version: .http2, isGRPC: true))
    draft.route = "/v2/models/{model}/infer"
    var record = draft.record
    record.status = 404
    let request = AnsweredRequest(open, draft, record, .init())
    let body = SpanBatch.encode(
      [RequestSpan(request: request, receipt: nil)], of: .init(name: "n", version: "1", instance: "i"))
    let span = try #require(try ReceivedSpan.read(body).spans.first)
    #expect(span.name == "inference.GRPCInferenceService/ModelInfer")
    let expected = [
      "rpc.system": "grpc", "rpc.service": "inference.GRPCInferenceService", "rpc.method": "ModelInfer",
      "rpc.grpc.status_code": "5", "network.protocol.version": "2",
    ]
    for (name, value) in expected { #expect(span.attributes[name] == value, "\(name)") }
    #expect(span.attributes["http.route"] == nil)
  }

  @Test func `an answer that was withheld for want of a record is an error of its span`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    var limits = RecordSpool.Limits()
    limits.spoolBytes = 0
    let spool = try RecordSpool(directory: directory, instance: "0123456789abcdef", limits: limits)
    let traced = try Traced(try CollectorServer(), spool: spool)
    #expect(try traced.predict(Self.traceparent).status == 503)
    traced.stop()
    spool.stop()
    let span = try #require(try traced.spans().first)
    #expect(span.isError)
    #expect(span.attributes["http.response.status_code"] == "503")
    #expect(span.attributes["error.type"] == "record.unwritable")
  }

  @Test func `who does not keep its trace, and questions of health, leave no span`() throws {
    let traced = try Traced(try CollectorServer(), share: 1)
    _ = try traced.predict("traceparent: 00-\(Self.trace)-00f067aa0ba902b7-00")
    _ = try traced.server.connect().exchange(request("GET", "/v2/health/ready"))
    _ = try traced.predict()
    traced.stop()
    let spans = try traced.spans()
    #expect(spans.count == 1)
    #expect(spans.first?.parent == "")
    #expect(spans.first?.flags == 0x001)
    #expect(traced.exporter.counts == .init(exported: 1))
  }

  @Test func `a batch that the collector has no time for comes again`() throws {
    let busy = CollectorServer.Reply(status: .tooManyRequests, fields: [("Retry-After", "0")])
    let traced = try Traced(try CollectorServer(busy))
    _ = try traced.predict(Self.traceparent)
    try traced.collector.waitForRequests(2)
    traced.stop()
    let bodies = traced.collector.requests.map(\.body)
    #expect(bodies.count == 2)
    #expect(bodies.first == bodies.last)
    #expect(traced.exporter.counts == .init(exported: 1))
  }

  @Test func `a connection that the collector ended is replaced without a pause`() throws {
    var limits = Traced.quick
    limits.batch = 1
    let ending = CollectorServer.Reply(hangsUp: true)
    let traced = try Traced(try CollectorServer(.init(), ending), limits: limits)
    _ = try traced.predict(Self.traceparent)
    try traced.collector.waitForRequests(1)
    _ = try traced.predict(Self.traceparent)
    try traced.collector.waitForRequests(3)
    traced.stop()
    #expect(traced.collector.requests.map(\.connection) == [0, 0, 1])
    #expect(traced.exporter.counts == .init(exported: 2))
  }

  private static func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/tls/\(name)").path
  }

  private static func secured() throws -> CollectorServer {
    let chain = try NIOSSLCertificate.fromPEMFile(fixture("server.pem")).map {
      NIOSSLCertificateSource.certificate($0)
    }
    let key = try NIOSSLPrivateKey(file: fixture("server.key"), format: .pem)
    return try CollectorServer(
      [],
      security: NIOSSLContext(
        configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))))
  }

  @Test func `a collector is spoken to by TLS, with the fields that it asks for`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "fields-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try "X-Key: a secret\r\nX-Team:risk\n\n".write(toFile: file, atomically: true, encoding: .utf8)
    let server = try Self.secured()
    let access = try Collector(
      try server.address, fieldsPath: file, authoritiesPath: Self.fixture("authority.pem"))
    let traced = try Traced(server, as: access)
    _ = try traced.predict(Self.traceparent)
    traced.stop()
    let request = try #require(server.requests.first)
    #expect(request.head.headers["X-Key"] == ["a secret"])
    #expect(request.head.headers["X-Team"] == ["risk"])
    #expect(traced.exporter.counts == .init(exported: 1))
  }

  @Test func `a collector whose certificate nobody trusts is sent nothing`() throws {
    let server = try Self.secured()
    let traced = try Traced(server)
    #expect(try traced.predict(Self.traceparent).status == 200)
    traced.stop()
    #expect(server.requests.isEmpty)
    #expect(traced.exporter.counts == .init(failed: 1))
  }

  @Test(arguments: [
    "no field", "X Y: z", ": v", "X-Key:", "X-Key: a\u{7}", String(repeating: "a: b\n", count: 33),
  ])
  func `what is no list of fields is refused, and not quoted`(text: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "fields-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let address = try CollectorAddress(parsing: "http://c")
    let problem = #expect(throws: Problem.self) { try Collector(address, fieldsPath: file) }
    #expect(problem?.code == "otlp.malformed-fields")
  }

  @Test func `what the collector refuses is counted and not sent again`() throws {
    var partial = ProtobufWriter()
    partial.message(1) { inner in
      inner.integer(1, 1)
      inner.text(2, "too old")
    }
    var limits = Traced.quick
    limits.batch = 1
    let traced = try Traced(
      try CollectorServer(.init(status: .badRequest), .init(body: partial.bytes)), limits: limits)
    _ = try traced.predict(Self.traceparent)
    try traced.collector.waitForRequests(1)
    _ = try traced.predict(Self.traceparent)
    try traced.collector.waitForRequests(2)
    traced.stop()
    #expect(traced.collector.requests.count == 2)
    #expect(traced.exporter.counts == .init(rejected: 1, failed: 1))
  }

  @Test func `spans beyond the bound are dropped and counted, and no request waits`() throws {
    var limits = SpanExporter.Limits()
    limits.queue = 3
    limits.interval = .hours(1)
    let traced = try Traced(try CollectorServer(), limits: limits)
    for _ in 0..<5 { #expect(try traced.predict(Self.traceparent).status == 200) }
    #expect(traced.exporter.counts == .init(dropped: 2, waiting: 3))
    traced.stop()
    // What waited was sent at the end.
    #expect(try traced.spans().count == 3)
    #expect(traced.exporter.counts == .init(exported: 3, dropped: 2))
  }

  @Test func `a collector that is not there costs nothing but its spans`() throws {
    let collector = try CollectorServer()
    let address = try collector.collector
    collector.stop()
    let exporter = SpanExporter(
      to: address, of: .init(name: "gatehouse", version: "1", instance: "abc"), limits: Traced.quick)
    let server = try LiveServer(
      DataPlane(
        limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()),
        tracing: Tracing(sampling: TraceSampling(share: 1), exporter: exporter)))
    let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)
    #expect(try server.connect().exchange(prediction).status == 200)
    server.stop()
    exporter.stop()
    #expect(exporter.counts == .init(failed: 1))
  }
}
