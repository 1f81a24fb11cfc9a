import Domain
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import Packaging

@testable import Distribution

/// A little registry on a port of this machine, which can be told to fail, and to answer whatever a test wants.
final class LittleServer: Sendable {
  /// How one request fails; where it has no body, as much of it as it can.
  enum Fault: CaseIterable, Sendable {
    /// The connection ends before anything is done.
    case before
    /// It ends when half of the body has come; an upload keeps that.
    case midRequest
    /// All is done, and no answer comes.
    case afterwards
    /// All is done, and half of the answer comes.
    case midAnswer
    /// Nothing is done, and it says so.
    case unavailable
  }

  struct State: Sendable {
    var registry = LittleRegistry()
    /// The requests that fail, by their numbers from 1.
    var faults: [Int: Fault] = [:]
    var requests: [LittleRequest] = []
    /// What is answered instead, where it is not nil.
    var override: (@Sendable (LittleRequest, Int) -> LittleAnswer?)?
  }

  let state: NIOLockedValueBox<State>
  private let channel: any Channel

  var port: Int { channel.localAddress?.port ?? 0 }

  private init(_ state: NIOLockedValueBox<State>, _ channel: any Channel) {
    self.state = state
    self.channel = channel
  }

  /// Runs `body` with a server, and ends it.
  static func with<Result>(
    _ registry: LittleRegistry = LittleRegistry(),
    override: (@Sendable (LittleRequest, Int) -> LittleAnswer?)? = nil,
    _ body: (LittleServer) async throws -> Result
  ) async throws -> Result {
    let state = NIOLockedValueBox(State(registry: registry, override: override))
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(
            ByteToMessageHandler(HTTPRequestDecoder()), RegistryConnectionHandler(state: state))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let server = LittleServer(state, channel)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(server)) } catch { result = .failure(error) }
    try? await channel.close()
    return try result.get()
  }

  /// Does `work` with a client of a repository; one that tries everything once, unless `change` has it otherwise.
  func client<Value: Sendable>(
    _ repository: String = "models/iris", _ change: (inout RegistryClient.Settings) -> Void = { _ in },
    _ work: (RegistryClient) async throws -> Value
  ) async throws -> Value {
    var settings = RegistryClient.Settings()
    settings.retries = .once
    settings.pieceBytes = 1000
    // However busy the machine is.
    settings.patience = .seconds(1200)
    change(&settings)
    let reference = try ImageReference(parsing: "127.0.0.1:\(port)/\(repository):a")
    let result = try await RegistryClient.with(reference, settings) {
      (client) async throws(Problem) -> Result<Value, any Error> in
      do { return .success(try await work(client)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func change<Result>(_ body: (inout State) -> Result) -> Result { state.withLockedValue(body) }

  var requests: [LittleRequest] { change(\.requests) }
}

/// One connection to the server.
private final class RegistryConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let state: NIOLockedValueBox<LittleServer.State>
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var number = 0
  private var fault: LittleServer.Fault?

  init(state: NIOLockedValueBox<LittleServer.State>) { self.state = state }

  private func request(_ head: HTTPRequestHead) -> LittleRequest {
    LittleRequest(
      method: head.method.rawValue, target: head.uri, headers: head.headers.map { ($0.name, $0.value) },
      body: body)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      (number, fault) = state.withLockedValue { state in
        state.requests.append(request(head))
        return (state.requests.count, state.faults[state.requests.count])
      }
      if fault == .before { context.close(promise: nil) }
    case .body(let part):
      body += part.readableBytesView
      guard let head, fault == .midRequest,
        let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), body.count * 2 >= length
      else { return }
      body.removeLast(body.count - length / 2)
      fault = .before
      state.withLockedValue { $0.registry.takePart(request(head)) }
      context.close(promise: nil)
    case .end:
      guard let head, fault != .before else { return }
      guard fault != .midRequest else { return context.close(promise: nil) }
      let request = request(head)
      let (number, fault) = (number, fault)
      let answer = state.withLockedValue { state -> LittleAnswer in
        if fault == .unavailable { return LittleAnswer(status: 503) }
        if let answer = state.override?(request, number) { return answer }
        return state.registry.answer(request)
      }
      if answer.isSilent { return }
      var bytes = answer.wire(for: request.method)
      if fault == .afterwards { bytes = [] }
      if fault == .midAnswer { bytes.removeLast(bytes.count / 2) }
      let closes = answer.closes || fault == .afterwards || fault == .midAnswer
      let channel = context.channel
      channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { _ in
        if closes { channel.close(promise: nil) }
      }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
