import Domain
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Drives one call of gRPC on its stream of HTTP/2: tells the machine what came in and does what it says.
final class CallStream: StreamReceiver {
  private let loop: PlaneLoop
  private var limits: PlaneLimits { loop.plane.limits }
  private let transport: RequestTransport
  private var machine = GRPCStreamMachine()
  private var head: GRPCHead?
  /// Whether the call has several messages.
  private var takesStream: Bool { head?.method?.takesStream ?? false }
  private var writer = GRPCWriter()
  /// Nil as soon as the stream is gone.
  private var stream: HTTP2Stream?
  /// The record of the message that is being answered.
  private var draft: AccessDraft?
  /// When the head had come in, of a call with one message.
  private var begun: AccessDraft?
  private var room: BodyRoom
  /// Whether a thread has, or is to have, the message that is being answered; until it is done its room is taken.
  private var isOnThread = false
  private var length = DeclaredLength()
  /// Answers whose records are not written yet.
  private var undelivered = 0
  /// How the call ends once they are.
  private var ending: Answer?
  private var isInputEnded = false
  /// What tells the thread that answers that the caller is gone.
  private var isAbandoned: Abandonment?

  private var alarm: Scheduled<Void>?
  /// When the caller no longer waits.
  private var deadline: NIODeadline?
  /// Until when the caller has to send what it began, or its next message; nil while that is not its turn.
  private var inputDeadline: NIODeadline?
  private var isInsideMessage = false
  /// Runs once the call has ended, and while it goes on and what is written is not taken.
  private var unread: UnreadDeadline
  /// Whether its next message waits for other connections to have had their turn.
  private var awaitsTurn = false
  /// What a watch was told last; nil where there is none.
  private var watched: ServingStatus?

  init(_ stream: HTTP2Stream) {
    self.stream = stream
    loop = stream.connection.loop
    room = BodyRoom(in: loop.plane)
    unread = UnreadDeadline(loop.plane.limits)
    var transport = stream.connection.transport
    transport.isGRPC = true
    self.transport = transport
  }

  /// Lets go of everything; a message that is being answered leaves its record all the same.
  func closed() {
    stream = nil
    stopClocks()
    isAbandoned?.declare()
    if !machine.isWorking { machine.end() }
    releaseRoom()
    if watched != nil {
      watched = nil
      loop.plane.watches.release(1)
    }
  }

  /// Gives back the memory of messages, unless a thread still has one.
  private func releaseRoom() {
    if !isOnThread { room.release() }
  }

  // MARK: What comes in

  func receive(_ payload: HTTP2Frame.FramePayload) {
    switch payload {
    case .headers(let payload):
      if head == nil { receive(payload.headers) }
      if payload.endStream { endInput() }
    case .data(let payload):
      if case .byteBuffer(let bytes) = payload.data { receive(bytes) }
      if payload.endStream { endInput() }
    default: return
    }
    proceed()
  }

  func readComplete() { startClocks() }

  private func receive(_ headers: HPACKHeaders) {
    var head = GRPCHead(headers)
    head.request.transport = transport
    if headers.count > limits.headerFields { head.refusal = .headTooLarge }
    if stream?.connection.isRefused == true { head.refusal = PlaneLoop.tooManyConnections }
    self.head = head
    length = head.length
    writer.isGRPC = head.isGRPC
    writer.method = head.method
    let takesTensors = head.method?.takesTensors ?? false
    machine.head(head, messageLimit: takesTensors ? limits.bodyBytes : limits.smallBodyBytes)
    deadline = head.timeout.map { .now() + $0 }
    if !takesStream { begun = loop.plane.draft(of: head.request) }
  }

  private func receive(_ bytes: ByteBuffer) {
    guard length.take(bytes.readableBytes) else { return machine.refuse(DeclaredLength.refusal) }
    guard room.hold(machine.keptBytes + bytes.readableBytes) else {
      return machine.refuse(PlaneLoop.overloaded)
    }
    machine.data(bytes)
  }

  private func endInput() {
    isInputEnded = true
    if !length.isMet { machine.refuse(DeclaredLength.refusal) }
    machine.inputEnded()
  }

  // MARK: What is done about it

