import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Testing

@testable import Serving

/// A client of HTTP/1.1 over TLS that sends the bytes it is given.
final class SecureClient {
  private let channel: any Channel
  private let inbox: Inbox
  private var buffered: [UInt8] = []

  /// What came, and whether more will.
  private final class Inbox: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    struct State {
      var bytes: [UInt8] = []
      var hasEnded = false
      var certificate: NIOSSLCertificate?
    }

    let state = NIOLockedValueBox(State())

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      state.withLockedValue { $0.bytes += bytes.readableBytesView }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case .handshakeCompleted? = event as? TLSUserEvent {
        let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
        state.withLockedValue { $0.certificate = certificate ?? nil }
      }
      context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) { state.withLockedValue { $0.hasEnded = true } }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  init(port: Int, _ configuration: TLSConfiguration) throws {
    let context = try NIOSSLContext(configuration: configuration)
    let inbox = Inbox()
    self.inbox = inbox
    channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            NIOSSLClientHandler(context: context, serverHostname: "localhost"), inbox)
        }
      }
      .connect(host: "127.0.0.1", port: port).wait()
  }

  deinit { channel.close(promise: nil) }

  /// The certificate that the server showed.
  var certificate: NIOSSLCertificate? { inbox.state.withLockedValue { $0.certificate } }

  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
  func send(_ text: String) { send(Array(text.utf8)) }

  func exchange(_ text: String) throws -> Received {
    send(text)
    return try receive()
  }

  func receive() throws -> Received {
    try #require(try Patience.wait { self.take() }, "the connection ended before an answer was whole")
  }

  /// Waits for the end of the connection; says whether nothing came before it.
  func receivesEnd() throws -> Bool {
    try Patience.wait { self.inbox.state.withLockedValue { $0.hasEnded ? $0.bytes.isEmpty : nil } }
  }

  /// An answer, nil while it is not whole; nil inside where it will never be.
  private func take() -> Received?? {
    let hasEnded = inbox.state.withLockedValue { state in
      buffered += state.bytes
      state.bytes = []
      return state.hasEnded
    }
    if let received = Received.take(from: &buffered) { return .some(received) }
    return hasEnded ? .some(nil) : nil
  }
}

/// Waits for what another thread brings about, and no longer than a minute.
enum Patience {
  static func wait<Value>(_ look: () throws -> Value?) throws -> Value {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if let value = try look() { return value }
      usleep(500)
    }
    return try #require(try look(), "nothing came within ten seconds")
  }

  /// Waits until something holds.
  static func wait(until holds: () throws -> Bool) throws { _ = try wait { try holds() ? true : nil } }
}
