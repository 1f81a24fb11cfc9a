import Domain
import NIOCore

/// Learns from the first bytes of a connection in the clear which protocol its caller speaks, and has that take over.
///
/// A caller who knows that HTTP/2 is spoken here begins with a preface that is no request of HTTP/1.1 (RFC 9113 section
/// 3.4). Nearly all others are told from it by their first byte or two.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  private let protocols: ConnectionProtocols
  private var plane: DataPlane { protocols.loop.plane }
  /// How long the first bytes may take.
  private var patience: TimeAmount {
    TimeAmount(plane.isDraining ? plane.limits.idleWhileDraining : plane.limits.idle)
  }
  private let start = NIODeadline.now()
  private var received: ByteBuffer?
  private var deadline: Scheduled<Void>?

  init(_ protocols: ConnectionProtocols) {
    self.protocols = protocols
  }

  func channelActive(context: ChannelHandlerContext) {
    wait(context)
    // Those behind hear of it once they are there.
  }

  /// Looks again now and then: a drain may have begun meanwhile.
  private func wait(_ context: ChannelHandlerContext) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let pause = min(TimeAmount(plane.limits.idleWhileDraining), TimeAmount(plane.limits.idle))
    deadline = context.eventLoop.scheduleTask(in: pause) {
      let (detector, context) = loopBound.value
      if .now() - detector.start >= detector.patience {
        context.close(promise: nil)
      } else {
        detector.wait(context)
      }
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if var received {
      received.writeBuffer(&bytes)
      bytes = received
    }
    guard let found = Self.protocol(of: bytes) else {
      received = bytes
      return
    }
    deadline?.cancel()
    protocols.takeOver(found, from: self, context, with: bytes)
  }

  func channelInactive(context: ChannelHandlerContext) { deadline?.cancel() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Nothing more will come, and what came was no request.
    if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// The protocol that begins like this; nil where the bytes do not say yet.
  static func `protocol`(of bytes: ByteBuffer) -> ApplicationProtocol? {
    guard bytes.readableBytesView.starts(with: preface.prefix(bytes.readableBytes)) else { return .http1 }
    return bytes.readableBytes >= preface.count ? .http2 : nil
  }
}
