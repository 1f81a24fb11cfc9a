import Domain
import Encoding

extension Diagnosis {
  /// The least requests that a share of them says something of.
  public static let least = 20

  /// Whether a share of what came failed that is large, and much larger than that of what came before.
  public static func isFailing(_ came: Traffic, against former: Traffic?) -> Bool {
    came.taken >= least && came.failedShare >= max(0.02, 3 * (former?.failedShare ?? 0))
  }

  /// Finds what is likely to be the matter.
  ///
  /// What failed or got slow is put down to what was changed shortly before, where something was; a fall of traffic that is answered
  /// as ever to what lies in front; refusals and columns that are unlike training to what callers send.
  public init(_ evidence: DiagnosisEvidence) {
    var findings: [Finding] = []
    var same: [String] = []
    Self.network(evidence, &findings, &same)
    Self.code(evidence, &findings, &same)
    Self.data(evidence, &findings, &same)
    Self.access(evidence, &findings, &same)
    for place in findings.indices {
      findings[place].runbooks = findings[place].cause.rules.compactMap { evidence.runbooks[$0] }
    }
    self.findings = findings.sorted { ($1.weight, $0.cause.rawValue) < ($0.weight, $1.cause.rawValue) }
    self.same = same
  }

  // MARK: The network

  private static func network(
    _ evidence: DiagnosisEvidence, _ findings: inout [Finding], _ same: inout [String]
  ) {
    guard evidence.processSince != nil else {
      findings.append(
        Finding(
          cause: .network, weight: 100, summary: "the data plane does not answer",
          evidence: ["no process of the data plane answers the control plane"],
          commands: ["gatehouse doctor", "gatehouse alerts"]))
      return
    }
    guard let before = evidence.before, let recent = evidence.recent, before.all.requests >= least else {
      return
    }
    let (was, now) = (before.perMinute, recent.perMinute)
    let words = "\(rate(now)) requests a minute, \(rate(was)) before"
    guard now < was / 5 else {
      same.append("traffic: \(words)")
      return
    }
    let isAnswered = recent.all.failedShare <= before.all.failedShare + 0.01
    findings.append(
      Finding(
        cause: .network, weight: isAnswered ? 60 : 20,
        summary: now == 0 ? "no requests arrive" : "most requests do not arrive",
        evidence: [words]
          + (isAnswered
            ? ["what arrives is answered: \(failures(recent.all))", "the process answers the control plane"]
            : []),
        commands: [
          "gatehouse predict \(evidence.deployment) --help", "gatehouse deployments",
          "gatehouse keys list \(evidence.deployment)",
        ]))
  }

  // MARK: What was changed

  private static func code(
    _ evidence: DiagnosisEvidence, _ findings: inout [Finding], _ same: inout [String]
  ) {
    guard let recent = evidence.recent, recent.all.requests >= least else { return changes(evidence, &same) }
    var symptoms: [String] = []
    var weight = 0
    let came = recent.all
    let former = evidence.before.map(\.all).flatMap { $0.requests >= least ? $0 : nil }
    if isFailing(came, against: former) {
      let words =
        failures(came) + (former.map { "; before, \(failures($0))" } ?? "") + since(evidence.failingSince)
      if isForWantOfRoom(came.failures) {
        findings.append(crowd(evidence, [words] + causes(came.failures, "failed with")))
      } else {
        weight += 40 + min(20, Int(came.failedShare * 40))
        symptoms += [words] + causes(came.failures, "failed with")
      }
    } else {
      same.append("failures: \(failures(came))")
    }
    switch slowness(evidence, came, former) {
    case (.elsewhere(let finding), _): findings.append(finding)
    case (.here, let words):
      weight += 30
      symptoms += words
    case (.none, _):
      if let latency = came.latency(0.99) {
        same.append("latency: 99 of 100 answers within \(AlertRule.rounded(latency)) ms")
      }
    }
    guard weight > 0 else { return changes(evidence, &same) }
    let known = evidence.changes.prefix(5)
    // Of versions that answer beside each other, one that alone fails is what is wrong.
    let failing = recent.versions.filter { $0.value.taken >= least && $0.value.failedShare >= 0.02 }
    let healthy = recent.versions.filter { $0.value.taken >= least && $0.value.failedShare < 0.01 }
    if let worst = failing.max(by: { $0.value.failedShare < $1.value.failedShare }), !healthy.isEmpty {
      weight += 20
      symptoms.append(
        "\(worst.key) fails, \(healthy.keys.map(\.description).sorted().joined(separator: ", ")) does not")
    }
    if !known.isEmpty { weight += known.contains { $0.kind == .version } ? 30 : 15 }
    if !evidence.drifting.isEmpty { weight -= 10 }
    findings.append(
      Finding(
        cause: .code, weight: weight, summary: summary(evidence, known.first),
        evidence: symptoms + known.map { "\($0.at) \($0.words) (entry \($0.entry))" },
        commands: commands(evidence)))
  }

