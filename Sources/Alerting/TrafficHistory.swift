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
    left.merged(right) { $0 &+ $1 }
  }

  /// What came after the right was counted; a count that went back is none.
  static func - (left: Traffic, right: Traffic) -> Traffic {
    left.merged(right) { max(0, $0 &- $1) }
  }

  private func merged(_ other: Traffic, _ combine: (Int, Int) -> Int) -> Traffic {
    var traffic = Traffic()
    traffic.answered = combine(answered, other.answered)
    traffic.refused = combine(refused, other.refused)
    traffic.failed = combine(failed, other.failed)
    traffic.latency = zip(latency, other.latency).map(combine)
    return traffic
  }

  fileprivate init(_ counts: PlaneCounts.Version) {
    answered = counts.answered
    refused = counts.refused
    failed = counts.failed
    latency = counts.latency
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

  /// The sums of all that was counted up to a moment.
  private struct Look {
    let at: Timestamp
    let sums: [VersionReference: Traffic]
  }

  private var last: PlaneCounts?
  private var sums: [VersionReference: Traffic] = [:]
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
        sums[version.reference] = (sums[version.reference] ?? Traffic()) + known
      }
    }
    let loaded = Set(counts.versions.map(\.reference))
    if sums.count > Self.versionLimit { sums = sums.filter { loaded.contains($0.key) } }
    last = counts
    // A clock that was put back begins anew.
    looks.removeAll { $0.at >= now || now.milliseconds - $0.at.milliseconds > Self.length }
    looks.append(Look(at: now, sums: sums))
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

  /// What came to each version of a deployment between two moments, as near to them as there was a look, and how long that was in
  /// milliseconds; nil where there were no two looks.
  public func traffic(
    of deployment: ModelName, from start: Timestamp, until end: Timestamp
  ) -> (versions: [VersionReference: Traffic], milliseconds: Int64)? {
    guard let first = looks.last(where: { $0.at <= start }) ?? looks.first,
      let last = looks.last(where: { $0.at <= end }), first.at < last.at
    else { return nil }
    var versions: [VersionReference: Traffic] = [:]
    for (version, sum) in last.sums where version.name == deployment {
      versions[version] = sum - (first.sums[version] ?? Traffic())
    }
    return (versions, last.at.milliseconds - first.at.milliseconds)
  }

  /// Since when anybody has looked; nil before the first look.
  public var start: Timestamp? { looks.first?.at }

  /// The deployments that anything was counted of.
  public var deployments: Set<ModelName> { Set(looks.last?.sums.keys.map(\.name) ?? []) }
}
