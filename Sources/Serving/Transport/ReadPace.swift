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
  /// Pieces of one read, above which the connection is read in small ones from there on.
  ///
  /// What one read brings is parsed in one go, and 64 KiB can be 10,000 pieces.
  private static let mostPieces = 500

  /// What is read of a caller; half as much once all that it sends is thrown away.
  private var bytesPerMillisecond = 128 << 10
  /// What may be read still; negative where more was read.
  private var allowance = store
  /// When `allowance` was last refilled.
  private var refilled = NIODeadline.uptimeNanoseconds(0)
  private var isResting = false
  /// Pieces made of the present read; nil between reads, when what is told is of the plane's own making.
  private var pieces: Int?
  private var isReadInSmall = false

  /// A piece was made of what was read.
  func parsed() {
    guard let pieces else { return }
    self.pieces = pieces + 1
    allowance -= Self.piece
  }

  /// Nothing of what still comes is wanted.
  func slowDown() { bytesPerMillisecond = 64 << 10 }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    allowance -= unwrapInboundIn(data).readableBytes
    pieces = 0
    context.fireChannelRead(data)
    if !isReadInSmall, let pieces, pieces > Self.mostPieces { readInSmall(context) }
    pieces = nil
  }

  private func readInSmall(_ context: ChannelHandlerContext) {
    isReadInSmall = true
    // A connection that is gone is not read at all.
    try? context.channel.syncOptions?.setOption(.recvAllocator, value: SmallReads())
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
    // Enough for the store and for what one read can owe, and too little to overflow.
    let elapsed = min(Int((now - refilled).nanoseconds), 100 * nanosecondsPerMillisecond)
    refilled = now
    allowance = min(Self.store, allowance + elapsed * bytesPerMillisecond / nanosecondsPerMillisecond)
    guard allowance < 0 else { return nil }
    return .nanoseconds(Int64(-allowance * nanosecondsPerMillisecond / bytesPerMillisecond) + 1)
  }
}

/// Buffers of 2 KiB to read into.
///
/// Each is a new one: NIO reads into the one that it has as long as nobody asks for larger ones, be that one of 64 KiB.
struct SmallReads: RecvByteBufferAllocator {
  private static let bytes = 2048

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: Self.bytes) }

  mutating func record(actualReadBytes: Int) -> Bool { true }
}
