public import Encoding

/// What a data plane process has counted of every version, since it loaded it: what roll-outs are judged by.
///
/// Counts only grow while a version stays loaded. A process that ends takes its counts with it; the next begins at nothing,
/// under another instance.
public struct PlaneCounts: Equatable, Sendable {
  /// What was counted of one version.
  public struct Version: Equatable, Sendable {
    /// Which version of which deployment.
    public let reference: VersionReference
    /// Requests for a prediction that named no version and that it answered, and those in the shadow of another version.
    public var answered = 0
    /// Those that it refused for what they were.
    public var refused = 0
    /// Those that it failed: answers from 500 on, and in the shadow what could not be answered.
    public var failed = 0
    /// How long its own answers to such requests took, between `LatencyBounds`; what it said in the shadow is not among them.
    public var latency: [Int]
    /// Requests of every kind that it answered by what was asked for, whoever asked and however: whether it gets anything done.
    public var progress = 0
    /// Those that were refused or failed as well, and none whose caller had gone: whether anybody is answered at all.
    public var ended = 0
    /// Requests that it was asked in the shadow of another version, and what both said was compared.
    public var compared = 0
    /// Those of which both said something else.
    public var disagreeing = 0
    /// How many rows of its bundle's check in a row it did not answer right, or in time; 0 where it is ready.
    public var failingProbes = 0
    /// Whether all that is the matter with them is that the last one has not been answered in time.
    public var isProbeOverdue = false
    /// Why such requests were refused; nothing of what was said in the shadow.
    public var refusals = CauseCounts()
    /// Why such requests failed.
    public var failures = CauseCounts()
    /// What the answers that `latency` counts spent their time on.
    public var stages = StageTimes()

    /// Nothing counted yet.
    public init(_ reference: VersionReference) {
      self.reference = reference
      latency = [Int](repeating: 0, count: LatencyBounds.bucketCount)
    }

    /// The counts as the control socket carries them.
    public var json: JSON {
      var members: [String: JSON] = [
        "version": .string(reference.description), "answered": JSON(answered), "refused": JSON(refused),
        "failed": JSON(failed), "latency": .array(latency.map { JSON($0) }), "compared": JSON(compared),
        "disagreeing": JSON(disagreeing), "progress": JSON(progress), "ended": JSON(ended),
      ]
      if failingProbes > 0 { members["failingProbes"] = JSON(failingProbes) }
      if isProbeOverdue { members["probeOverdue"] = .bool(true) }
      if refusals != CauseCounts() { members["refusals"] = refusals.json }
      if failures != CauseCounts() { members["failures"] = failures.json }
      if stages != StageTimes() { members["stages"] = stages.json }
      return .object(members)
    }

    /// Reads what `json` writes; nil where it is something else.
    public init?(json: JSON) {
      guard let text = json["version"]?.string, let reference = try? VersionReference(parsing: text),
        let answered = json["answered"]?.plausibleCount, let refused = json["refused"]?.plausibleCount,
        let failed = json["failed"]?.plausibleCount, let compared = json["compared"]?.plausibleCount,
        let disagreeing = json["disagreeing"]?.plausibleCount, let buckets = json["latency"]?.array,
        buckets.count == LatencyBounds.bucketCount
      else { return nil }
      // A process of an earlier release says nothing of probes, of causes, of stages and of progress.
      let failingProbes = json["failingProbes"].map { $0.plausibleCount ?? -1 } ?? 0
      let progress = json["progress"].map { $0.plausibleCount ?? -1 } ?? answered
      let ended = json["ended"].map { $0.plausibleCount ?? -1 } ?? answered + refused + failed
      let isProbeOverdue = json["probeOverdue"].map { $0.bool == true } ?? false
      guard let refusals = json["refusals"].map(CauseCounts.init(json:)) ?? CauseCounts(),
        let failures = json["failures"].map(CauseCounts.init(json:)) ?? CauseCounts(),
        let stages = json["stages"].map(StageTimes.init(json:)) ?? StageTimes()
      else { return nil }
      let latency = buckets.compactMap(\.plausibleCount)
      guard latency.count == buckets.count, 0...compared ~= disagreeing, failingProbes >= 0, progress >= 0,
        ended >= 0
      else { return nil }
      self.init(reference)
      self.answered = answered
      self.refused = refused
      self.failed = failed
      self.latency = latency
      self.compared = compared
      self.disagreeing = disagreeing
      self.progress = progress
      self.ended = ended
      self.failingProbes = failingProbes
      self.isProbeOverdue = isProbeOverdue
      self.refusals = refusals
      self.failures = failures
      self.stages = stages
    }
  }

  /// The most deployments whose callers are counted that were turned away.
  public static let turnedAwayLimit = 500

  /// The random name of the process.
  public let instance: String
  /// How many requests could not be asked in the shadow for want of room, over all versions.
  public let unasked: Int
  /// Every version that is loaded to answer or to be asked.
  public let versions: [Version]
  /// Requests for a prediction of a deployment that came to no version: their callers had no key in force, asked too often, or are
  /// held back.
  public var turnedAway: [ModelName: CauseCounts] = [:]

  /// States what a process counted.
  public init(instance: String, unasked: Int = 0, versions: [Version]) {
    self.instance = instance
    self.unasked = unasked
    self.versions = versions
  }

  /// The counts as the control socket carries them.
  public var json: JSON {
    var members: [String: JSON] = [
      "instance": .string(instance), "unasked": JSON(unasked), "versions": .array(versions.map(\.json)),
    ]
    if !turnedAway.isEmpty {
      members["turnedAway"] = .object(
        Dictionary(uniqueKeysWithValues: turnedAway.map { ($0.key.description, $0.value.json) }))
    }
    return .object(members)
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let instance = json["instance"]?.string, let unasked = json["unasked"]?.plausibleCount,
      let elements = json["versions"]?.array
    else { return nil }
    let versions = elements.compactMap(Version.init(json:))
    guard versions.count == elements.count else { return nil }
    self.init(instance: instance, unasked: unasked, versions: versions)
    guard let turned = json["turnedAway"] else { return }
    guard let members = turned.object, members.count <= Self.turnedAwayLimit else { return nil }
    for (name, value) in members {
      guard let name = try? ModelName(parsing: name), let counts = CauseCounts(json: value) else {
        return nil
      }
      turnedAway[name] = counts
    }
  }
}
