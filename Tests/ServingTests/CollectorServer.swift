import Encoding
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import Serving

/// A collector of spans on a free port of the loopback, which answers as it is told.
final class CollectorServer: Sendable {
  /// One request that came.
  struct Request: Sendable {
    var head: HTTPRequestHead
    var body: [UInt8]
    /// Which connection it came by, counted from 0.
    var connection: Int
  }

  struct Reply: Sendable {
    var status = HTTPResponseStatus.ok
    var fields: [(String, String)] = []
    var body: [UInt8] = []
    /// Whether the connection ends without an answer.
    var hangsUp = false
  }

  private struct State {
    var requests: [Request] = []
    var replies: [Reply]
    var connections = 0
  }

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let state: NIOLockedValueBox<State>
  private let acceptor: any Channel

  private let isSecure: Bool

  /// Answers with these, one after another, and with 200 from then on.
  convenience init(_ replies: Reply...) throws { try self.init(replies, security: nil) }

  init(_ replies: [Reply], security: NIOSSLContext?) throws {
    isSecure = security != nil
    let state = NIOLockedValueBox(State(replies: replies))
    self.state = state
    acceptor = try ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let security {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: security))
          }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          let number = state.withLockedValue { state in
            defer { state.connections += 1 }
            return state.connections
          }
          try channel.pipeline.syncOperations.addHandler(
            Handler(number) { request in
              state.withLockedValue { state in
                state.requests.append(request)
                return state.replies.isEmpty ? Reply() : state.replies.removeFirst()
              }
            })
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
  }

  var collector: Collector {
    get throws { try Collector(try address) }
  }

  var address: CollectorAddress {
    get throws {
      let port = try #require(acceptor.localAddress?.port)
      return try CollectorAddress(parsing: "\(isSecure ? "https" : "http")://127.0.0.1:\(port)")
    }
  }

  var requests: [Request] { state.withLockedValue { $0.requests } }

  /// Waits until so many requests have come.
  func waitForRequests(_ count: Int) throws {
    let patience = ContinuousClock.now + .seconds(60)
    while requests.count < count {
      try #require(ContinuousClock.now < patience, "expected \(count) requests, found \(requests.count)")
      try group.next().scheduleTask(in: .milliseconds(2)) {}.futureResult.wait()
    }
  }

  func stop() { try? group.syncShutdownGracefully() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: Int
    private let reply: (Request) -> Reply
    private var request: Request?

    init(_ connection: Int, _ reply: @escaping (Request) -> Reply) {
      self.connection = connection
      self.reply = reply
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): request = Request(head: head, body: [], connection: connection)
      case .body(let bytes): request?.body += bytes.readableBytesView
      case .end:
        guard let request else { return }
        let reply = reply(request)
        guard !reply.hangsUp else { return context.close(promise: nil) }
        let fields = HTTPHeaders(reply.fields + [("Content-Length", "\(reply.body.count)")])
        context.write(
          wrapOutboundOut(.head(.init(version: .http1_1, status: reply.status, headers: fields))),
          promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}

/// The spans of a request, read with the field numbers of opentelemetry-proto.
struct ReceivedSpan {
  var trace = ""
  var id = ""
  var state = ""
  var parent = ""
  var name = ""
  var kind = 0
  var start: UInt64 = 0
  var end: UInt64 = 0
  var attributes: [String: String] = [:]
  var isError = false
  var flags: UInt32 = 0

  /// The attributes of whom they are of, and the spans.
  static func read(_ body: [UInt8]) throws -> (resource: [String: String], spans: [ReceivedSpan]) {
    var resource: [String: String] = [:]
    var spans: [ReceivedSpan] = []
    for resourceSpans in try messages(body[...], 1) {
      for message in try messages(resourceSpans, 1) { resource = try attributes(message, 1) }
      for scope in try messages(resourceSpans, 2) {
        for span in try messages(scope, 2) { spans.append(try ReceivedSpan(span)) }
      }
    }
    return (resource, spans)
  }

  private init(_ bytes: ArraySlice<UInt8>) throws {
    attributes = try Self.attributes(bytes, 9)
    for field in try Self.fields(bytes) {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): trace = Hexadecimal.encode(bytes)
      case (2, .bytes(let bytes)): id = Hexadecimal.encode(bytes)
      case (3, .bytes(let bytes)): state = String(decoding: bytes, as: UTF8.self)
      case (4, .bytes(let bytes)): parent = Hexadecimal.encode(bytes)
      case (5, .bytes(let bytes)): name = String(decoding: bytes, as: UTF8.self)
      case (6, .varint(let value)): kind = Int(value)
      case (7, .fixed64(let value)): start = value
      case (8, .fixed64(let value)): end = value
      case (15, .bytes(let bytes)):
        isError = try Self.fields(bytes).contains { $0.number == 3 && $0.varint == 2 }
      case (16, .fixed32(let value)): flags = value
      default: break
      }
    }
  }

  private static func fields(_ bytes: ArraySlice<UInt8>) throws -> [ProtobufField] {
    var reader = ProtobufReader(bytes, origin: 0)
    var fields: [ProtobufField] = []
    while let field = try reader.next() { fields.append(field) }
    return fields
  }

  private static func messages(_ bytes: ArraySlice<UInt8>, _ number: Int) throws -> [ArraySlice<UInt8>] {
    try fields(bytes).filter { $0.number == number }.compactMap(\.bytes)
  }

  private static func attributes(_ bytes: ArraySlice<UInt8>, _ number: Int) throws -> [String: String] {
    var attributes: [String: String] = [:]
    for pair in try messages(bytes, number) {
      let members = try fields(pair)
      let name = members.first { $0.number == 1 }?.bytes.map { String(decoding: $0, as: UTF8.self) }
      let value = try members.first { $0.number == 2 }?.bytes.map { try fields($0) }?.first
      if let name, let value {
        attributes[name] =
          value.bytes.map { String(decoding: $0, as: UTF8.self) } ?? value.integer.map { "\($0)" }
      }
    }
    return attributes
  }
}
