import Domain
import NIOCore
import NIOHTTP1

/// Drives one connection of HTTP/1.1: tells the machine what came in and does what it says.
final class ConnectionHandler: ChannelDuplexHandler, AnswerReceiver, Observed {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How many requests are begun that did not wait for the answers before them: hundreds fit into one read, and whoever
  /// pipelines them must not keep all others waiting.
  private static let requestsPerTurn = 16

  private let loop: PlaneLoop
  private var plane: DataPlane { loop.plane }
  private let pace: ReadPace
  private let transport: RequestTransport
  /// Whether there are too many connections: this one gets its refusal and no more.
  private let isRefused: Bool
  /// Nil where the connection is gone, and with it whoever would read an answer or is owed a record.
  private var context: ChannelHandlerContext?
  private var machine: ConnectionMachine
  private var answerContext = AnswerWriter.Context()
  private var draft: AccessDraft?
  private var body: RequestBody
  /// What was parsed while an answer was computed.
  private var postponed: PostponedEvents
  /// Whether more was postponed than may be: the connection is closed, and nothing more taken in.
  private var isOverrun = false
  private var isReadHeld = false
  private var turn = FloodTurn(of: requestsPerTurn)
  /// Whether the connection lets others have their turn.
  private var isPaused = false
  /// How many answers wait for their records.
  private var undelivered = 0
  /// Whether the caller is to be asked for a body once the answers before it are delivered.
  private var isAskOwed = false
  /// Whether the connection closes once every answer is out: its caller sends nothing more.
  private var endsWhenWritten = false
  /// Whether the last answer is out.
  private var isLastWritten = false
  /// What tells a thread that the caller is gone; nil while none is asked to answer.
  private var isAbandoned: Abandonment?
  private var deadline = NIODeadline.distantFuture
  private var phase: ConnectionMachine.Phase?
  /// Runs while the socket takes nothing, and while the last answer is not out.
  private var unread: UnreadDeadline
  private var clock: RepeatedTask?

  init(_ loop: PlaneLoop, _ pace: ReadPace, isRefused: Bool) {
    self.loop = loop
    self.pace = pace
    self.isRefused = isRefused
    transport = RequestTransport(isEncrypted: loop.plane.tls != nil)
    machine = ConnectionMachine(limits: loop.plane.limits)
    body = RequestBody(of: loop.plane)
    postponed = PostponedEvents(of: loop.plane)
    unread = UnreadDeadline(loop.plane.limits)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    // An answer that is being computed is recorded, though nobody is left to read it.
    if !machine.isWorking { self.context = nil }
  }

