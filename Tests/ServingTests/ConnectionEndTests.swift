import Glibc
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import Serving

/// What a connection of HTTP/1.1 does for callers that end it, pipeline without reading, or ask for a tunnel.
struct ConnectionEndTests {
  private static let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)
  private static let closing = request("GET", "/v2", fields: ["Connection: close"])

  /// The handlers of a connection without its socket.
  private struct Connection {
    let channel = EmbeddedChannel()
    let plane: DataPlane
    let handler: ConnectionHandler

    init(_ change: (inout PlaneLimits) -> Void = { _ in }, writesThrough socket: HeldSocket? = nil) throws {
      var limits = PlaneLimits()
      change(&limits)
      plane = DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
      let pace = ReadPace()
      handler = ConnectionHandler(PlaneLoop(plane, on: channel), pace, isRefused: false)
      let pipeline = channel.pipeline.syncOperations
      if let socket { try pipeline.addHandler(socket) }
      try pipeline.addHandlers(pace, ByteToMessageHandler(limits), handler)
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    func answers() throws -> Int {
      var count = 0
      while try channel.readOutbound(as: ByteBuffer.self) != nil { count += 1 }
      return count
    }

    /// Has the connection look at its deadline.
    func tick() { channel.embeddedEventLoop.advanceTime(by: .seconds(5)) }
  }

  // MARK: Other protocols

  @Test func `who asks for a tunnel is answered that there is none, and the connection ends`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    try client.send("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" + Self.prediction)
    let received = try client.receive()
    #expect(received.status == 404)
    #expect(received.fields["connection"] == "close")
    #expect(try client.receivesEnd())
    #expect(server.plane.requests == 1)
  }

  @Test func `HTTP 1 0 with a transfer coding is refused and the connection ends`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let client = try server.connect()
    try client.send(
      "POST /predict HTTP/1.0\r\nConnection: keep-alive\r\nAuthorization: Bearer line-key\r\n"
        + "Transfer-Encoding: chunked\r\n\r\ne\r\n{\"data\":[1,2]}\r\n0\r\n\r\n")
    let received = try client.receive()
    #expect(received.status == 400)
    #expect(received.code == "request.transfer-encoding")
    #expect(try client.receivesEnd())
  }

  // MARK: The last answer

  @Test func `a last answer has the time to be read that every answer has`() throws {
    let socket = HeldSocket()
    let connection = try Connection({ $0.close = .zero }, writesThrough: socket)
    try connection.receive(Self.closing)
    connection.tick()
    #expect(connection.channel.isActive)
    socket.take()
    connection.tick()
    #expect(!connection.channel.isActive)
  }

  @Test func `a last answer that is not read in time is given up`() throws {
    let connection = try Connection({ $0.unread = .zero }, writesThrough: HeldSocket())
    try connection.receive(Self.closing)
    connection.tick()
    #expect(!connection.channel.isActive)
  }

  @Test func `nothing is decided on requests behind the last answer`() throws {
    let socket = HeldSocket()
    let connection = try Connection(writesThrough: socket)
    try connection.receive(Self.closing + request("POST", "/predict", fields: ["Content-Length: 14"]))
    #expect(connection.handler.observation.request == nil)
    #expect(connection.handler.observation.phase == .closing)
    socket.take()
    _ = try? connection.channel.finish()
  }

  @Test func `behind the last answer a connection is read at half its pace`() throws {
    let socket = HeldSocket()
    let connection = try Connection(writesThrough: socket)
    try connection.receive(Self.closing)
    let poured = (1 << 20) + (256 << 10)
    try connection.receive(
      request("POST", "/predict", fields: ["Content-Length: \(poured)"])
        + String(repeating: "a", count: poured))
    connection.channel.read()
    connection.channel.embeddedEventLoop.advanceTime(by: .microseconds(3900))
    #expect(socket.reads == 0)
    connection.channel.embeddedEventLoop.advanceTime(by: .microseconds(200))
    #expect(socket.reads == 1)
    socket.take()
    _ = try? connection.channel.finish()
  }

  @Test func `a caller that ends its output is not waited for`() throws {
    let socket = HeldSocket()
    let connection = try Connection(writesThrough: socket)
    try connection.receive(Self.closing)
    socket.take()
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    socket.take()
    #expect(!connection.channel.isActive)
  }

  // MARK: Pipelining

  @Test func `who pipelines and does not read is not answered until it does`() throws {
    let connection = try Connection()
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    try connection.receive(String(repeating: request("GET", "/v2"), count: 10))
    #expect(try connection.answers() == 0)
    connection.channel.isWritable = true
    connection.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try connection.answers() == 10)
    _ = try connection.channel.finish()
  }

  @Test func `more pipelined requests than may wait end the connection`() throws {
    let connection = try Connection { $0.postponedParts = 20 }
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    try connection.receive(String(repeating: request("GET", "/v2"), count: 10))
    #expect(connection.channel.isActive)
    try connection.receive(request("GET", "/v2"))
    #expect(!connection.channel.isActive)
  }

  @Test func `waiting requests hold room for their bytes, and without room the connection ends`() throws {
    let connection = try Connection {
      $0.smallBodyBytes = 10
      $0.postponedBytes = 2000
    }
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    let head = request("POST", "/predict", key: "line-key", fields: ["Transfer-Encoding: chunked"])
    try connection.receive(head + "3e8\r\n" + String(repeating: "a", count: 1000) + "\r\n")
    #expect(1000..<2000 ~= connection.plane.postponedBytes.count)
    try connection.receive("3e8\r\n" + String(repeating: "a", count: 1000) + "\r\n")
    #expect(!connection.channel.isActive)
    #expect(connection.plane.postponedBytes.count == 0)
  }

  @Test func `a waiting body counts once, in however many chunks it comes`() throws {
    let connection = try Connection { $0.postponedParts = 3 }
    connection.channel.isWritable = false
    connection.channel.pipeline.fireChannelWritabilityChanged()
    let head = request("POST", "/predict", key: "line-key", fields: ["Transfer-Encoding: chunked"])
    let chunks = #"{"data":[1,2]}"#.map { "1\r\n\($0)\r\n" }.joined()
    try connection.receive(head + chunks + "0\r\n\r\n")
    connection.channel.isWritable = true
    connection.channel.pipeline.fireChannelWritabilityChanged()
    let answer = try #require(try connection.channel.readOutbound(as: ByteBuffer.self))
    #expect(String(buffer: answer).hasPrefix("HTTP/1.1 200"))
    #expect(connection.plane.postponedBytes.count == 0)
    _ = try connection.channel.finish()
  }
}
