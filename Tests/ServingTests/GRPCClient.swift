import Dispatch
import Encoding
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

/// How a call ended, as its caller sees it.
struct GRPCAnswer {
  var head: HPACKHeaders = [:]
  var messages: [[UInt8]] = []
  var trailers: HPACKHeaders = [:]

  /// The code of the status; nil where the call ended without one.
  var status: Int? { trailers.first(name: "grpc-status").flatMap { Int($0) } }
  var message: String? { trailers.first(name: "grpc-message") }
  var code: String? { trailers.first(name: "gatehouse-code") }
  var receipt: String? { trailers.first(name: "gatehouse-receipt") }

  /// The one message of a call that was answered.
  func whole() throws -> [UInt8] {
    try #require(status == 0, "\(message ?? "no status")")
    return try #require(messages.count == 1 ? messages.first : nil)
  }
}

/// A connection that makes calls, with no opinion of its own on what may be sent.
final class GRPCClient {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let channel: any Channel
  private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
  /// What serves it, which lives as long.
  private let server: AnyObject

  init(port: Int, of server: AnyObject) throws {
    self.server = server
    channel = try ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.configureHTTP2Pipeline(
          mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
        ) { $0.eventLoop.makeSucceededVoidFuture() }.map { _ in }
      }.connect(host: "127.0.0.1", port: port).wait()
    multiplexer = try channel.pipeline.handler(type: NIOHTTP2Handler.self).flatMap { $0.multiplexer }.wait()
  }

  deinit { try? group.syncShutdownGracefully() }

  /// Begins a call.
  func open(_ method: GRPCFields) throws -> GRPCStream {
    let events = GRPCStream.Events()
    let promise = channel.eventLoop.makePromise(of: (any Channel).self)
    multiplexer.createStreamChannel(promise: promise) { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.pipeline.syncOperations.addHandler(GRPCStream.Collector(events))
      }
    }
    let stream = GRPCStream(try promise.futureResult.wait(), events, self)
    try stream.write(.headers(.init(headers: method.headers)))
    return stream
  }

  /// Makes a call of whole messages and waits for its end.
  func call(_ fields: GRPCFields, _ messages: [UInt8]..., coding: Bool = false) throws -> GRPCAnswer {
    let stream = try open(fields)
    for message in messages { try stream.send(message, isCompressed: coding) }
    try stream.endInput()
    return try stream.answer()
  }
}

/// The header fields of a call.
struct GRPCFields {
  var headers: HPACKHeaders

  init(_ path: String, key: String? = nil, _ more: (String, String)...) {
    headers = [
      ":method": "POST", ":scheme": "http", ":path": path, ":authority": "test", "te": "trailers",
      "content-type": "application/grpc",
    ]
    if let key { headers.add(name: "authorization", value: "Bearer \(key)") }
    for (name, value) in more { headers.replaceOrAdd(name: name, value: value) }
  }

  /// A call of the inference service.
  static func inference(_ method: String, key: String? = nil) -> GRPCFields {
    GRPCFields("/inference.GRPCInferenceService/\(method)", key: key)
  }

  /// The fields as names and values.
  var pairs: [(String, String)] { headers.map { ($0.name, $0.value) } }

  func with(_ name: String, _ value: String) -> GRPCFields {
    var fields = self
    fields.headers.replaceOrAdd(name: name, value: value)
    return fields
  }

  func without(_ name: String) -> GRPCFields {
    var fields = self
    fields.headers.remove(name: name)
    return fields
  }
}

/// One call that is under way.
final class GRPCStream {
  enum Event {
    case head(HPACKHeaders)
    case message([UInt8])
    case trailers(HPACKHeaders)
    case ended
  }

  /// What came back, in order.
  final class Events: Sendable {
    private let queue = NIOLockedValueBox<[Event]>([])
    private let count = DispatchSemaphore(value: 0)

    func append(_ event: Event) {
      queue.withLockedValue { $0.append(event) }
      count.signal()
    }

    func next() throws -> Event {
      try #require(count.wait(timeout: .now() + 10) == .success, "nothing came within ten seconds")
      return queue.withLockedValue { $0.removeFirst() }
    }
  }

  /// Cuts the messages out of what comes back.
  final class Collector: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload

    private let events: Events
    private var hasHead = false
    private var buffer = ByteBuffer()

    init(_ events: Events) { self.events = events }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .headers(let payload):
        if payload.endStream {
          events.append(.trailers(payload.headers))
        } else {
          events.append(.head(payload.headers))
        }
        hasHead = true
      case .data(let payload):
        guard case .byteBuffer(var bytes) = payload.data else { return }
        buffer.writeBuffer(&bytes)
        while let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self),
          buffer.readableBytes >= 5 + Int(length)
        {
          buffer.moveReaderIndex(forwardBy: 5)
          events.append(.message(buffer.readBytes(length: Int(length)) ?? []))
        }
        if payload.endStream { events.append(.ended) }
      default: break
      }
    }

    func channelInactive(context: ChannelHandlerContext) { events.append(.ended) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { events.append(.ended) }
  }

  private let channel: any Channel
  private let events: Events
  private let client: GRPCClient

  init(_ channel: any Channel, _ events: Events, _ client: GRPCClient) {
    self.channel = channel
    self.events = events
    self.client = client
  }

  func write(_ payload: HTTP2Frame.FramePayload) throws { try channel.writeAndFlush(payload).wait() }

  /// Sends one message in its frame.
  func send(_ message: [UInt8], isCompressed: Bool = false) throws {
    try send(bytes: [isCompressed ? 1 : 0] + UInt32(message.count).littleEndianBytes.reversed() + message)
  }

  func send(bytes: [UInt8]) throws {
    // An early answer resets the stream, so that not everything may be taken.
    try? write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: bytes)))))
  }

  func endInput() throws { try? write(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))) }

  func cancel() throws { try? channel.close().wait() }

  func next() throws -> Event { try events.next() }

  /// Waits for the next message.
  func nextMessage() throws -> [UInt8] {
    while true {
      switch try next() {
      case .message(let message): return message
      case .head: continue
      case .trailers(let trailers):
        throw Ended(description: "ended with \(trailers)")
      case .ended: throw Ended(description: "ended")
      }
    }
  }

  struct Ended: Error, CustomStringConvertible {
    let description: String
  }

  /// Waits for the end of the call.
  func answer() throws -> GRPCAnswer {
    var answer = GRPCAnswer()
    while true {
      switch try next() {
      case .head(let head): answer.head = head
      case .message(let message): answer.messages.append(message)
      case .trailers(let trailers):
        answer.trailers = trailers
        return answer
      case .ended: return answer
      }
    }
  }
}
