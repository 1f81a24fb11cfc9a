import NIOCore
import NIOHTTP1

/// The parser of HTTP/1.1, which reads on behind a request that asks for another protocol.
///
/// NIO's stops behind such a request, for what follows may be of that protocol. Here none is changed to, and what follows
/// is the next request (RFC 9110 section 7.8). So where NIO's parser has stopped a new one takes its place. Whether it has
/// is asked of the parser itself: another reading of `Connection` and `Upgrade` than its own would begin requests where
/// it does not.
struct RequestDecoder: ByteToMessageDecoder {
  typealias InboundOut = HTTPServerRequestPart

  private let limits: NIOHTTPDecoderLimitConfiguration
  private var parser: HTTPRequestDecoder
  /// Whether the parser took nothing yet.
  private var isNew = true

  init(_ limits: PlaneLimits) {
    self.limits = NIOHTTPDecoderLimitConfiguration(limits)
    parser = Self.parser(self.limits)
  }

  private static func parser(_ limits: NIOHTTPDecoderLimitConfiguration) -> HTTPRequestDecoder {
    HTTPRequestDecoder(
      leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .drop, limitConfiguration: limits)
  }

  func decoderAdded(context: ChannelHandlerContext) { parser.decoderAdded(context: context) }

  func decoderRemoved(context: ChannelHandlerContext) { parser.decoderRemoved(context: context) }

  mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
    let before = buffer.readableBytes
    let state = try parser.decode(context: context, buffer: &buffer)
    if buffer.readableBytes < before { isNew = false }
    // A new one in the place of one that is new would take as little, without end.
    guard buffer.readableBytes > 0, !isNew, hasStopped(context) else { return state }
    parser.decoderRemoved(context: context)
    parser = Self.parser(limits)
    parser.decoderAdded(context: context)
    isNew = true
    return .continue
  }

  mutating func decodeLast(
    context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
  ) throws -> DecodingState {
    while buffer.readableBytes > 0, case .continue = try decode(context: context, buffer: &buffer) {}
    return try end(context, seenEOF: seenEOF)
  }

  /// Whether the parser, which has left some of its input, takes no more.
  ///
  /// What one leaves that has not stopped is the beginning of a field: it stands within a request, and does not take this
  /// for the end. The question changes nothing in it.
  private func hasStopped(_ context: ChannelHandlerContext) -> Bool {
    do {
      _ = try end(context, seenEOF: true)
      return true
    } catch {
      return false
    }
  }

  /// Tells the parser that no more comes; throws where that is within a request.
  private func end(_ context: ChannelHandlerContext, seenEOF: Bool) throws -> DecodingState {
    var nothing = ByteBuffer()
    return try parser.decodeLast(context: context, buffer: &nothing, seenEOF: seenEOF)
  }
}

extension ByteToMessageHandler<RequestDecoder> {
  /// The parser of a connection of HTTP/1.1.
  ///
  /// It keeps the beginning of one field of a head at most, and is given room for twice as much.
  convenience init(_ limits: PlaneLimits) {
    self.init(RequestDecoder(limits), maximumBufferSize: 2 * limits.headerBytes)
  }
}

extension NIOHTTPDecoderLimitConfiguration {
  fileprivate init(_ limits: PlaneLimits) {
    self.init()
    maxHeaderFieldSize = limits.headerBytes
    maxHeaderListSize = limits.headerBytes
    maxHeaderFieldCount = limits.headerFields
  }
}
