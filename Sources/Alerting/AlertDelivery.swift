public import Domain

/// How far a receiver has been told of an alert: what decides what it is told next, and when.
///
/// There is no queue that could overtake an alert: what a receiver should know is compared with what it has taken. An alert that
/// ended before anybody could be told of it pages nobody.
public struct AlertDelivery: Equatable, Sendable {
  /// How often the end of an alert is tried before it is given up; its beginning is tried for as long as it stands.
  public static let attemptLimit = 12
  private static let firstPause: Int64 = 5_000
  private static let longestPause: Int64 = 600_000
  /// How often Alertmanager is told that an alert stands: it takes one for over that it hears nothing of for five minutes.
  private static let repeatEvery: Int64 = 60_000

  /// Whom.
  public let receiver: String
  /// Of which alert.
  public let alert: String
  /// What it took last; nil for nothing yet.
  public var told: AlertNews?
  /// When it took that.
  public var toldAt: Timestamp?
  /// What was tried since, and not taken; nil for nothing.
  public var trying: AlertNews?
  /// How often that was tried.
  public var attempts: Int
  /// Before when it is not tried again.
  public var notBefore: Timestamp?
  /// Why the last attempt failed, in one line; nil where it did not.
  public var failure: String?

  /// States how far a receiver has been told; nothing yet, where no more is said.
  public init(
    receiver: String, alert: String, told: AlertNews? = nil, toldAt: Timestamp? = nil,
    trying: AlertNews? = nil, attempts: Int = 0, notBefore: Timestamp? = nil, failure: String? = nil
  ) {
    self.receiver = receiver
    self.alert = alert
    self.told = told
    self.toldAt = toldAt
    self.trying = trying
    self.attempts = attempts
    self.notBefore = notBefore
    self.failure = failure
  }

  /// What a receiver is to be told of an alert now; nil for nothing.
  public func next(
    of alert: AlertRecord, to receiver: AlertReceiver, isSilenced: Bool, at now: Timestamp
  ) -> AlertNews? {
    if let notBefore, now < notBefore, notBefore.milliseconds - now.milliseconds <= Self.longestPause {
      return nil
    }
    switch told {
    case .ended: return nil
    case nil:
      // What was tried may have arrived, so that its end has to be told too.
      guard alert.isStanding else { return attempts > 0 ? .ended : nil }
      guard !isSilenced else { return nil }
      guard receiver.after > 0 else { return .began }
      let isAlone = alert.acknowledgement == nil
      return isAlone && now.milliseconds - alert.began.milliseconds >= receiver.after ? .began : nil
    case .began, .acknowledged:
      if !alert.isStanding { return .ended }
      if told == .began, alert.acknowledgement != nil, receiver.kind != .alertmanager { return .acknowledged }
      guard receiver.kind == .alertmanager, let toldAt else { return nil }
      return abs(now.milliseconds - toldAt.milliseconds) >= Self.repeatEvery ? .began : nil
    }
  }

  /// What an answer leaves: taken, or why not.
  ///
  /// `chance`, from 0 to 1, spreads attempts over half of the pause.
  public func after(
    _ news: AlertNews, isTaken: Bool, _ line: String, retryAfter: Int64? = nil, at now: Timestamp,
    chance: Double
  ) -> AlertDelivery {
    var next = self
    if isTaken {
      next.told = news
      next.toldAt = now
      next.trying = nil
      next.attempts = 0
      next.notBefore = nil
      next.failure = nil
      return next
    }
    // Each news has its own attempts: an end is not given up for what its beginning cost.
    next.attempts = trying == nil || trying == news ? min(attempts + 1, 1_000_000) : 1
    next.trying = news
    next.failure = line
    if news == .ended, next.attempts >= Self.attemptLimit {
      next.told = .ended
      next.toldAt = now
      next.notBefore = nil
      return next
    }
    var pause = Self.firstPause
    for _ in 1..<max(2, min(next.attempts, 12)) where next.attempts > 1 {
      pause = min(pause * 3, Self.longestPause)
    }
    let spread = Int64(Double(pause) * (0.5 + 0.5 * min(max(chance, 0), 1)))
    let wait = min(max(spread, retryAfter ?? 0), Self.longestPause)
    next.notBefore = Timestamp(milliseconds: now.milliseconds + wait)
    return next
  }
}

extension Collection where Element == AlertDelivery {
  /// Those that their receiver has not taken: what is tried, and ends that were given up within the last day, unless it has taken
  /// something since.
  public func failing(at now: Timestamp) -> [AlertDelivery] {
    let taken = compactMap { $0.failure == nil ? $0.toldAt : nil }.max()
    return filter { delivery in
      guard delivery.failure != nil else { return false }
      guard delivery.told == .ended, let end = delivery.toldAt else { return true }
      return now.milliseconds - end.milliseconds < 86_400_000 && taken.map { $0 < end } ?? true
    }
  }
}
