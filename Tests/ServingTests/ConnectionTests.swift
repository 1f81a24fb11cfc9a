import Domain
import Glibc
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import TestKit
import Testing

@testable import Serving

/// What only a socket shows: bounds, order, time and the end of connections.
struct ConnectionTests {
  private func plane(_ change: (inout PlaneLimits) -> Void = { _ in }) throws -> DataPlane {
    var limits = PlaneLimits()
    change(&limits)
    return DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
  }

  private let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)

  @Test func `pipelined requests are answered in their order`() throws {
    let server = try LiveServer(plane { $0.inlineSteps = 0 })
    defer { server.stop() }
    let client = try server.connect()
    let bodies = (0..<50).map { request("POST", "/predict", key: "line-key", body: #"{"data":[\#($0),0]}"#) }
    try client.send(bodies.joined())
    for index in 0..<50 {
      #expect(String(decoding: try client.receive().body, as: UTF8.self) == #"{"result":\#(Double(index))}"#)
    }
  }

  @Test func `whoever pipelines lets others have their turn`() throws {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandlers(
      ByteToMessageHandler(PlaneLimits()),
      ConnectionHandler(
        PlaneLoop(try plane(), on: channel), ReadPace(), isRefused: false))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try channel.writeInbound(ByteBuffer(string: String(repeating: prediction, count: 40)))
    func answers() throws -> Int {
      var count = 0
      while try channel.readOutbound(as: ByteBuffer.self) != nil { count += 1 }
      return count
    }
    var turns: [Int] = []
    for _ in 0..<4 {
      turns.append(try answers())
      channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    }
    #expect(turns == [16, 16, 8, 0])
    _ = try channel.finish()
  }

  @Test(arguments: [
    "Content-Length: 14  ", "Content-Length: 14\r\nExpect: 100-continue ", "Transfer-Encoding: chunked ",
  ])
  func `blanks behind the value of a field mean nothing`(field: String) throws {
    let body = #"{"data":[1,2]}"#
    let sent = field.hasPrefix("T") ? "e\r\n\(body)\r\n0\r\n\r\n" : body
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("POST", "/predict", key: "line-key", fields: [field]) + sent)
    var received = try client.receive()
    if received.status == 100 { received = try client.receive() }
    #expect(received.status == 200)
  }

  @Test func `a request that comes byte by byte is answered`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    for byte in prediction.utf8 { try client.send([byte]) }
    #expect(try client.receive().status == 200)
  }

  @Test func `a chunked body is taken`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    let head = request("POST", "/predict", key: "line-key", fields: ["Transfer-Encoding: chunked"])
    try client.send(head + "7\r\n{\"data\"\r\n7\r\n:[1,2]}\r\n0\r\n\r\n")
    #expect(try client.receive().status == 200)
  }

  @Test func `a body that is declared too large is refused before it is sent`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(
      request(
        "POST", "/predict", key: "line-key", fields: ["Content-Length: 200000000", "Expect: 100-continue"]))
    let received = try client.receive()
    #expect(received.status == 413)
    #expect(received.code == "request.body-too-large")
    #expect(received.fields["connection"] == "close")
  }

  @Test func `who sends 40 MB without waiting can still read the refusal`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("POST", "/predict", key: "line-key", fields: ["Content-Length: 40000000"]))
    let piece = [UInt8](repeating: UInt8(ascii: " "), count: 1_000_000)
    for _ in 0..<40 { #expect(try client.send(piece)) }
    #expect(try client.receive().status == 413)
    #expect(try client.receivesEnd())
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `a chunked body beyond the limit is refused at the limit`() throws {
    let server = try LiveServer(plane { $0.bodyBytes = 1000 })
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("POST", "/predict", key: "line-key", fields: ["Transfer-Encoding: chunked"]))
    try client.send("400\r\n" + String(repeating: " ", count: 1024) + "\r\n")
    #expect(try client.receive().status == 413)
  }

  @Test func `a body that does not fit into the memory for bodies is put off`() throws {
    let server = try LiveServer(
      plane {
        $0.smallBodyBytes = 10
        $0.bufferedBytes = 20
      })
    defer { server.stop() }
    let received = try server.connect().exchange(
      request("POST", "/predict", key: "line-key", body: #"{"data":[1.00000000,2.00000000]}"#))
    #expect(received.status == 503)
    #expect(received.fields["retry-after"] == "1")
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `who expects to be asked for the body is asked`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(
      request("POST", "/predict", key: "line-key", fields: ["Content-Length: 14", "Expect: 100-continue"]))
    #expect(try client.receive().status == 100)
    try client.send(#"{"data":[1,2]}"#)
    #expect(try client.receive().status == 200)
  }

  @Test(arguments: [
    ("GET /v2 HTTP/1.1\r\n\r\n", 400, "request.host"), ("nonsense\r\n\r\n", 400, "request.malformed"),
    ("GET /v2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "request.host"),
    ("POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "request.malformed"),
    (
      "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
      "request.malformed"
    ),
    (
      "GET /v2 HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431,
      "request.head-too-large"
    ),
    (
      "GET /v2 HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", 431,
      "request.head-too-large"
    ),
    (
      "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431,
      "request.head-too-large"
    ),
    (
      "POST /predict HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 0\r\n\r\n", 400,
      "request.expectation"
    ),
  ])
  func `a head against the rules is refused with its reason`(text: String, status: Int, code: String) throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let received = try server.connect().exchange(text)
    #expect(received.status == status)
    #expect(received.code == code)
  }

  @Test(arguments: [
    ("GET /v2 HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 200))\r\n", 431),
    ("GET /v2/health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
    ("nonsense\r\n\r\n", 400),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 404),
  ])
  func `who sends on behind the last answer of a connection can still read it`(
    text: String, status: Int
  ) throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    let rest = String(repeating: prediction, count: 40_000)
    #expect(try client.send(text + rest))
    #expect(try client.receive().status == status)
  }

  @Test func `a refused request leaves the connection usable`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("POST", "/predict", body: #"{"data":[1,2]}"#))
    #expect(try client.receive().status == 401)
    try client.send(prediction)
    #expect(try client.receive().status == 200)
  }

  @Test func `a caller that ends its output is answered`() throws {
    let server = try LiveServer(plane { $0.inlineSteps = 0 })
    defer { server.stop() }
    let client = try server.connect()
    try client.send(prediction)
    client.endOutput()
    #expect(try client.receive().status == 200)
    #expect(try client.receivesEnd())
  }

  @Test func `an idle connection and an unfinished head are closed in time`() throws {
    let server = try LiveServer(plane { $0.idle = .milliseconds(80) })
    defer { server.stop() }
    let idle = try server.connect()
    let slow = try server.connect()
    try slow.send("GET /v2 HTTP/1.1\r\nHo")
    #expect(try idle.receivesEnd())
    #expect(try slow.receivesEnd())
  }

  @Test func `a body that takes too long is answered 408`() throws {
    let server = try LiveServer(plane { $0.body = .milliseconds(80) })
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("POST", "/predict", key: "line-key", fields: ["Content-Length: 14"]) + "{")
    let received = try client.receive()
    #expect(received.status == 408)
    #expect(received.fields["connection"] == "close")
  }

  @Test func `connections beyond the bound are refused and those far beyond it closed`() throws {
    let server = try LiveServer(
      plane {
        $0.connections = 1
        $0.refusedConnections = 1
      })
    defer { server.stop() }
    let served = try server.connect()
    try served.send(prediction)
    #expect(try served.receive().status == 200)
    let refused = try server.connect()
    try refused.send(prediction)
    let received = try refused.receive()
    #expect(received.status == 503)
    #expect(received.fields["retry-after"] == "1")
    #expect(try server.connect().receivesEnd())
    try served.send(prediction)
    #expect(try served.receive().status == 200)
  }

  @Test func `predictions beyond the queue's bound are put off`() throws {
    let server = try LiveServer(
      plane {
        $0.inlineSteps = 0
        $0.queuedPredictions = 0
      })
    defer { server.stop() }
    let received = try server.connect().exchange(prediction)
    #expect(received.status == 503)
    #expect(received.code == "plane.overloaded")
  }

  @Test func `HTTP 1 0 is answered and closed unless it asks to stay`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send("GET /v2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(try client.receive().fields["connection"] == "keep-alive")
    try client.send("GET /v2 HTTP/1.0\r\n\r\n")
    #expect(try client.receive().fields["connection"] == "close")
    #expect(try client.receivesEnd())
  }

  @Test func `random bytes never end the server`() throws {
    let server = try LiveServer(plane { $0.linger = .milliseconds(100) })
    defer { server.stop() }
    var generator = SeededGenerator(seed: 7)
    for round in 0..<300 {
      var bytes = Array((prediction + prediction).utf8)
      if round.isMultiple(of: 3) {
        bytes = (0..<Int.random(in: 1..<400, using: &generator)).map { _ in
          .random(in: 0...255, using: &generator)
        }
      } else {
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
      }
      let client = try server.connect()
      try client.send(bytes)
      client.endOutput()
      _ = try client.receivesEnd()
    }
    #expect(try server.connect().exchange(prediction).status == 200)
  }
}
