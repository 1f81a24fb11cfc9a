import Dispatch
import Domain
import Encoding
import Foundation
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Testing

@testable import Serving

/// Bounds that hold where a caller does not read what it asked for, or goes away before it could.
struct HTTP2BoundsTests {
  private static let prediction: HPACKHeaders = [
    ":method": "POST", ":scheme": "http", ":path": "/predict", ":authority": "test",
    "authorization": "Bearer line-key",
  ]

  private func plane(_ change: (inout PlaneLimits) -> Void = { _ in }) throws -> DataPlane {
    var limits = PlaneLimits()
    change(&limits)
    return DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line()))
  }

  // MARK: Answers that nobody reads

  @Test(arguments: ["ServerLive", "RepositoryIndex"])
  func `a caller that makes no room for the answer to its call is let go`(method: String) throws {
    let server = try LiveServer(plane { $0.unread = .milliseconds(80) })
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    for stream: UInt32 in [1, 3] {
      let fields = GRPCFields.inference(method, key: "line-key").pairs
      try raw.send(
        .headers(stream, fields, endStream: false),
        RawFrame(
          kind: RawFrame.Kind.data, flags: RawFrame.endStream, stream: stream,
          payload: [UInt8](repeating: 0, count: 5)))
    }
    let reset = try raw.next { $0.kind == RawFrame.Kind.reset }
    #expect(reset?.word(at: 0) == 8)
    try Patience.wait(until: { server.plane.streams.count == 0 })
  }

  /// Sends 12,000 messages of nothing on a stream, each of which is answered by why it is refused.
  private func sendEmptyMessages(_ raw: RawHTTP2) throws {
    let fields = GRPCFields.inference("ModelStreamInfer", key: "line-key").pairs
    try raw.send(.headers(1, fields, endStream: false))
    let messages = RawFrame(
      kind: RawFrame.Kind.data, stream: 1, payload: [UInt8](repeating: 0, count: 5 * 3000))
    for _ in 0..<4 { try raw.send(messages) }
  }

  @Test func `a caller that sends on and makes no room for the answers on a stream of messages is let go`()
    throws
  {
    let server = try LiveServer(plane { $0.unread = .milliseconds(80) })
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    try sendEmptyMessages(raw)
    let reset = try raw.next { $0.kind == RawFrame.Kind.reset }
    #expect(reset?.word(at: 0) == 8)
    try Patience.wait(until: { server.plane.streams.count == 0 })
    // As many as fill the stream: 64 KiB of answers of a hundred bytes and more.
    #expect(100..<1500 ~= server.plane.requests)
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `messages that wait until answers are read hold room, and are answered then`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    try sendEmptyMessages(raw)
    try Patience.wait(until: { server.plane.bufferedBytes.count > 30_000 && server.plane.requests > 100 })
    #expect(server.plane.requests < 1500)
    try raw.send(RawFrame(kind: RawFrame.Kind.windowUpdate, payload: RawFrame.word(1 << 30)))
    try raw.send(RawFrame(kind: RawFrame.Kind.windowUpdate, stream: 1, payload: RawFrame.word(1 << 30)))
    #expect(try raw.next { _ in server.plane.requests == 12_000 } != nil)
    #expect(server.plane.bufferedBytes.count == 0)
  }

  @Test func `every message of a stream is answered, however many come at once`() throws {
    let server = try GRPCServer.standard()
    let stream = try server.client().open(.inference("ModelStreamInfer", key: "line-key"))
    let message = InferMessage.row([1, 2]).framed
    try stream.send(bytes: Array([[UInt8]](repeating: message, count: 1000).joined()))
    try stream.endInput()
    for _ in 0..<1000 { #expect(!(try stream.nextMessage()).isEmpty) }
    #expect(try stream.answer().status == 0)
  }

  @Test func `a large answer of a call may be read slowly but steadily`() throws {
    let server = try LiveServer(plane { $0.unread = .milliseconds(800) })
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, settings: [(4, 0)])
    let rows = 40_000
    var message = InferMessage(inputs: [.init(datatype: "INT8", shape: [Int64(rows), 2])])
    message.raw = [[UInt8](repeating: 1, count: 2 * rows)]
    let framed = message.framed
    let fields = GRPCFields.inference("ModelInfer", key: "line-key").pairs
    try raw.send(.headers(1, fields, endStream: false))
    for start in stride(from: 0, to: framed.count, by: 16_384) {
      let piece = Array(framed[start..<min(start + 16_384, framed.count)])
      let isLast = start + piece.count == framed.count
      try raw.send(
        RawFrame(
          kind: RawFrame.Kind.data, flags: isLast ? RawFrame.endStream : 0, stream: 1, payload: piece))
    }
    try raw.send(RawFrame(kind: RawFrame.Kind.windowUpdate, payload: RawFrame.word(1 << 30)))
    // For twice as long as it may lie unread, 160 KiB of it in each such time.
    var received = 0
    var isWhole = false
    while !isWhole, let frame = try raw.next(where: { $0.stream == 1 }), frame.kind != RawFrame.Kind.reset {
      if frame.kind == RawFrame.Kind.headers {
        isWhole = frame.flags & RawFrame.endStream != 0
      } else if frame.kind == RawFrame.Kind.data {
        received += frame.payload.count
      }
      guard !isWhole, received % 16_384 == 0 else { continue }
      usleep(80_000)
      try raw.send(RawFrame(kind: RawFrame.Kind.windowUpdate, stream: 1, payload: RawFrame.word(16_384)))
    }
    #expect(isWhole)
    #expect(received > 8 * rows)
  }

  // MARK: Bodies that a thread holds

  @Test(arguments: [false, true])
  func `the body of a request that is reset counts until the thread that has it is done`(isCall: Bool)
    async throws
  {
    let plane = try plane { $0.smallBodyBytes = 10 }
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    let busy = DispatchSemaphore(value: 0)
    pool.submit { _ in busy.wait() }
    let channel = try await NIOAsyncTestingChannel { channel in
      try channel.pipeline.syncOperations.addHandler(
        HTTP2Connection(
          PlaneLoop(plane, on: channel, pool), WriteCollector(), ReadPace(), isRefused: false))
    }
    try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
    let head = isCall ? GRPCFields.inference("ModelInfer", key: "line-key").headers : Self.prediction
    let body = isCall ? InferMessage.row([1, 2]).framed : Array(#"{"data":[1,2]}"#.utf8)
    for payload: HTTP2Frame.FramePayload in [
      .headers(.init(headers: head)),
      .data(.init(data: .byteBuffer(ByteBuffer(bytes: body)), endStream: true)),
    ] {
      try await channel.writeInbound(HTTP2Frame(streamID: 1, payload: payload))
    }
    #expect(plane.queuedPredictions.count == 1)
    try await channel.close()
    #expect(plane.streams.count == 0)
    #expect(plane.bufferedBytes.count > 0)

    busy.signal()
    while plane.queuedPredictions.count > 0 { await Task.yield() }
    while plane.requests == 0 { await channel.testingEventLoop.run() }
    #expect(plane.bufferedBytes.count == 0)
    // Nobody waited for the answer: none was computed.
    #expect(plane.recent.lists.failed.map(\.record.code) == ["request.abandoned"])
    try await pool.shutdownGracefully()
  }

  // MARK: Windows

  @Test func `more room is given where half of a window is used up, as much as was used`() {
    var window = InboundWindow(target: 1000)
    #expect(window.increment == nil)
    for (size, increment) in [(1000, nil), (501, nil), (500, 500), (0, 1000), (-70, 1070)] {
      window.size = size
      #expect(window.increment == increment)
    }
    // A caller that was given more than the target before it knew of that keeps it.
    window.size = 65_535
    #expect(window.increment == nil)
  }

  @Test func `bodies of many streams come through a window of the connection that is smaller than one`()
    throws
  {
    let server = try LiveServer(
      plane {
        $0.streamWindow = 70_000
        $0.connectionWindow = 70_000
      })
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port)
    let body = Array("{\"data\":[1,2]\(String(repeating: " ", count: 200_000))}".utf8)
    let exchanges = try (0..<5).map { _ in try client.begin(Self.prediction, isWhole: false) }
    for start in stride(from: 0, to: body.count, by: 10_000) {
      for exchange in exchanges {
        let end = min(start + 10_000, body.count)
        try exchange.send(Array(body[start..<end]), isLast: end == body.count)
      }
    }
    for exchange in exchanges { #expect(try exchange.receive().status == 200) }
  }

  @Test func `who waits for an answer on a stream of messages gets no more room to send`() throws {
    let limits = try DeploymentLimits(concurrency: 1, queue: 1)
    let gate = ModelGate(limits)
    var bounds = PlaneLimits()
    bounds.streamWindow = 1000
    let server = try LiveServer(DataPlane(limits: bounds, version: "1", table: try .gated(limits, gate)))
    defer { server.stop() }
    #expect(gate.enter())

    let raw = try RawHTTP2(port: server.port)
    _ = try raw.next { $0.kind == RawFrame.Kind.settings }
    try raw.send(RawFrame(kind: RawFrame.Kind.settings, flags: RawFrame.acknowledged))
    let framed = InferMessage.row([1, 2]).framed
    let fields = GRPCFields.inference("ModelStreamInfer", key: "key").pairs
    let data = RawFrame(kind: RawFrame.Kind.data, stream: 1, payload: framed)
    try raw.send(.headers(1, fields, endStream: false), data)
    try Patience.wait(until: { server.plane.queuedPredictions.count == 1 })
    for _ in 0..<(900 / framed.count) { try raw.send(data) }
    try raw.send(RawFrame(kind: RawFrame.Kind.ping, payload: [1, 2, 3, 4, 5, 6, 7, 8]))
    let first = try raw.next {
      ($0.kind == RawFrame.Kind.ping && $0.payload.first == 1)
        || ($0.kind == RawFrame.Kind.windowUpdate && $0.stream == 1)
    }
    #expect(first?.kind == RawFrame.Kind.ping)

    gate.leave()
    #expect(try raw.next { $0.kind == RawFrame.Kind.windowUpdate && $0.stream == 1 } != nil)
  }

  // MARK: Heads of calls

  @Test func `a call of a connection beyond the bound is refused, and the connection ends`() throws {
    let server = try GRPCServer(
      plane {
        $0.connections = 1
        $0.refusedConnections = 1
        $0.close = .milliseconds(100)
      })
    let call = GRPCFields.inference("ServerLive")
    let served = try server.client()
    #expect(try served.call(call, []).status == 0)
    let refused = try server.call(call, [])
    #expect(refused.status == 14)
    #expect(refused.code == "plane.too-many-connections")
    #expect(try served.call(call, []).status == 0)
  }

  @Test func `a call with more fields than the bound is refused`() throws {
    var fields = GRPCFields.inference("ServerLive")
    for number in 0..<120 { fields.headers.add(name: "x-\(number)", value: "y") }
    let answer = try GRPCServer.standard().call(fields, [])
    #expect(answer.status == 8)
    #expect(answer.code == "request.head-too-large")
  }

  // MARK: Time

  @Test(arguments: [("grpc-timeout", "60m"), ("gatehouse-timeout-ms", "60")])
  func `a call that waits for its turn leaves the line when its time is over`(name: String, value: String)
    throws
  {
    let limits = try DeploymentLimits(concurrency: 1, queue: 1)
    let gate = ModelGate(limits)
    let server = try GRPCServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .gated(limits, gate)))
    #expect(gate.enter())
    let call = GRPCFields.inference("ModelInfer", key: "key").with(name, value)
    let answer = try server.call(call, InferMessage.row([1, 2]).bytes)
    #expect(answer.status == 4)
    // Who is late already is not to try again.
    #expect(answer.trailers.first(name: "grpc-retry-pushback-ms") == nil)
    try Patience.wait(until: { server.plane.queuedPredictions.count == 0 })
    #expect(gate.wait(at: ModelGate.Place()) {})
  }

  @Test
  func `what is left of grpc-timeout counts from the message on, and the earlier time before the later`() {
    func time(_ own: String?, left: TimeAmount, passed: Int) -> Int {
      var fields = GRPCFields.inference("ModelInfer")
      if let own { fields = fields.with("gatehouse-timeout-ms", own) }
      var head = GRPCHead(fields.headers)
      let arrival = Arrival(nanoseconds: Clock.monotonic() - passed, time: Timestamp(milliseconds: 0))
      head.limit(to: left, from: arrival)
      return head.request.timeout ?? 0
    }
    #expect(time("5", left: .seconds(9), passed: 0) == 5_000_000)
    #expect(time("5", left: .nanoseconds(1), passed: 0) < 5_000_000)
    #expect(time(nil, left: .seconds(9), passed: 2_000_000_000) >= 11_000_000_000)
    #expect(time(nil, left: .nanoseconds(.max), passed: 0) >= 3_600_000_000_000)
  }

  @Test func `a time in metadata that is none is refused`() throws {
    let call = GRPCFields.inference("ModelInfer", key: "line-key").with("gatehouse-timeout-ms", "0")
    let answer = try GRPCServer.standard().call(call, InferMessage.row([1, 2]).bytes)
    #expect(answer.status == 3)
    #expect(answer.code == "request.timeout")
  }

  // MARK: Streams of reflection

  private static let reflection = GRPCFields("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")

  @Test func `a stream of reflection ends where there is no answer to a message`() throws {
    let server = try GRPCServer.standard()
    let stream = try server.client().open(Self.reflection)
    var services = ProtobufMessage.services
    try stream.send(services)
    _ = try stream.nextMessage()
    services[0] = 0xFF
    try stream.send(services)
    try stream.send(ProtobufMessage.services)
    let answer = try stream.answer()
    #expect(answer.messages.isEmpty)
    #expect(answer.status == 3)
  }

  @Test func `a stream of reflection ends where an answer is withheld for want of a record`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    var limits = RecordSpool.Limits()
    limits.spoolBytes = 100
    let spool = try RecordSpool(
      directory: directory.path, instance: "0123456789abcdef", whenFull: .refuse, limits: limits)
    let server = try GRPCServer(
      DataPlane(
        limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()), spool: spool))
    let stream = try server.client().open(Self.reflection)
    try stream.send(ProtobufMessage.services)
    try stream.send(ProtobufMessage.services)
    let answer = try stream.answer()
    #expect(answer.messages.isEmpty)
    #expect(answer.status == 14)
    #expect(answer.code == "record.unwritable")
  }

  private enum ProtobufMessage {
    /// A `ServerReflectionRequest` that asks for the services.
    static let services: [UInt8] = [7 << 3 | 2, 1, UInt8(ascii: "*")]
  }

  // MARK: The end of a connection

  @Test func `what comes behind the end of the output is read and dropped`() throws {
    let server = try LiveServer(plane { $0.close = .seconds(5) })
    defer { server.stop() }
    let client = try Client(port: server.port)
    try client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    // Data on the connection breaks it.
    try client.send(
      RawFrame(kind: RawFrame.Kind.settings).bytes + RawFrame(kind: 0, flags: 1, payload: [1]).bytes)
    #expect(try !client.receivesEnd())
    #expect(try client.send([UInt8](repeating: 0, count: 32 << 20)))
  }

  @Test func `an idle connection in TLS ends`() throws {
    let files = try SecuredFiles()
    let server = try LiveServer(
      plane {
        $0.idle = .milliseconds(80)
        $0.close = .milliseconds(80)
      }.secured(by: try TLSIdentity(files.files())))
    defer { server.stop() }
    let client = try HTTP2Client(port: server.port, SecuredFiles.client(protocols: ["h2"]))
    try Patience.wait(until: { !client.channel.isActive })
  }
}
