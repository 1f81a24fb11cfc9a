import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP2
import NIOPosix
import Testing

@testable import Serving

/// Serves calls on a free port of the loopback, over HTTP/2 that nothing else stands before.
final class GRPCServer {
  let plane: DataPlane
  let port: Int
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let engines = EngineThreads()
  private let acceptor: any Channel

  init(_ plane: DataPlane) throws {
    self.plane = plane
    pool.start()
    let eventLoop = group.any()
    let loop = NIOLoopBoundBox.makeBoxSendingValue(
      PlaneLoop(
        plane: plane, eventLoop: eventLoop, pool: pool, threads: 1, engines: engines, writer: AnswerWriter()),
      eventLoop: eventLoop)
    acceptor = try ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.configureHTTP2Pipeline(
          mode: .server, connectionConfiguration: .init(), streamConfiguration: .init()
        ) { stream in
          stream.eventLoop.makeCompletedFuture {
            try stream.pipeline.syncOperations.addHandler(GRPCStreamHandler(loop: loop.value))
          }
        }.map { _ in }
      }.bind(host: "127.0.0.1", port: 0).wait()
    port = try #require(acceptor.localAddress?.port)
  }

  deinit {
    try? group.syncShutdownGracefully()
    try? pool.syncShutdownGracefully()
    engines.stop()
  }

  func client() throws -> GRPCClient { try GRPCClient(port: port, of: self) }

  /// Makes one call on a connection of its own.
  func call(_ fields: GRPCFields, _ message: [UInt8] = []) throws -> GRPCAnswer {
    try client().call(fields, message)
  }

  static func standard(_ limits: PlaneLimits = PlaneLimits(), broken: [String] = []) throws -> GRPCServer {
    try GRPCServer(
      DataPlane(
        limits: limits, version: "1",
        table: try .serving(TestModels.line(), TestModels.sign(), broken: broken)))
  }
}
