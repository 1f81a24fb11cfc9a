import Domain
import NIOCore
import NIOHTTP2

/// What the streams of one connection of HTTP/2 share: its bounds in time, and its end.
final class HTTP2Connection: ChannelDuplexHandler, Observed {
  typealias InboundIn = HTTP2Frame
  typealias OutboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

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
  /// Whether there are too many connections: this one gets its refusal and no more.
  let isRefused: Bool
  private var machine: HTTP2ConnectionMachine
  private var context: ChannelHandlerContext?
  /// Those under way.
  private var streams: [ObjectIdentifier: RequestStream] = [:]
  /// The last that its caller has opened.
  fileprivate var lastStream = HTTP2StreamID.rootStream
  /// Until when the caller has to read; nil while the socket takes what is written.
  private var unreadDeadline: NIODeadline?
  private var clock: RepeatedTask?

  init(_ loop: PlaneLoop, _ collector: WriteCollector, isRefused: Bool) {
    self.loop = loop
    self.collector = collector
    self.isRefused = isRefused
    machine = HTTP2ConnectionMachine(limits: loop.plane.limits, now: .now())
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
    context.fireChannelInactive()
  }

  // MARK: Streams

  /// Counts a stream that its caller has opened; says whether there is room for it.
  func opened(_ stream: RequestStream) -> Bool {
    let limits = loop.plane.limits
    // The codec holds a caller to its number of streams only once that has said that it knows the number.
    guard streams.count < limits.connectionStreams, loop.plane.streams.take(1, limit: limits.streams) else {
      return false
    }
    streams[ObjectIdentifier(stream)] = stream
    return true
  }

  func ended(_ stream: RequestStream) {
    guard streams.removeValue(forKey: ObjectIdentifier(stream)) != nil else { return }
    loop.plane.streams.release(1)
    act(machine.streamEnded(.now(), streams: streams.count))
    if isRefused { act(machine.leave(.now())) }
  }

  // MARK: For whoever watches

  var transport: RequestTransport {
    RequestTransport(version: .http2, isEncrypted: loop.plane.tls != nil)
  }

  var observation: Observation {
    let phase: Observation.Phase = machine.isReading ? (streams.isEmpty ? .idle : .working) : .closing
    return Observation(
      transport: transport, isConnection: true, phase: phase, isUnread: unreadDeadline != nil, request: nil)
  }

  var streamObservations: [Observation] { streams.values.compactMap(\.observation) }

  // MARK: Events

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .ping(Self.question, ack: true) = unwrapInboundIn(data).payload else { return }
    act(machine.heard(.now(), streams: streams.count))
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { act(machine.inputClosed()) }
    context.fireUserInboundEventTriggered(event)
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

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    unreadDeadline = context.channel.isWritable ? nil : .now() + TimeAmount(loop.plane.limits.unread)
    context.fireChannelWritabilityChanged()
  }

  private func tick() {
    let now = NIODeadline.now()
    if let unreadDeadline, now >= unreadDeadline { return close() }
    for stream in streams.values { stream.tick(now) }
    act(machine.tick(now, streams: streams.count, isDraining: loop.plane.isDraining))
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

/// Keeps the number of the last stream that the caller of a connection has opened.
struct StreamNumbers: NIOHTTP2StreamDelegate {
  let connection: NIOLoopBound<HTTP2Connection>

  func streamCreated(_ id: HTTP2StreamID, channel: any Channel) { connection.value.lastStream = id }
  func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {}
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
