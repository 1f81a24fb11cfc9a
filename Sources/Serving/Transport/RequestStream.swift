import Domain
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Drives one stream of a connection of HTTP/2, which is one request and its answer.
///
/// What comes in between the two is `ConnectionMachine`'s, as for a connection of HTTP/1.1.
final class RequestStream: ChannelInboundHandler, AnswerReceiver {
  typealias InboundIn = HTTP2Frame.FramePayload
  typealias OutboundOut = HTTP2Frame.FramePayload

  /// Bytes of an answer that wait for room in their caller's window; what is behind them waits in the answer itself.
  static let piece = 64 << 10

  private let connection: HTTP2Connection
  private var plane: DataPlane { connection.loop.plane }
  private var context: ChannelHandlerContext?
  private var machine: ConnectionMachine
  private var body: RequestBody
  private var length = DeclaredLength()
  private var draft: AccessDraft?
  private var answerContext = AnswerWriter.Context()
  private var hasBegun = false
  /// What answers the stream where it is a call of gRPC: the handler behind this one.
  private var call: GRPCStreamHandler?
  /// What of the answer's body is not written yet.
  private var rest = ByteBuffer()
  /// What holds the room of those bytes.
  private var large: LargeBody?
  private var isInputEnded = false
  /// Whether the answer is certain before its request was whole: its caller need not send what is left.
  private var isCutShort = false
  private var deadline = NIODeadline.distantFuture
  /// What tells the thread that answers that the caller is gone.
  private var isAbandoned: Abandonment?

  init(_ connection: HTTP2Connection) {
    self.connection = connection
    machine = ConnectionMachine(limits: connection.loop.plane.limits)
    body = RequestBody(of: connection.loop.plane)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    // An answer that is being computed is recorded, though nobody is left to read it.
    if !machine.isWorking { self.context = nil }
  }

