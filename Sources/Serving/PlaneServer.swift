import CConfinement
import Domain
import Glibc
import Inference
import ModelGraph
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Synchronization

/// The HTTP server of a data plane.
final class PlaneServer: Sendable {
  private let plane: DataPlane
  private let socket: ListeningSocket
  private let group: MultiThreadedEventLoopGroup
  private let pool: NIOThreadPool
  private let threads: Int
  private let engines = EngineThreads()
  /// Whether `socket` is open, and what accepts from it; nil where nothing does yet.
  ///
  /// Held while its descriptor is used or closed: after that the number may be another file's.
  private let listening = Mutex(Listening())

  private struct Listening {
    var isOpen = true
    var acceptor: (any Channel)?
  }

  /// Takes over a socket, and starts to accept connections on it unless it `isHeld`.
  init(plane: DataPlane, socket: ListeningSocket, threads: Int, isHeld: Bool = false) throws(Problem) {
    self.plane = plane
    self.socket = socket
    self.threads = threads
    group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    if !isHeld { try accept() }
    plane.tls?.watch(on: group.next(), reading: pool)
  }

  /// Accepts connections from now on; nothing where it does already.
  ///
  /// Throws `listen.failed`, and `plane.draining` where the socket is given up.
  func accept() throws(Problem) {
    try listening.withLock { (listening) throws(Problem) in
      guard listening.isOpen else { throw Self.draining }
      guard listening.acceptor == nil else { return }
      do {
        listening.acceptor = try Self.bootstrap(plane, group, pool, threads, engines)
          .withBoundSocket(socket.duplicate()).wait()
      } catch {
        throw Problem(
          .unavailable, "listen.failed", "accepting connections failed", subject: socket.address,
          cause: "\(error)")
      }
      socket.restoreBacklog()
    }
  }

  private static let draining = Problem(
    .conflict, "plane.draining", "expected a plane that listens, found one that drains")

  private static func bootstrap(
    _ plane: DataPlane, _ group: MultiThreadedEventLoopGroup, _ pool: NIOThreadPool, _ threads: Int,
    _ engines: EngineThreads
  ) -> ServerBootstrap {
    let starters = starters(plane, group, pool, threads, engines)
    plane.loops.withLockedValue { $0 = Array(starters.values) }
    return ServerBootstrap(group: group)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ConnectionCounter(plane: plane))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // Connections take turns: one read of each, of 64 KiB at most.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        let isRefused = plane.connections.count > plane.limits.connections
        return channel.eventLoop.makeCompletedFuture {
          try starters[ObjectIdentifier(channel.eventLoop)]?.starter.start(channel, isRefused: isRefused)
        }
      }
  }

  /// What begins the connections of each event loop.
  private static func starters(
    _ plane: DataPlane, _ group: MultiThreadedEventLoopGroup, _ pool: NIOThreadPool, _ threads: Int,
    _ engines: EngineThreads
  ) -> [ObjectIdentifier: ObservedLoop] {
    let writer = AnswerWriter()
    return Dictionary(
      uniqueKeysWithValues: group.makeIterator().map { eventLoop in
        let loop = PlaneLoop(
          plane: plane, eventLoop: eventLoop, pool: pool, threads: threads, engines: engines, writer: writer)
        let box = NIOLoopBoundBox.makeBoxSendingValue(ConnectionStarter(loop), eventLoop: eventLoop)
        return (ObjectIdentifier(eventLoop), ObservedLoop(box, on: eventLoop))
      })
  }

  /// Has a model answer on the way that callers' requests take: by an event loop, behind who waits for a thread.
  ///
  /// `completion` is called on a thread that predicts, and never where the plane ends before.
  func predict(
    _ plan: ExecutionPlan, _ methods: [PredictionMethod], on rows: Rows,
    completion: @escaping @Sendable (Result<[PredictionMethod: [Tensor]], Problem>) -> Void
  ) {
    let (pool, engines) = (pool, engines)
    group.next().execute {
      let pool = plan.usesEngine ? engines.running : pool
      pool.submit { state in
        guard state == .active else { return }
        gatehouse_give_way()
        PooledPrediction.run(plan, methods, on: rows, pool, threads: 1, completion: completion)
      }
    }
  }

  /// Accepts nothing any more and waits until every connection has ended, though no longer than
  /// `PlaneLimits.drain`.
  ///
  /// Each answer from here on ends its connection. Blocks; never call it on an event loop.
  ///
  /// Answers with the number of connections that were left.
  @discardableResult
  func drain() -> Int {
    plane.startDraining()
    stopListening()
    let deadline = NIODeadline.now() + TimeAmount(plane.limits.drain)
    while plane.connections.count > 0, NIODeadline.now() < deadline { usleep(2000) }
    return plane.connections.count
  }

  /// Has every event loop hand over what it has seen of models so far.
  ///
  /// Blocks; never call it on an event loop.
  func handOverWindows() {
    for loop in plane.loops.withLockedValue({ $0 }) {
      try? loop.eventLoop.submit { loop.value.handOverWindows() }.wait()
    }
  }

  /// Closes everything and ends the threads.
  ///
  /// Blocks; never call it on an event loop.
  func stop() {
    plane.startDraining()
    stopListening()
    // They hold the plane, and the plane them.
    plane.loops.withLockedValue { $0 = [] }
    try? group.syncShutdownGracefully()
    try? pool.syncShutdownGracefully()
    engines.stop()
    plane.shadowThread.stop()
  }

  /// Closes this process's descriptors of the socket and nothing else: whoever shares it goes on accepting.
  private func stopListening() {
    listening.withLock { listening in
      guard listening.isOpen else { return }
      listening.isOpen = false
      if let acceptor = listening.acceptor { stopAccepting(acceptor) }
      socket.close()
    }
  }

  /// Takes no connection any more, and closes the channel when every one that it took is on its way.
  ///
  /// Closed at once, NIO resets what it has accepted and its own loop has not come back from the connection's loop with:
  /// requests that were sent already.
  private func stopAccepting(_ acceptor: any Channel) {
    try? acceptor.setOption(.autoRead, value: false).wait()
    // What was accepted before is begun on its loop, and handed on by the acceptor's after that.
    for loop in group.makeIterator() { try? loop.submit {}.wait() }
    try? acceptor.eventLoop.submit {}.wait()
    try? acceptor.close().wait()
  }

  /// Calls `body` with the descriptor of the listening socket; throws `plane.draining` where it is given up.
  func withListener<Value>(_ body: (CInt) -> Value) throws(Problem) -> Value {
    guard let value = listening.withLock({ $0.isOpen ? body(socket.descriptor) : nil }) else {
      throw Self.draining
    }
    return value
  }
}

/// Counts the connections of a plane, from the moment they are accepted, and closes those beyond every bound.
private final class ConnectionCounter: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private let plane: DataPlane

  init(plane: DataPlane) {
    self.plane = plane
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let connection = unwrapInboundIn(data)
    let limits = plane.limits
    guard plane.connections.take(1, limit: limits.connections + limits.refusedConnections) else {
      _ = plane.refusedConnections.take(1, limit: .max)
      plane.log?.noteRefusedConnection(plane.connections.count)
      return connection.close(promise: nil)
    }
    let plane = plane
    connection.closeFuture.whenComplete { _ in plane.connections.release(1) }
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An accept that failed, such as for want of descriptors: the next may succeed.
  }
}
