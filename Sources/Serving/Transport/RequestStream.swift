import Domain
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Answers one stream of a connection of HTTP/2, which is one request and its answer.
///
/// What comes in between the two is `ConnectionMachine`'s, as for a connection of HTTP/1.1.
final class RequestStream: StreamReceiver, AnswerReceiver {
  private let stream: HTTP2Stream
  private var loop: PlaneLoop { stream.connection.loop }
  private var plane: DataPlane { loop.plane }
  private var machine: ConnectionMachine
  private var body: RequestBody
  private var length = DeclaredLength()
  private var draft: AccessDraft?
  private var answerContext = AnswerWriter.Context()
  private var hasBegun = false
  /// What of the answer's body is not written yet.
  private var rest = ByteBuffer()
  /// What holds the room of those bytes.
  private var large: LargeBody?
  private var isInputEnded = false
  /// Whether the answer is certain before its request was whole: its caller need not send what is left.
  private var isCutShort = false
  /// Until when the body has to come.
  private var deadline = NIODeadline.distantFuture
  private var unread: UnreadDeadline
  /// What tells the thread that answers that the caller is gone.
  private var isAbandoned: Abandonment?

  init(_ stream: HTTP2Stream) {
    self.stream = stream
    let plane = stream.connection.loop.plane
    machine = ConnectionMachine(limits: plane.limits)
    body = RequestBody(of: plane)
    unread = UnreadDeadline(plane.limits)
  }

  func closed() {
    // What a thread holds is not given back before the thread is done with it.
    if machine.isWorking { isAbandoned?.declare() } else { body.drop() }
    (rest, large) = (ByteBuffer(), nil)
  }

  // MARK: What comes in

  func receive(_ payload: HTTP2Frame.FramePayload) {
    switch payload {
    case .headers(let headers):
      // A second block is trailers, of which none matter.
      if !hasBegun { begin(headers) }
      if headers.endStream { endInput() }
    case .data(let data):
      if case .byteBuffer(var bytes) = data.data { receive(&bytes) }
      if data.endStream { endInput() }
    default: break
    }
  }

  func readComplete() {}

  func turnCame() {}

  private func begin(_ headers: HTTP2Frame.FramePayload.Headers) {
    hasBegun = true
    var head = RequestHead(headers.headers, isWhole: headers.endStream)
    head.transport = stream.connection.transport
    answerContext.isHead = head.isHead
    if case .declared(let count) = head.body { length = DeclaredLength(count) }
    var (decision, draft) = stream.connection.isRefused ? loop.refuse(head) : loop.begin(head)
    if headers.headers.count > plane.limits.headerFields { decision = .answer(.headTooLarge) }
    self.draft = draft
    deadline = .now() + TimeAmount(plane.limits.body)
    act(machine.head(head, decision))
  }

  private func receive(_ bytes: inout ByteBuffer) {
    guard length.take(bytes.readableBytes) else { return act(machine.fail(DeclaredLength.refusal)) }
    let action = machine.body(bytes.readableBytes, tooLarge: plane.bodyTooLarge)
    guard case .collect = action else { return act(action) }
    if !body.append(&bytes) { act(machine.fail(PlaneLoop.overloaded)) }
  }

  private func endInput() {
    isInputEnded = true
    act(length.isMet ? machine.end() : machine.fail(DeclaredLength.refusal))
  }

  /// Lets whoever sends or reads too slowly go.
  func tick(_ now: NIODeadline) {
    if stream.isOver(&unread, now, rest: rest.readableBytes) {
      unread.stop()
      return stream.reset()
    }
    guard now >= deadline else { return }
    act(machine.fail(.bodyTimeout))
    flush()
  }

  var observation: Observation {
    Observation(
      transport: stream.connection.transport, isConnection: false, phase: .init(machine.phase),
      isUnread: rest.readableBytes > 0, request: draft.map { Observation.Request($0) })
  }

  // MARK: What is done about it

  private func act(_ action: ConnectionMachine.Action) {
    switch action {
    case .nothing, .collect: break
    case .askForBody: stream.write(.headers(.init(headers: [":status": "100"])))
    case .perform(let operation): perform(operation)
    case .send(let answer, _): send(answer)
    case .close: stream.reset()
    }
  }

  private func perform(_ operation: Operation) {
    guard var draft else { return }
    deadline = .distantFuture
    let answer = loop.perform(operation, body.take(), &draft, for: self)
    self.draft = draft
    if let answer { finish(answer) }
  }

  func answered(_ answer: Answer) {
    finish(answer)
    flush()
  }

  /// Asked for where a thread is to answer.
  var abandonment: Abandonment? { isAbandoned.orNew() }

  private func finish(_ answer: Answer) {
    body.drop()
    act(machine.answered(answer))
  }

  private func send(_ answer: Answer) {
    body.drop()
    isCutShort = machine.phase == .lingering && !isInputEnded
    deadline = .distantFuture
    let draft = draft
    self.draft = nil
    loop.send(OutgoingAnswer(answer: answer, context: answerContext), draft, to: self)
  }

  // MARK: The answer

  func deliver(_ outgoing: OutgoingAnswer) {
    guard stream.isOpen else { return }
    let headers = loop.writer.headers(of: outgoing)
    let isBodyless = outgoing.context.isHead || outgoing.answer.bodyBytes == 0
    let head = HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: isBodyless))
    if isBodyless {
      unread.start(.now(), waiting: 0)
      return writeLast(head)
    }
    stream.write(head)
    large = outgoing.answer.large
    rest = large?.bytes ?? ByteBuffer(bytes: outgoing.answer.body)
    unread.start(.now(), waiting: rest.readableBytes)
    writeRest()
  }

  func flush() { stream.flush() }

  func writabilityChanged() {
    if rest.readableBytes > 0, stream.isWritable { writeRest() }
  }

  /// Writes as much of the answer as its caller makes room for.
  private func writeRest() {
    while let piece = rest.readSlice(length: min(HTTP2Stream.piece, rest.readableBytes)),
      piece.readableBytes > 0
    {
      let isLast = rest.readableBytes == 0
      let data = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(piece), endStream: isLast))
      if isLast {
        rest = ByteBuffer()
        return writeLast(data)
      }
      stream.write(data)
      guard stream.isWritable else { return }
    }
  }

  private func writeLast(_ payload: HTTP2Frame.FramePayload) {
    let promise = large?.written(on: loop.eventLoop)
    large = nil
    stream.writeLast(payload, isCutShort: isCutShort, promise: promise)
  }
}
