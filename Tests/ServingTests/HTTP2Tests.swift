import Domain
import NIOCore
import NIOHPACK
import NIOHTTP2
import Testing

@testable import Serving

/// Requests as streams of HTTP/2: bounds, order, time and the end of connections.
struct HTTP2Tests {
  private func plane(_ change: (inout PlaneLimits) -> Void = { _ in }) throws -> DataPlane {
    var limits = PlaneLimits()
    change(&limits)
    return DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
  }

  private let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)

  private func head(_ fields: [(String, String)] = []) -> HPACKHeaders {
    HPACKHeaders(
      [
        (":method", "POST"), (":scheme", "http"), (":path", "/predict"), (":authority", "test"),
        ("authorization", "Bearer line-key"),
      ] + fields)
  }

  @Test(arguments: [0, 200_000]) func `streams are answered side by side`(inlineSteps: Int) throws {
    let server = try LiveServer(plane { $0.inlineSteps = inlineSteps })
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let exchanges = try (0..<50).map { number in
      let exchange = try client.begin(head(), isWhole: false)
      try exchange.send(Array(#"{"data":[\#(number),0]}"#.utf8), isLast: true)
      return exchange
    }
    for (number, exchange) in exchanges.enumerated() {
      let received = try exchange.receive()
      #expect(String(decoding: received.body, as: UTF8.self) == #"{"result":\#(Double(number))}"#)
    }
    try Patience.wait(until: { server.plane.streams.count == 0 })
  }

  @Test func `a body in pieces is taken, and the stream before it is not waited for`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let slow = try client.begin(head(), isWhole: false)
    try slow.send(Array(#"{"data""#.utf8), isLast: false)
    #expect(try client.exchange(prediction).status == 200)
    try slow.send(Array(":[1,2]}".utf8), isLast: true)
    #expect(try slow.receive().body == Array(#"{"result":5.0}"#.utf8))
  }

  @Test func `a body that is declared too large is refused before it is sent`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let received = try client.begin(head([("content-length", "200000000")]), isWhole: false).receive()
    #expect(received.status == 413)
    #expect(received.code == "request.body-too-large")
    #expect(try client.exchange(prediction).status == 200)
  }

  @Test func `a body beyond the limit is refused at the limit, and its connection goes on`() throws {
    let server = try LiveServer(plane { $0.bodyBytes = 1000 })
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let exchange = try client.begin(head(), isWhole: false)
    try? exchange.send([UInt8](repeating: 32, count: 1024), isLast: false)
    #expect(try exchange.receive().status == 413)
    #expect(try client.exchange(prediction).status == 200)
  }

  @Test func `a large body comes through a window smaller than itself`() throws {
    let server = try LiveServer(plane { $0.streamWindow = 20_000 })
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let rows = (0..<40_000).map { "[\($0),0]" }.joined(separator: ",")
    let received = try client.exchange(
      request("POST", "/predict", key: "line-key", body: #"{"data":[\#(rows)]}"#))
    #expect(received.status == 200)
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `a large answer waits for the room that its caller makes`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port, window: 3000)
    let rows = (0..<40_000).map { "[\($0),0]" }.joined(separator: ",")
    let received = try client.exchange(
      request("POST", "/predict", key: "line-key", body: #"{"data":[\#(rows)]}"#))
    #expect(received.status == 200)
    #expect(received.body.suffix(10) == Array(",39999.0]}".utf8))
    #expect(received.fields["content-length"] == String(received.body.count))
  }

  @Test func `a body that does not fit into the memory for bodies is put off`() throws {
    let server = try LiveServer(
      plane {
        $0.smallBodyBytes = 10
        $0.bufferedBytes = 20
      })
    defer { server.stop() }
    let received = try HTTP2Client(port: server.port).exchange(
      request("POST", "/predict", key: "line-key", body: #"{"data":[1.00000000,2.00000000]}"#))
    #expect(received.status == 503)
    #expect(received.fields["retry-after"] == "1")
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `a body that takes too long is answered 408`() throws {
    let server = try LiveServer(plane { $0.body = .milliseconds(80) })
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let exchange = try client.begin(head([("content-length", "14")]), isWhole: false)
    try exchange.send(Array("{".utf8), isLast: false)
    #expect(try exchange.receive().status == 408)
    #expect(try client.exchange(request("GET", "/v2/health/live")).status == 200)
  }

  @Test func `who expects to be asked for the body is asked`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(
      .headers(
        1,
        [
          (":method", "POST"), (":scheme", "http"), (":path", "/predict"), (":authority", "test"),
          ("authorization", "Bearer line-key"), ("expect", "100-continue"),
        ], endStream: false))
    let frame = try raw.next { $0.kind == RawFrame.Kind.headers }
    #expect(frame?.flags == RawFrame.endHeaders)
  }

  @Test func `the head of what would be answered comes without a body`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let received = try HTTP2Client(port: server.port).exchange(request("HEAD", "/v2"))
    #expect(received.status == 200)
    #expect(received.body.isEmpty)
    #expect(received.fields["content-length"] != "0")
  }

  @Test(
    arguments: [
      ([("host", "other")], 400, "request.host"),
      ([("host", "TEST")], 200, nil),
      ([("authorization", "Bearer two")], 400, "request.several-authorizations"),
      ([("expect", "tea")], 400, "request.expectation"),
      ((0..<120).map { ("x-\($0)", "y") }, 431, "request.head-too-large"),
    ] as [([(String, String)], Int, String?)])
  func `a head against the rules is refused with its reason`(
    fields: [(String, String)], status: Int, code: String?
  ) throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let exchange = try client.begin(head(fields), isWhole: false)
    try? exchange.send(Array(#"{"data":[1,2]}"#.utf8), isLast: true)
    let received = try exchange.receive()
    #expect(received.status == status)
    #expect(received.code == code)
  }

  // MARK: Bounds

  @Test func `a connection beyond the bound is refused and ends`() throws {
    let server = try LiveServer(
      plane {
        $0.connections = 1
        $0.refusedConnections = 1
        $0.close = .milliseconds(100)
      })
    defer { server.stop() }
    let served = try server.connect()
    #expect(try served.exchange(prediction).status == 200)
    let refused = try HTTP2Client(port: server.port)
    let received = try refused.exchange(prediction)
    #expect(received.status == 503)
    #expect(received.code == "plane.too-many-connections")
    try refused.channel.closeFuture.wait()
  }

  @Test func `streams beyond the bound of all connections may be tried again`() throws {
    let server = try LiveServer(plane { $0.streams = 1 })
    defer { server.stop() }
    let first = try HTTP2Client(port: server.port)
    let second = try HTTP2Client(port: server.port)
    let waiting = try first.begin(head(), isWhole: false)
    try Patience.wait(until: { server.plane.streams.count == 1 })
    let refusal = #expect(throws: NIOHTTP2Errors.StreamClosed.self) { try second.exchange(prediction) }
    #expect(refusal?.errorCode == .refusedStream)
    try waiting.send(Array(#"{"data":[1,2]}"#.utf8), isLast: true)
    #expect(try waiting.receive().status == 200)
    #expect(try second.exchange(prediction).status == 200)
  }

  @Test func `a caller that makes no room for its answer is let go`() throws {
    let server = try LiveServer(plane { $0.unread = .milliseconds(80) })
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    try raw.send(
      .headers(1, [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":authority", "test")]))
    #expect(try raw.next { $0.kind == RawFrame.Kind.headers } != nil)
    #expect(try raw.next { $0.kind == RawFrame.Kind.reset }?.word(at: 0) == 8)
    try Patience.wait(until: { server.plane.streams.count == 0 })
  }

  // MARK: The end of a connection

  @Test func `an idle connection is told so and ends`() throws {
    let server = try LiveServer(
      plane {
        $0.idle = .milliseconds(80)
        $0.close = .milliseconds(80)
      })
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    #expect(try raw.goodbye() == 0)
    #expect(try raw.next { _ in false } == nil)
  }

  @Test func `a drain answers what was begun, and ends the connection`() throws {
    let server = try LiveServer(plane { $0.close = .milliseconds(100) })
    let client = try HTTP2Client(port: server.port)
    let exchange = try client.begin(head(), isWhole: false)
    try exchange.send(Array(#"{"data""#.utf8), isLast: false)
    try Patience.wait(until: { server.plane.streams.count == 1 })
    let drain = OwnThread { #expect(server.server.drain() == 0) }
    try Patience.wait(until: { server.plane.isDraining })
    try exchange.send(Array(":[1,2]}".utf8), isLast: true)
    #expect(try exchange.receive().status == 200)
    try client.channel.closeFuture.wait()
    try drain.join()
    server.stop()
  }

  @Test func `what was begun before its caller heard of the end is answered`() throws {
    let server = try LiveServer(plane())
    let raw = try RawHTTP2(port: server.port)
    #expect(try raw.next { $0.kind == RawFrame.Kind.settings } != nil)
    server.plane.startDraining()
    let goodbye = try raw.next { $0.kind == RawFrame.Kind.goAway }
    #expect(goodbye?.word(at: 0) == 0x7FFF_FFFF)
    try raw.send(
      .headers(1, [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":authority", "test")]))
    #expect(try raw.next { $0.kind == RawFrame.Kind.headers }?.stream == 1)
    server.stop()
  }
}
