import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends batches to a collector over one connection that is kept, one batch at a time.
///
/// Used on its event loop alone.
final class CollectorClient {
  /// What a collector answered.
  struct Answer: Equatable {
    var status = 0
    /// What it asked to wait, by Retry-After in seconds.
    var retryAfter: Duration?
    var body: [UInt8] = []
  }

  enum Result {
    case answered(Answer)
    case failed(wasKept: Bool, cause: String)
  }

  /// How long a connection may take to come about, and an answer to come.
  private static let patience = TimeAmount.seconds(10)

  private let collector: Collector
  let eventLoop: any EventLoop
  private var kept: (channel: any Channel, handler: CollectorHandler)?

  init(_ collector: Collector, eventLoop: any EventLoop) {
    self.collector = collector
    self.eventLoop = eventLoop
  }

  /// Sends a batch; `done` is called once, on the event loop.
  func post(_ body: [UInt8], _ done: @escaping (Result) -> Void) {
    if let kept, kept.channel.isActive {
      return kept.handler.send(body, wasKept: true, done)
    }
    let (collector, eventLoop) = (collector, eventLoop)
    let address = collector.address
    let loopBound = NIOLoopBound((self, done), eventLoop: eventLoop)
    ClientBootstrap(group: eventLoop)
      .connectTimeout(Self.patience)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let security = collector.security {
            // A certificate for an address is held against the address that was connected to.
            let isNumeric = (try? SocketAddress(ipAddress: address.host, port: 0)) != nil
            try pipeline.addHandler(
              NIOSSLClientHandler(context: security, serverHostname: isNumeric ? nil : address.host))
          }
          try pipeline.addHTTPClientHandlers()
          try pipeline.addHandler(CollectorHandler(collector, patience: Self.patience))
        }
      }
      .connect(host: address.numericHost ?? address.host, port: address.port)
      .flatMapThrowing { channel in
        (
          channel,
          NIOLoopBound(
            try channel.pipeline.syncOperations.handler(type: CollectorHandler.self), eventLoop: eventLoop)
        )
      }
      .whenComplete { result in
        let (client, done) = loopBound.value
        switch result {
        case .success((let channel, let handler)):
          client.kept = (channel, handler.value)
          handler.value.send(body, wasKept: false, done)
        case .failure(let error): done(.failed(wasKept: false, cause: "\(error)"))
        }
      }
  }

  func close() {
    kept?.channel.close(promise: nil)
    kept = nil
  }
}

/// One connection to a collector.
private final class CollectorHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// Bytes of an answer's body that are looked at; what a collector says beyond them is of no use.
  private static let bodyLimit = 64 << 10

  private let collector: Collector
  private let patience: TimeAmount
  private var context: ChannelHandlerContext?
  private var waiting: (wasKept: Bool, done: (CollectorClient.Result) -> Void)?
  private var deadline: Scheduled<Void>?
  private var answer = CollectorClient.Answer()
  private var keepsAlive = true

  init(_ collector: Collector, patience: TimeAmount) {
    self.collector = collector
    self.patience = patience
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    fail("the connection ended")
  }

  func send(_ body: [UInt8], wasKept: Bool, _ done: @escaping (CollectorClient.Result) -> Void) {
    guard let context else { return done(.failed(wasKept: wasKept, cause: "the connection ended")) }
    waiting = (wasKept, done)
    answer = CollectorClient.Answer()
    let address = collector.address
    let fields = HTTPHeaders(
      [
        ("Host", address.authority), ("Content-Type", "application/x-protobuf"),
        ("Content-Length", String(body.count)), ("User-Agent", "gatehouse-runtime"),
      ] + collector.fields.map { ($0.name, $0.value) })
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: address.path, headers: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: patience) {
      let (handler, context) = loopBound.value
      handler.fail("no answer came in time")
      context.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer.status = Int(head.status.code)
      keepsAlive = head.isKeepAlive
      answer.retryAfter = head.headers.first(name: "Retry-After").flatMap { Int($0) }
        .map { .seconds(min(max($0, 0), 3600)) }
    case .body(let bytes): answer.body += bytes.readableBytesView.prefix(Self.bodyLimit - answer.body.count)
    case .end:
      let done = settle()
      if !keepsAlive { context.close(promise: nil) }
      done?.done(.answered(answer))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail("the connection ended")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail("\(error)")
    context.close(promise: nil)
  }

  private func fail(_ cause: String) {
    guard let waiting = settle() else { return }
    // An answer that had begun is no sign of a connection that had ended before.
    waiting.done(.failed(wasKept: waiting.wasKept && answer.status == 0, cause: cause))
  }

  private func settle() -> (wasKept: Bool, done: (CollectorClient.Result) -> Void)? {
    deadline?.cancel()
    deadline = nil
    defer { waiting = nil }
    return waiting
  }
}
