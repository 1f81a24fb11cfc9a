import NIOCore
import Testing

@testable import Serving

/// How it is learned what a connection speaks, and how one of HTTP/2 comes to its end.
struct ProtocolTests {
  private static let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

  @Test(
    arguments: [
      ("", nil), ("P", nil), ("PR", nil), ("PRI * HTTP/2.0\r\n", nil), (preface, .http2),
      (preface + "more", .http2), ("G", .http1), ("PO", .http1), ("PRI * HTTP/1.1\r\n", .http1),
      ("\r\n", .http1), ("pri", .http1), (preface.dropLast() + "x", .http1),
    ] as [(String, ApplicationProtocol?)])
  func `the first bytes tell the protocol as soon as they can`(bytes: String, found: ApplicationProtocol?) {
    #expect(ProtocolDetector.protocol(of: ByteBuffer(string: bytes)) == found)
  }

  @Test func `a preface that comes byte by byte is heard`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let server = try LiveServer(plane)
    defer { server.stop() }
    let client = try server.connect()
    for byte in Self.preface.utf8 { try client.send([byte]) }
    try client.send(RawFrame(kind: RawFrame.Kind.settings).bytes)
    // The server's own settings come first.
    #expect(try client.receiveSome()?.dropFirst(3).first == RawFrame.Kind.settings)
  }

  @Test func `a connection that says nothing, or not enough, is closed in time`() throws {
    var limits = PlaneLimits()
    limits.idle = .milliseconds(80)
    let server = try LiveServer(
      DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line())))
    defer { server.stop() }
    let silent = try server.connect()
    let slow = try server.connect()
    try slow.send("PRI * HT")
    #expect(try silent.receivesEnd())
    #expect(try slow.receivesEnd())
  }

  @Test func `a caller that ends its output before it has said anything is let go`() throws {
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()))
    let server = try LiveServer(plane)
    defer { server.stop() }
    let client = try server.connect()
    try client.send("PRI")
    client.endOutput()
    #expect(try client.receivesEnd())
  }

  // MARK: The end of a connection

  private func machine() -> HTTP2ConnectionMachine {
    var limits = PlaneLimits()
    limits.idle = .seconds(60)
    limits.close = .seconds(1)
    limits.unread = .seconds(30)
    return HTTP2ConnectionMachine(limits: limits, now: .uptimeNanoseconds(0))
  }

  private func second(_ number: UInt64) -> NIODeadline { .uptimeNanoseconds(number * 1_000_000_000) }

  @Test func `a connection without streams for too long is left`() {
    var machine = machine()
    let actions = [
      machine.tick(second(59), streams: 0, isDraining: false),
      machine.tick(second(60), streams: 1, isDraining: false), machine.streamEnded(second(70), streams: 0),
      machine.tick(second(129), streams: 0, isDraining: false),
      machine.tick(second(130), streams: 0, isDraining: false),
    ]
    #expect(actions == [.nothing, .nothing, .nothing, .nothing, .sayGoodbye])
  }

  @Test func `the output ends when the caller has heard and the last stream has ended`() {
    var machine = machine()
    let actions = [
      machine.tick(second(1), streams: 2, isDraining: true), machine.streamEnded(second(1), streams: 0),
      machine.heard(second(1), streams: 1), machine.streamEnded(second(2), streams: 0),
    ]
    #expect(actions == [.sayGoodbye, .nothing, .nothing, .finish])
  }

  @Test func `a connection ends so long after its answers are out, however long that takes`() {
    var machine = machine()
    var actions = [
      machine.leave(second(1)), machine.heard(second(1), streams: 0),
      machine.tick(second(30), streams: 0, isDraining: true), machine.inputClosed(),
    ]
    machine.outputEnded(second(30))
    actions.append(machine.tick(second(30), streams: 0, isDraining: true))
    actions.append(machine.tick(second(31), streams: 0, isDraining: true))
    #expect(actions == [.sayGoodbye, .finish, .nothing, .nothing, .nothing, .close])
  }

  @Test func `a connection whose answers are not read ends all the same`() {
    var machine = machine()
    let actions = [
      machine.leave(second(1)), machine.heard(second(1), streams: 0),
      machine.tick(second(30), streams: 0, isDraining: true),
      machine.tick(second(31), streams: 0, isDraining: true),
    ]
    #expect(actions == [.sayGoodbye, .finish, .nothing, .close])
  }

  @Test func `a caller that does not say that it heard is not waited for`() {
    var machine = machine()
    let actions = [
      machine.leave(second(1)), machine.leave(second(1)),
      machine.tick(second(2), streams: 0, isDraining: false),
    ]
    #expect(actions == [.sayGoodbye, .nothing, .finish])
  }

  @Test func `a caller that broke the protocol is heard no more`() {
    var machine = machine()
    var actions = [machine.fail(second(1)), machine.fail(second(1)), machine.heard(second(1), streams: 3)]
    machine.outputEnded(second(1))
    actions.append(machine.tick(second(2), streams: 3, isDraining: false))
    #expect(actions == [.endOutput, .nothing, .nothing, .close])
  }
}
