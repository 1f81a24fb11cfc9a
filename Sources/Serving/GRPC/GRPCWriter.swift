import Domain
import Encoding
import NIOCore
import NIOHPACK
import NIOHTTP2
import Provenance

/// Puts the answers of one call on its stream.
struct GRPCWriter {
  var method: GRPCMethod?
  /// Whether the caller speaks gRPC; if not, it is answered as on any other route.
  var isGRPC = true
  private var hasHead = false
  /// Whether the end is written; nothing comes behind it.
  private(set) var hasEnded = false

  private static let head: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]

  /// Writes the answer to one message of several.
  mutating func message(_ outgoing: OutgoingAnswer, to stream: HTTP2Stream?) {
    guard let stream, !hasEnded else { return }
    writeHead(stream)
    let answer = outgoing.answer
    if method == .modelStreamInfer {
      let (head, tail) = Self.streamResponse(answer, outgoing.receipt)
      Self.write(head, answer.large, tail, to: stream)
    } else {
      Self.write(answer.body, answer.large, to: stream)
    }
  }

  /// Writes the answer that ends the call.
  mutating func last(_ outgoing: OutgoingAnswer, isInputEnded: Bool, to stream: HTTP2Stream?) {
    guard let stream, !hasEnded else { return }
    if outgoing.answer.status == 200 {
      writeHead(stream)
      Self.write(outgoing.answer.body, outgoing.answer.large, to: stream)
    }
    end(outgoing, isInputEnded: isInputEnded, to: stream)
  }

  /// Ends the call with what an answer says of it, and without its body.
  mutating func end(_ outgoing: OutgoingAnswer, isInputEnded: Bool, to stream: HTTP2Stream?) {
    guard let stream, !hasEnded else { return }
    hasEnded = true
    let last: HTTP2Frame.FramePayload
    if isGRPC {
      last = .headers(.init(headers: trailers(outgoing), endStream: true))
    } else {
      last = Self.plain(outgoing, stream)
    }
    stream.writeLast(last, isCutShort: !isInputEnded)
  }

  private mutating func writeHead(_ stream: HTTP2Stream) {
    guard !hasHead else { return }
    hasHead = true
    stream.write(.headers(.init(headers: Self.head)))
  }

  /// The fields at the end of a call; where there were none at its beginning, those too.
  private func trailers(_ outgoing: OutgoingAnswer) -> HPACKHeaders {
    let answer = outgoing.answer
    let status = GRPCStatus(answer)
    var fields = hasHead ? HPACKHeaders() : Self.head
    fields.add(name: "grpc-status", value: status.code.rawValue.description)
    Self.add(outgoing, to: &fields)
    guard status.code != .ok else { return fields }
    fields.add(name: "grpc-message", value: status.encodedMessage, indexing: .nonIndexable)
    if let code = answer.code { fields.add(name: "gatehouse-code", value: code) }
    if answer.code == "grpc.encoding" {
      fields.add(name: "grpc-accept-encoding", value: "identity,gzip,deflate")
    }
    for case .retryAfter(let seconds) in answer.fields {
      fields.add(name: "grpc-retry-pushback-ms", value: "\(seconds * 1000)")
    }
    return fields
  }

  /// Adds where the record of an answer stands, and its span.
  ///
  /// Each comes once: there is no use in remembering them.
  private static func add(_ outgoing: OutgoingAnswer, to fields: inout HPACKHeaders) {
    if let receipt = outgoing.receipt {
      fields.add(name: "gatehouse-receipt", value: receipt.description, indexing: .nonIndexable)
    }
    if let span = outgoing.span {
      fields.add(name: "traceresponse", value: span.context.response, indexing: .nonIndexable)
    }
  }

  /// Writes the head of the refusal of what is no call, as REST has it, and gives its body.
  private static func plain(
    _ outgoing: OutgoingAnswer, _ stream: HTTP2Stream
  ) -> HTTP2Frame.FramePayload {
    let answer = outgoing.answer
    var fields: HPACKHeaders = [":status": answer.status.description, "content-type": "application/json"]
    add(outgoing, to: &fields)
    stream.write(.headers(.init(headers: fields)))
    return .data(.init(data: .byteBuffer(ByteBuffer(bytes: answer.body)), endStream: true))
  }

  /// Writes a message behind its prefix: not compressed, and its length.
  private static func write(
    _ head: [UInt8], _ large: LargeBody?, _ tail: [UInt8] = [], to stream: HTTP2Stream
  ) {
    var buffer = ByteBufferAllocator().buffer(capacity: 5 + head.count)
    buffer.writeInteger(0 as UInt8)
    buffer.writeInteger(UInt32(clamping: head.count + (large?.count ?? 0) + tail.count))
    buffer.writeBytes(head)
    stream.write(.data(.init(data: .byteBuffer(buffer))))
    guard let large else { return }
    stream.write(
      .data(.init(data: .byteBuffer(large.bytes))),
      promise: large.written(on: stream.connection.loop.eventLoop))
    if !tail.isEmpty {
      stream.write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: tail)))))
    }
  }

  /// A `ModelStreamInferResponse`: an answer, or why there is none; in either case with the receipt as a parameter, for
  /// a stream has no fields beside a message.
  ///
  /// The body of a large answer belongs between the two parts.
  private static func streamResponse(_ answer: Answer, _ receipt: Receipt?) -> (head: [UInt8], tail: [UInt8])
  {
    var parameters = ProtobufWriter()
    if let receipt { parameters.parameter("gatehouse-receipt", receipt.description) }
    var writer = ProtobufWriter(capacity: 128 + answer.body.count)
    if answer.status != 200 {
      writer.text(1, GRPCStatus(answer).message)
      if let code = answer.code { parameters.parameter("gatehouse-code", code) }
    }
    // Fields of a message may come in any order: these stand behind the answer as it was recorded.
    if let large = answer.large {
      writer.prefix(2, count: large.count + parameters.bytes.count)
      return (writer.bytes, parameters.bytes)
    }
    let response = answer.status == 200 ? answer.body : []
    writer.field(2, count: response.count + parameters.bytes.count) {
      $0 += response
      $0 += parameters.bytes
    }
    return (writer.bytes, [])
  }
}

extension ProtobufWriter {
  /// Appends an entry of a `ModelInferResponse`'s parameters.
  fileprivate mutating func parameter(_ name: String, _ value: String) {
    message(4) { entry in
      entry.text(1, name)
      entry.message(2) { $0.text(3, value) }
    }
  }
}

extension Answer {
  /// How a call ends that the plane does not wait for while it drains.
  static var draining: Answer { .unavailable("plane.draining", "the plane is draining", retryAfter: 1) }

  /// How a stream ends that nothing comes on.
  static var idleTimeout: Answer {
    Answer(Problem(.badInput, "grpc.idle", "expected another message in time, found none"), status: 408)
  }
}
