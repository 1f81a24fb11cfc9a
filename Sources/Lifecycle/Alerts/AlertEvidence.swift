import Alerting
import Domain
import Encoding
import Gates
import Provenance
import Rollouts

/// What the platform knows of the conditions that people are told of.
struct AlertEvidence: Sendable {
  /// What one look has found.
  struct Seen {
    var measured: [AlertMeasurement] = []
    /// The rules whose conditions could not be looked at.
    var unread: Set<AlertRule> = []
    var problems: [Problem] = []
    /// What the data plane's connections are secured by, where its process answered.
    var certificate: PlaneCertificate?
    var isPlaneKnown = false
  }

  /// Over how long shares of requests are measured, in milliseconds.
  private static let window: Int64 = 300_000
  /// For how long people are told of what happened once: that a roll-out was taken back, that records were found damaged.
  private static let toldFor: Int64 = 86_400_000
  /// How many alerts of a watch are counted.
  private static let standingLimit = 16_384

  let registry: any RegistryReader & LedgerReader
  let plane: any DataPlane
  let listener: any ListenerProbe
  let monitor: any MonitorStore
  let webhooks: any WebhookStore
  let alerts: any AlertStore
  let feedback: any PerformanceStore
  let cosignatures: any CosignatureReader
  let key: CheckpointVerificationKey
  let expiries: Expiries
  let served: ServedState

  /// Looks at everything; what cannot be read now is told, and stays as it was.
  func gather(_ history: inout TrafficHistory, at now: Timestamp) async -> Seen {
    var seen = Seen()
    let answer = await plane.examine()
    await look(&seen, [.planeDown, .processAge]) { seen async throws(Problem) in
      try await process(&seen, answer, at: now)
    }
    if case .counted(let counts) = answer {
      history.take(counts, at: now)
      traffic(history, &seen, at: now)
      // Who has just begun to look knows of too few requests to say that something is over.
      let isYoung = history.start.map { now.milliseconds - $0.milliseconds < Self.window } ?? true
      if isYoung { seen.unread.formUnion([.failures, .refusals, .latency]) }
      probes(counts, &seen)
    } else {
      // That it does not answer is an alert of its own.
      seen.unread.formUnion([.failures, .refusals, .latency, .probeFailed, .probeOverdue])
    }
    if case .none = answer { seen.unread.insert(.planeUnreachable) } else { await reach(&seen) }
    await look(&seen, [.expiry, .expiryImminent, .renewalFailed]) { seen async throws(Problem) in
      seen.measured += try await expiries.measured(seen.certificate, at: now)
      // Of whom there is no answer it is not known what their connections are secured by.
      if !seen.isPlaneKnown { seen.unread.formUnion([.expiry, .expiryImminent, .renewalFailed]) }
    }
    await look(&seen, [.drift]) { seen async throws(Problem) in try await drift(&seen) }
    await look(&seen, [.performance]) { seen async throws(Problem) in try await performance(&seen) }
    await look(&seen, [.rolloutHeld, .rolloutUndone]) { seen async throws(Problem) in
      try await rollouts(&seen, at: now)
    }
    await look(&seen, [.waiting]) { seen async throws(Problem) in try await waiting(&seen, at: now) }
    await look(&seen, [.deliveries]) { seen async throws(Problem) in try await deliveries(&seen, at: now) }
    await look(&seen, [.records]) { seen async throws(Problem) in try await records(&seen, at: now) }
    await look(&seen, [.checkpoint]) { seen async throws(Problem) in try await checkpoint(&seen, at: now) }
    return seen
  }

  private func look(
    _ seen: inout Seen, _ rules: Set<AlertRule>, _ body: (inout Seen) async throws(Problem) -> Void
  ) async {
    do throws(Problem) { try await body(&seen) } catch {
      seen.unread.formUnion(rules)
      seen.problems.append(error)
    }
  }

  /// Asks where callers ask.
  private func reach(_ seen: inout Seen) async {
    let unreachable = AlertSource(.planeUnreachable, of: nil, "data plane")
    do throws(Problem) {
      try await listener.ask(plane.baseURL)
      seen.measured.append(AlertMeasurement(unreachable, 0, "\(plane.baseURL) answers"))
    } catch  where error.code != Problem.listenerSilentCode {
      seen.unread.insert(.planeUnreachable)
    } catch {
      seen.measured.append(
        AlertMeasurement(unreachable, 1, "no answer at \(plane.baseURL): \(error.code)"))
    }
  }

