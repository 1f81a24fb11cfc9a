public import Alerting
public import Domain
public import Encoding
import Gates
import Monitoring
import Rollouts

extension ControlPlane {
  /// How many entries of the ledger are read at a time.
  private static let pageSize = 1000
  /// How many changes it has at most.
  private static let changesShown = 50

  /// What is likely to be the matter with a deployment, by what is known of it since a moment ago and of the time before.
  ///
  /// Throws `deployment.unknown`.
  public func diagnose(_ name: ModelName, over span: Duration) async throws(Problem) -> (
    evidence: DiagnosisEvidence, diagnosis: Diagnosis
  ) {
    guard let deployment = try await registry.deployments().first(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let moment = now()
    let since = moment.advanced(by: span * -1)
    var evidence = DiagnosisEvidence(
      name, live: VersionReference(name: name, version: deployment.version), since: since, now: moment)
    evidence.changes = try await changes(of: name, since: since)
    let history = alerts.history
    func traffic(_ start: Timestamp, _ end: Timestamp) -> DiagnosisEvidence.Span? {
      history.traffic(of: name, from: start, until: end).map {
        var span = DiagnosisEvidence.Span(versions: $0.versions, milliseconds: $0.milliseconds)
        span.turnedAway = $0.turnedAway
        return span
      }
    }
    evidence.recent = traffic(since, moment)
    // Where nobody looked so far back there is nothing to compare with.
    let former = since.advanced(by: span * -1)
    if let first = history.start, first < since { evidence.before = traffic(max(former, first), since) }
    evidence.knownSince = history.start
    addOnsets(to: &evidence, history)
    let rules = try await alerts.rules()
    for rule in AlertRule.allCases { evidence.runbooks[rule] = rules.terms(of: rule, for: name).runbook }
    evidence.processSince = (try? await parts.plane.process())?.startedAt
    evidence.isRollingOut = try await registry.rollouts().contains { $0.state.deployment == name }
    try await addInputs(to: &evidence, over: span)
    return (evidence, Diagnosis(evidence))
  }

  /// Says since when it has been so, where it is so now.
  private func addOnsets(to evidence: inout DiagnosisEvidence, _ history: TrafficHistory) {
    func onset(_ isBad: (Traffic) -> Bool) -> Timestamp? {
      history.onset(
        of: evidence.deployment, from: evidence.since, until: evidence.now, least: Diagnosis.least, isBad)
    }
    let former = evidence.before?.all
    evidence.failingSince = onset { Diagnosis.isFailing($0, against: former) }
    if let former { evidence.slowSince = onset { Diagnosis.isSlow($0, against: former) } }
  }

  private func addInputs(to evidence: inout DiagnosisEvidence, over span: Duration) async throws(Problem) {
    for alert in try await parts.monitor.standing(of: evidence.deployment, count: 16_384) {
      var columns = Set(evidence.drifting[alert.version] ?? [])
      columns.insert(alert.column)
      evidence.drifting[alert.version] = columns.sorted()
    }
    evidence.worse = try await served.worse(by: parts.feedback).filter {
      $0.key.name == evidence.deployment
    }
    for report in try await watched(evidence.deployment, over: span).reports where report.isServed {
      evidence.strange.refusedRequests += report.seen.losses.refusedRequests
      evidence.strange.rows += report.seen.window.profile.violatingRows
      evidence.strange.of += report.seen.window.profile.rows
    }
  }

  /// What was changed since a moment of a deployment and of what all of them stand on, the newest first.
  private func changes(of name: ModelName, since: Timestamp) async throws(Problem) -> [DiagnosisEvidence
    .Change]
  {
    var changes: [DiagnosisEvidence.Change] = []
    // Act by act: of a busy model nearly all entries are of others. The newest are read last.
    for act in Act.allCases {
      guard let kind = DiagnosisEvidence.Change.Kind(of: act) else { continue }
      let filter = LedgerFilter(model: act.concernsEveryModel ? nil : name, act: act, since: since)
      var position = 0
      while true {
        let page = try await ledger.entries(matching: filter, from: position, count: Self.pageSize)
        changes += page.compactMap { DiagnosisEvidence.Change($0, kind) }
        changes = Array(changes.sorted { $0.entry > $1.entry }.prefix(Self.changesShown))
        guard let last = page.last, page.count == Self.pageSize else { break }
        position = last.position + 1
      }
    }
    return changes
  }
}

extension DiagnosisEvidence.Change {
  /// The change that an entry tells of; nil where it did not come to its end.
  fileprivate init?(_ placed: PlacedEntry, _ kind: Kind) {
    guard let entry = (try? JSON(parsing: placed.bytes)).flatMap(LedgerEntry.init(json:)),
      entry.phase == .done
    else { return nil }
    let event = entry.details["event"]?.string.map { " (\($0))" } ?? ""
    self.init(
      at: entry.time, kind: kind,
      words: "\(entry.act.rawValue) of \(entry.subject)\(event) by \(entry.principal)",
      entry: placed.position)
  }
}

extension Act {
  /// Whether all models stand on what it changes.
  fileprivate var concernsEveryModel: Bool { self == .supervise || self == .repave || self == .applyPolicy }
}

extension DiagnosisEvidence.Change.Kind {
  /// What kind of change an act is to those who are answered; nil where it is none.
  fileprivate init?(of act: Act) {
    switch act {
    case .rollOut, .rollBack, .beginRollOut, .stepRollOut, .undoRollOut, .share, .revokeVersion:
      self = .version
    case .setPolicy, .setAlias, .removeAlias: self = .setting
    case .supervise, .repave: self = .process
    case .applyPolicy, .createKey, .revokeKey: self = .rule
    default: return nil
    }
  }
}

extension DiagnosisEvidence {
  /// What an answer spends its time on, on average, in milliseconds; null where nobody said.
  private static func stages(of traffic: Traffic) -> JSON {
    guard traffic.mean != nil else { return .null }
    return .object(
      Dictionary(
        uniqueKeysWithValues: RequestStage.allCases.map { stage in
          (
            "\(stage.rawValue)Milliseconds",
            traffic.mean(stage).map { .number(($0 * 1000).rounded() / 1000) } ?? .null
          )
        }))
  }

