import Domain

/// What was seen of one version in one span of time, or since its process began.
public struct Observation: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "observation.malformed"

  /// Requests that it answered.
  public var answered = 0
  /// Requests that it refused for what they were: statuses from 400 on that are the model's own, of its schema.
  public var refused = 0
  /// Requests that it failed: statuses from 500 on, and answers that came too late.
  public var failed = 0
  /// How long answers took.
  public var latency = LatencyCounts()
  /// Requests that both it and the version that answered were asked, the one in the shadow of the other.
  public var compared = 0
  /// Those of which both said something else: another class, or a number beyond the tolerance.
  public var disagreeing = 0
  /// What differs from training.
  public private(set) var alarms: [DriftAlarm] = []

  /// Nothing seen.
  public init() {}

  /// Counts what was seen; numbers below nothing count as nothing.
  public init(
    answered: Int, refused: Int = 0, failed: Int = 0, latency: LatencyCounts = LatencyCounts(),
    compared: Int = 0, disagreeing: Int = 0, alarms: [DriftAlarm] = []
  ) {
    self.answered = max(0, answered)
    self.refused = max(0, refused)
    self.failed = max(0, failed)
    self.latency = latency
    self.compared = max(0, compared)
    self.disagreeing = min(max(0, disagreeing), self.compared)
    add(alarms)
  }

  /// All requests that came to it.
  public var requests: Int { answered.saturating(refused).saturating(failed) }

  /// Adds what was seen by another process, or in another span.
  public mutating func merge(_ other: Observation) {
    answered = answered.saturating(other.answered)
    refused = refused.saturating(other.refused)
    failed = failed.saturating(other.failed)
    latency.merge(other.latency)
    compared = compared.saturating(other.compared)
    disagreeing = disagreeing.saturating(other.disagreeing)
    add(other.alarms)
  }

  private mutating func add(_ others: [DriftAlarm]) {
    for alarm in others where alarms.count < DriftAlarm.limit && !alarms.contains(alarm) {
      alarms.append(alarm)
    }
  }

  /// What came since an earlier reading of the same process's counters.
  ///
  /// Counters only grow, so that one that is smaller than it was is another process's, which began at nothing: then all that it
  /// says came since.
  public func difference(since earlier: Observation) -> Observation {
    let pairs = [
      (answered, earlier.answered), (refused, earlier.refused), (failed, earlier.failed),
      (compared, earlier.compared), (disagreeing, earlier.disagreeing),
    ]
    guard pairs.allSatisfy({ $0.0 >= $0.1 }), let latency = latency.difference(since: earlier.latency)
    else { return self }
    return Observation(
      answered: answered - earlier.answered, refused: refused - earlier.refused,
      failed: failed - earlier.failed, latency: latency, compared: compared - earlier.compared,
      disagreeing: disagreeing - earlier.disagreeing,
      alarms: alarms.filter { !earlier.alarms.contains($0) })
  }
}

/// What was seen of all of a roll-out's versions in one span: the one that is on its way, and those that it is to replace.
public struct Span: Hashable, Sendable {
  /// The version that is on its way.
  public var canary: Observation
  /// The versions before it, together.
  public var champion: Observation

  /// Takes what was seen side by side.
  public init(canary: Observation = Observation(), champion: Observation = Observation()) {
    self.canary = canary
    self.champion = champion
  }

  /// Adds what was seen in another span, or by another process.
  public mutating func merge(_ other: Span) {
    canary.merge(other.canary)
    champion.merge(other.champion)
  }
}
