import NIOCore
import NIOEmbedded
import NIOHTTP2
import NIOPosix
import Testing

@testable import Serving

/// What a connection of HTTP/2 ends with where its caller does not read at that moment.
struct HTTP2EndTests {
  /// A socket that takes nothing until it is told to.
  private final class Socket: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private var waiting: [EventLoopPromise<Void>] = []
    /// What was written before the output ended.
    private(set) var written: [UInt8] = []
    private(set) var hasEnded = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      if !hasEnded { written += unwrapOutboundIn(data).readableBytesView }
      if let promise { waiting.append(promise) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      // A channel without a socket knows no end of its output alone.
      guard mode == .output else { return context.close(mode: mode, promise: promise) }
      hasEnded = true
      promise?.succeed()
    }

    /// Takes what was written; who wrote it learns that first.
    func take(_ channel: EmbeddedChannel) {
      let waiting = waiting
      self.waiting = []
      for promise in waiting { promise.succeed() }
      channel.isWritable = true
      channel.pipeline.fireChannelWritabilityChanged()
    }
  }

  @Test func `the last GOAWAY goes out behind answers that waited to be read`() throws {
    var limits = PlaneLimits()
    limits.close = .zero
    let plane = DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
    let channel = EmbeddedChannel()
    let loop = PlaneLoop(
      plane: plane, eventLoop: channel.eventLoop, pool: NIOThreadPool(numberOfThreads: 1), threads: 1,
      engines: EngineThreads(), writer: AnswerWriter())
    let socket = Socket()
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
    socket.take(channel)
    channel.embeddedEventLoop.run()
    socket.take(channel)
    channel.embeddedEventLoop.run()

    #expect(socket.hasEnded)
    let last = RawFrame(kind: RawFrame.Kind.goAway, payload: RawFrame.word(0) + RawFrame.word(0))
    #expect(socket.written.suffix(last.bytes.count) == last.bytes[...])
    _ = try? channel.finish()
  }
}
