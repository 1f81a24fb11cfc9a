import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on a port of this machine that answers whatever a test wants.
final class LocalServer: Sendable {
  /// What was asked.
  struct Request: Sendable {
    let method: String
    let path: String
    let headers: HTTPHeaders
    let body: [UInt8]
  }

  /// What is answered.
  enum Answer: Sendable {
    case http(Int, [(String, String)] = [], body: [UInt8] = [])
    /// Nothing, ever.
    case silence
    /// The connection ends.
    case end
    /// A body that never ends, a byte at a time.
    case trickle
  }

  private struct State {
    var requests: [Request] = []
    var answer: @Sendable (Request, Int) -> Answer
  }

  private let state: NIOLockedValueBox<State>
  private let channel: any Channel

  var port: Int { channel.localAddress?.port ?? 0 }
  var url: String { "http://127.0.0.1:\(port)" }

  private init(_ state: NIOLockedValueBox<State>, _ channel: any Channel) {
    self.state = state
    self.channel = channel
  }

  /// Runs `body` with a server, and ends it; `answer` is given a request and its number, from 1.
  static func with<Result>(
    port: Int = 0, _ answer: @escaping @Sendable (Request, Int) -> Answer,
    _ body: (LocalServer) async throws -> Result
  ) async throws -> Result {
    let state = NIOLockedValueBox(State(answer: answer))
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(HTTPRequestDecoder()), Connection(state: state))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(LocalServer(state, channel))) } catch { result = .failure(error) }
    try? await channel.close()
    return try result.get()
  }

  var requests: [Request] { state.withLockedValue { $0.requests } }

  /// One connection.
  private final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let state: NIOLockedValueBox<State>
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(state: NIOLockedValueBox<State>) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body = []
      case .body(let part): body += part.readableBytesView
      case .end:
        guard let head else { return }
        let request = Request(
          method: head.method.rawValue, path: head.uri, headers: head.headers, body: body)
        let (number, answer) = state.withLockedValue { state in
          state.requests.append(request)
          return (state.requests.count, state.answer)
        }
        write(answer(request, number), context)
      }
    }

    private func write(_ answer: Answer, _ context: ChannelHandlerContext) {
      switch answer {
      case .silence: break
      case .end: context.close(promise: nil)
      case .trickle:
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        let channel = context.channel
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
          guard channel.isActive else { return task.cancel() }
          channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
        }
      case .http(let status, let fields, let body):
        var text = "HTTP/1.1 \(status) Answer\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        var buffer = ByteBuffer(string: text + "\r\n")
        buffer.writeBytes(body)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
