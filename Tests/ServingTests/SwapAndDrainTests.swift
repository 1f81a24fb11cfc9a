import Domain
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Serving

/// What happens to those who are being served while things change under them.
struct SwapAndDrainTests {
  private let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)

  @Test func `a version is swapped under load without a lost or mixed answer`() throws {
    let tables = try (0..<4).map {
      try RoutingTable.serving(TestModels.line(version: $0 + 1, intercept: Double($0)))
    }
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: tables[0])
    let server = try LiveServer(plane)
    defer { server.stop() }
    let answered = Atomic<Int>(0)
    let callers = (0..<4).map { _ in
      OwnThread {
        let client = try server.connect()
        for _ in 0..<300 {
          let received = try client.exchange(prediction)
          #expect(received.status == 200)
          #expect(
            ["5.0", "6.0", "7.0", "8.0"].contains { received.body == Array(#"{"result":\#($0)}"#.utf8) })
          answered.wrappingAdd(1, ordering: .relaxed)
        }
      }
    }
    for round in 0..<200 {
      plane.publish(tables[round % 4])
      usleep(500)
    }
    for caller in callers { try caller.join() }
    #expect(answered.load(ordering: .relaxed) == 1200)
    #expect(plane.requests == 1200)
  }

  @Test func `a drain loses no request of callers that keep their connections`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let server = try LiveServer(plane)
    let clients = try (0..<8).map { _ in try server.connect() }
    for client in clients { #expect(try client.exchange(prediction).status == 200) }
    let drain = OwnThread { _ = server.server.drain() }
    while !plane.isDraining { usleep(100) }
    for client in clients {
      let received = try client.exchange(prediction)
      #expect(received.status == 200)
      #expect(received.fields["connection"] == "close")
      #expect(try client.receivesEnd())
    }
    try drain.join()
    #expect(plane.connections.count == 0)
    server.stop()
  }

  @Test func `a drain ends at its bound though a caller keeps its connection`() throws {
    var limits = PlaneLimits()
    limits.drain = .milliseconds(100)
    let plane = DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
    let server = try LiveServer(plane)
    defer { server.stop() }
    let client = try server.connect()
    #expect(try client.exchange(prediction).status == 200)
    #expect(server.server.drain() == 1)
  }

  @Test func `who shares the listening socket goes on accepting after a drain`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let socket = try ListeningSocket(address: "127.0.0.1:0")
    let shared = try ListeningSocket(inherited: try socket.duplicate())
    let first = try PlaneServer(plane: plane, socket: socket, threads: 1)
    first.drain()
    let port = try #require(shared.address.split(separator: ":").last.flatMap { Int($0) })
    // Connected while nobody accepts: the socket's queue keeps it for the next process.
    let client = try Client(port: port)
    try client.send(prediction)
    let second = try PlaneServer(
      plane: DataPlane(limits: PlaneLimits(), version: "1", table: plane.table), socket: shared, threads: 1)
    #expect(try client.receive().status == 200)
    first.stop()
    second.stop()
  }
}

/// A thread of its own for code that blocks.
final class OwnThread: Sendable {
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let outcome: EventLoopFuture<Void>

  init(_ body: @escaping @Sendable () throws -> Void) {
    pool.start()
    outcome = pool.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.any(), body)
  }

  /// Waits for its end; throws what it threw.
  func join() throws {
    defer { try? pool.syncShutdownGracefully() }
    try outcome.wait()
  }
}
