import Domain
import Encoding
import NIOCore
import NIOHPACK
import Testing

@testable import Serving

/// Frames, heads and statuses, without a wire.
struct GRPCFramingTests {
  private func framed(_ messages: [UInt8]..., flag: UInt8 = 0) -> [UInt8] {
    messages.flatMap { [flag] + UInt32($0.count).littleEndianBytes.reversed() + $0 }
  }

  @Test func `messages are cut out of bytes that come in any pieces`() throws {
    let sent: [[UInt8]] = [[1, 2, 3], [], [4]]
    let bytes = framed(sent[0], sent[1], sent[2])
    for piece in 1...bytes.count {
      var reader = MessageReader(limit: 3)
      var found: [[UInt8]] = []
      for start in stride(from: 0, to: bytes.count, by: piece) {
        reader.append(ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)]))
        while let message = try reader.next() { found.append(Array(message.bytes.readableBytesView)) }
      }
      #expect(found == sent)
      let waiting = reader.waitingBytes
      #expect(waiting == 0)
    }
  }

  @Test func `a message beyond the limit is refused by its length alone`() throws {
    var reader = MessageReader(limit: 3)
    reader.append(ByteBuffer(bytes: [0, 0, 0, 0, 4]))
    do {
      _ = try reader.next()
      Issue.record("it was taken")
    } catch {
      #expect(error.category == .tooLarge)
      #expect(error.message == "expected a message of at most 3 bytes, found 4")
    }
  }

  @Test func `what is no frame is refused`() throws {
    var reader = MessageReader(limit: 3)
    reader.append(ByteBuffer(bytes: [2]))
    do {
      _ = try reader.next()
      Issue.record("it was taken")
    } catch {
      #expect(error.code == "grpc.frame")
    }
  }

  /// What takes a machine's own state in an expectation would copy it.
  private func expect(
    _ found: GRPCStreamMachine.Action?, _ expected: GRPCStreamMachine.Action?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found == expected, sourceLocation: sourceLocation)
  }

  private func machine(_ method: String, limit: Int = 100) -> GRPCStreamMachine {
    var machine = GRPCStreamMachine()
    machine.head(
      GRPCHead(GRPCFields.inference(method).headers), messageLimit: limit)
    return machine
  }

  @Test func `a call of one message is performed once its caller has ended`() throws {
    var machine = machine("ModelInfer")
    machine.data(ByteBuffer(bytes: framed([1])))
    expect(machine.next(), nil)
    machine.inputEnded()
    expect(machine.next(), .perform(FramedMessage(isCompressed: false, bytes: ByteBuffer(bytes: [1]))))
    expect(machine.next(), nil)
    machine.answered()
    let isDone = machine.isDone
    #expect(isDone)
  }

  @Test(arguments: [[], [[1], [2]]] as [[[UInt8]]])
  func `a call of one message with none or several is refused`(messages: [[UInt8]]) throws {
    var machine = machine("ModelInfer")
    for message in messages { machine.data(ByteBuffer(bytes: framed(message))) }
    machine.inputEnded()
    guard case .refuse(let answer)? = machine.next() else {
      Issue.record("it was performed")
      return
    }
    #expect(answer.code == "grpc.message-count")
    #expect(GRPCStatus(answer).code == .unimplemented)
  }

  @Test func `messages of a stream are performed one after another`() throws {
    var machine = machine("ModelStreamInfer")
    machine.data(ByteBuffer(bytes: framed([1], [2])))
    machine.inputEnded()
    for message: [UInt8] in [[1], [2]] {
      expect(machine.next(), .perform(FramedMessage(isCompressed: false, bytes: ByteBuffer(bytes: message))))
      expect(machine.next(), nil)
      machine.answered()
    }
    expect(machine.next(), .finish)
    let isDone = machine.isDone
    #expect(isDone)
  }

  @Test func `a stream that ends inside a message is refused`() throws {
    var machine = machine("ModelStreamInfer")
    machine.data(ByteBuffer(bytes: [0, 0]))
    machine.inputEnded()
    guard case .refuse(let answer)? = machine.next() else {
      Issue.record("it was finished")
      return
    }
    #expect(answer.code == "grpc.frame")
  }

  @Test(arguments: [
    (GRPCFields.inference("ModelInfer").without("te"), "grpc.trailers", 3),
    (GRPCFields.inference("Nothing"), "grpc.no-such-method", 12),
    (GRPCFields.inference("ModelInfer").with("grpc-encoding", "br"), "grpc.encoding", 12),
    (GRPCFields.inference("ModelInfer").with("grpc-timeout", "1"), "grpc.timeout", 3),
    (
      GRPCFields.inference("ModelInfer").with("content-type", "application/grpc+json"), "grpc.content-type", 3
    ),
    (GRPCFields.inference("ModelInfer").with("content-type", "application/grpc-web"), "grpc.content-type", 3),
    (GRPCFields.inference("ModelInfer").with(":method", "GET"), "request.method-not-allowed", 12),
  ])
  func `a head that is no call's is refused`(fields: GRPCFields, code: String, status: Int) throws {
    let refusal = try #require(GRPCHead(fields.headers).refusal)
    #expect(refusal.code == code)
    #expect(GRPCStatus(refusal).code.rawValue == status)
  }

  @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"])
  func `content types of messages are taken`(type: String) throws {
    #expect(GRPCHead(GRPCFields.inference("ModelInfer").with("content-type", type).headers).refusal == nil)
  }

  @Test(arguments: [
    ("1H", TimeAmount.hours(1)), ("2M", .minutes(2)), ("3S", .seconds(3)),
    ("99999999m", .milliseconds(99_999_999)),
    ("5u", .microseconds(5)), ("0n", .nanoseconds(0)), ("", nil), ("S", nil), ("123456789S", nil),
    ("-1S", nil),
    ("1 S", nil), ("1s", nil), ("٣S", nil),
  ])
  func `timeouts are up to eight digits and a unit`(text: String, timeout: TimeAmount?) {
    #expect(GRPCHead.timeout(text) == timeout)
  }

  @Test(arguments: [
    (Problem.Category.usage, GRPCStatus.Code.invalidArgument), (.badInput, .invalidArgument),
    (.unauthenticated, .unauthenticated), (.forbidden, .permissionDenied), (.notFound, .notFound),
    (.conflict, .failedPrecondition), (.tooLarge, .resourceExhausted), (.refused, .failedPrecondition),
    (.integrity, .internal), (.unavailable, .unavailable), (.internal, .internal),
  ])
  func `every kind of problem has its status`(category: Problem.Category, code: GRPCStatus.Code) {
    let status = GRPCStatus(
      Answer(Problem(category, "a.b", "expected é, found 5 %", position: "/x", hint: "use\ny")))
    #expect(status.code == code)
    #expect(status.message == "expected é, found 5 %, at /x; use\ny")
    #expect(status.encodedMessage == "expected %C3%A9, found 5 %25, at /x; use%0Ay")
  }
}