  private func process(
    _ seen: inout Seen, _ answer: PlaneAnswer, at now: Timestamp
  ) async throws(Problem) {
    let down = AlertSource(.planeDown, of: nil, "data plane")
    if case .busy = answer {
      seen.unread.formUnion([.planeDown, .processAge])
      return
    }
    if case .unasked(let problem) = answer { throw problem }
    if case .silent(let problem) = answer {
      seen.unread.insert(.processAge)
      return seen.measured.append(AlertMeasurement(down, 1, "no answer from the process: \(problem.code)"))
    }
    let found: PlaneProcess?
    do throws(Problem) { found = try await plane.process() } catch {
      seen.unread.insert(.processAge)
      return seen.measured.append(AlertMeasurement(down, 1, "no answer from the process: \(error.code)"))
    }
    guard let process = found else {
      seen.unread.insert(.processAge)
      return seen.measured.append(AlertMeasurement(down, 1, "no process serves"))
    }
    seen.certificate = process.certificate
    seen.isPlaneKnown = true
    let age = max(0, now.milliseconds - process.startedAt.milliseconds)
    seen.measured.append(AlertMeasurement(down, 0, "process \(process.process) answers"))
    seen.measured.append(
      AlertMeasurement(
        AlertSource(.processAge, of: nil, "data plane"), Double(age),
        "process \(process.process) has been running for \(AlertRule.age(age))"))
  }

  private func traffic(_ history: TrafficHistory, _ seen: inout Seen, at now: Timestamp) {
    for deployment in history.deployments.sorted(by: { $0.description < $1.description }) {
      let start = Timestamp(milliseconds: now.milliseconds - Self.window)
      guard let found = history.traffic(of: deployment, from: start, until: now) else { continue }
      let came = found.versions.values.reduce(Traffic(), +)
      let span = "in \(AlertRule.age(found.milliseconds))"
      func measure(_ rule: AlertRule, _ value: Double, of requests: Int, _ figures: String) {
        seen.measured.append(
          AlertMeasurement(
            AlertSource(rule, of: deployment, deployment.description), value, figures, requests: requests))
      }
      measure(
        .failures, came.failedShare, of: came.taken,
        "\(came.failed) of \(came.taken) requests failed \(span)")
      measure(
        .refusals, came.sharedRefusedShare, of: came.requests,
        "\(came.refused) of \(came.requests) requests were refused \(span)\(Self.spread(came.refusals))")
      guard let latency = came.latency(0.99) else { continue }
      measure(
        .latency, latency, of: came.answered,
        "99 of 100 answers came within \(AlertRule.rounded(latency)) ms, of \(came.answered) \(span)")
    }
  }

  /// For what, and of how many callers, in words.
  private static func spread(_ refusals: CauseCounts) -> String {
    guard let most = refusals.ranked.first else { return "" }
    let callers = refusals.leastCallers
    return ", most of them with \(most.code)"
      + (callers > 1 ? ", of at least \(callers) callers" : callers == 1 ? ", of one caller" : "")
  }

  private func probes(_ counts: PlaneCounts, _ seen: inout Seen) {
    for version in counts.versions where version.failingProbes > 0 {
      let failing = version.failingProbes
      let (rule, what): (AlertRule, String) =
        version.isProbeOverdue ? (.probeOverdue, "in time") : (.probeFailed, "right")
      seen.measured.append(
        AlertMeasurement(
          AlertSource(rule, of: version.reference.name, version.reference.description),
          Double(failing), "the last \(failing) questions of its bundle's check were not answered \(what)"))
    }
  }

  private func drift(_ seen: inout Seen) async throws(Problem) {
    for deployment in try await registry.deployments() {
      let standing = try await monitor.standing(of: deployment.name, count: Self.standingLimit)
      var columns: [VersionReference: Set<String>] = [:]
      for alert in standing { columns[alert.version, default: []].insert(alert.column) }
      for (version, names) in columns {
        let shown = names.sorted().prefix(3).map { "'\($0.excerpt(40))'" }.joined(separator: ", ")
        let rest = names.count > 3 ? " and \(names.count - 3) more" : ""
        seen.measured.append(
          AlertMeasurement(
            AlertSource(.drift, of: deployment.name, version.description), Double(names.count),
            "unlike training: \(shown)\(rest)"))
      }
    }
  }

  private func performance(_ seen: inout Seen) async throws(Problem) {
    let worse = try await served.worse(by: feedback)
    for (version, words) in worse.sorted(by: { $0.key.description < $1.key.description }) {
      seen.measured.append(
        AlertMeasurement(
          AlertSource(.performance, of: version.name, version.description), 1, words.excerpt(400)))
    }
  }

