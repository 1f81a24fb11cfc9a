import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import Testing

@testable import Serving

/// A client of HTTP/2, in the clear or over TLS.
final class HTTP2Client {
  let channel: any Channel
  private let multiplexer: NIOHTTP2Handler.StreamMultiplexer

  /// Connects; `window` is how many bytes of an answer it takes on a stream before it makes more room.
  init(port: Int, _ tls: TLSConfiguration? = nil, window: Int = 65_535, readsAnswers: Bool = true) throws {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let context {
            try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
          }
          var connection = NIOHTTP2Handler.ConnectionConfiguration()
          connection.initialSettings.append(HTTP2Setting(parameter: .initialWindowSize, value: window))
          var stream = NIOHTTP2Handler.StreamConfiguration()
          stream.targetWindowSize = window
          try pipeline.addHandler(
            NIOHTTP2Handler(
              mode: .client, eventLoop: channel.eventLoop, connectionConfiguration: connection,
              streamConfiguration: stream
            ) { $0.close() })
        }
      }
      .connect(host: "127.0.0.1", port: port).wait()
    multiplexer = try channel.pipeline.handler(type: NIOHTTP2Handler.self).flatMap { $0.multiplexer }.wait()
  }

  deinit { channel.close(promise: nil) }

  /// A request and its answer to come.
  struct Exchange {
    let stream: any Channel
    let answer: EventLoopFuture<Received>

    func receive() throws -> Received { try answer.wait() }

    func send(_ bytes: [UInt8], isLast: Bool) throws {
      let data = HTTP2Frame.FramePayload.data(
        .init(data: .byteBuffer(ByteBuffer(bytes: bytes)), endStream: isLast))
      try stream.writeAndFlush(data).wait()
    }
  }

  /// Sends what a request in the text of HTTP/1.1 says, on a stream of its own.
  func exchange(_ bytes: [UInt8]) throws -> Received {
    let (headers, body) = try Self.headers(of: bytes)
    let exchange = try begin(headers, isWhole: body.isEmpty)
    if !body.isEmpty { try? exchange.send(body, isLast: true) }
    return try exchange.receive()
  }

  func exchange(_ text: String) throws -> Received { try exchange(Array(text.utf8)) }

  /// Opens a stream with a head.
  func begin(_ headers: HPACKHeaders, isWhole: Bool) throws -> Exchange {
    let answer = channel.eventLoop.makePromise(of: Received.self)
    let opened = channel.eventLoop.makePromise(of: (any Channel).self)
    multiplexer.createStreamChannel(promise: opened) { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.pipeline.syncOperations.addHandler(AnswerCollector(answer))
      }
    }
    let stream = try opened.futureResult.wait()
    stream.writeAndFlush(
      HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: isWhole)), promise: nil)
    return Exchange(stream: stream, answer: answer.futureResult)
  }

  /// The head of HTTP/2 and the body that a request in the text of HTTP/1.1 has.
  static func headers(of bytes: [UInt8]) throws -> (HPACKHeaders, body: [UInt8]) {
    let end = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) }, "a request without a head")
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let parts = try #require(lines.first).split(separator: " ")
    var headers = HPACKHeaders([
      (":method", String(parts[0])), (":scheme", "http"), (":path", String(parts[1])),
    ])
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1)
      let name = field[0].lowercased()
      headers.add(name: name == "host" ? ":authority" : name, value: String(field[1].drop { $0 == " " }))
    }
    return (headers, Array(bytes[(end + 4)...]))
  }
}

/// Puts an answer together from the frames of its stream.
private final class AnswerCollector: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame.FramePayload

  struct Ended: Error {}

  private let answer: EventLoopPromise<Received>
  private var received = Received(status: 0, fields: [:], body: [])
  private var failure: any Error = Ended()

  init(_ answer: EventLoopPromise<Received>) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .headers(let headers):
      let status = headers.headers.first(name: ":status").flatMap { Int($0) } ?? 0
      // Informational answers come before the one that counts.
      guard status >= 200 else { return }
      received.status = status
      for (name, value, _) in headers.headers where !name.hasPrefix(":") { received.fields[name] = value }
      if headers.endStream { answer.succeed(received) }
    case .data(let data):
      if case .byteBuffer(let bytes) = data.data { received.body += bytes.readableBytesView }
      if data.endStream { answer.succeed(received) }
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { failure = error }
  func channelInactive(context: ChannelHandlerContext) { answer.fail(failure) }
}