  private func proceed() {
    while mayProceed(), let action = machine.next() {
      inputDeadline = nil
      switch action {
      case .refuse(let answer): send(answer, isLast: true)
      case .perform(let message):
        if takesStream { stream?.connection.begunMessage() }
        perform(message)
      case .finish: end(with: .message([]))
      }
    }
  }

  /// Whether another message may be answered: the caller reads the answers before it, and others had their turn.
  private func mayProceed() -> Bool {
    guard let stream, takesStream, !machine.isRefused else { return true }
    guard !stream.isFull else { return false }
    awaitsTurn = !stream.connection.hasTurn(for: stream)
    // It is not the caller that is waited for.
    if awaitsTurn { inputDeadline = nil }
    return !awaitsTurn
  }

  func turnCame() { goOn() }

  /// Answers what came while nothing could be.
  private func goOn() {
    proceed()
    startClocks()
    holdReading()
    flush()
  }

  private func perform(_ message: FramedMessage) {
    guard var head, let method = head.method else { return }
    var draft = takeDraft()
    if let deadline {
      let left = deadline - .now()
      guard left > .zero else {
        self.draft = draft
        return finish(.deadlineExceeded, endsCall: true)
      }
      head.limit(to: left, from: draft.arrival)
    }
    let call = GRPCCall(method: method, head: head, message: message)
    switch call.decide(loop.plane, &draft) {
    case .answer(let answer):
      if answer.status == 200, draft.isRecorded { draft.record.input = loop.inputDigest(of: message.bytes) }
      self.draft = draft
      if method == .healthWatch, answer.form == .protobuf { watch(answer) } else { finish(answer) }
    case .perform(let operation):
      let answer = loop.perform(operation, message.bytes, &draft, for: self)
      self.draft = draft
      if let answer { return finish(answer) }
      isOnThread = true
      holdReading()
    }
  }

  private func takeDraft() -> AccessDraft {
    if let begun {
      self.begun = nil
      return begun
    }
    return head.map { loop.plane.draft(of: $0.request) } ?? AccessDraft(trace: loop.plane.nextTrace())
  }

  /// Takes the answer to the message that was being answered.
  private func finish(_ answer: Answer, endsCall: Bool = false) {
    // Those that wait behind it stay.
    room.shrink(to: machine.keptBytes)
    isAbandoned = nil
    machine.answered()
    // Who has no key has none for the next message either.
    if endsCall || answer.status == 401 || stream == nil { machine.end() }
    send(answer, isLast: machine.isDone)
  }

  private func send(_ answer: Answer, isLast: Bool) {
    if isLast {
      stopClocks()
      releaseRoom()
    }
    let draft = draft ?? takeDraft()
    self.draft = nil
    undelivered += 1
    loop.send(OutgoingAnswer(answer: answer, isLast: isLast), draft, to: self)
  }

  /// Ends the call behind the answers that are on their way, without an answer of its own.
  private func end(with answer: Answer) {
    machine.end()
    stopClocks()
    releaseRoom()
    ending = answer
    writeEnding()
    flush()
  }

  private func writeEnding() {
    guard let ending, undelivered == 0 else { return }
    self.ending = nil
    writer.end(OutgoingAnswer(answer: ending), isInputEnded: isInputEnded, to: stream)
    expectReading()
  }

  // MARK: Back-pressure

  func writabilityChanged() {
    guard let stream else { return }
    if stream.isFull || writer.hasEnded {
      // Once: what else happens on the connection gives no more time.
      if !unread.isRunning { expectReading() }
    } else {
      unread.stop()
    }
    if !stream.isWritable { inputDeadline = nil }
    goOn()
  }

  /// The caller gets no more room to send while a message is answered, nor while it does not read its answers.
  private func holdReading() {
    guard let stream else { return }
    stream.holdReading(machine.isWorking || awaitsTurn || !stream.isWritable)
  }

  /// Gives the caller so long from now on to read.
  ///
  /// Where the call has ended nothing else ends its stream: what is short waits for room in the caller's window without
  /// making the stream unwritable.
  private func expectReading() { unread.start(.now(), waiting: stream?.unwritten ?? 0) }

  // MARK: Time

