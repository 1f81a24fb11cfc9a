import Domain
import Inspection

/// How far a push came without a turn among the acts.
enum Preparation: Sendable {
  case ready(PreparedPush)
  case refused(PushOutcome)
}

/// A push whose model was read, lifted and tested.
struct PreparedPush: Sendable {
  let request: PushRequest
  let pushed: PushedModel
  /// What may become a version; nil where a version held the bytes already.
  var candidate: TestedCandidate?
  var steps: Steps
}

/// Times the steps and tells whoever follows.
struct Steps: Sendable {
  private let time: any TimeSource
  private let follow: @Sendable (RoadEvent) -> Void
  private var stages: [StageReport] = []
  private(set) var findings: [Finding] = []
  private var current: (stage: Stage, since: Duration)?

  init(time: any TimeSource, follow: @escaping @Sendable (RoadEvent) -> Void) {
    self.time = time
    self.follow = follow
  }

  mutating func begin(_ stage: Stage) {
    current = (stage, time.uptime())
    follow(.started(stage))
  }

  mutating func end(_ summary: String) {
    guard let (stage, since) = current else { return }
    current = nil
    let report = StageReport(
      stage: stage, milliseconds: (time.uptime() - since).milliseconds, summary: summary)
    stages.append(report)
    follow(.finished(report))
  }

  mutating func report(_ found: [Finding]) {
    findings = found
    if !found.isEmpty { follow(.found(found)) }
  }

  /// Closes the step that was under way, if one was, and hands the outcome its steps.
  mutating func ended(_ outcome: PushOutcome) -> PushOutcome {
    if let problem = outcome.problem { end("refused: \(problem.code)") }
    var outcome = outcome
    outcome.stages = stages
    follow(.ended(outcome))
    return outcome
  }

  /// The outcome of a push that is refused.
  mutating func refused(_ name: ModelName, _ problem: Problem) -> PushOutcome {
    ended(
      PushOutcome(
        name: name, status: .refused, message: problem.message, problem: problem, findings: findings))
  }
}

extension Duration {
  /// The span in milliseconds, to the microsecond.
  fileprivate var milliseconds: Double {
    let (seconds, attoseconds) = components
    return (Double(seconds) * 1e6 + Double(attoseconds / 1_000_000_000_000)) / 1e3
  }
}
