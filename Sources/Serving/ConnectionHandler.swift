import Domain
import Inference
import NIOCore
import NIOHTTP1
import NIOPosix

/// Drives one connection: tells the machine what came in and does what it says.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Event {
    case part(HTTPServerRequestPart)
    case malformed(HTTPParserError)
    case inputClosed
  }

  private let plane: DataPlane
  private let pool: NIOThreadPool
  private let engines: EngineThreads
  private let writer: AnswerWriter
  /// Where records go; nil where none are kept.
  private let round: RecordRound?
  /// Whether there are too many connections: this one gets its refusal and no more.
  private let isRefused: Bool
  private var machine: ConnectionMachine
  private var answerContext = AnswerWriter.Context()
  private var draft: AccessDraft?
  private var collected = ByteBuffer()
  /// What of the plane's `bufferedBytes` this connection holds.
  private var reserved = 0
  /// What was parsed while an answer was computed.
  ///
  /// Bounded: nothing is read from the socket meanwhile, so it is what one read had brought.
  private var postponed = CircularBuffer<Event>()
  private var isReadHeld = false
  private var deadline = NIODeadline.distantFuture
  private var phase: ConnectionMachine.Phase?
  /// Until when the caller has to read; nil while the socket takes what is written.
  private var unreadDeadline: NIODeadline?
  private var clock: RepeatedTask?

  init(
    plane: DataPlane, pool: NIOThreadPool, engines: EngineThreads, writer: AnswerWriter, round: RecordRound?,
    isRefused: Bool
  ) {
    self.plane = plane
    self.pool = pool
    self.engines = engines
    self.writer = writer
    self.round = round
    self.isRefused = isRefused
    self.machine = ConnectionMachine(limits: plane.limits)
  }

  func channelActive(context: ChannelHandlerContext) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let interval = plane.limits.clockInterval
    clock = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
      let (handler, context) = loopBound.value
      handler.tick(context)
    }
    startPhase()
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    releaseReserved()
    postponed.removeAll()
    context.fireChannelInactive()
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    receive(.part(unwrapInboundIn(data)), context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Anything but a malformed request is the socket's end, which needs no answer.
    guard let error = error as? HTTPParserError else { return context.close(promise: nil) }
    receive(.malformed(error), context)
    context.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { receive(.inputClosed, context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func receive(_ event: Event, _ context: ChannelHandlerContext) {
    if machine.isWorking || !postponed.isEmpty {
      postponed.append(event)
    } else {
      process(event, context)
    }
  }

  private func process(_ event: Event, _ context: ChannelHandlerContext) {
    switch event {
    case .part(.head(let head)):
      var head = RequestHead(head)
      if plane.isDraining { head.keepsAlive = false }
      answerContext = AnswerWriter.Context(isHead: head.isHead, isHTTP10: head.isHTTP10)
      var draft = AccessDraft(trace: plane.trace(of: head))
      let decision =
        isRefused ? .answer(Self.tooManyConnections) : plane.decide(head, &draft)
      self.draft = draft
      act(machine.head(head, decision), context)
    case .part(.body(var bytes)):
      let action = machine.body(bytes.readableBytes, tooLarge: plane.bodyTooLarge)
      guard case .collect = action else { return act(action, context) }
      collect(&bytes, context)
    case .part(.end): act(machine.end(), context)
    case .malformed(let error): act(machine.fail(Answer(malformed: error)), context)
    case .inputClosed: act(machine.inputClosed(), context)
    }
  }

  private func collect(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) {
    let size = collected.readableBytes + bytes.readableBytes
    if size > plane.limits.smallBodyBytes {
      guard plane.bufferedBytes.take(size - reserved, limit: plane.limits.bufferedBytes) else {
        return act(machine.fail(Self.overloaded), context)
      }
      reserved = size
    }
    // The whole of a small body comes in one piece and is not copied.
    if collected.readableBytes == 0 { collected = bytes } else { collected.writeBuffer(&bytes) }
  }

  // MARK: What is done about it

  private func act(_ action: ConnectionMachine.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing, .collect: break
    case .askForBody:
      context.writeAndFlush(
        wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    case .perform(let operation): perform(operation, context)
    case .send(let answer, let isLast): send(answer, isLast: isLast, context)
    case .close: context.close(promise: nil)
    }
    startPhase()
  }

  /// Predicts here where that is cheaper than the way to another thread and back.
  private func perform(_ operation: Operation, _ context: ChannelHandlerContext) {
    let body = collected
    collected = ByteBuffer()
    switch operation {
    case .index(let index):
      draft?.record.input = inputDigest(of: body)
      finish(index.answer(body, limits: plane.limits), context)
    case .model(let operation): perform(operation, body, context)
    }
  }

  private func perform(_ operation: ModelOperation, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
    let limits = plane.limits
    // A compressed body may be of any size behind its small one.
    guard body.readableBytes <= limits.smallBodyBytes, operation.form.coding == nil else {
      let salt = round?.salt
      return submit(for: operation.model, context) { queue in
        var answer = operation.perform(body, limits: limits, queue: queue)
        answer.inputDigest = salt.map { Digest(of: body.readableBytesView, salt: $0) }
        return answer
      }
    }
    draft?.record.input = inputDigest(of: body)
    do throws(Problem) {
      let prediction = try operation.decode(body, limits: limits)
      guard prediction.steps <= limits.inlineSteps else {
        return submit(for: operation.model, context) { queue in
          var prediction = prediction
          prediction.times.queue = queue
          return prediction.run(answerLimit: limits.answerBytes)
        }
      }
      finish(prediction.run(answerLimit: limits.answerBytes), context)
    } catch {
      finish(Answer(error), context)
    }
  }

  private func inputDigest(of body: ByteBuffer) -> Digest? {
    round.map { Digest(of: body.readableBytesView, salt: $0.salt) }
  }

  /// Has a thread answer; `work` is told how many nanoseconds it waited for one.
  private func submit(
    for model: ServedModel, _ context: ChannelHandlerContext,
    _ work: @escaping @Sendable (_ queue: Int) -> Answer
  ) {
    guard plane.queuedPredictions.take(1, limit: plane.limits.queuedPredictions) else {
      return finish(Self.overloaded, context)
    }
    let plane = plane
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let start = Clock.monotonic()
    (model.plan.usesEngine ? engines.running : pool).runIfActive(eventLoop: context.eventLoop) {
      defer { plane.queuedPredictions.release(1) }
      return work(Clock.monotonic() - start)
    }.whenComplete { result in
      let (handler, context) = loopBound.value
      // The pool ends after the connections do: a failure is our own.
      let ended = Answer.unavailable("plane.ending", "the plane is ending", retryAfter: 1, closes: true)
      handler.finish((try? result.get()) ?? ended, context)
      context.flush()
      handler.resume(context)
    }
  }

  private func finish(_ answer: Answer, _ context: ChannelHandlerContext) {
    releaseReserved()
    var answer = answer
    if plane.isDraining { answer.closes = true }
    act(machine.answered(answer), context)
  }

  private func send(_ answer: Answer, isLast: Bool, _ context: ChannelHandlerContext) {
    let outgoing = OutgoingAnswer(answer: answer, context: answerContext, isLast: isLast)
    answerContext = AnswerWriter.Context()
    // What is no request has no draft, and leaves a record all the same.
    let draft = draft ?? AccessDraft(trace: plane.nextTrace())
    self.draft = nil
    if isLast {
      releaseReserved()
      collected = ByteBuffer()
      postponed.removeAll()
    }
    let record = draft.finished(with: answer, salt: draft.isRecorded ? round?.salt : nil)
    plane.count(draft, record)
    guard let round else { return deliver(outgoing, context) }
    round.add(draft.isRecorded ? record : nil, outgoing, self, context)
  }

  /// Puts an answer on the wire, where there still is one.
  func deliver(_ outgoing: OutgoingAnswer, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(capacity: 256 + outgoing.answer.body.count)
    writer.write(outgoing, to: &buffer)
    guard outgoing.isLast else { return context.write(wrapOutboundOut(buffer), promise: nil) }
    // Only the output ends: were the socket closed while the caller still sends, the answer would be lost to
    // a reset. What still comes is read and dropped until the caller is done, or the linger is over.
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(buffer)).whenComplete { _ in
      channel.close(mode: .output, promise: nil)
    }
  }

  private func releaseReserved() {
    plane.bufferedBytes.release(reserved)
    reserved = 0
  }

  // MARK: Back-pressure

  /// Nothing is read while an answer is computed, nor while the caller does not read its answers.
  func read(context: ChannelHandlerContext) {
    if machine.isWorking || (!context.channel.isWritable && !machine.isAtEnd) {
      isReadHeld = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      unreadDeadline = nil
      resume(context)
    } else {
      unreadDeadline = .now() + TimeAmount(plane.limits.unread)
    }
    context.fireChannelWritabilityChanged()
  }

  private func resume(_ context: ChannelHandlerContext) {
    while !machine.isWorking, let event = postponed.popFirst() { process(event, context) }
    context.flush()
    guard isReadHeld, !machine.isWorking else { return }
    isReadHeld = false
    read(context: context)
  }

  // MARK: Time

  private func startPhase() {
    guard machine.phase != phase else { return }
    phase = machine.phase
    let limits = plane.limits
    switch machine.phase {
    case .idle: deadline = .now() + TimeAmount(limits.idle)
    case .body: deadline = .now() + TimeAmount(limits.body)
    case .working: deadline = .distantFuture
    case .closing: deadline = .now() + TimeAmount(limits.close)
    case .lingering: deadline = .now() + TimeAmount(limits.linger)
    }
  }

  private func tick(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if let unreadDeadline, now >= unreadDeadline { return context.close(promise: nil) }
    var deadline = deadline
    if machine.phase == .idle, plane.isDraining {
      let limits = plane.limits
      deadline = deadline - (TimeAmount(limits.idle) - TimeAmount(limits.idleWhileDraining))
    }
    guard now >= deadline else { return }
    switch machine.phase {
    case .body:
      let late = Problem(
        .badInput, "request.body-timeout", "expected the whole body in time, found it unfinished")
      act(machine.fail(Answer(late, status: 408)), context)
    case .idle, .working, .closing, .lingering: context.close(promise: nil)
    }
  }

  // MARK: Refusals

  private static let overloaded = Answer.unavailable(
    "plane.overloaded", "the plane has as much to do as it takes on", retryAfter: 1)
  private static let tooManyConnections = Answer.unavailable(
    "plane.too-many-connections", "the plane has as many connections as it takes on", retryAfter: 1,
    closes: true)
}

extension Answer {
  /// The answer to bytes that are no request of HTTP/1.1.
  fileprivate init(malformed error: HTTPParserError) {
    switch error {
    case .headerOverflow:
      self.init(
        Problem(.tooLarge, "request.head-too-large", "expected a smaller head, found more fields or bytes"),
        status: 431, closes: true)
    default:
      self.init(
        Problem(.badInput, "request.malformed", "expected a request of HTTP/1.1, found other bytes"),
        closes: true)
    }
  }
}

extension PlaneLimits {
  /// How often a connection looks at its deadline: often enough for the shortest of them.
  fileprivate var clockInterval: TimeAmount {
    let shortest = min(idle, idleWhileDraining, body, unread, close, linger)
    return min(max(TimeAmount(shortest / 4), .milliseconds(5)), .seconds(5))
  }
}
