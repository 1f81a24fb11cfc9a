public import Domain
import Encoding

/// How far a webhook has come in the ledger: what decides, after each answer, whether an event is over.
///
/// Events go out in the order of the ledger, one at a time: the next one only when the one before it is delivered or dead.
public struct WebhookProgress: Equatable, Sendable {
  /// How often an event is tried before it is dead.
  public static let attemptLimit = 12
  /// The first pause; each is three times the one before.
  static let firstPause = Duration.seconds(5)
  /// The longest pause, whatever a receiver asks for: twelve attempts take six hours at most.
  static let longestPause = Duration.seconds(3600)

  /// The next entry of the ledger to be looked at.
  public var position: Int
  /// How often the event there was tried.
  public var attempts: Int
  /// Before when it is not tried again; nil where it may be at once.
  public var notBefore: Timestamp?
  /// Why the last attempt failed, one line; nil where none has.
  public var failure: String?
  /// Whether the receiver said that it is gone (410): nothing is sent before somebody has one delivered again.
  public var isStopped: Bool

  /// States how far a webhook has come.
  public init(
    position: Int, attempts: Int = 0, notBefore: Timestamp? = nil, failure: String? = nil,
    isStopped: Bool = false
  ) {
    self.position = position
    self.attempts = attempts
    self.notBefore = notBefore
    self.failure = failure
    self.isStopped = isStopped
  }

  /// Whether the event at `position` may be tried at a moment.
  public func isDue(at now: Timestamp) -> Bool { !isStopped && now.isPast(notBefore) }

  /// What an answer to the event at `position` leaves; and what became of that event, if it is over.
  ///
  /// `chance`, from 0 to 1, spreads those who failed together over half of the pause.
  func after(
    _ answer: WebhookAnswer, to event: String, at now: Timestamp, chance: Double
  ) -> (progress: WebhookProgress, delivery: WebhookDelivery?) {
    let tried = attempts + 1
    func ended(_ state: WebhookDelivery.State) -> WebhookDelivery {
      WebhookDelivery(
        position: position, event: event, state: state, attempts: tried, answer: answer.line, at: now)
    }
    if answer.isTaken { return (WebhookProgress(position: position + 1), ended(.delivered)) }
    var next = self
    next.failure = answer.line
    if case .status(410, _) = answer {
      // What has not arrived stays the next one, for when somebody starts it again.
      next.attempts = 0
      next.notBefore = nil
      next.isStopped = true
      return (next, nil)
    }
    guard tried < Self.attemptLimit else { return (WebhookProgress(position: position + 1), ended(.dead)) }
    next.attempts = tried
    next.notBefore = now.advanced(by: Self.pause(after: tried, answer, chance: chance))
    return (next, nil)
  }

  private static func pause(after attempts: Int, _ answer: WebhookAnswer, chance: Double) -> Duration {
    var grown = firstPause
    for _ in 1..<attempts { grown = min(grown * 3, longestPause) }
    let spread = grown * (0.5 + 0.5 * min(max(chance, 0), 1))
    guard case .status(429, let asked?) = answer else {
      guard case .status(503, let asked?) = answer else { return spread }
      return min(max(asked, spread), longestPause)
    }
    return min(max(asked, spread), longestPause)
  }
}

extension WebhookAnswer {
  /// Whether the receiver has the message.
  var isTaken: Bool {
    if case .status(200..<300, _) = self { true } else { false }
  }

  /// The answer in one line.
  var line: String {
    switch self {
    case .status(let status, _): "status \(status)"
    case .none(let reason): reason.excerpt(200)
    }
  }
}

extension Timestamp {
  /// Whether a pause that ends at a moment is over.
  ///
  /// One that is longer than any is over too: the clock was put back since it began.
  func isPast(_ notBefore: Timestamp?) -> Bool {
    notBefore.map { $0 <= self || $0 > advanced(by: WebhookProgress.longestPause) } ?? true
  }

  /// A moment later by a span, in whole milliseconds.
  func advanced(by span: Duration) -> Timestamp {
    let (seconds, attoseconds) = span.components
    return Timestamp(milliseconds: milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}