  private static func summary(_ evidence: DiagnosisEvidence, _ change: DiagnosisEvidence.Change?) -> String {
    guard let change else { return "\(evidence.live) fails or is slow, and nothing was changed here" }
    let age = AlertRule.age(evidence.now.milliseconds - change.at.milliseconds)
    return "it fails or is slow since something was changed, the last of it \(age) ago: \(change.words)"
  }

  private static func commands(_ evidence: DiagnosisEvidence) -> [String] {
    let name = evidence.deployment
    var commands: [String] = []
    if evidence.isRollingOut {
      commands.append("gatehouse roll-out undo \(name)")
    } else if evidence.changes.contains(where: { $0.kind == .version }) {
      commands.append("gatehouse roll-back \(name)")
    }
    if let since = evidence.processSince, evidence.now.milliseconds - since.milliseconds > 86_400_000 {
      commands.append("gatehouse repave --deployment \(name)")
    }
    return commands + ["gatehouse history \(name)"]
  }

  private static func changes(_ evidence: DiagnosisEvidence, _ same: inout [String]) {
    same.append(
      evidence.changes.isEmpty
        ? "nothing was changed here"
        : "changed, with nothing that came of it: \(evidence.changes.prefix(3).map(\.words).joined(separator: "; "))"
    )
  }

  // MARK: The data

  private static func data(
    _ evidence: DiagnosisEvidence, _ findings: inout [Finding], _ same: inout [String]
  ) {
    var said: [String] = []
    var weight = 0
    for (version, columns) in evidence.drifting.sorted(by: { $0.key.description < $1.key.description }) {
      weight = max(weight, 40 + min(20, 2 * columns.count))
      let shown = columns.prefix(5).map { "'\($0.excerpt(40))'" }.joined(separator: ", ")
      said.append(
        "unlike training, of \(version): \(shown)"
          + (columns.count > 5 ? " and \(columns.count - 5) more" : ""))
    }
    if let came = evidence.recent?.all, came.requests >= least,
      came.refusedShare >= max(0.05, 3 * (evidence.before?.all.refusedShare ?? 0))
    {
      weight += 45
      said.append("\(came.refused) of \(came.requests) requests were refused for what they were")
      said += causes(came.refusals, "refused with") + callers(came.refusals)
    } else if let came = evidence.recent?.all, came.requests > 0 {
      same.append("refusals: \(came.refused) of \(came.requests) requests")
    }
    let strange = evidence.strange
    if strange.rows > 0, strange.rows * 20 >= strange.of {
      weight += 20
      said.append("\(strange.rows) of \(strange.of) rows were of values that training had no room for")
    }
    let isUnlike = weight > 0
    if !isUnlike { same.append("inputs: nothing is known to be unlike training") }
    // It is the same version that was better: what changed is not in its bundle.
    for (version, words) in evidence.worse.sorted(by: { $0.key.description < $1.key.description }) {
      weight = max(weight + (isUnlike ? 15 : 0), 40)
      said.append("worse than it was, \(version): \(words)")
    }
    guard weight > 0 else { return }
    let name = evidence.deployment
    findings.append(
      Finding(
        cause: .data, weight: weight,
        summary: isUnlike
          ? "what callers send is not what the model was made for"
          : "what turns out to be true of what callers send is not what the model learned",
        evidence: said,
        commands: [
          evidence.worse.isEmpty ? "gatehouse watch \(name)" : "gatehouse watch \(name) --span 35d",
          "gatehouse alerts silence --rule \(isUnlike ? "drift" : "performance") --deployment \(name) --for 1d --reason …",
        ]))
  }

  // MARK: Words

  static func failures(_ traffic: Traffic) -> String {
    "\(traffic.failed) of \(traffic.taken) requests failed"
  }

  static func rate(_ value: Double) -> String { AlertRule.rounded((value * 10).rounded() / 10) }
}
