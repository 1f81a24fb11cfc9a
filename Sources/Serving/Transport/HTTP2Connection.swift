import Domain
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One connection of HTTP/2 behind its codec: hands what comes in to its streams, and holds it to its bounds in number and
/// time.
///
/// What becomes of a stream while the codec is at work, its streams are told once that is done.
final class HTTP2Connection: ChannelDuplexHandler, Observed {
  typealias InboundIn = HTTP2Frame
  typealias OutboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  /// How many messages of streams that have several are begun before other connections get their turn: a caller can send
  /// thousands before the first is answered.
  private static let messagesPerTurn = 32

  private static let question = HTTP2PingData(withInteger: 0x6761_7465_686F_7573)
  /// GOAWAY that gives up no stream, and a PING that is answered once it was heard (RFC 9113 sections 6.8 and 6.7).
  ///
  /// Written past the codec: after a GOAWAY of its own on a connection without streams, it takes none that had been
  /// begun before its caller heard.
  private static let goodbye: [UInt8] =
    [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
    + [0, 0, 8, 6, 0, 0, 0, 0, 0, 0x67, 0x61, 0x74, 0x65, 0x68, 0x6F, 0x75, 0x73]

  let loop: PlaneLoop
  private let collector: WriteCollector
  private let pace: ReadPace
  /// Whether there are too many connections: this one gets its refusal and no more.
  let isRefused: Bool
  private var machine: HTTP2ConnectionMachine
  private var context: ChannelHandlerContext?
  /// Those under way.
  private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
  /// The last that its caller has opened.
  private var lastStream = HTTP2StreamID.rootStream
  /// Those that the present read has brought something for.
  private var read: [HTTP2Stream] = []
  /// Those that have ended or can be written to again, and do not know yet.
  private var changed: [HTTP2Stream] = []
  private var isSettling = false
  /// Whether the present read goes on, behind which all that was written is flushed.
  private var isReading = false
  private var hasWritten = false
  /// Whether a receiver is writing, which then must not be told anything.
  private var isWriting = false
  private var isReadHeld = false
  private var turn = FloodTurn(of: messagesPerTurn)
  /// The streams whose next message waits until others had theirs.
  private var awaitingTurn: [HTTP2Stream] = []
  private var window: InboundWindow
  /// Runs while the socket takes nothing.
  private var unread: UnreadDeadline
  private var clock: RepeatedTask?

  init(_ loop: PlaneLoop, _ collector: WriteCollector, _ pace: ReadPace, isRefused: Bool) {
    self.loop = loop
    self.collector = collector
    self.pace = pace
    self.isRefused = isRefused
    machine = HTTP2ConnectionMachine(limits: loop.plane.limits, now: .now())
    window = InboundWindow(target: loop.plane.limits.connectionWindow)
    unread = UnreadDeadline(loop.plane.limits)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let interval = loop.plane.limits.clockInterval
    clock = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
      loopBound.value.tick()
    }
    loop.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    clock?.cancel()
    loop.remove(self)
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    clock?.cancel()
    loop.remove(self)
    for stream in streams.values { ended(stream) }
    settle()
    context.fireChannelInactive()
  }

  // MARK: Streams

  /// Takes a stream that its caller has opened, where there is room for it.
  private func open(_ number: HTTP2StreamID, _ headers: HPACKHeaders) -> HTTP2Stream? {
    lastStream = max(lastStream, number)
    let limits = loop.plane.limits
    // The codec holds a caller to its number of streams only once that has said that it knows the number.
    guard streams.count < limits.connectionStreams, loop.plane.streams.take(1, limit: limits.streams) else {
      write(HTTP2Frame(streamID: number, payload: .rstStream(.refusedStream)))
      return nil
    }
    let stream = HTTP2Stream(number, of: self)
    streams[number] = stream
    stream.begin(headers.isCall ? CallStream(stream) : RequestStream(stream))
    return stream
  }

  private func ended(_ stream: HTTP2Stream) {
    guard streams.removeValue(forKey: stream.number) != nil else { return }
    stream.end()
    loop.plane.streams.release(1)
    tellLater(stream)
  }

  /// Has a stream be told what has become of it, once whoever writes now is done.
  func tellLater(_ stream: HTTP2Stream) { changed.append(stream) }

