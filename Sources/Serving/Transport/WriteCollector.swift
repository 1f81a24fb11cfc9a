import NIOCore

/// Puts what one turn of the event loop writes to a connection into one write.
///
/// HTTP/2 writes frame by frame, and each stream flushes for itself. Every write would be a record of TLS or an entry of
/// a vector, and every flush a system call.
///
/// Where the output ends, what still comes in is read and dropped: unread, it would turn the close into a reset, and the
/// caller could lose the answers that it has not read yet.
final class WriteCollector: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes of a write that is passed on as it is: copying it would cost more than it saves.
  private static let large = 16 << 10
  /// Bytes that are gathered at most, and that a connection keeps room for.
  private static let most = 64 << 10

  private var context: ChannelHandlerContext?
  private var gathered = ByteBuffer()
  private var isFlushScheduled = false
  private var isEnding = false

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  /// Writes whole frames that the codec before it is not to know of.
  func write(frames: [UInt8]) {
    guard let context else { return }
    gathered.writeBytes(frames)
    flush(context: context)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var bytes = unwrapOutboundIn(data)
    if promise == nil, bytes.readableBytes < Self.large {
      gathered.writeBuffer(&bytes)
      if gathered.readableBytes > Self.most { passOn(context) }
    } else {
      passOn(context)
      context.write(wrapOutboundOut(bytes), promise: promise)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !isEnding { context.fireChannelRead(data) }
  }

  func flush(context: ChannelHandlerContext) {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.execute {
      let (collector, context) = loopBound.value
      collector.isFlushScheduled = false
      collector.flushNow(context)
    }
  }

  /// Ends the output only once all that was written is out, and what the codec held back until then; a close of both ends
  /// waits for nothing.
  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output else {
      flushNow(context)
      return context.close(mode: mode, promise: promise)
    }
    isEnding = true
    endOutput(context, promise)
  }

  private func endOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let written = context.write(wrapOutboundOut(gathered))
    gathered = ByteBuffer()
    // The codec learns behind this that the socket takes more, and hands on the last that it has to say.
    let eventLoop = context.eventLoop
    written.whenComplete { _ in
      eventLoop.execute {
        let (collector, context) = loopBound.value
        if collector.gathered.readableBytes > 0 {
          collector.endOutput(context, promise)
        } else {
          context.close(mode: .output, promise: promise)
        }
      }
    }
    context.flush()
  }

  private func flushNow(_ context: ChannelHandlerContext) {
    passOn(context)
    context.flush()
    // The socket that takes what is flushed may have had the codec write more.
    guard gathered.readableBytes == 0 else { return flush(context: context) }
    // What the socket took at once leaves its room to the next turn.
    if gathered.capacity > 2 * Self.most { gathered = ByteBuffer() } else { gathered.clear() }
  }

  private func passOn(_ context: ChannelHandlerContext) {
    guard gathered.readableBytes > 0 else { return }
    // What is gathered while it is passed on stays.
    let end = gathered.writerIndex
    context.write(wrapOutboundOut(gathered), promise: nil)
    gathered.moveReaderIndex(to: end)
  }
}
