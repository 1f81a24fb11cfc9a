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

  private let channel = EmbeddedChannel()
  private let reads = Reads()
  private let pace = ReadPace()

  init() throws { try channel.pipeline.syncOperations.addHandlers(reads, pace) }

  /// Has so many bytes come in.
  private func receive(_ count: Int) throws {
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
    try receive(64 << 10)
    for _ in 0..<10_000 { pace.parsed() }
    #expect(reads(within: .milliseconds(10)) == 0)
    #expect(reads(within: .milliseconds(3)) == 1)
  }

  @Test(arguments: [(500, nil), (501, 2048)])
  func `a connection whose reads are parsed into many pieces is read in small ones`(
    pieces: Int, bytes: Int?
  ) throws {
    let options = try #require(channel.syncOptions)
    try options.setOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
    for _ in 0..<pieces { pace.parsed() }
    channel.pipeline.fireChannelReadComplete()
    let allocator = try options.getOption(.recvAllocator)
    #expect((allocator as? FixedSizeRecvByteBufferAllocator)?.capacity == bytes ?? 65_536)
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
