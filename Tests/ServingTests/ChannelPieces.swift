import NIOCore
import NIOEmbedded
import NIOPosix

@testable import Serving

extension PlaneLoop {
  /// What answers on the event loop of a channel without a socket.
  convenience init(
    _ plane: DataPlane, on channel: any Channel,
    _ pool: NIOThreadPool = NIOThreadPool(numberOfThreads: 1)
  ) {
    self.init(
      plane: plane, eventLoop: channel.eventLoop, pool: pool, threads: 1, engines: EngineThreads(),
      writer: AnswerWriter())
  }
}

/// A socket that takes nothing until it is told to.
final class HeldSocket: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  private var promises: [EventLoopPromise<Void>] = []
  /// What was written before the output ended.
  private(set) var written: [UInt8] = []
  private(set) var hasEnded = false
  /// How often it was read.
  private(set) var reads = 0

  func read(context: ChannelHandlerContext) { reads += 1 }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if !hasEnded { written += unwrapOutboundIn(data).readableBytesView }
    if let promise { promises.append(promise) }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    // A channel without a socket knows no end of its output alone.
    guard mode == .output else { return context.close(mode: mode, promise: promise) }
    hasEnded = true
    promise?.succeed()
  }

  /// Takes what was written; who wrote it learns that.
  func take() {
    let promises = promises
    self.promises = []
    for promise in promises { promise.succeed() }
  }
}