  /// Tells streams what has become of them.
  private func settle() {
    guard !isSettling, !isWriting, !changed.isEmpty else { return }
    isSettling = true
    while !changed.isEmpty {
      let streams = changed
      changed = []
      for stream in streams {
        if stream.isOpen { stream.writabilityChanged() } else { left(stream) }
      }
    }
    isSettling = false
    flush()
  }

  private func left(_ stream: HTTP2Stream) {
    guard stream.receiver != nil else { return }
    stream.leave()
    act(machine.streamEnded(.now(), streams: streams.count))
    if isRefused { act(machine.leave(.now())) }
  }

  // MARK: Turns

  /// Whether a message may be begun on a stream that has several; where not, its receiver is told once it may.
  func hasTurn(for stream: HTTP2Stream) -> Bool {
    guard turn.isOver else { return true }
    if awaitingTurn.isEmpty {
      let loopBound = NIOLoopBound(self, eventLoop: loop.eventLoop)
      loop.eventLoop.scheduleTask(in: FloodTurn.pause) { loopBound.value.beginTurn() }
    }
    if !awaitingTurn.contains(where: { $0 === stream }) { awaitingTurn.append(stream) }
    return false
  }

  /// A message was begun on such a stream.
  func begunMessage() { turn.begin() }

  private func beginTurn() {
    turn.renew()
    let streams = awaitingTurn
    awaitingTurn = []
    for stream in streams { stream.receiver?.turnCame() }
    // Another one comes first the next time.
    if awaitingTurn.count > 1, awaitingTurn.first === streams.first {
      awaitingTurn.append(awaitingTurn.removeFirst())
    }
  }

  // MARK: Output

  /// Bytes that were written and that the socket has not taken.
  private var unwrittenBytes: Int { context?.channel.unwrittenBytes ?? 0 }

  /// Whether the socket takes what is written.
  var isWritable: Bool { context?.channel.isWritable ?? false }

  /// Writes a frame behind those that were written before.
  func write(_ frame: HTTP2Frame, promise: EventLoopPromise<Void>? = nil) {
    guard let context else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    hasWritten = true
    let wasWriting = isWriting
    isWriting = true
    context.write(wrapOutboundOut(frame), promise: promise)
    isWriting = wasWriting
  }

  /// Sends what was written, at the end of the present read at the latest.
  func flush() {
    guard hasWritten, !isReading, let context else { return }
    hasWritten = false
    context.flush()
    settle()
  }

  // MARK: Back-pressure

