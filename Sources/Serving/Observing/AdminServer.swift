import Domain
import Encoding
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// The listener for those who watch over a plane: metrics, health, what is under way, and what was slow or failed.
///
/// Apart from the callers' listener, for it asks nobody for a key; to be bound where only those who may know reach it.
final class AdminServer: Sendable {
  /// Connections at one time; more are closed unanswered.
  private static let connectionLimit = 64

  var address: String { socket.address }
  private let socket: ListeningSocket
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let acceptor: any Channel
  /// Those that are open.
  private let connections: NIOLockedValueBox<[ObjectIdentifier: any Channel]>
  /// Whether `socket` is open; held while its descriptor is used or closed.
  private let isListening = NIOLockedValueBox(true)

  /// Starts to accept connections on a socket that it takes over; `tellsRequests` where those who reach it may know what
  /// is under way.
  init(plane: DataPlane, socket: ListeningSocket, tellsRequests: Bool = true) throws(Problem) {
    self.socket = socket
    let connections = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
    self.connections = connections
    let bootstrap = ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        let isTaken = connections.withLockedValue { connections in
          guard connections.count < Self.connectionLimit else { return false }
          connections[ObjectIdentifier(channel)] = channel
          return true
        }
        guard isTaken else { return channel.close() }
        channel.closeFuture.whenComplete { _ in
          connections.withLockedValue { $0[ObjectIdentifier(channel)] = nil }
        }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandlers(
            HTTPResponseEncoder(), ByteToMessageHandler(plane.limits), HTTPServerPipelineHandler(),
            HTTPServerProtocolErrorHandler())
          try pipeline.addHandler(AdminHandler(plane: plane, tellsRequests: tellsRequests))
        }
      }
    do { acceptor = try bootstrap.withBoundSocket(socket.duplicate()).wait() } catch {
      throw Problem(
        .unavailable, "listen.failed", "accepting connections of the admin listener failed",
        subject: socket.address, cause: "\(error)")
    }
  }

  /// Calls `body` with the descriptor of the listening socket; nil where it is given up.
  func withListener<Value>(_ body: (CInt) -> Value) -> Value? {
    isListening.withLockedValue { $0 ? body(socket.descriptor) : nil }
  }

  /// Closes everything; blocks, so never call it on an event loop.
  ///
  /// Of the socket this process's descriptors alone: whoever shares it goes on accepting.
  func finish() {
    isListening.withLockedValue { isListening in
      guard isListening else { return }
      isListening = false
      try? acceptor.close().wait()
      socket.close()
    }
    for connection in connections.withLockedValue({ Array($0.values) }) { try? connection.close().wait() }
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    try? group.syncShutdownGracefully()
  }
}

/// Answers one request after the other; bodies are dropped.
private final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// How long a whole request may take to come, and its answer to be taken and the next to come; then the connection is
  /// closed.
  private static let patience = TimeAmount.seconds(30)

  private let plane: DataPlane
  private let tellsRequests: Bool
  private var head: HTTPRequestHead?
  private var deadline: Scheduled<Void>?

  init(plane: DataPlane, tellsRequests: Bool) {
    self.plane = plane
    self.tellsRequests = tellsRequests
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

  func channelActive(context: ChannelHandlerContext) {
    wait(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  private func wait(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: Self.patience) { loopBound.value.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private typealias Page = (status: HTTPResponseStatus, type: String, text: String)

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let path = head.uri.prefix(while: { $0 != "?" })
    let isObserving = path == "/metrics" || (tellsRequests && path == "/debug/requests")
    guard head.method == .GET || head.method == .HEAD, isObserving else {
      return send(page(head, String(path)), to: head, context)
    }
    // These two tell what every connection does, which only its event loop knows.
    let plane = plane
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    PlaneObservation.take(plane, on: context.eventLoop).whenSuccess { seen in
      let (handler, context) = loopBound.value
      guard context.channel.isActive else { return }
      let page: Page =
        path == "/metrics"
        ? (.ok, "text/plain; version=0.0.4; charset=utf-8", MetricsPage.write(plane, seen))
        : (.ok, Self.json, RequestsPage.write(plane, seen).canonicalText)
      handler.send(page, to: head, context)
    }
  }

  private func send(_ page: Page, to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders([("Content-Type", page.type), ("Content-Length", String(page.text.utf8.count))])
    // Behind a request to change the protocol no other is parsed.
    let keepsAlive = head.isKeepAlive && head.method != .CONNECT && !head.headers.contains(name: "Upgrade")
    if !keepsAlive { headers.add(name: "Connection", value: "close") }
    wait(context)
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: page.status, headers: headers))),
      promise: nil)
    if head.method != .HEAD {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: page.text)))), promise: nil)
    }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
      if !keepsAlive { channel.close(promise: nil) }
    }
  }

  private static let json = "application/json"

  private func page(_ head: HTTPRequestHead, _ path: String) -> Page {
    guard head.method == .GET || head.method == .HEAD else {
      return Self.problem(
        .methodNotAllowed, "request.method-not-allowed", "expected GET or HEAD, found another method")
    }
    switch path {
    case "/health/live": return (.ok, Self.json, #"{"live":true}"#)
    case "/health/ready":
      let isReady = plane.table.isReady && !plane.isDraining
      return (isReady ? .ok : .serviceUnavailable, Self.json, #"{"ready":\#(isReady)}"#)
    default:
      return Self.problem(
        .notFound, "request.no-such-route",
        "expected '/metrics', '/health/live', '/health/ready' or '/debug/requests', found another path")
    }
  }

  private static func problem(_ status: HTTPResponseStatus, _ code: String, _ message: String) -> Page {
    let answer = Answer(Problem(.badInput, code, message))
    return (status, json, String(decoding: answer.body, as: UTF8.self))
  }
}
