import Domain
import NIOCore
import NIOTLS

/// The TLS handshakes of one event loop that are under way, oldest first.
///
/// Bounded in number and in time. At the bound the oldest is given up for the newest: an honest caller is done after a
/// few round trips, so it is one that holds the place on purpose.
final class Handshakes {
  private let limit: Int
  private let patience: TimeAmount
  /// Those that have begun, in their order; some have ended since.
  private var begun = CircularBuffer<HandshakeHandler>()
  private var count = 0
  private var isScheduled = false

  init(limits: PlaneLimits) {
    limit = limits.handshakes
    patience = TimeAmount(limits.handshake)
  }

  fileprivate func begin(_ handshake: HandshakeHandler, _ context: ChannelHandlerContext) {
    if count >= limit { oldest()?.abandon() }
    // Those that have ended behind one that has not are in the way only once they are many.
    if begun.count > 2 * limit { begun.removeAll { !$0.isUnderWay } }
    handshake.deadline = .now() + patience
    begun.append(handshake)
    count += 1
    schedule(handshake, context.eventLoop)
  }

  fileprivate func end() { count -= 1 }

  /// The oldest that is under way.
  private func oldest() -> HandshakeHandler? {
    while let first = begun.first, !first.isUnderWay { begun.removeFirst() }
    return begun.first
  }

  /// One timer for all: each has as long as the others, so the oldest is due first.
  private func schedule(_ next: HandshakeHandler, _ loop: any EventLoop) {
    guard !isScheduled else { return }
    isScheduled = true
    let loopBound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(deadline: next.deadline) { loopBound.value.expire(loop) }
  }

  private func expire(_ loop: any EventLoop) {
    isScheduled = false
    let now = NIODeadline.now()
    while let first = oldest() {
      guard first.deadline <= now else { return schedule(first, loop) }
      first.abandon()
    }
  }
}

/// Waits for the end of a TLS handshake, and then has the protocol that was agreed on take over.
final class HandshakeHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let handshakes: Handshakes
  private let protocols: ConnectionProtocols
  private var context: ChannelHandlerContext?
  fileprivate var deadline = NIODeadline.distantFuture

  init(_ handshakes: Handshakes, _ protocols: ConnectionProtocols) {
    self.handshakes = handshakes
    self.protocols = protocols
  }

  fileprivate var isUnderWay: Bool { context != nil }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    handshakes.begin(self, context)
    // Those behind hear of it once they are there.
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    end()
    protocols.takeOver(negotiated == "h2" ? .http2 : .http1, from: self, context)
  }

  func channelInactive(context: ChannelHandlerContext) { end() }

  /// A handshake that failed: the other end has been told by an alert.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  fileprivate func abandon() {
    let context = context
    end()
    context?.close(promise: nil)
  }

  private func end() {
    guard context != nil else { return }
    context = nil
    handshakes.end()
  }
}
