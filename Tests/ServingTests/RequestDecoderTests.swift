import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestKit
import Testing

@testable import Serving

/// How requests are parsed that ask for another protocol, and what stands behind them.
struct RequestDecoderTests {
  private static let asking = [
    "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA",
  ]
  private static let chunked = asking + ["Transfer-Encoding: chunked"]
  /// Requests one behind the other, each but the last asking for another protocol.
  private static let streams = [
    request("GET", "/1", fields: asking) + request("POST", "/2", body: "second"),
    request("POST", "/1", body: "the first", fields: asking) + request("GET", "/2"),
    request("POST", "/1", body: "", fields: asking) + request("GET", "/2"),
    request("POST", "/1", fields: chunked) + "3\r\none\r\n4;a=b\r\ntwo.\r\n0\r\nUpgrade: x\r\n\r\n"
      + request("POST", "/2", body: "second"),
    request("GET", "/1", fields: asking) + request("POST", "/2", body: "second", fields: asking)
      + request("POST", "/3", fields: chunked) + "1\r\n3\r\n0\r\n\r\n" + "\r\n" + request("GET", "/4"),
    // Half of what it takes to ask is not asking.
    request("GET", "/1", fields: ["Upgrade: h2c"]) + request("GET", "/2", fields: ["Connection: Upgrade"])
      + request("GET", "/3"),
  ]

  /// What the parser of a connection hands on.
  private final class Parts: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    private(set) var texts: [String] = []
    private var body = ""

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        texts.append("\(head.method) \(head.uri) \(head.headers.map { "\($0.name): \($0.value)" })")
      case .body(let bytes): body += String(buffer: bytes)
      case .end(let trailers):
        texts.append("'\(body)' \(trailers.map { $0.map { "\($0.name): \($0.value)" } } ?? [])")
        body = ""
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      // Whatever is read behind the first is an error of its own.
      if !(error is ByteToMessageDecoderError) { texts.append("\(error)") }
    }
  }

  /// Has a new connection read these pieces, and then its end.
  private func parsed(_ pieces: some Sequence<ArraySlice<UInt8>>) throws -> [String] {
    let parts = Parts()
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandlers(ByteToMessageHandler(PlaneLimits()), parts)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    for piece in pieces { try channel.writeInbound(ByteBuffer(bytes: piece)) }
    channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    _ = try channel.finish()
    return parts.texts
  }

  private func parsed(_ text: String) throws -> [String] { try parsed([Array(text.utf8)[...]]) }

  @Test(arguments: streams)
  func `what stands behind is parsed as if nothing had been asked for, however it is cut`(stream: String)
    throws
  {
    let unasked = try parsed(stream.replacing("Upgrade: ", with: "Unasked: "))
      .map { $0.replacing("Unasked: ", with: "Upgrade: ") }
    #expect(unasked.count.isMultiple(of: 2))
    let bytes = Array(stream.utf8)
    for cut in bytes.indices {
      #expect(try parsed([bytes[..<cut], bytes[cut...]]) == unasked, "cut at byte \(cut)")
    }
    #expect(try parsed(bytes.indices.map { bytes[$0...$0] }) == unasked)
  }

  @Test(arguments: streams)
  func `an end of the input within a request is told, behind one that asked too`(stream: String) throws {
    let bytes = Array(stream.utf8)
    let whole = try parsed(stream)
    for cut in bytes.indices.dropFirst() {
      let texts = try parsed([bytes[..<cut]])
      // A head and an end each.
      let isBetween =
        !texts.isEmpty && texts.count.isMultiple(of: 2) && texts[...] == whole.prefix(texts.count)
      #expect(
        isBetween || texts.last == "\(HTTPParserError.invalidEOFState)", "cut at byte \(cut): \(texts)")
    }
  }

  @Test func `what was changed at random is parsed alike however it is cut`() throws {
    var generator = SeededGenerator(seed: 11)
    let noise = Array("\r\n :,;0aUuCc\t\0".utf8)
    for round in 0..<600 {
      var bytes = Array(Self.streams[round % Self.streams.count].utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let byte = noise[Int.random(in: 0..<noise.count, using: &generator)]
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        default: bytes.remove(at: place)
        }
      }
      let cut = Int.random(in: 0...bytes.count, using: &generator)
      let whole = try parsed([bytes[...]])
      #expect(try parsed([bytes[..<cut], bytes[cut...]]) == whole, "round \(round), cut at \(cut)")
      #expect(try parsed(bytes.indices.map { bytes[$0...$0] }) == whole, "round \(round)")
    }
  }

  @Test(arguments: ["nonsense", "GET / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{0}"])
  func `what stands behind and is no request is told once`(rest: String) throws {
    let asking = request("GET", "/1", fields: Self.asking)
    let plain = try parsed(request("GET", "/1") + rest)
    let found = try parsed(asking + rest)
    #expect(found.dropFirst() == plain.dropFirst())
    #expect(found.count > 2)
  }

  @Test(arguments: ["nonsense", String(repeating: "x", count: 100_000)])
  func `bytes behind CONNECT are no request and are not kept`(rest: String) throws {
    #expect(try parsed("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + rest).count > 2)
  }

  @Test func `who asks unasked for HTTP 2 with every request keeps the connection`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    let asking = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#, fields: Self.asking)
    let chunked = request("POST", "/predict", key: "line-key", fields: Self.chunked)
    let pipelined = asking + asking + chunked + "e\r\n{\"data\":[1,2]}\r\n0\r\n\r\n"
    for text in [asking, pipelined, request("GET", "/v2", fields: Self.asking)] {
      try client.send(text)
      for _ in 0..<(text == pipelined ? 3 : 1) {
        let received = try client.receive()
        #expect(received.status == 200)
        #expect(received.fields["connection"] == nil)
      }
    }
  }

  // MARK: Transfer codings

  /// The parser takes a request that asks for another protocol for one without a body where `chunked` is not the last
  /// coding; what is its body to others must not be the next request here.
  @Test(
    arguments: [
      "gzip", "gzip, chunked", "chunked, gzip", "chunked\r\nTransfer-Encoding: gzip", "identity", "",
    ],
    [[], asking])
  func `a transfer coding other than chunked is refused and the connection ends`(
    coding: String, fields: [String]
  ) throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    try client.send(
      request("POST", "/v2", fields: fields + ["Transfer-Encoding: \(coding)"]) + "0\r\n\r\n"
        + request("GET", "/v2"))
    let received = try client.receive()
    #expect(received.status == 400)
    #expect(["request.malformed", "request.transfer-encoding"].contains(received.code))
    #expect(received.fields["connection"] == "close")
    client.endOutput()
    #expect(try client.receivesEnd())
  }

  @Test(arguments: ["chunked", "Chunked", "chunked  "])
  func `chunked is taken however it is written`(coding: String) throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let head = request("POST", "/predict", key: "line-key", fields: ["Transfer-Encoding: \(coding)"])
    #expect(
      try Transport.live.exchange(head + "e\r\n{\"data\":[1,2]}\r\n0\r\n\r\n", with: plane).status == 200)
  }
}