  /// How many for which cause, and of how many callers at least.
  private static func causes(_ counts: CauseCounts) -> JSON {
    [
      "total": JSON(counts.total), "leastCallers": JSON(counts.leastCallers),
      "mostOfOneCaller": JSON(counts.mostOfOne),
      "causes": .array(counts.ranked.map { ["code": .string($0.code), "count": JSON($0.count)] }),
    ]
  }

  /// The evidence as the HTTP face has it.
  public var json: JSON {
    func span(_ span: Span?) -> JSON {
      guard let span else { return .null }
      let rows = span.versions.sorted { $0.key.version < $1.key.version }.map { version, traffic -> JSON in
        [
          "version": JSON(version.version.value), "answered": JSON(traffic.answered),
          "refused": JSON(traffic.refused), "failed": JSON(traffic.failed),
          "p50Milliseconds": traffic.latency(0.5).map { .number($0) } ?? .null,
          "p99Milliseconds": traffic.latency(0.99).map { .number($0) } ?? .null,
          "stages": Self.stages(of: traffic), "refusals": Self.causes(traffic.refusals),
          "failures": Self.causes(traffic.failures),
        ]
      }
      return [
        "seconds": .integer(span.milliseconds / 1000), "versions": .array(rows),
        "stages": Self.stages(of: span.all), "refusals": Self.causes(span.all.refusals),
        "failures": Self.causes(span.all.failures), "turnedAway": Self.causes(span.turnedAway),
      ]
    }
    let columns = drifting.sorted { $0.key.version < $1.key.version }.map { version, names -> JSON in
      ["version": JSON(version.version.value), "columns": .array(names.map { .string($0) })]
    }
    let worse = worse.sorted { $0.key.version < $1.key.version }.map { version, words -> JSON in
      ["version": JSON(version.version.value), "what": .string(words)]
    }
    return [
      "worse": .array(worse), "deployment": .string(deployment.description), "live": JSON(live.version.value),
      "since": .string(since.description), "now": .string(now.description), "traffic": span(recent),
      "before": span(before), "drifting": .array(columns),
      "knownSince": knownSince.map { .string($0.description) } ?? .null,
      "processSince": processSince.map { .string($0.description) } ?? .null,
      "changes": .array(
        changes.map { change in
          [
            "at": .string(change.at.description), "kind": .string(change.kind.rawValue),
            "what": .string(change.words), "entry": JSON(change.entry),
          ]
        }),
    ]
  }
}
