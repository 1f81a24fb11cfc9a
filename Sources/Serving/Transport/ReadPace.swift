import NIOCore

/// Holds a connection to a pace of reading, so that whoever pours bytes leaves the event loop time for others.
///
/// What a connection takes of the loop's time grows with its bytes and with the pieces that they are parsed into: a byte in
/// a chunk of its own costs more than a thousand in one. Beyond a store that refills with time, it is read no faster than
/// `bytesPerMillisecond`; TCP slows the caller then.
final class ReadPace: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  /// What may be read at once.
  private static let store = 1 << 20
  /// What a piece costs besides its bytes: a head, a part of a body or the end of one, a frame.
  private static let piece = 256
  /// Pieces of one read, above which the connection is read in small ones from there on, and how many bytes those have.
  ///
  /// What one read brings is parsed in one go, and 64 KiB can be 10,000 pieces.
  private static let small = (pieces: 500, bytes: 2048)

  /// What is read of a caller that goes on sending; half as much of what is thrown away.
  private var bytesPerMillisecond = 128 << 10
  /// What may be read still; negative where more was read.
  private var allowance = store
  /// When `allowance` was last refilled.
  private var refilled = NIODeadline.uptimeNanoseconds(0)
  private var isResting = false
  /// Pieces made of the present read.
  private var pieces = 0
  private var isReadInSmall = false

  /// So many pieces were made of what was read.
  func parsed() {
    allowance -= Self.piece
    pieces += 1
  }

  /// Nothing of what still comes is wanted.
  func slowDown() { bytesPerMillisecond = 64 << 10 }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    allowance -= unwrapInboundIn(data).readableBytes
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if pieces > Self.small.pieces, !isReadInSmall {
      isReadInSmall = true
      let allocator = FixedSizeRecvByteBufferAllocator(capacity: Self.small.bytes)
      // A connection that is gone is not read at all.
      try? context.channel.syncOptions?.setOption(.recvAllocator, value: allocator)
    }
    pieces = 0
    context.fireChannelReadComplete()
  }

  func read(context: ChannelHandlerContext) {
    // That its output ends, or the connection, is told whether somebody reads or not.
    guard !isResting else { return }
    guard let rest = rest(context.eventLoop) else { return context.read() }
    isResting = true
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: rest) {
      let (pace, context) = loopBound.value
      pace.isResting = false
      pace.read(context: context)
    }
  }

  /// How long others have their turn before the connection is read again; nil where it may be read now.
  private func rest(_ eventLoop: any EventLoop) -> TimeAmount? {
    guard allowance < 0 else { return nil }
    let now = eventLoop.now
    let nanosecondsPerMillisecond = 1_000_000
    // Enough to fill the store, and too little to overflow.
    let elapsed = min(Int((now - refilled).nanoseconds), 100 * nanosecondsPerMillisecond)
    refilled = now
    allowance = min(Self.store, allowance + elapsed * bytesPerMillisecond / nanosecondsPerMillisecond)
    guard allowance < 0 else { return nil }
    return .nanoseconds(Int64(-allowance * nanosecondsPerMillisecond / bytesPerMillisecond) + 1)
  }
}
