import Domain
import Encoding
import NIOCore
import NIOHPACK
import TestKit
import Testing

@testable import Serving

/// Frames as a hostile or broken caller sends them.
struct HTTP2FrameTests {
  private static let get = [
    (":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":authority", "test"),
  ]

  private func server(_ change: (inout PlaneLimits) -> Void = { _ in }) throws -> LiveServer {
    var limits = PlaneLimits()
    limits.close = .milliseconds(200)
    change(&limits)
    return try LiveServer(
      DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line())))
  }

  /// What breaks the connection, with the error that RFC 9113 has for it.
  private static let broken: [(name: String, frames: [RawFrame], code: UInt32)] = [
    ("data on the connection", [RawFrame(kind: 0, flags: 1, stream: 0, payload: [1])], 1),
    ("a head on the connection", [RawFrame(kind: 1, flags: 5, stream: 0, payload: [0x82])], 1),
    ("a stream of the server's", [RawFrame(kind: 1, flags: 5, stream: 2, payload: [0x82, 0x86, 0x84])], 1),
    ("data of a stream that was never opened", [RawFrame(kind: 0, flags: 1, stream: 1, payload: [1])], 1),
    ("a ping of the wrong size", [RawFrame(kind: 6, payload: [1, 2, 3])], 6),
    ("settings of the wrong size", [RawFrame(kind: 4, payload: [1, 2, 3])], 6),
    ("a window that grows by nothing", [RawFrame(kind: 8, payload: [0, 0, 0, 0])], 1),
    ("a window without bound", [RawFrame(kind: 8, payload: [0x7F, 0xFF, 0xFF, 0xFF])], 3),
    ("a window setting without bound", [RawFrame(kind: 4, payload: [0, 4] + RawFrame.word(1 << 31))], 3),
    ("a head that goes on without a beginning", [RawFrame(kind: 9, flags: 4, stream: 1, payload: [0x82])], 1),
    ("fields that do not decode", [RawFrame(kind: 1, flags: 5, stream: 1, payload: [0xFF, 0xFF, 0xFF])], 9),
    (
      "a head that something else interrupts",
      [
        RawFrame(kind: 1, flags: 1, stream: 1, payload: [0x82]),
        RawFrame(kind: 6, payload: .init(repeating: 0, count: 8)),
      ],
      1
    ),
    ("a promise", [RawFrame(kind: 5, flags: 4, stream: 1, payload: [0, 0, 0, 2, 0x82])], 1),
  ]

  @Test(arguments: 0..<13) func `a frame against the protocol ends the connection with its reason`(
    number: Int
  )
    throws
  {
    let server = try server()
    defer { server.stop() }
    let broken = Self.broken[number]
    let raw = try RawHTTP2(port: server.port)
    for frame in broken.frames { try raw.send(frame) }
    #expect(try raw.goodbye() == broken.code, "\(broken.name)")
    #expect(try raw.next { _ in false } == nil, "\(broken.name)")
  }

  @Test func `a frame larger than any may be ends the connection`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(RawFrame(kind: 0, stream: 1, payload: .init(repeating: 0, count: 16_385)))
    #expect(try raw.goodbye() == 6)
  }

  @Test(arguments: [
    [(":method", "GET"), (":scheme", "http"), (":authority", "test")],
    [(":method", "GET"), (":path", "/v2"), (":authority", "test")],
    [(":method", "GET"), (":method", "GET"), (":scheme", "http"), (":path", "/v2")],
    [(":method", "GET"), (":scheme", "http"), (":path", ""), (":authority", "test")],
    [(":method", "GET"), (":scheme", "http"), ("x", "y"), (":path", "/v2")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":status", "200")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), (":other", "x")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("Upper", "x")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("connection", "close")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("transfer-encoding", "chunked")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("te", "gzip")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2"), ("x", "a\r\nb: c")],
    [(":method", "GET"), (":scheme", "http"), (":path", "/v2\r\nx: y")],
  ])
  func `a malformed request loses its stream, and the others go on`(fields: [(String, String)]) throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(.headers(1, fields))
    let reset = try raw.next { $0.kind == RawFrame.Kind.reset || $0.kind == RawFrame.Kind.goAway }
    #expect(reset?.kind == RawFrame.Kind.reset)
    #expect(reset?.word(at: 0) == 1)
    try raw.send(.headers(3, Self.get))
    #expect(try raw.next { $0.kind == RawFrame.Kind.headers }?.stream == 3)
  }

  @Test(arguments: [
    (fields: [("content-length", "3")], body: nil), ([("content-length", "3")], "{}"),
    ([("content-length", "1")], "{}"), ([("content-length", "x")], "{}"), ([("content-length", "+2")], "{}"),
    ([("content-length", "2"), ("content-length", "3")], "{}"), ([("content-length", "2")], nil),
  ])
  func `a body that is not as long as its head says is answered 400`(
    fields: [(String, String)], body: String?
  ) throws {
    let server = try server()
    defer { server.stop() }
    let start = [
      (":method", "POST"), (":scheme", "http"), (":authority", "test"), ("authorization", "Bearer line-key"),
    ]
    let requests = [
      [(":path", "/predict")],
      [
        (":path", "/grpc.health.v1.Health/Check"), ("content-type", "application/grpc"), ("te", "trailers"),
      ],
    ]
    for request in requests {
      let raw = try RawHTTP2(port: server.port)
      let head = try RawFrame.headers(
        1, request.prefix(1) + start + request.dropFirst() + fields, endStream: body == nil)
      let rest = body.map { RawFrame(kind: RawFrame.Kind.data, flags: 1, stream: 1, payload: Array($0.utf8)) }
      try raw.send([head, rest].compactMap(\.self).flatMap(\.bytes))
      let answer = try raw.answer(on: 1)
      let code =
        answer.fields.first(name: "gatehouse-code") ?? (try? JSON(parsing: answer.body))?["code"]?.string
      #expect(code == "request.content-length")
      try raw.send(.headers(3, Self.get))
      #expect(try raw.next { $0.kind == RawFrame.Kind.headers }?.stream == 3)
    }
  }

  // MARK: Answers before the end of their requests

  /// Heads that are refused before a body has come: by the routes, and as a call of gRPC.
  private static let refused = [
    [("content-length", "200000000"), ("authorization", "Bearer line-key")],
    [("content-type", "application/grpc+json")],
  ].map { fields in
    [(":method", "POST"), (":scheme", "http"), (":path", "/predict"), (":authority", "test")] + fields
  }

  @Test(arguments: refused)
  func `an answer that comes before its request is whole is followed by a reset without an error`(
    fields: [(String, String)]
  ) throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(.headers(1, fields, endStream: false))
    #expect(try raw.next { $0.stream == 1 && $0.flags & RawFrame.endStream != 0 } != nil)
    let next = try raw.next { $0.stream == 1 && $0.kind != RawFrame.Kind.windowUpdate }
    #expect(next == RawFrame(kind: RawFrame.Kind.reset, stream: 1, payload: RawFrame.word(0)))
  }

  @Test(arguments: refused)
  func `a stream that its caller ends while the answer waits for room is not reset`(
    fields: [(String, String)]
  ) throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    try raw.send(.headers(1, fields, endStream: false))
    #expect(try raw.next { $0.stream == 1 }?.kind == RawFrame.Kind.headers)
    try raw.send(
      RawFrame(kind: RawFrame.Kind.data, flags: 1, stream: 1),
      RawFrame(kind: RawFrame.Kind.windowUpdate, stream: 1, payload: RawFrame.word(65_536)))
    #expect(try raw.next { $0.stream == 1 && $0.flags & RawFrame.endStream != 0 } != nil)
    try raw.send(RawFrame(kind: RawFrame.Kind.ping, payload: .init(repeating: 7, count: 8)))
    let next = try raw.next { $0.stream == 1 || $0.kind == RawFrame.Kind.ping }
    #expect(next?.kind == RawFrame.Kind.ping)
  }

  @Test func `a path that is a whole address leads nowhere`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(.headers(1, Self.get.map { $0.0 == ":path" ? ($0.0, "http://test/v2") : $0 }))
    let head = try raw.next { $0.kind == RawFrame.Kind.headers }
    // Status 404 is in the static table.
    #expect(head?.payload.first == 0x8D)
  }

  @Test func `trailers end a request and are not read`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(
      .headers(1, Self.get, endStream: false),
      .headers(1, [("authorization", "Bearer line-key"), ("x", "y")]))
    #expect(try raw.next { $0.kind == RawFrame.Kind.headers }?.payload.first == 0x88)
  }

  // MARK: Floods

  @Test func `who resets its streams as fast as it opens them is sent away`() throws {
    let server = try server { $0.streamResets = (count: 50, window: .seconds(10)) }
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    for stream in stride(from: UInt32(1), to: 201, by: 2) {
      try raw.send(
        .headers(stream, Self.get, endStream: false),
        RawFrame(kind: RawFrame.Kind.reset, stream: stream, payload: RawFrame.word(8)))
    }
    #expect(try raw.goodbye() == 11)
    try Patience.wait(until: { server.plane.streams.count == 0 })
  }

  @Test(arguments: [
    RawFrame(kind: RawFrame.Kind.ping, payload: .init(repeating: 7, count: 8)),
    RawFrame(kind: RawFrame.Kind.settings),
    RawFrame(kind: RawFrame.Kind.priority, stream: 1, payload: [0, 0, 0, 0, 16]),
  ])
  func `who sends frames that ask for nothing without end is sent away`(frame: RawFrame) throws {
    let server = try server { $0.controlFrames = (count: 50, window: .seconds(10)) }
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send((0..<100).flatMap { _ in frame.bytes })
    #expect(try raw.goodbye() == 11)
  }

  @Test func `who sends malformed requests without end is sent away`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    let heads = try stride(from: UInt32(1), to: 403, by: 2).map { try RawFrame.headers($0, [("Upper", "x")]) }
    try raw.send(heads.flatMap(\.bytes))
    var resets = 0
    let end = try raw.next { frame in
      resets += frame.kind == RawFrame.Kind.reset ? 1 : 0
      return frame.kind == RawFrame.Kind.goAway
    }
    #expect(end?.word(at: 4) == 11)
    #expect(resets == 200)
  }

  @Test func `a head without end is cut off`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    let block = try RawFrame.block(Self.get)
    var frames = RawFrame(kind: RawFrame.Kind.headers, flags: 1, stream: 1, payload: block).bytes
    for _ in 0..<50 { frames += RawFrame(kind: RawFrame.Kind.continuation, stream: 1, payload: [0x82]).bytes }
    try raw.send(frames)
    #expect(try raw.goodbye() == 11)
  }

  @Test func `fields that are many times their size when they are decoded are cut off`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    // A field of 4,000 bytes goes into the table once and is then named by one byte each.
    let field = [UInt8(0x40), 1, UInt8(ascii: "x"), 0x7F, 0xA1, 0x1E] + [UInt8](repeating: 97, count: 4000)
    let block = try RawFrame.block(Self.get) + field + [UInt8](repeating: 0xBE, count: 5000)
    try raw.send(RawFrame(kind: RawFrame.Kind.headers, flags: 5, stream: 1, payload: block))
    #expect(try raw.goodbye() != nil)
  }

  @Test func `data without content, again and again, is cut off`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(.headers(1, Self.get, endStream: false))
    try raw.send((0..<200).flatMap { _ in RawFrame(kind: RawFrame.Kind.data, stream: 1).bytes })
    #expect(try raw.goodbye() == 11)
  }

  @Test func `streams beyond what a connection may have are refused`() throws {
    let server = try server { $0.connectionStreams = 2 }
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port)
    for stream: UInt32 in [1, 3, 5] { try raw.send(.headers(stream, Self.get, endStream: false)) }
    let end = try raw.next { $0.kind == RawFrame.Kind.reset || $0.kind == RawFrame.Kind.goAway }
    #expect(end != nil)
  }

  @Test func `mutated frames leave the server standing`() throws {
    let server = try server { $0.idle = .milliseconds(300) }
    defer { server.stop() }
    var generator = SeededGenerator(seed: 7)
    let head = try RawFrame.headers(1, Self.get, endStream: false)
    let whole = (head.bytes + RawFrame(kind: 0, flags: 1, stream: 1, payload: [1, 2, 3]).bytes)
    for round in 0..<200 {
      var bytes = whole + whole
      if round.isMultiple(of: 3) {
        bytes = (0..<Int.random(in: 1..<400, using: &generator)).map { _ in
          .random(in: 0...255, using: &generator)
        }
      } else {
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
      }
      let raw = try RawHTTP2(port: server.port)
      try raw.send(bytes)
      raw.endOutput()
      _ = try raw.next { _ in false }
    }
    let raw = try RawHTTP2(port: server.port)
    try raw.send(.headers(1, Self.get))
    #expect(try raw.next { $0.kind == RawFrame.Kind.headers }?.stream == 1)
    try Patience.wait(until: { server.plane.streams.count == 0 })
  }
}