  /// Starts what ends the call in time; where all was answered at once there is nothing to start.
  private func startClocks() {
    guard stream != nil, !machine.isDone else { return }
    if alarm == nil, let deadline {
      let loopBound = NIOLoopBound(self, eventLoop: loop.eventLoop)
      alarm = loop.eventLoop.scheduleTask(deadline: deadline) { loopBound.value.timeOut() }
    }
    if machine.isExpecting, !awaitsTurn, stream?.isWritable == true {
      let isInside = machine.isInsideMessage || !takesStream
      if inputDeadline == nil || isInside != isInsideMessage {
        isInsideMessage = isInside
        inputDeadline = .now() + TimeAmount(isInside ? limits.body : limits.idle)
      }
    }
  }

  private func stopClocks() {
    alarm?.cancel()
    alarm = nil
    inputDeadline = nil
  }

  /// The time is over that the caller would wait.
  private func timeOut() {
    guard !machine.isDone else { return }
    if watched != nil || (draft == nil && begun == nil) { return end(with: .deadlineExceeded) }
    machine.end()
    isAbandoned?.declare()
    send(.deadlineExceeded, isLast: true)
    flush()
  }

  func tick(_ now: NIODeadline) {
    if let stream, stream.isOver(&unread, now) {
      unread.stop()
      return stream.reset()
    }
    if watched != nil { return tickWatch() }
    let isIdle = machine.isExpecting && !machine.isInsideMessage && begun == nil
    if isIdle, loop.plane.isDraining { return end(with: .draining) }
    guard let inputDeadline, now >= inputDeadline else { return }
    if isIdle { return end(with: .idleTimeout) }
    machine.refuse(.bodyTimeout)
    proceed()
    flush()
  }

  // MARK: Watching

  private func watch(_ answer: Answer) {
    guard loop.plane.watches.take(1, limit: limits.watches) else {
      return finish(
        Answer(
          Problem(
            .tooLarge, "grpc.too-many-watches",
            "expected at most \(limits.watches) watches, found as many already"),
          status: 429))
    }
    watched = answer == .health(.serving) ? .serving : .notServing
    machine.watch()
    send(answer, isLast: false)
  }

  /// Tells a watch what has changed; while the plane drains, that it ends.
  private func tickWatch() {
    let isDraining = loop.plane.isDraining
    let status: ServingStatus = isDraining || !loop.plane.table.isReady ? .notServing : .serving
    if status != watched {
      watched = status
      var draft = AccessDraft(trace: loop.plane.nextTrace(), transport: transport)
      draft.isRecorded = false
      self.draft = draft
      send(.health(status), isLast: false)
      flush()
    }
    if isDraining {
      watched = nil
      loop.plane.watches.release(1)
      end(with: .draining)
    }
  }
}

extension CallStream {
  var observation: Observation {
    let phase: Observation.Phase =
      if machine.isExpecting {
        begun != nil || machine.isInsideMessage ? .receiving : .idle
      } else {
        machine.isDone ? .closing : .working
      }
    return Observation(
      transport: transport, isConnection: false, phase: phase, isUnread: unread.isRunning,
      request: (draft ?? begun).map { Observation.Request($0) })
  }
}

extension CallStream: AnswerReceiver {
  func answered(_ answer: Answer) {
    isOnThread = false
    // The time was over before: that is what was answered.
    guard machine.isWorking else { return room.release() }
    finish(answer)
    goOn()
  }

  func deliver(_ outgoing: OutgoingAnswer) {
    undelivered -= 1
    // Only a message of ModelStreamInfer has room for a problem, be it one that withholds an answer.
    if outgoing.isLast || (outgoing.answer.status != 200 && head?.method != .modelStreamInfer) {
      machine.end()
      stopClocks()
      writer.last(outgoing, isInputEnded: isInputEnded, to: stream)
      expectReading()
    } else {
      let before = stream?.unwritten ?? 0
      writer.message(outgoing, to: stream)
      unread.added((stream?.unwritten ?? 0) - before)
    }
    writeEnding()
  }

  func flush() { stream?.flush() }

  /// Asked for where a thread is to answer.
  var abandonment: Abandonment? { isAbandoned.orNew() }
}
