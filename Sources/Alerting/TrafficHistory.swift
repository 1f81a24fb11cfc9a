public import Domain

/// What came to a version, or a deployment, over a span of time.
public struct Traffic: Equatable, Sendable {
  /// Requests that were answered.
  public var answered = 0
  /// Requests that were refused for what they were.
  public var refused = 0
  /// Requests that failed.
  public var failed = 0
  /// How long answers took, between `LatencyBounds`.
  public var latency = [Int](repeating: 0, count: LatencyBounds.bucketCount)
  /// What the answers that `latency` counts spent their time on.
  public var stages = StageTimes()
  /// Why requests were refused, as far as it is known, and how that is spread over callers.
  public var refusals = CauseCounts()
  /// Why requests failed, as far as it is known.
  public var failures = CauseCounts()

  /// Nothing came.
  public init() {}

  /// All requests.
  public var requests: Int { answered + refused + failed }
  /// Requests that were taken on: answered, or failed.
  public var taken: Int { answered + failed }
  /// The share that failed of those that were taken on; 0 of none.
  ///
  /// Without those that were refused, of which one caller can make as many as they like: they would hide that all others fail.
  public var failedShare: Double { taken > 0 ? Double(failed) / Double(taken) : 0 }
  /// The share of all that was refused; 0 of none.
  public var refusedShare: Double { requests > 0 ? Double(refused) / Double(requests) : 0 }

  /// The share of refusals that says something of a deployment, and not of one caller of it.
  ///
  /// Without the caller who was refused most, as if they had not come: one program that asks the wrong thing in a loop is no trouble of
  /// the others. Where half of all requests are such a caller's, they are what the deployment is there for, and the share is that of all.
  public var sharedRefusedShare: Double {
    let one = refusals.mostOfOne
    guard one > 0, one * 2 < requests else { return refusedShare }
    return Double(max(0, refused - one)) / Double(requests - one)
  }

  /// How long a stage took an answer on average, in milliseconds; nil of no answers.
  public func mean(_ stage: RequestStage) -> Double? {
    let answers = latency.reduce(0, +)
    return answers > 0 ? Double(stages[stage]) / Double(answers) / 1_000_000 : nil
  }

  /// How long an answer took on average, in milliseconds; nil of no answers, and where nobody said what they spent their time on.
  public var mean: Double? {
    let answers = latency.reduce(0, +)
    return answers > 0 && stages.total > 0 ? Double(stages.total) / Double(answers) / 1_000_000 : nil
  }

  /// The bound within which so much of the answers came, in milliseconds; nil of no answers.
  ///
  /// It is one of `LatencyBounds`, twice the last for what is beyond it.
  public func latency(_ share: Double) -> Double? {
    let all = latency.reduce(0, +)
    guard all > 0 else { return nil }
    var sum = 0
    for (place, count) in latency.enumerated() {
      sum += count
      guard Double(sum) >= share * Double(all) else { continue }
      guard LatencyBounds.nanoseconds.indices.contains(place) else { break }
      return Double(LatencyBounds.nanoseconds[place]) / 1_000_000
    }
    return Double(LatencyBounds.nanoseconds.last ?? 0) / 500_000
  }

  /// What both were together.
  public static func + (left: Traffic, right: Traffic) -> Traffic {
    left.merged(right, isSum: true) { $0.plus($1, atMost: .mostCounted) }
  }

  /// What came after the right was counted; a count that went back is none.
  static func - (left: Traffic, right: Traffic) -> Traffic {
    left.merged(right, isSum: false) { max(0, $0 &- $1) }
  }

  private func merged(_ other: Traffic, isSum: Bool, _ combine: (Int, Int) -> Int) -> Traffic {
    var traffic = Traffic()
    traffic.answered = combine(answered, other.answered)
    traffic.refused = combine(refused, other.refused)
    traffic.failed = combine(failed, other.failed)
    traffic.latency = zip(latency, other.latency).map(combine)
    traffic.stages = isSum ? stages + other.stages : stages - other.stages
    traffic.refusals = isSum ? refusals + other.refusals : refusals - other.refusals
    traffic.failures = isSum ? failures + other.failures : failures - other.failures
    return traffic
  }

  /// Whether a sum has come to its bound, from which on nothing more is counted.
  fileprivate var isFull: Bool {
    ([answered, refused, failed, refusals.total, failures.total] + latency).contains { $0 >= .mostCounted }
      || stages.total >= .longestTaken
  }

  fileprivate init(_ counts: PlaneCounts.Version) {
    answered = counts.answered
    refused = counts.refused
    failed = counts.failed
    latency = counts.latency
    stages = counts.stages
    refusals = counts.refusals
    failures = counts.failures
  }
}

/// What came to every version over the last day, put together from what processes counted since they began.
///
/// The looks of the last ten minutes are all kept, of those before one every ten minutes: some two hundred.
public struct TrafficHistory: Sendable {
  /// The most versions that are followed.
  public static let versionLimit = 500
  /// How far back it goes, in milliseconds.
  public static let length: Int64 = 86_400_000
  private static let fine: Int64 = 600_000
  private static let slice: Int64 = 60_000

