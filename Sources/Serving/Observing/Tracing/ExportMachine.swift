/// Decides when a batch of spans goes to the collector, and what happens to one that it did not take.
///
/// One batch is under way at a time; the rest waits in the queue. What may be tried again is what OpenTelemetry's
/// protocol says may: 429, 502, 503, 504 and a connection that failed (OTLP 1.x, "Failures" of OTLP/HTTP).
struct ExportMachine: ~Copyable {
  /// How an attempt to send a batch ended.
  enum Outcome: Equatable {
    /// The collector has it.
    case taken
    /// The collector has no time for it now; not before the time that it named, where it named one.
    case later(Duration?)
    /// No answer came.
    case unanswered
    /// The connection had been used before and had ended meanwhile: the batch was never looked at.
    case stale
    /// It will not be taken at any time.
    case refused
  }

  enum Action: Equatable {
    case nothing
    /// Take a batch out of the queue and send it.
    case sendNext
    /// Send the batch again.
    case sendAgain
    /// Wait, then tell the machine.
    case wait(Duration)
    /// Count the batch as lost and go on.
    case giveUp
    /// Nothing is left to be done.
    case end
  }

  private enum State {
    case idle
    case sending(attempt: Int)
    case waiting(attempt: Int)
    case ended
  }

  /// How often a batch is sent at most.
  static let attempts = 5
  private static let firstPause = Duration.seconds(1)
  /// The same at the end, for which there is a bound that whoever ends keeps.
  private static let firstPauseAtEnd = Duration.milliseconds(100)
  private static let longestPause = Duration.seconds(30)

  private var state = State.idle
  private var isEnding = false

  /// There are spans to send, enough of them or for long enough.
  mutating func due() -> Action {
    guard case .idle = state else { return .nothing }
    state = .sending(attempt: 1)
    return .sendNext
  }

  /// The queue was empty when a batch was to be taken out of it.
  mutating func foundNothing() -> Action {
    state = isEnding ? .ended : .idle
    return isEnding ? .end : .nothing
  }

  /// An attempt ended; `jitter` from 0 to 1 spreads the attempts of many senders.
  mutating func ended(_ outcome: Outcome, isMoreDue: Bool, jitter: Double) -> Action {
    guard case .sending(let attempt) = state else { return .nothing }
    switch outcome {
    case .taken: return next(isMoreDue)
    case .refused: return .giveUp
    case .stale: return .sendAgain
    // Whoever ends waits for nobody who is not there.
    case .unanswered: return isEnding ? .giveUp : retry(attempt, asked: nil, jitter)
    case .later(let asked): return retry(attempt, asked: asked, jitter)
    }
  }

  private mutating func retry(_ attempt: Int, asked: Duration?, _ jitter: Double) -> Action {
    guard attempt < Self.attempts else { return .giveUp }
    state = .waiting(attempt: attempt + 1)
    var pause = isEnding ? Self.firstPauseAtEnd : Self.firstPause
    for _ in 1..<attempt { pause *= 2 }
    pause = min(pause, Self.longestPause) * (0.5 + jitter / 2)
    return .wait(isEnding ? pause : min(max(asked ?? .zero, pause), Self.longestPause))
  }

  /// The batch that was given up on is counted.
  mutating func gaveUp(isMoreDue: Bool) -> Action { next(isMoreDue) }

  private mutating func next(_ isMoreDue: Bool) -> Action {
    guard isMoreDue || isEnding else {
      state = .idle
      return .nothing
    }
    state = .sending(attempt: 1)
    return .sendNext
  }

  /// The time to wait is over.
  mutating func waited() -> Action {
    guard case .waiting(let attempt) = state else { return .nothing }
    state = .sending(attempt: attempt)
    return .sendAgain
  }

  /// No span comes any more: what waits is sent at once.
  mutating func finish() -> Action {
    isEnding = true
    switch state {
    case .idle:
      state = .sending(attempt: 1)
      return .sendNext
    case .waiting(let attempt):
      state = .sending(attempt: attempt)
      return .sendAgain
    case .sending: return .nothing
    case .ended: return .end
    }
  }
}
