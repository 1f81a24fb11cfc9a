import Domain
import Encoding
import Gates
import Rollouts
import Synchronization

/// What was seen at the step of a roll-out that is under way, and up to which counts of which process.
///
/// Saved as one document, so that whoever takes it up again takes each span once: counts that it has are not taken again, and
/// those that it does not have are taken with the next reading.
struct RolloutWatch: Sendable {
  /// The most bytes of a document.
  static let sizeLimit = 2 << 20
  private static let code = "rollout-watch.malformed"

  /// When the roll-out began, and to which version: it is of no other.
  let began: Timestamp
  let version: VersionNumber
  private(set) var evidence: StepEvidence
  /// The process whose counts were taken last, and what they were.
  private var instance: String
  private var read: [VersionNumber: Observation]
  /// What was said last.
  private(set) var judgement: Judgement?
  /// Whether anything came since it was saved.
  private var isUnsaved = true
  /// When it was saved last; nil where it never was.
  private var savedAt: Timestamp?

  /// Begins with what a process has counted by now, which is of before the step.
  init(_ record: RolloutRecord, _ counts: PlaneCounts) {
    let state = record.state
    began = state.began
    version = state.version
    instance = counts.instance
    read = Self.readings(record, counts)
    evidence = StepEvidence(step: state.step, of: state.plan, history: Self.champion(record, read))
  }

  /// Whether it is of this roll-out.
  func isOf(_ record: RolloutRecord) -> Bool {
    began == record.state.began && version == record.state.version
  }

  /// What watching found of the versions.
  struct Alarms {
    var canary: [DriftAlarm] = []
    var champion: [DriftAlarm] = []
  }

  /// Takes what was counted since the last reading, at the step that the roll-out is at now.
  mutating func take(_ counts: PlaneCounts, of record: RolloutRecord, alarms: Alarms) {
    if evidence.step != record.state.step {
      evidence = evidence.next(of: record.state.plan, step: record.state.step)
      isUnsaved = true
    }
    let now = Self.readings(record, counts)
    // Another process began at nothing, and after the step did: the one before it was read at the step.
    let before = instance == counts.instance ? read : [:]
    var spans: [VersionNumber: Observation] = [:]
    for (version, observation) in now {
      spans[version] = observation.difference(since: before[version] ?? Observation())
    }
    (instance, read) = (counts.instance, now)
    var span = Span(
      canary: spans[record.state.version] ?? Observation(), champion: Self.champion(record, spans))
    let seen = evidence.seen
    span.canary.merge(Self.told(alarms.canary, beyond: seen.canary))
    span.champion.merge(Self.told(alarms.champion, beyond: seen.champion))
    guard span != Span() else { return }
    evidence.take(span)
    isUnsaved = true
  }

  /// Says what is to be done now.
  mutating func judge(_ state: RolloutState, at now: Timestamp) -> Judgement {
    let judgement = Judge(state.plan).judgement(of: state, evidence, at: now)
    self.judgement = judgement
    return judgement
  }

  /// Whether it is time to save it: a process that serves on has what was not saved.
  func isDue(at now: Timestamp) -> Bool {
    guard let savedAt else { return true }
    return isUnsaved && !(savedAt.milliseconds..<savedAt.milliseconds + 5000).contains(now.milliseconds)
  }

  mutating func noteSaved(at moment: Timestamp) {
    isUnsaved = false
    savedAt = moment
  }

  private static func readings(_ record: RolloutRecord, _ counts: PlaneCounts) -> [VersionNumber: Observation]
  {
    var readings: [VersionNumber: Observation] = [:]
    for counted in counts.versions
    where counted.reference.name == record.state.deployment
      && record.bundles[counted.reference.version] != nil
    {
      readings[counted.reference.version] = Observation(counted)
    }
    return readings
  }

  /// The alarms that were not seen at the step yet.
  private static func told(_ alarms: [DriftAlarm], beyond seen: Observation) -> Observation {
    Observation(answered: 0, alarms: alarms.filter { !seen.alarms.contains($0) })
  }

  /// The versions that were there before, together.
  private static func champion(_ record: RolloutRecord, _ spans: [VersionNumber: Observation]) -> Observation
  {
    var champion = Observation()
    for arm in record.state.before { champion.merge(spans[arm.version] ?? Observation()) }
    return champion
  }

  // MARK: Documents

  var document: [UInt8] {
    var observations: [String: JSON] = [:]
    for (version, observation) in read { observations[version.description] = observation.json }
    let json: JSON = [
      "began": .integer(began.milliseconds), "version": JSON(version.value), "evidence": evidence.json,
      "instance": .string(instance), "read": .object(observations),
    ]
    return json.canonicalBytes
  }

  /// Reads what was saved of a roll-out; nil where it is of another.
  init?(parsing bytes: [UInt8], of record: RolloutRecord) throws(Problem) {
    guard bytes.count <= Self.sizeLimit,
      let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 24, values: 200_000))
    else {
      throw Problem(.integrity, Self.code, "expected what was seen of a roll-out, found another document")
    }
    let fields = RecordFields(json, "watch of a roll-out", code: Self.code)
    began = try fields.requiredMoment("began")
    guard let version = json["version"]?.int.flatMap({ VersionNumber($0) }) else {
      throw Problem(.integrity, Self.code, "expected the version of a roll-out, found none")
    }
    self.version = version
    guard began == record.state.began, version == record.state.version else { return nil }
    evidence = try StepEvidence(json: try fields.value("evidence"), of: record.state.plan)
    instance = try fields.text("instance")
    read = [:]
    for (number, observation) in json["read"]?.object ?? [:] {
      guard let version = Int(number).flatMap({ VersionNumber($0) }), record.bundles[version] != nil else {
        throw Problem(.integrity, Self.code, "expected the counts of versions that take part, found others")
      }
      read[version] = try Observation(json: observation)
    }
    isUnsaved = false
  }
}

extension Observation {
  /// What a process counted of a version.
  init(_ counts: PlaneCounts.Version) {
    self.init(
      answered: counts.answered, refused: counts.refused, failed: counts.failed,
      latency: LatencyCounts(buckets: counts.latency) ?? LatencyCounts(), compared: counts.compared,
      disagreeing: counts.disagreeing)
  }
}

/// What was seen of all roll-outs that are under way.
final class RolloutWatches: Sendable {
  private struct State {
    var watches: [ModelName: RolloutWatch] = [:]
    var pauses: [ModelName: JudgingPause] = [:]
  }

  private let state = Mutex(State())

  subscript(_ name: ModelName) -> RolloutWatch? {
    get { state.withLock { $0.watches[name] } }
    set { state.withLock { $0.watches[name] = newValue } }
  }

  /// The deployments that have one.
  var names: [ModelName] { state.withLock { $0.watches.keys.sorted() } }

  /// Why a roll-out is not to be looked at yet, the last look having failed; nil where it is.
  func pausing(_ name: ModelName, at now: Timestamp) -> Problem? {
    state.withLock { state in
      state.pauses[name].flatMap { $0.stands(at: now) ? $0.problem : nil }
    }
  }

  /// Takes how a look at a roll-out turned out.
  func note(_ problem: Problem?, of name: ModelName, at now: Timestamp) {
    state.withLock { state in
      guard let problem else { return state.pauses[name] = nil }
      if state.pauses[name]?.lengthen(problem, at: now) == nil {
        state.pauses[name] = JudgingPause(problem, at: now)
      }
    }
  }

  /// Forgets pauses of deployments other than those.
  func keepPauses(of names: Set<ModelName>) {
    state.withLock { state in state.pauses = state.pauses.filter { names.contains($0.key) } }
  }
}
