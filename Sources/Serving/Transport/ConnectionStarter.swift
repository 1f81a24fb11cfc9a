import Domain
import NIOCore
import NIOHTTP2
import NIOSSL

/// What can be spoken on a connection.
enum ApplicationProtocol: Equatable {
  case http1, http2
}

/// Begins the connections of one event loop: secures them where TLS is asked for, and learns what they speak.
final class ConnectionStarter {
  let loop: PlaneLoop
  private let handshakes: Handshakes
  private let configuration: NIOHTTP2Handler.Configuration

  init(_ loop: PlaneLoop) {
    self.loop = loop
    let limits = loop.plane.limits
    handshakes = Handshakes(limits: limits)
    configuration = NIOHTTP2Handler.Configuration(limits)
  }

  /// Puts the first handlers into the pipeline of a connection that is not active yet.
  func start(_ channel: any Channel, isRefused: Bool) throws {
    let protocols = ConnectionProtocols(loop: loop, http2: configuration, isRefused: isRefused)
    let pipeline = channel.pipeline.syncOperations
    if let tls = loop.plane.tls {
      try pipeline.addHandlers(
        NIOSSLServerHandler(context: tls.context), HandshakeHandler(handshakes, protocols))
    } else {
      try pipeline.addHandler(ProtocolDetector(protocols))
    }
  }
}

/// Has the protocol of a connection take over, as soon as it is known.
struct ConnectionProtocols {
  let loop: PlaneLoop
  let http2: NIOHTTP2Handler.Configuration
  /// Whether there are too many connections: this one gets its refusal and no more.
  let isRefused: Bool

  /// Puts the protocol's handlers in the place of the one that learned which it is, and hands them what it has read.
  func takeOver(
    _ found: ApplicationProtocol, from handler: some RemovableChannelHandler,
    _ context: ChannelHandlerContext,
    with received: ByteBuffer? = nil
  ) {
    let pipeline = context.pipeline.syncOperations
    do {
      switch found {
      case .http1: try pipeline.addHandlers(http1Handlers(), position: .after(handler))
      case .http2: try pipeline.addHandlers(http2Handlers(), position: .after(handler))
      }
    } catch {
      // The pipeline is gone, and the connection with it.
      return context.close(promise: nil)
    }
    context.fireChannelActive()
    if let received { context.fireChannelRead(NIOAny(received)) }
    pipeline.removeHandler(context: context, promise: nil)
  }

  private func http1Handlers() -> [any ChannelHandler] {
    let pace = ReadPace()
    return [
      pace, ByteToMessageHandler(loop.plane.limits), ConnectionHandler(loop, pace, isRefused: isRefused),
    ]
  }

  private func http2Handlers() -> [any ChannelHandler] {
    let collector = WriteCollector()
    let pace = ReadPace()
    let connection = HTTP2Connection(loop, collector, pace, isRefused: isRefused)
    let codec = NIOHTTP2Handler(
      mode: .server, frameDelegate: connection, connectionConfiguration: http2.connection,
      streamConfiguration: http2.stream)
    return [pace, collector, codec, connection]
  }
}

extension NIOHTTP2Handler.Configuration {
  /// The bounds of a connection, and of what its caller may make us do that is no request.
  fileprivate init(_ limits: PlaneLimits) {
    self.init()
    connection.initialSettings = [
      HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.connectionStreams),
      HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytes),
      HTTP2Setting(parameter: .initialWindowSize, value: limits.streamWindow),
    ]
    // Held by whoever answers the stream, so that who breaks it gets an answer and a record.
    connection.contentLengthValidation = .disabled
    connection.maximumBufferedControlFrames = limits.controlFrames.count
    // Callers that measure the way to us send a PING with every burst of data: more than NIO's 200 in 30 s.
    connection.controlFrameRateLimit.maximumCount = limits.controlFrames.count
    connection.controlFrameRateLimit.windowLength = TimeAmount(limits.controlFrames.window)
    connection.maximumRecentlyResetStreams = limits.connectionStreams
    stream.streamResetFrameRateLimit.maximumCount = limits.streamResets.count
    stream.streamResetFrameRateLimit.windowLength = TimeAmount(limits.streamResets.window)
  }
}
