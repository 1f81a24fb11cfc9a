import NIOCore

/// Where one connection of HTTP/2 stands between its beginning and its end.
///
/// It takes events and says what to do; the doing is `HTTP2Connection`'s. A connection ends in three steps, so that no
/// request is lost on the way (RFC 9113 section 6.8): its caller is told to begin no more, all that was begun before it
/// heard of that is answered, and then the output ends, behind all that was written.
struct HTTP2ConnectionMachine: ~Copyable {
  private enum Stage {
    case serving
    /// The caller was told to begin nothing more; until it says that it heard, more may come.
    case leaving(until: NIODeadline)
    /// Nothing more can come; what was begun is answered.
    case finishing
    /// The output ends once the caller has read what it is behind, for which it has until then.
    case flushing(until: NIODeadline)
    /// The output has ended; the caller has until then to end its own.
    case closing(until: NIODeadline)
  }

  enum Action: Equatable {
    case nothing
    /// Tell the caller to begin nothing more, and ask it to say that it heard.
    case sayGoodbye
    /// Say which requests were heard, and end the output.
    case finish
    /// End the output.
    case endOutput
    case close
  }

  private let idle: TimeAmount
  private let unread: TimeAmount
  private let patience: TimeAmount
  private var stage = Stage.serving
  private var idleSince: NIODeadline

  init(limits: PlaneLimits, now: NIODeadline) {
    idle = TimeAmount(limits.idle)
    unread = TimeAmount(limits.unread)
    patience = TimeAmount(limits.close)
    idleSince = now
  }

  /// Whether what comes in is still of use.
  var isReading: Bool {
    switch stage {
    case .serving, .leaving, .finishing: true
    case .flushing, .closing: false
    }
  }

  /// A moment has come; `streams` are under way.
  mutating func tick(_ now: NIODeadline, streams: Int, isDraining: Bool) -> Action {
    switch stage {
    case .serving:
      guard isDraining || (streams == 0 && now - idleSince >= idle) else { return .nothing }
      return leave(now)
    case .leaving(let end): return now >= end ? finish(now, streams: streams) : .nothing
    case .finishing: return .nothing
    case .flushing(let end), .closing(let end): return now >= end ? .close : .nothing
    }
  }

  /// The connection takes no more requests, whatever its caller would like.
  mutating func leave(_ now: NIODeadline) -> Action {
    guard case .serving = stage else { return .nothing }
    stage = .leaving(until: now + patience)
    return .sayGoodbye
  }

  /// The caller has heard that it is to begin nothing more.
  mutating func heard(_ now: NIODeadline, streams: Int) -> Action {
    guard case .leaving = stage else { return .nothing }
    return finish(now, streams: streams)
  }

  /// A stream has ended; `streams` are left.
  mutating func streamEnded(_ now: NIODeadline, streams: Int) -> Action {
    guard streams == 0 else { return .nothing }
    idleSince = now
    guard case .finishing = stage else { return .nothing }
    return finish(now, streams: 0)
  }

  /// The caller broke the protocol and was told so.
  mutating func fail(_ now: NIODeadline) -> Action {
    guard isReading else { return .nothing }
    stage = .flushing(until: now + unread)
    return .endOutput
  }

  /// All that was written is out, and the output has ended behind it.
  mutating func outputEnded(_ now: NIODeadline) {
    if case .flushing = stage { stage = .closing(until: now + patience) }
  }

  /// The caller sends nothing more.
  mutating func inputClosed() -> Action {
    // It cannot even make room for what it would read; but what has room already, it may still read.
    if case .flushing = stage { .nothing } else { .close }
  }

  private mutating func finish(_ now: NIODeadline, streams: Int) -> Action {
    guard streams == 0 else {
      stage = .finishing
      return .nothing
    }
    stage = .flushing(until: now + unread)
    return .finish
  }
}