  func channelActive(context: ChannelHandlerContext) {
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let interval = plane.limits.clockInterval
    clock = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
      let (handler, context) = loopBound.value
      handler.tick(context)
    }
    startPhase(context)
    loop.add(self)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    loop.remove(self)
    // A thread that answers holds the body still: its room is given back when that is done with it.
    if machine.isWorking { isAbandoned?.declare() } else { body.drop() }
    postponed.removeAll()
    context.fireChannelInactive()
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    pace.parsed()
    receive(.part(unwrapInboundIn(data)), context)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    turn.readCompleted()
    context.flush()
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let error as HTTPParserError:
      receive(.malformed(error), context)
      context.flush()
    // Behind bytes that could not be read nothing is. The answer to them is on its way, and would be lost to a reset
    // were the connection closed while the caller sends.
    case is ByteToMessageDecoderError: break
    // The socket's end, which needs no answer.
    default: context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { receive(.inputClosed, context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func receive(_ event: ConnectionEvent, _ context: ChannelHandlerContext) {
    if isOverrun { return }
    // Of what follows the last answer nothing is looked at, nor is anybody charged for it.
    if case .part = event, machine.isAtEnd { return }
    if postponed.isEmpty, isItsTurn(event, context) { return process(event, context) }
    guard !postponed.append(event) else { return }
    isOverrun = true
    postponed.removeAll()
    context.close(promise: nil)
  }

  /// Whether an event can be processed now; ends the connection's turn where it has had its share of requests.
  private func isItsTurn(_ event: ConnectionEvent, _ context: ChannelHandlerContext) -> Bool {
    guard !machine.isWorking, !isPaused else { return false }
    guard case .part(.head) = event else { return true }
    // Whoever does not read its answers gets no more of them.
    guard context.channel.isWritable else { return false }
    guard turn.isOver else {
      turn.begin()
      return true
    }
    pause(context)
    return false
  }

  private func pause(_ context: ChannelHandlerContext) {
    isPaused = true
    let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: FloodTurn.pause) {
      let handler = loopBound.value
      handler.isPaused = false
      handler.turn.renew()
      if let context = handler.context { handler.resume(context) }
    }
  }

  private func process(_ event: ConnectionEvent, _ context: ChannelHandlerContext) {
    switch event {
    case .part(.head(let head)):
      var head = RequestHead(head)
      head.transport = transport
      if plane.isDraining { head.keepsAlive = false }
      answerContext = AnswerWriter.Context(isHead: head.isHead, isHTTP10: head.isHTTP10)
      let (decision, draft) = isRefused ? loop.refuse(head) : loop.begin(head)
      self.draft = draft
      act(machine.head(head, decision), context)
    case .part(.body(var bytes)):
      let action = machine.body(bytes.readableBytes, tooLarge: plane.bodyTooLarge)
      guard case .collect = action else { return act(action, context) }
      if !body.append(&bytes) { act(machine.fail(PlaneLoop.overloaded), context) }
    case .part(.end): act(machine.end(), context)
    case .malformed(let error): act(machine.fail(Answer(malformed: error)), context)
    case .inputClosed: act(machine.inputClosed(), context)
    }
  }

  // MARK: What is done about it

  private func act(_ action: ConnectionMachine.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing, .collect: break
    case .askForBody:
      isAskOwed = true
      deliveredOne(context)
      context.flush()
    case .perform(let operation): perform(operation, context)
    case .send(let answer, let isLast): send(answer, isLast: isLast, context)
    case .close:
      body.drop()
      endsWhenWritten = true
      deliveredOne(context)
    }
    startPhase(context)
  }

  private func perform(_ operation: Operation, _ context: ChannelHandlerContext) {
    guard var draft = draft.take() else { return }
    isAskOwed = false
    let answer = loop.perform(operation, body.take(), &draft, for: self)
    self.draft = draft
    if let answer { finish(answer, context) }
  }

  func answered(_ answer: Answer) {
    guard let context else { return }
    finish(answer, context)
    context.flush()
    if context.channel.isActive { resume(context) } else { self.context = nil }
  }

  private func finish(_ answer: Answer, _ context: ChannelHandlerContext) {
    body.drop()
    isAbandoned = nil
    var answer = answer
    if plane.isDraining { answer.closes = true }
    act(machine.answered(answer), context)
  }

  private func send(_ answer: Answer, isLast: Bool, _ context: ChannelHandlerContext) {
    let outgoing = OutgoingAnswer(answer: answer, context: answerContext, isLast: isLast)
    answerContext = AnswerWriter.Context()
    if isLast {
      body.drop()
      postponed.removeAll()
      pace.slowDown()
    }
    isAskOwed = false
    undelivered += 1
    let draft = draft.take() ?? AccessDraft(trace: plane.nextTrace(), transport: transport)
    loop.send(outgoing, draft, to: self)
  }

  /// Puts an answer on the wire, where there still is one.
  func deliver(_ outgoing: OutgoingAnswer) {
    undelivered -= 1
    guard let context else { return }
    write(outgoing, context)
    deliveredOne(context)
  }