  func channelInactive(context: ChannelHandlerContext) {
    // What a thread holds is not given back before the thread is done with it.
    if machine.isWorking { isAbandoned?.declare() } else { body.drop() }
    (rest, large) = (ByteBuffer(), nil)
    connection.ended(self)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Its caller reset the stream, or broke the protocol on it: what follows is its end.
    if call != nil { context.fireErrorCaught(error) }
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if call != nil { return context.fireChannelRead(data) }
    switch unwrapInboundIn(data) {
    case .headers(let headers) where !hasBegun && headers.headers.isCall:
      handOver(data, headers.headers, context)
    case .headers(let headers):
      // A second block is trailers, of which none matter.
      if !hasBegun { begin(headers, context) }
      if headers.endStream { endInput(context) }
    case .data(let data):
      if case .byteBuffer(var bytes) = data.data { receive(&bytes, context) }
      if data.endStream { endInput(context) }
    default: break
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  /// Has gRPC's own handler take the stream over; what counts streams stays here.
  private func handOver(_ data: NIOAny, _ headers: HPACKHeaders, _ context: ChannelHandlerContext) {
    hasBegun = true
    guard connection.opened(self) else { return refuse(context) }
    var refusal = connection.isRefused ? PlaneLoop.tooManyConnections : nil
    if headers.count > plane.limits.headerFields { refusal = .headTooLarge }
    let handler = GRPCStreamHandler(
      loop: connection.loop, isEncrypted: connection.transport.isEncrypted, refusal: refusal)
    call = handler
    do {
      try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
      context.fireChannelRead(data)
    } catch {
      context.close(promise: nil)
    }
  }

  private func refuse(_ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(.rstStream(.refusedStream)), promise: nil)
  }

  private func begin(_ headers: HTTP2Frame.FramePayload.Headers, _ context: ChannelHandlerContext) {
    hasBegun = true
    guard connection.opened(self) else { return refuse(context) }
    var head = RequestHead(headers.headers, isWhole: headers.endStream)
    head.transport = connection.transport
    answerContext.isHead = head.isHead
    if case .declared(let count) = head.body { length = DeclaredLength(count) }
    var (decision, draft) = connection.isRefused ? connection.loop.refuse(head) : connection.loop.begin(head)
    if headers.headers.count > plane.limits.headerFields { decision = .answer(.headTooLarge) }
    self.draft = draft
    deadline = .now() + TimeAmount(plane.limits.body)
    act(machine.head(head, decision), context)
  }

  private func receive(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) {
    guard length.take(bytes.readableBytes) else { return act(machine.fail(DeclaredLength.refusal), context) }
    let action = machine.body(bytes.readableBytes, tooLarge: plane.bodyTooLarge)
    guard case .collect = action else { return act(action, context) }
    if !body.append(&bytes) { act(machine.fail(PlaneLoop.overloaded), context) }
  }

  private func endInput(_ context: ChannelHandlerContext) {
    isInputEnded = true
    act(length.isMet ? machine.end() : machine.fail(DeclaredLength.refusal), context)
  }

  /// A moment has come: whoever sends or reads too slowly is let go.
  func tick(_ now: NIODeadline) {
    if let call { return call.tick(now) }
    guard now >= deadline, let context else { return }
    if case .body = machine.phase {
      act(machine.fail(.bodyTimeout), context)
      context.flush()
    } else {
      context.close(promise: nil)
    }
  }

  /// What it does; nil where whoever took it over is asked.
  var observation: Observation? {
    guard call == nil else { return nil }
    return Observation(
      transport: connection.transport, isConnection: false, phase: .init(machine.phase),
      isUnread: rest.readableBytes > 0,
      request: draft.map { Observation.Request($0) })
  }

  // MARK: What is done about it

  private func act(_ action: ConnectionMachine.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing, .collect: break
    case .askForBody:
      let headers = HPACKHeaders([(":status", "100")])
      context.writeAndFlush(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
    case .perform(let operation): perform(operation, context)
    case .send(let answer, _): send(answer)
    case .close: context.close(promise: nil)
    }
  }

  private func perform(_ operation: Operation, _ context: ChannelHandlerContext) {
    guard var draft else { return }
    deadline = .distantFuture
    let answer = connection.loop.perform(operation, body.take(), &draft, for: self)
    self.draft = draft
    if let answer { finish(answer, context) }
  }

  func answered(_ answer: Answer) {
    guard let context else { return }
    finish(answer, context)
    context.flush()
    if !context.channel.isActive { self.context = nil }
  }

  /// Asked for where a thread is to answer.
  var abandonment: Abandonment? { isAbandoned.orNew() }

  private func finish(_ answer: Answer, _ context: ChannelHandlerContext) {
    body.drop()
    act(machine.answered(answer), context)
  }

  private func send(_ answer: Answer) {
    body.drop()
    isCutShort = machine.phase == .lingering && !isInputEnded
    deadline = .now() + TimeAmount(plane.limits.unread)
    let draft = draft
    self.draft = nil
    connection.loop.send(OutgoingAnswer(answer: answer, context: answerContext), draft, to: self)
  }

  // MARK: The answer

  func deliver(_ outgoing: OutgoingAnswer) {
    guard let context, context.channel.isActive else { return }
    let headers = connection.loop.writer.headers(of: outgoing)
    let isBodyless = outgoing.context.isHead || outgoing.answer.bodyBytes == 0
    let head = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: isBodyless))
    if isBodyless { return writeLast(head, context) }
    context.write(wrapOutboundOut(head), promise: nil)
    large = outgoing.answer.large
    rest = large?.bytes ?? ByteBuffer(bytes: outgoing.answer.body)
    writeRest(context)
  }

  func flush() { context?.flush() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if rest.readableBytes > 0, context.channel.isWritable {
      deadline = .now() + TimeAmount(plane.limits.unread)
      writeRest(context)
      context.flush()
    }
    context.fireChannelWritabilityChanged()
  }

  /// Writes as much of the answer as its caller makes room for.
  private func writeRest(_ context: ChannelHandlerContext) {
    while let piece = rest.readSlice(length: min(Self.piece, rest.readableBytes)), piece.readableBytes > 0 {
      let isLast = rest.readableBytes == 0
      let data = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(piece), endStream: isLast))
      if isLast {
        rest = ByteBuffer()
        return writeLast(data, context)
      }
      context.write(wrapOutboundOut(data), promise: nil)
      guard context.channel.isWritable else { return }
    }
  }

  private func writeLast(_ payload: HTTP2Frame.FramePayload, _ context: ChannelHandlerContext) {
    let promise = large?.written(on: context.eventLoop)
    large = nil
    guard isCutShort else { return context.write(wrapOutboundOut(payload), promise: promise) }
    // RFC 9113 section 8.1: the answer is whole, and what is left of the request is not wanted. Not before it is out,
    // for a reset drops what still waits on its stream.
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let written = promise ?? context.eventLoop.makePromise(of: Void.self)
    context.write(wrapOutboundOut(payload), promise: written)
    written.futureResult.whenSuccess {
      let (stream, context) = loopBound.value
      context.writeAndFlush(stream.wrapOutboundOut(.rstStream(.noError)), promise: nil)
    }
  }
}

extension HPACKHeaders {
  /// Whether they begin a call of gRPC: `application/grpc`, with what it is encoded in behind it or not.
  fileprivate var isCall: Bool {
    first(name: "content-type")?.lowercased().hasPrefix("application/grpc") ?? false
  }
}