  private func rollouts(_ seen: inout Seen, at now: Timestamp) async throws(Problem) {
    let underWay = try await registry.rollouts()
    for record in underWay where record.state.phase == .held {
      seen.measured.append(
        AlertMeasurement(
          AlertSource(.rolloutHeld, of: record.state.deployment, record.version.description), 1,
          record.state.reason.excerpt(200)))
    }
    let present = try await registry.deployments()
    for record in try await registry.governance(.endedRollout, startingWith: "") {
      let ended = try RolloutRecord(json: record.value)
      let isNewer = underWay.contains { $0.state.deployment == ended.state.deployment }
      let isRecent = now.milliseconds - ended.state.since.milliseconds < Self.toldFor
      // One that another way into service ended, for this version or one that follows, was not taken back for being bad.
      let isFollowed = present.contains {
        $0.name == ended.state.deployment && $0.since >= ended.state.since
      }
      guard ended.state.phase == .undone, isRecent, !isNewer, !isFollowed else { continue }
      seen.measured.append(
        AlertMeasurement(
          AlertSource(.rolloutUndone, of: ended.state.deployment, ended.version.description), 1,
          ended.state.reason.excerpt(200)))
    }
  }

  private func waiting(_ seen: inout Seen, at now: Timestamp) async throws(Problem) {
    for release in try await registry.waiting() {
      let age = max(0, now.milliseconds - release.since.milliseconds)
      seen.measured.append(
        AlertMeasurement(
          AlertSource(.waiting, of: release.version.name, release.version.description), Double(age),
          "it has waited for \(AlertRule.age(age))"))
    }
  }

  private func deliveries(_ seen: inout Seen, at now: Timestamp) async throws(Problem) {
    let stopped = Double(WebhookProgress.attemptLimit)
    for endpoint in try await webhooks.endpoints() {
      let progress = endpoint.progress
      let failure = (progress.failure ?? "none").excerpt(120)
      seen.measured.append(
        AlertMeasurement(
          AlertSource(.deliveries, of: nil, "webhook \(endpoint.id)"),
          progress.isStopped ? stopped : Double(progress.attempts),
          progress.isStopped
            ? "its receiver says that it is gone"
            : "\(progress.attempts) attempts were not taken, the last one: \(failure)"))
    }
    // By the registry: of one that nothing is kept of, nothing is tried.
    for receiver in try await registry.alertReceivers() {
      let source = AlertSource(.deliveries, of: nil, "receiver \(receiver.name)")
      if let loss = try await loss(of: receiver) {
        seen.measured.append(
          AlertMeasurement(source, Double(AlertDelivery.attemptLimit), "it cannot be told: \(loss.code)"))
        continue
      }
      let worst = try await alerts.deliveries(to: receiver.name).failing(at: now)
        .max { $0.attempts < $1.attempts }
      guard let worst else { continue }
      seen.measured.append(
        AlertMeasurement(
          source, Double(worst.attempts),
          "\(worst.attempts) attempts were not taken, the last one: \((worst.failure ?? "none").excerpt(120))"
        ))
    }
  }

  /// Why a receiver cannot be told whatever there is to tell; nil where it can, and where it was removed meanwhile.
  func loss(of receiver: AlertReceiver) async throws(Problem) -> Problem? {
    let endpoint = try await alerts.receivers().first { $0.name == receiver.name }
    guard let loss = receiver.loss(of: endpoint) else { return nil }
    return try await registry.alertReceivers().contains(receiver) ? loss : nil
  }

  private func records(_ seen: inout Seen, at now: Timestamp) async throws(Problem) {
    let recent = try await registry.damagedSegments().filter {
      now.milliseconds - $0.setAsideAt.milliseconds < Self.toldFor
    }
    guard let last = recent.last else { return }
    seen.measured.append(
      AlertMeasurement(
        AlertSource(.records, of: nil, "access records"), Double(recent.count),
        "\(recent.count) segments were set aside, the last one for \(last.code)"))
  }

  /// Only where there are witnesses: nobody else was to vouch for it.
  private func checkpoint(_ seen: inout Seen, at now: Timestamp) async throws(Problem) {
    guard try await !registry.witnesses().isEmpty, let size = try await registry.checkpoint()?.size else {
      return
    }
    let cosigned =
      try await CosignedCheckpoint.newest(of: registry, cosignatures, trusting: key)?.checkpoint.size ?? 0
    guard cosigned < size, let bytes = try await registry.entryBytes(from: cosigned, count: 1).first,
      let entry = (try? JSON(parsing: bytes)).flatMap(LedgerEntry.init(json:))
    else { return }
    let age = max(0, now.milliseconds - entry.time.milliseconds)
    seen.measured.append(
      AlertMeasurement(
        AlertSource(.checkpoint, of: nil, "ledger"), Double(age),
        "\(size - cosigned) entries have not been cosigned, the oldest for \(AlertRule.age(age))"))
  }
}
