import NIOCore
import NIOHTTP1
import NIOPosix

/// Gives every body back, with two event loops: `nio-echo PORT`.

final class Echo: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private var body = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      let fields = HTTPHeaders([
        ("Content-Type", "application/json"), ("Content-Length", String(body.readableBytes)),
      ])
      let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: fields)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
  fatalError("usage: nio-echo PORT")
}
let server = try ServerBootstrap(group: MultiThreadedEventLoopGroup(numberOfThreads: 2))
  .serverChannelOption(.backlog, value: 1024)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
  .childChannelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
  }
  .bind(host: "127.0.0.1", port: port).wait()
try server.closeFuture.wait()
