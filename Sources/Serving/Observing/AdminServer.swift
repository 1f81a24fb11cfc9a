import Domain
import Encoding
import NIOCore
import NIOHTTP1
import NIOPosix

/// The listener for those who watch over a plane: metrics, health, and what was slow or failed.
///
/// Apart from the callers' listener, for it asks nobody for a key; to be bound where only those who may know reach it.
final class AdminServer: Sendable {
  /// Connections at one time; more are closed unanswered.
  private static let connections = 64

  let address: String
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let acceptor: any Channel

  /// Starts to accept connections on a socket that it takes over.
  init(plane: DataPlane, socket: ListeningSocket) throws(Problem) {
    address = socket.address
    let open = Gauge()
    let bootstrap = ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        guard open.take(1, limit: Self.connections) else { return channel.close() }
        channel.closeFuture.whenComplete { _ in open.release(1) }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          // Whoever sends nothing, or takes nothing, is let go.
          try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
          try pipeline.addHandler(AdminHandler(plane: plane))
        }
      }
    do { acceptor = try bootstrap.withBoundSocket(socket.descriptor).wait() } catch {
      throw Problem(
        .unavailable, "listen.failed", "accepting connections of the admin listener failed",
        subject: socket.address, cause: "\(error)")
    }
  }

  /// Closes everything; blocks, so never call it on an event loop.
  func stop() {
    try? acceptor.close().wait()
    try? group.syncShutdownGracefully()
  }
}

/// Answers one request after the other; bodies are dropped.
private final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let plane: DataPlane
  private var head: HTTPRequestHead?

  init(plane: DataPlane) {
    self.plane = plane
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let page = page(head)
    var headers = HTTPHeaders([("Content-Type", page.type), ("Content-Length", String(page.text.utf8.count))])
    if !head.isKeepAlive { headers.add(name: "Connection", value: "close") }
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: page.status, headers: headers))),
      promise: nil)
    if head.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: page.text)))), promise: nil)
    }
    let channel = context.channel
    let keepsAlive = head.isKeepAlive
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if !keepsAlive { channel.close(promise: nil) }
    }
  }

  private typealias Page = (status: HTTPResponseStatus, type: String, text: String)

  private func page(_ head: HTTPRequestHead) -> Page {
    let json = "application/json"
    guard head.method == .GET || head.method == .HEAD else {
      return Self.problem(
        .methodNotAllowed, "request.method-not-allowed", "expected GET or HEAD, found another method")
    }
    switch head.uri.prefix(while: { $0 != "?" }) {
    case "/metrics": return (.ok, "text/plain; version=0.0.4; charset=utf-8", MetricsPage.write(plane))
    case "/health/live": return (.ok, json, #"{"live":true}"#)
    case "/health/ready":
      let isReady = plane.table.isReady && !plane.isDraining
      return (isReady ? .ok : .serviceUnavailable, json, #"{"ready":\#(isReady)}"#)
    case "/debug/requests":
      let (slowest, failed) = plane.recent.lists
      return (.ok, json, "{\"failed\":\(Self.list(failed)),\"slowest\":\(Self.list(slowest))}")
    default:
      return Self.problem(
        .notFound, "request.no-such-route",
        "expected '/metrics', '/health/live', '/health/ready' or '/debug/requests', found another path")
    }
  }

  private static func list(_ records: [AccessRecord]) -> String {
    var bytes: [UInt8] = []
    for record in records {
      bytes.append(UInt8(ascii: bytes.isEmpty ? "[" : ","))
      record.write(to: &bytes)
    }
    return bytes.isEmpty ? "[]" : String(decoding: bytes, as: UTF8.self) + "]"
  }

  private static func problem(_ status: HTTPResponseStatus, _ code: String, _ message: String) -> Page {
    let answer = Answer(Problem(.badInput, code, message))
    return (status, "application/json", String(decoding: answer.body, as: UTF8.self))
  }
}