  /// The sums of all that was counted up to a moment.
  private struct Look {
    let at: Timestamp
    let sums: [VersionReference: Traffic]
    let turnedAway: [ModelName: CauseCounts]
  }

  private var last: PlaneCounts?
  private var sums: [VersionReference: Traffic] = [:]
  private var turnedAway: [ModelName: CauseCounts] = [:]
  private var looks: [Look] = []

  /// Nothing was seen yet.
  public init() {}

  /// Takes what the process that serves has counted by now.
  ///
  /// The first look says from where it is counted. A process that ended takes what came after the last look with it.
  public mutating func take(_ counts: PlaneCounts, at now: Timestamp) {
    if let last {
      let isSame = last.instance == counts.instance
      let before = Dictionary(last.versions.map { ($0.reference, Traffic($0)) }) { first, _ in first }
      for version in counts.versions.prefix(Self.versionLimit) {
        let came = Traffic(version)
        let known = isSame ? before[version.reference].map { came - $0 } ?? came : came
        // Where nothing came the looks have the same sums in common, and take no more memory.
        if known == Traffic(), sums[version.reference] != nil { continue }
        let sum = (sums[version.reference] ?? Traffic()) + known
        // No process counts so much: what others count after it is to be seen all the same.
        sums[version.reference] = sum.isFull ? Traffic() : sum
      }
      for (name, turned) in counts.turnedAway {
        let known = isSame ? turned - (last.turnedAway[name] ?? CauseCounts()) : turned
        if known.total > 0 { turnedAway[name] = (turnedAway[name] ?? CauseCounts()) + known }
      }
    }
    if turnedAway.count > Self.versionLimit {
      turnedAway = turnedAway.filter { counts.turnedAway[$0.key] != nil }
    }
    let loaded = Set(counts.versions.map(\.reference))
    if sums.count > Self.versionLimit { sums = sums.filter { loaded.contains($0.key) } }
    last = counts
    // A clock that was put back begins anew.
    looks.removeAll { $0.at >= now || now.milliseconds - $0.at.milliseconds > Self.length }
    looks.append(Look(at: now, sums: sums, turnedAway: turnedAway))
    thin(now)
  }

  private mutating func thin(_ now: Timestamp) {
    var kept: [Look] = []
    for look in looks {
      if now.milliseconds - look.at.milliseconds > Self.fine, let former = kept.last,
        look.at.milliseconds / Self.fine == former.at.milliseconds / Self.fine
      {
        continue
      }
      kept.append(look)
    }
    looks = kept
  }

  /// What came to each version of a deployment between two moments, and who came to none, as near to them as there was a look, and
  /// how long that was in milliseconds; nil where there were no two looks.
  public func traffic(
    of deployment: ModelName, from start: Timestamp, until end: Timestamp
  ) -> (versions: [VersionReference: Traffic], turnedAway: CauseCounts, milliseconds: Int64)? {
    guard let first = looks.last(where: { $0.at <= start }) ?? looks.first,
      let last = looks.last(where: { $0.at <= end }), first.at < last.at
    else { return nil }
    return (
      Self.came(to: deployment, first, last),
      (last.turnedAway[deployment] ?? CauseCounts()) - (first.turnedAway[deployment] ?? CauseCounts()),
      last.at.milliseconds - first.at.milliseconds
    )
  }

  private static func came(to deployment: ModelName, _ first: Look, _ last: Look) -> [VersionReference:
    Traffic]
  {
    var versions: [VersionReference: Traffic] = [:]
    for (version, sum) in last.sums where version.name == deployment {
      versions[version] = sum - (first.sums[version] ?? Traffic())
    }
    return versions
  }

  /// Since when what came to a deployment has been bad without a break, by the looks between two moments; nil where it is not now.
  ///
  /// Looked at are slices of a minute at least in which so many requests came.
  public func onset(
    of deployment: ModelName, from start: Timestamp, until end: Timestamp, least: Int,
    _ isBad: (Traffic) -> Bool
  ) -> Timestamp? {
    var onset: Timestamp?
    var former: Look?
    for look in looks where start <= look.at && look.at <= end {
      guard let begin = former else {
        former = look
        continue
      }
      guard look.at.milliseconds - begin.at.milliseconds >= Self.slice else { continue }
      let came = Self.came(to: deployment, begin, look).values.reduce(Traffic(), +)
      guard came.requests >= least else { continue }
      former = look
      if isBad(came) { onset = onset ?? begin.at } else { onset = nil }
    }
    return onset
  }

  /// Since when anybody has looked; nil before the first look.
  public var start: Timestamp? { looks.first?.at }

  /// The deployments that anything was counted of.
  public var deployments: Set<ModelName> { Set(looks.last?.sums.keys.map(\.name) ?? []) }
}
