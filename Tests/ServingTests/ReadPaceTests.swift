import NIOCore
import NIOEmbedded
import Testing

@testable import Serving

/// How fast a connection is read.
struct ReadPaceTests {
  /// Counts how often the socket is read.
  private final class Reads: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private(set) var count = 0

    func read(context: ChannelHandlerContext) {
      count += 1
      context.read()
    }
  }

  /// Makes as many pieces of each read as it is told to.
  private final class Parser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let pace: ReadPace
    var pieces = 0

    init(_ pace: ReadPace) { self.pace = pace }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { for _ in 0..<pieces { pace.parsed() } }
  }

  private let channel = EmbeddedChannel()
  private let reads = Reads()
  private let pace = ReadPace()
  private let parser: Parser

  init() throws {
    parser = Parser(pace)
    try channel.pipeline.syncOperations.addHandlers(reads, pace, parser)
  }

  /// Has so many bytes come in, which are parsed into so many pieces.
  private func receive(_ count: Int, pieces: Int = 0) throws {
    parser.pieces = pieces
    try channel.writeInbound(ByteBuffer(repeating: 0, count: count))
  }

  /// How often the socket is read where it is to be three times, and by then.
  private func reads(within time: TimeAmount) -> Int {
    let before = reads.count
    for _ in 0..<3 { channel.read() }
    channel.embeddedEventLoop.advanceTime(by: time)
    return reads.count - before
  }

  @Test func `a mebibyte is read at once`() throws {
    try receive(1 << 20)
    #expect(reads(within: .zero) == 3)
  }

  @Test func `what is beyond is read at a pace, once for all who ask meanwhile`() throws {
    try receive((1 << 20) + (256 << 10))
    #expect(reads(within: .microseconds(1999)) == 0)
    channel.embeddedEventLoop.advanceTime(by: .microseconds(2))
    #expect(reads.count == 1)
    try receive(128 << 10)
    #expect(reads(within: .microseconds(990)) == 0)
    #expect(reads(within: .microseconds(20)) == 1)
  }

  @Test func `what is thrown away is read half as fast`() throws {
    pace.slowDown()
    try receive((1 << 20) + (256 << 10))
    #expect(reads(within: .microseconds(3999)) == 0)
    #expect(reads(within: .microseconds(2)) == 1)
  }

  @Test func `bytes in pieces of their own cost more than in one`() throws {
    try receive(64 << 10, pieces: 10_000)
    #expect(reads(within: .milliseconds(10)) == 0)
    #expect(reads(within: .milliseconds(3)) == 1)
  }

  @Test func `what the plane itself writes costs its caller nothing`() throws {
    for _ in 0..<100_000 { pace.parsed() }
    #expect(reads(within: .zero) == 3)
  }

  @Test(arguments: [(500, false), (501, true)])
  func `a connection one of whose reads is parsed into many pieces is read in small ones`(
    pieces: Int, isSmall: Bool
  ) throws {
    let options = try #require(channel.syncOptions)
    try options.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
    try receive(1, pieces: pieces)
    #expect((try options.getOption(.recvAllocator) is SmallReads) == isSmall)
  }

  @Test func `small reads are small also where there is a large buffer to read into`() {
    var pool = NIOPooledRecvBufferAllocator(
      capacity: 1, recvAllocator: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
    func room() -> Int {
      let (_, room) = pool.buffer(allocator: ByteBufferAllocator()) { $0.writableBytes }
      pool.record(actualReadBytes: room)
      return room
    }
    #expect((room(), room()) == (65_536, 65_536))
    pool.recvAllocator = SmallReads()
    pool.record(actualReadBytes: 1)
    #expect((room(), room()) == (2048, 2048))
  }

  @Test func `who has waited may read a mebibyte again`() throws {
    try receive(8 << 20)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(reads(within: .zero) == 3)
    try receive(1 << 20)
    #expect(reads(within: .zero) == 3)
    try receive(1 << 20)
    channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
    #expect(reads(within: .microseconds(100)) == 0)
  }
}