  /// Nothing is read while the caller does not read.
  ///
  /// The fields of answers wait for no window: they would pile up to the codec's bound, at which it ends the connection.
  func read(context: ChannelHandlerContext) {
    if isWritable || !machine.isReading { context.read() } else { isReadHeld = true }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if isWritable { unread.stop() } else { unread.start(.now(), waiting: unwrittenBytes) }
    changed += streams.values
    makeRoom(in: window, of: .rootStream)
    settle()
    if isReadHeld {
      isReadHeld = false
      read(context: context)
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: For whoever watches

  var transport: RequestTransport {
    RequestTransport(version: .http2, isEncrypted: loop.plane.tls != nil)
  }

  var observation: Observation {
    let phase: Observation.Phase = machine.isReading ? (streams.isEmpty ? .idle : .working) : .closing
    return Observation(
      transport: transport, isConnection: true, phase: phase, isUnread: unread.isRunning, request: nil)
  }

  var streamObservations: [Observation] { streams.values.compactMap(\.receiver?.observation) }

  // MARK: Events

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    pace.parsed()
    let frame = unwrapInboundIn(data)
    switch frame.payload {
    case .ping(Self.question, ack: true): act(machine.heard(.now(), streams: streams.count))
    case .headers(let headers):
      guard let stream = streams[frame.streamID] ?? open(frame.streamID, headers.headers) else { return }
      receive(frame.payload, on: stream)
    case .data:
      if let stream = streams[frame.streamID] { receive(frame.payload, on: stream) }
    default: break
    }
  }

  private func receive(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2Stream) {
    if read.last !== stream { read.append(stream) }
    stream.receiver?.receive(payload)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    let streams = read
    read.removeAll(keepingCapacity: true)
    for stream in streams { stream.receiver?.readComplete() }
    isReading = false
    turn.readCompleted()
    settle()
    flush()
    context.fireChannelReadComplete()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Made of a frame that was read and is not handed on, where it comes while one is.
    pace.parsed()
    switch event {
    case let event as NIOHTTP2WindowUpdatedEvent: resize(event)
    case let event as StreamClosedEvent:
      if let stream = streams[event.streamID] { ended(stream) }
    case let event as NIOHTTP2BulkStreamWindowChangeEvent:
      for stream in streams.values { stream.windowChanged(by: event.delta) }
    case ChannelEvent.inputClosed: act(machine.inputClosed())
    default: break
    }
  }

  /// A window has changed: its caller gets more room where much of it is used up.
  private func resize(_ event: NIOHTTP2WindowUpdatedEvent) {
    guard event.streamID == .rootStream else {
      streams[event.streamID]?.windowIs(event.inboundWindowSize)
      return
    }
    window.size = event.inboundWindowSize
    makeRoom(in: window, of: .rootStream)
  }

  /// Gives the caller more room to send, on a stream or on the connection, where it has used up much of it.
  func makeRoom(in window: InboundWindow, of stream: HTTP2StreamID) {
    // What is given while the socket takes nothing waits in the codec, and would be given again with the next frame.
    guard isWritable, let increment = window.increment else { return }
    write(HTTP2Frame(streamID: stream, payload: .windowUpdate(windowSizeIncrement: increment)))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // The caller has been told what it broke: a stream alone, or the connection, which ends with it.
    if error.isOfMalformedRequest { return recordMalformed() }
    if error is NIOHTTP2Errors.StreamError { return }
    guard error is any NIOHTTP2Error else { return context.close(promise: nil) }
    act(machine.fail(.now()))
  }

  /// Records a request that the codec has reset.
  ///
  /// All that is known of it is what it came by: its fields never got through.
  private func recordMalformed() {
    let draft = AccessDraft(trace: loop.plane.nextTrace(), transport: transport)
    loop.send(OutgoingAnswer(answer: .malformed(.http2)), draft, to: ResetRequest())
  }

  private func tick() {
    let now = NIODeadline.now()
    if unread.isOver(now, waiting: unwrittenBytes) { return close() }
    for stream in streams.values { stream.receiver?.tick(now) }
    act(machine.tick(now, streams: streams.count, isDraining: loop.plane.isDraining))
    flush()
  }

  private func act(_ action: HTTP2ConnectionMachine.Action) {
    guard let context else { return }
    switch action {
    case .nothing: break
    case .sayGoodbye: collector.write(frames: Self.goodbye)
    case .finish:
      let end = HTTP2Frame.FramePayload.goAway(
        lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
      context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: end)), promise: nil)
      endOutput(context)
    case .endOutput: endOutput(context)
    case .close: close()
    }
  }

  private func endOutput(_ context: ChannelHandlerContext) {
    pace.slowDown()
    // Later in this turn: the last frames of a stream that has ended now are not flushed yet.
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.execute {
      let context = loopBound.value.1
      let promise = context.eventLoop.makePromise(of: Void.self)
      promise.futureResult.whenComplete { _ in loopBound.value.0.machine.outputEnded(.now()) }
      context.close(mode: .output, promise: promise)
    }
  }

  private func close() { context?.close(promise: nil) }
}

extension HTTP2Connection: NIOHTTP2FrameDelegate {
  /// The codec writes a frame now: its data has found room in the caller's windows.
  func wroteFrame(_ frame: HTTP2Frame) {
    guard case .data(let data) = frame.payload, let stream = streams[frame.streamID],
      stream.wrote(data.data.readableBytes)
    else { return }
    tellLater(stream)
  }
}

extension HPACKHeaders {
  /// Whether they begin a call of gRPC: `application/grpc`, with what it is encoded in behind it or not.
  fileprivate var isCall: Bool {
    first(name: "content-type")?.lowercased().hasPrefix("application/grpc") ?? false
  }
}

/// Waits for no answer: its stream is gone.
private final class ResetRequest: AnswerReceiver {
  func answered(_ answer: Answer) {}
  func deliver(_ outgoing: OutgoingAnswer) {}
  func flush() {}
}

extension Error {
  /// Whether it is about a request that breaks RFC 9113 section 8: its stream is reset, and the others go on.
  fileprivate var isOfMalformedRequest: Bool {
    switch self {
    case is NIOHTTP2Errors.ForbiddenHeaderField,
      is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
      is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader, is NIOHTTP2Errors.DuplicatePseudoHeader,
      is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.UnknownPseudoHeader,
      is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName,
      is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue, is NIOHTTP2Errors.TrailersWithoutEndStream:
      true
    default: false
    }
  }
}
