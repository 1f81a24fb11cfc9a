import NIOCore
import NIOEmbedded
import NIOHTTP2
import NIOPosix
import Testing

@testable import Serving

/// What a connection of HTTP/2 ends with where its caller does not read at that moment.
struct HTTP2EndTests {
  @Test func `the last GOAWAY goes out behind answers that waited to be read`() throws {
    var limits = PlaneLimits()
    limits.close = .zero
    let plane = DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
    let channel = EmbeddedChannel()
    let loop = PlaneLoop(plane, on: channel)
    let socket = HeldSocket()
    let collector = WriteCollector()
    let connection = HTTP2Connection(loop, collector, ReadPace(), isRefused: false)
    let codec = NIOHTTP2Handler(
      mode: .server, frameDelegate: connection, connectionConfiguration: .init(), streamConfiguration: .init()
    )
    try channel.pipeline.syncOperations.addHandlers(socket, collector, codec, connection)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    let settings = RawFrame(kind: RawFrame.Kind.settings)
    try channel.writeInbound(
      ByteBuffer(bytes: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings.bytes))

    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    plane.startDraining()
    for _ in 0..<3 { channel.embeddedEventLoop.advanceTime(by: .seconds(5)) }
    #expect(!socket.hasEnded)
    for _ in 0..<2 {
      socket.take()
      channel.isWritable = true
      channel.pipeline.fireChannelWritabilityChanged()
      channel.embeddedEventLoop.run()
    }

    #expect(socket.hasEnded)
    let last = RawFrame(kind: RawFrame.Kind.goAway, payload: RawFrame.word(0) + RawFrame.word(0))
    #expect(socket.written.suffix(last.bytes.count) == last.bytes[...])
    _ = try? channel.finish()
  }
}
