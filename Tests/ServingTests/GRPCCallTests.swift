import Domain
import Encoding
import Foundation
import Glibc
import NIOCore
import NIOHPACK
import Testing

@testable import Serving

/// Calls over a socket.
struct GRPCCallTests {
  private static let infer = GRPCFields.inference("ModelInfer", key: "line-key")

  private func named(_ name: String, version: String = "") -> [UInt8] {
    var writer = ProtobufWriter()
    writer.text(1, name)
    if !version.isEmpty { writer.text(2, version) }
    return writer.bytes
  }

  private func text(_ bytes: ArraySlice<UInt8>?) -> String? {
    bytes.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `an inference is answered`() throws {
    let answer = try GRPCServer.standard().call(Self.infer, InferMessage.rawRow([1, 2]).bytes)
    #expect(answer.head.first(name: ":status") == "200")
    #expect(answer.head.first(name: "content-type") == "application/grpc")
    #expect(try InferAnswer(try answer.whole()).raw == [(5.0).bitPattern.littleEndianBytes])
  }

  @Test func `a call with two keys is refused whichever would open it`() throws {
    var fields = Self.infer
    fields.headers.add(name: "authorization", value: "Bearer line-key")
    let answer = try GRPCServer.standard().call(fields, InferMessage.rawRow([1, 2]).bytes)
    #expect(answer.status == 3)
    #expect(answer.code == "request.several-authorizations")
  }

  @Test func `many calls of one connection are each answered with their own`() throws {
    let server = try GRPCServer.standard()
    let client = try server.client()
    let streams = try (0..<50).map { index in
      let stream = try client.open(Self.infer)
      try stream.send(InferMessage.row([Double(index), 0]).bytes)
      return stream
    }
    for stream in streams.reversed() { try stream.endInput() }
    for (index, stream) in streams.enumerated() {
      #expect(try InferAnswer(try stream.answer().whole()).outputs[0].doubles == [Double(index)])
    }
  }

  @Test(
    arguments: [
      (nil, "line", 16, "key.missing"), ("x", "line", 16, "key.unknown"),
      ("sign-key", "line", 7, "key.other-deployment"),
      ("line-key", "nothing", 5, "model.not-found"), ("line-key", "", 7, "key.other-deployment"),
      ("gone-key", "gone", 14, "model.not-ready"),
    ] as [(String?, String, Int, String)])
  func `a refusal has its status, its code and a reason`(
    key: String?, model: String, status: Int, code: String
  ) throws {
    let server = try GRPCServer.standard(broken: ["gone"])
    let answer = try server.call(
      .inference("ModelInfer", key: key), InferMessage.row([1, 2], model: model).bytes)
    #expect(answer.messages.isEmpty)
    #expect(answer.trailers.first(name: ":status") == "200")
    #expect(answer.status == status)
    #expect(answer.code == code)
    #expect(answer.message?.isEmpty == false)
  }

  @Test func `a request that is not the protocol's is refused with its place`() throws {
    let answer = try GRPCServer.standard().call(Self.infer, InferMessage.row([1, 2, 3]).bytes)
    #expect(answer.status == 3)
    #expect(answer.message == "expected 2 features in each row, found 3, at /inputs/0/shape/1")
  }

  @Test func `versions are asked for by their names`() throws {
    let server = try GRPCServer.standard()
    var message = InferMessage.row([1, 2])
    message.version = "1"
    #expect(try server.call(Self.infer, message.bytes).status == 0)
    message.version = "2"
    #expect(try server.call(Self.infer, message.bytes).code == "model.no-such-version")
  }

  @Test func `the server and its models are described`() throws {
    let server = try GRPCServer.standard(broken: ["gone"])
    func ask(_ method: String, _ message: [UInt8] = [], key: String? = nil) throws -> [UInt8] {
      try server.call(.inference(method, key: key), message).whole()
    }
    #expect(try ask("ServerLive") == [8, 1])
    #expect(try ask("ServerReady") == [])
    #expect(try ask("ModelReady", named("line")) == [8, 1])
    #expect(try ask("ModelReady", named("line", version: "1")) == [8, 1])
    #expect(try ask("ModelReady", named("gone")) == [])
    #expect(try server.call(.inference("ModelReady"), named("nothing")).status == 5)
    #expect(try text(fields(of: try ask("ServerMetadata")[...])[1]) == "gatehouse")
    let metadata = try fields(of: try ask("ModelMetadata", named("line"), key: "line-key")[...])
    #expect(text(metadata[1]) == "line")
    #expect(text(metadata[3]) == "scikit-learn 1.9.1")
    #expect(try server.call(.inference("ModelMetadata"), named("line")).status == 16)
    let index = try fields(of: try ask("RepositoryIndex", key: "line-key")[...])
    #expect(try text(fields(of: index[1])[3]) == "READY")
    #expect(try ask("RepositoryIndex", [16, 1], key: "gone-key") == [])
    _ = try server.call(Self.infer, InferMessage.row([1, 2]).bytes).whole()
    for name in ["line", ""] {
      let all = try fields(of: try ask("ModelStatistics", named(name), key: "line-key")[...])
      let one = all[1]
      #expect(try text(fields(of: one)[1]) == "line")
      #expect(try fields(of: fields(of: one)[6]).keys.contains(1))
    }
  }

  @Test(arguments: ["RepositoryModelLoad", "RepositoryModelUnload"])
  func `models are not loaded or unloaded by callers`(method: String) throws {
    let server = try GRPCServer.standard()
    var triton = ProtobufWriter()
    triton.text(2, "line")
    for message in [triton.bytes, named("line")] {
      let answer = try server.call(.inference(method, key: "line-key"), message)
      #expect(answer.status == 12)
      #expect(answer.code == "repository.governed")
      #expect(try server.call(.inference(method, key: "sign-key"), message).status == 7)
    }
  }

  @Test func `compressed messages are taken, and bound by what they unpack to`() throws {
    var limits = PlaneLimits()
    limits.bodyBytes = 4096
    let server = try GRPCServer.standard(limits)
    let client = try server.client()
    let message = InferMessage.row([1, 2]).bytes
    for (coding, window) in [("gzip", CInt(31)), ("deflate", 15)] {
      let fields = Self.infer.with("grpc-encoding", coding)
      let answer = try client.call(fields, deflated(message, window: window), coding: true)
      #expect(try InferAnswer(try answer.whole()).outputs[0].doubles == [5])
      // The field says how compressed messages are compressed, and each message whether it is.
      #expect(try client.call(fields, message).status == 0)
      let bomb = message + [0x82, 0x06] + [UInt8](repeating: 0, count: 8192)
      #expect(try client.call(fields, deflated(bomb, window: window), coding: true).status == 8)
      #expect(try client.call(fields, [0xFF, 0xFF], coding: true).status == 3)
    }
    #expect(try client.call(Self.infer, message, coding: true).code == "grpc.encoding")
    let index = GRPCFields.inference("RepositoryIndex", key: "line-key").with("grpc-encoding", "gzip")
    #expect(try client.call(index, deflated([16, 1], window: 31), coding: true).status == 0)
  }

  @Test func `a message beyond the limit is refused before it has come`() throws {
    var limits = PlaneLimits()
    limits.bodyBytes = 4096
    let server = try GRPCServer.standard(limits)
    let stream = try server.client().open(Self.infer)
    try stream.send(bytes: [0, 0, 0, 16, 1])
    let answer = try stream.answer()
    #expect(answer.status == 8)
    #expect(answer.code == "request.body-too-large")
    let short = try server.client().open(.inference("ModelReady"))
    try short.send(bytes: [0, 0, 1, 0, 0])
    #expect(try short.answer().status == 8)
  }

  @Test func `what is no call is answered as REST answers`() throws {
    let answer = try GRPCServer.standard().call(
      Self.infer.with("content-type", "application/grpc+json"), InferMessage.row([1, 2]).bytes)
    #expect(answer.head.first(name: ":status") == "415")
    #expect(answer.head.first(name: "content-type") == "application/json")
  }

  @Test func `a path that is no method's is not implemented`() throws {
    let server = try GRPCServer.standard()
    #expect(try server.call(GRPCFields("/inference.GRPCInferenceService/ModelConfig")).status == 12)
    #expect(try server.call(GRPCFields("/")).status == 12)
  }

  // MARK: Streams

  @Test func `messages of a stream are answered in order, those that are wrong in their place`() throws {
    let server = try GRPCServer.standard()
    let stream = try server.client().open(.inference("ModelStreamInfer", key: "line-key"))
    for index in 0..<20 {
      try stream.send(index == 7 ? [0xFF] : InferMessage.row([Double(index), 0]).bytes)
    }
    for index in 0..<20 {
      let response = try fields(of: try stream.nextMessage()[...])
      let answer = try InferAnswer(Array(try #require(response[2])))
      if index == 7 {
        #expect(text(response[1])?.hasPrefix("expected") == true)
        #expect(answer.parameters["gatehouse-code"] == "protobuf.malformed")
      } else {
        #expect(response[1] == nil)
        #expect(answer.outputs.first?.doubles == [Double(index)])
      }
    }
    try stream.endInput()
    #expect(try stream.answer().status == 0)
  }

  @Test(arguments: [PlaneLimits().inlineSteps, 0])
  func `answers that are more than there is room for at once all come, and in order`(inlineSteps: Int) throws
  {
    var limits = PlaneLimits()
    limits.inlineSteps = inlineSteps
    let stream = try GRPCServer.standard(limits).client().open(
      .inference("ModelStreamInfer", key: "line-key"))
    let rows = 1000
    for index in 0..<60 {
      var message = InferMessage(inputs: [.init(shape: [Int64(rows), 2])])
      let row = [Double(index), 0].flatMap(\.bitPattern.littleEndianBytes)
      message.raw = [Array([[UInt8]](repeating: row, count: rows).joined())]
      message.id = "\(index)"
      try stream.send(message.bytes)
    }
    try stream.endInput()
    for index in 0..<60 {
      let answer = try InferAnswer(Array(try #require(try fields(of: try stream.nextMessage()[...])[2])))
      #expect(answer.id == "\(index)")
      #expect(answer.raw.first?.prefix(8) == Double(index).bitPattern.littleEndianBytes[...])
    }
    #expect(try stream.answer().status == 0)
  }

  @Test func `a stream without a key ends at its first message`() throws {
    let stream = try GRPCServer.standard().client().open(.inference("ModelStreamInfer"))
    try stream.send(InferMessage.row([1, 2]).bytes)
    let answer = try stream.answer()
    #expect(answer.messages.isEmpty)
    #expect(answer.status == 16)
  }

  @Test func `a stream that nothing comes on ends`() throws {
    var limits = PlaneLimits()
    limits.idle = .milliseconds(50)
    let stream = try GRPCServer.standard(limits).client().open(
      .inference("ModelStreamInfer", key: "line-key"))
    #expect(try stream.answer().status == 4)
  }

  @Test func `a message that does not come in time is refused`() throws {
    var limits = PlaneLimits()
    limits.body = .milliseconds(50)
    let server = try GRPCServer.standard(limits)
    for method in ["ModelInfer", "ModelStreamInfer"] {
      let stream = try server.client().open(.inference(method, key: "line-key"))
      try stream.send(bytes: [0, 0])
      let answer = try stream.answer()
      #expect(answer.status == 4)
      #expect(answer.code == "request.body-timeout")
    }
  }

  // MARK: Time

  @Test func `a call whose time is over is answered so`() throws {
    let server = try GRPCServer.standard()
    let late = try server.call(Self.infer.with("grpc-timeout", "0n"), InferMessage.row([1, 2]).bytes)
    #expect(late.status == 4)
    #expect(late.code == "grpc.deadline")
    #expect(late.trailers.first(name: "grpc-retry-pushback-ms") == nil)
    let waiting = try server.client().open(Self.infer.with("grpc-timeout", "50m"))
    #expect(try waiting.answer().status == 4)
    let idle = try server.client().open(
      .inference("ModelStreamInfer", key: "line-key").with("grpc-timeout", "50m"))
    #expect(try idle.answer().status == 4)
    #expect(
      try server.call(Self.infer.with("grpc-timeout", "1H"), InferMessage.row([1, 2]).bytes).status == 0)
  }

  @Test func `what a cancelled call holds is free again`() throws {
    var limits = PlaneLimits()
    limits.smallBodyBytes = 16
    let server = try GRPCServer.standard(limits)
    let stream = try server.client().open(Self.infer)
    try stream.send(bytes: [0, 0, 0, 16, 0] + [UInt8](repeating: 0, count: 1000))
    try wait { server.plane.bufferedBytes.count > 0 }
    try stream.cancel()
    try wait { server.plane.bufferedBytes.count == 0 }
  }

  private func wait(until isSo: () -> Bool) throws {
    let patience = ContinuousClock.now + .seconds(60)
    while !isSo() {
      try #require(ContinuousClock.now < patience)
      usleep(1000)
    }
  }

  // MARK: Health

  @Test func `health is told without a key`() throws {
    let check = GRPCFields("/grpc.health.v1.Health/Check")
    let server = try GRPCServer.standard()
    #expect(try server.call(check).whole() == [8, 1])
    #expect(try server.call(check, named("inference.GRPCInferenceService")).whole() == [8, 1])
    #expect(try server.call(check, named("nothing")).status == 5)
    #expect(try GRPCServer.standard(broken: ["gone"]).call(check).whole() == [8, 2])
  }

  @Test func `a watch is told what changes, and ends when the plane drains`() throws {
    var limits = PlaneLimits()
    limits.close = .milliseconds(40)
    limits.watches = 1
    let server = try GRPCServer.standard(limits)
    let watch = GRPCFields("/grpc.health.v1.Health/Watch")
    let stream = try server.client().open(watch)
    try stream.send([])
    try stream.endInput()
    #expect(try stream.nextMessage() == [8, 1])
    #expect(try server.call(watch).status == 8)
    server.plane.publish(try .serving(TestModels.line(), broken: ["gone"]))
    #expect(try stream.nextMessage() == [8, 2])
    server.plane.publish(try .serving(TestModels.line()))
    #expect(try stream.nextMessage() == [8, 1])
    server.plane.startDraining()
    #expect(try stream.nextMessage() == [8, 2])
    #expect(try stream.answer().status == 14)
    #expect(server.plane.watches.count == 0)
  }

  @Test func `a stream ends when the plane drains`() throws {
    var limits = PlaneLimits()
    limits.close = .milliseconds(40)
    let server = try GRPCServer.standard(limits)
    let stream = try server.client().open(.inference("ModelStreamInfer", key: "line-key"))
    try stream.send(InferMessage.row([1, 2]).bytes)
    _ = try stream.nextMessage()
    server.plane.startDraining()
    #expect(try stream.answer().code == "plane.draining")
  }

  // MARK: Records

  @Test func `calls leave their records, a stream one for each message, and answers their receipts`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let spool = try RecordSpool(directory: directory.path, instance: "0123456789abcdef")
    let server = try GRPCServer(
      DataPlane(
        limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line()), spool: spool))
    let message = InferMessage.row([1, 2]).bytes
    let answered = try server.call(Self.infer, message)
    #expect(answered.receipt == "0123456789abcdef-00000001-1")
    #expect(try server.call(.inference("ModelInfer"), message).receipt == "0123456789abcdef-00000001-2")
    let stream = try server.client().open(.inference("ModelStreamInfer", key: "line-key"))
    for index in 3...4 {
      try stream.send(message)
      let response = try fields(of: try stream.nextMessage()[...])
      let answer = try InferAnswer(Array(try #require(response[2])))
      #expect(answer.parameters["gatehouse-receipt"] == "0123456789abcdef-00000001-\(index)")
    }
    try stream.endInput()
    #expect(try stream.answer().status == 0)
    #expect(try server.call(GRPCFields("/grpc.health.v1.Health/Check")).receipt == nil)

    let segment = directory.appending(path: "0123456789abcdef-00000001.open")
    let lines = try String(contentsOf: segment, encoding: .utf8).split(separator: "\n").dropFirst()
      .map { try JSON(parsing: Array($0.utf8.dropFirst(17))) }
    #expect(lines.map { $0["request"]?.string } == ["infer", "infer", "infer", "infer"])
    #expect(lines.map { $0["status"]?.int } == [200, 401, 200, 200])
    #expect(lines.map { $0["rows"]?.int } == [1, 0, 1, 1])
    #expect(lines[0]["version"] == 1)
    #expect(
      lines[0]["input"]?.string
        == Hexadecimal.encode(Digest(of: message, salt: spool.salt).bytes))
    #expect(
      lines[0]["output"]?.string
        == Hexadecimal.encode(Digest(of: try answered.whole(), salt: spool.salt).bytes))
  }

  @Test func `a prediction on a thread is answered as one on the loop`() throws {
    var limits = PlaneLimits()
    limits.inlineSteps = 0
    let server = try GRPCServer.standard(limits)
    let answer = try server.call(Self.infer, InferMessage.row([1, 2]).bytes)
    #expect(try InferAnswer(try answer.whole()).outputs[0].doubles == [5])
    let rows = 5000
    let large = InferMessage(
      model: "line", inputs: [.init(shape: [Int64(rows), 2])],
      raw: [[UInt8](repeating: 0, count: rows * 16)])
    #expect(try InferAnswer(try server.call(Self.infer, large.bytes).whole()).raw.first?.count == rows * 8)
    #expect(server.plane.bufferedBytes.count == 0)
  }
}