  /// Does what has to wait for the answers before it.
  private func deliveredOne(_ context: ChannelHandlerContext) {
    guard undelivered == 0 else { return }
    if isAskOwed {
      isAskOwed = false
      context.write(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
    }
    guard endsWhenWritten else { return }
    // Nothing, behind all that was written: when that is out, or cannot be, so is the rest.
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
  }

  private func write(_ outgoing: OutgoingAnswer, _ context: ChannelHandlerContext) {
    var buffer = context.channel.allocator.buffer(
      capacity: AnswerWriter.usualHeadBytes + outgoing.answer.body.count)
    loop.writer.write(outgoing, to: &buffer)
    unread.added(buffer.readableBytes)
    var promise: EventLoopPromise<Void>?
    if let large = outgoing.answer.large, !outgoing.context.isHead {
      context.write(wrapOutboundOut(buffer), promise: nil)
      buffer = large.bytes
      unread.added(buffer.readableBytes)
      promise = large.written(on: context.eventLoop)
    }
    guard outgoing.isLast else { return context.write(wrapOutboundOut(buffer), promise: promise) }
    // Only the output ends: were the socket closed while the caller still sends, the answer would be lost to
    // a reset. What still comes is read and dropped until the caller is done, or the linger is over.
    let loopBound = NIOLoopBound((self, context.channel), eventLoop: context.eventLoop)
    let written = promise ?? context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
    written.futureResult.whenComplete { _ in
      let (handler, channel) = loopBound.value
      handler.isLastWritten = true
      handler.unread.stop()
      handler.startDeadline()
      channel.close(mode: .output, promise: nil)
    }
  }

  /// Asked for where a thread is to answer.
  var abandonment: Abandonment? { isAbandoned.orNew() }

  func flush() { context?.flush() }

  // MARK: Back-pressure

  /// Nothing is read while an answer is computed, nor while the caller does not read its answers.
  func read(context: ChannelHandlerContext) {
    // Behind the last answer everything is read, and thrown away.
    if !machine.isAtEnd, machine.isWorking || isPaused || !context.channel.isWritable {
      isReadHeld = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, !isLastAwaited {
      unread.stop()
    } else {
      unread.start(.now(), waiting: context.channel.unwrittenBytes)
    }
    if context.channel.isWritable { resume(context) }
    context.fireChannelWritabilityChanged()
  }

  private func resume(_ context: ChannelHandlerContext) {
    if !postponed.isEmpty {
      while let event = postponed.first, isItsTurn(event, context) {
        postponed.removeFirst()
        process(event, context)
      }
      context.flush()
    }
    guard isReadHeld, !machine.isWorking, !isPaused else { return }
    isReadHeld = false
    read(context: context)
  }

  // MARK: Time

  private func startPhase(_ context: ChannelHandlerContext) {
    guard machine.phase != phase else { return }
    phase = machine.phase
    startDeadline()
    if isLastAwaited, !unread.isRunning { unread.start(.now(), waiting: context.channel.unwrittenBytes) }
  }

  /// Whether nothing comes behind what is written, and that is not out yet.
  private var isLastAwaited: Bool { machine.isAtEnd && !isLastWritten }

  private func startDeadline() {
    switch machine.phase {
    case .idle: deadline = .now() + TimeAmount(plane.limits.idle)
    case .body: deadline = .now() + TimeAmount(plane.limits.body)
    // Closed before it is out, a connection would cut its last answer off.
    case _ where isLastAwaited, .working: deadline = .distantFuture
    case .closing: deadline = .now() + TimeAmount(plane.limits.close)
    case .lingering: deadline = .now() + TimeAmount(plane.limits.linger)
    }
  }

  var observation: Observation {
    Observation(
      transport: transport, isConnection: true, phase: .init(machine.phase), isUnread: unread.isRunning,
      request: draft.map { Observation.Request($0) })
  }

  private func tick(_ context: ChannelHandlerContext) {
    let now = NIODeadline.now()
    if unread.isOver(now, waiting: context.channel.unwrittenBytes) { return context.close(promise: nil) }
    var deadline = deadline
    if machine.phase == .idle, plane.isDraining {
      let limits = plane.limits
      deadline = deadline - (TimeAmount(limits.idle) - TimeAmount(limits.idleWhileDraining))
    }
    guard now >= deadline else { return }
    switch machine.phase {
    case .body: act(machine.fail(.bodyTimeout), context)
    case .idle, .working, .closing, .lingering: context.close(promise: nil)
    }
  }
}

extension Answer {
  /// The answer to bytes that are no request of HTTP/1.1.
  fileprivate init(malformed error: HTTPParserError) {
    switch error {
    case .headerOverflow: self = .headTooLarge
    default: self = .malformed(.http1)
    }
  }
}

extension PlaneLimits {
  /// How often a connection looks at its deadline: often enough for the shortest of them.
  var clockInterval: TimeAmount {
    let shortest = min(idle, idleWhileDraining, body, unread, close, linger)
    return min(max(TimeAmount(shortest / 4), .milliseconds(5)), .seconds(5))
  }
}
