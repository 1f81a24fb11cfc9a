import Domain

extension Diagnosis {
  /// Where answers that got slow spend their time.
  enum Slowness {
    /// They did not get slow.
    case none
    /// In what was changed here.
    case here
    /// In the network, or the machine.
    case elsewhere(Finding)
  }

  /// The least milliseconds by which an answer has to take longer on average to be told of for that alone.
  private static let leastGrowth = 1.0

  /// Whether what came took much longer than what came before.
  public static func isSlow(_ came: Traffic, against former: Traffic) -> Bool {
    if let slow = came.latency(0.99), let fast = former.latency(0.99), slow >= 3 * fast { return true }
    guard let slow = came.mean, let fast = former.mean else { return false }
    return slow >= 2 * fast && slow - fast >= leastGrowth
  }

  /// Whether answers got slow, by which stage, and the words of that.
  static func slowness(
    _ evidence: DiagnosisEvidence, _ came: Traffic, _ former: Traffic?
  ) -> (Slowness, [String]) {
    guard let former, isSlow(came, against: former) else { return (.none, []) }
    var words: [String] = []
    if let slow = came.latency(0.99), let fast = former.latency(0.99) {
      words.append(
        "99 of 100 answers within \(AlertRule.rounded(slow)) ms; before, within \(AlertRule.rounded(fast)) ms"
          + since(evidence.slowSince))
    }
    guard let slow = came.mean, let fast = former.mean, slow > fast else { return (.here, words) }
    let growth = RequestStage.allCases.map { stage in
      (stage: stage, was: former.mean(stage) ?? 0, now: came.mean(stage) ?? 0)
    }
    func share(_ stages: Set<RequestStage>) -> Double {
      growth.reduce(0) { $0 + (stages.contains($1.stage) ? $1.now - $1.was : 0) } / (slow - fast)
    }
    let grown = growth.filter { $0.now - $0.was >= 0.1 * (slow - fast) }
      .sorted { $0.now - $0.was > $1.now - $1.was }
    words.append(
      "by stage: "
        + grown.map {
          "\($0.stage.rawValue) \(AlertRule.rounded($0.now)) ms, before \(AlertRule.rounded($0.was)) ms"
        }.joined(separator: "; "))
    let name = evidence.deployment
    if share([.receive]) >= 0.5 {
      return (
        .elsewhere(
          Finding(
            cause: .network, weight: 50, summary: "bodies of requests take long to arrive",
            evidence: words + ["what arrived is answered as before"],
            commands: ["gatehouse predict \(name) --help", "gatehouse deployments"])), words
      )
    }
    if share([.queue, .rest]) >= 0.5 { return (.elsewhere(crowd(evidence, words)), words) }
    // A version that is slow is so in predicting; a machine that is, in all that it computes.
    let computing = growth.filter { [.decode, .infer, .encode].contains($0.stage) }
    let isChanged = evidence.changes.contains { $0.kind == .version }
    if !isChanged, computing.allSatisfy({ $0.was > 0 && $0.now >= 2 * $0.was }) {
      return (
        .elsewhere(
          Finding(
            cause: .host, weight: 45,
            summary: "all that is computed takes longer, and no version was changed",
            evidence: words, commands: ["gatehouse doctor", "gatehouse repave --deployment \(name)"])), words
      )
    }
    return (.here, words)
  }

  // MARK: More at a time than there is room for

  /// Whether most of these requests were not answered because there was no room, or no time, for them.
  static func isForWantOfRoom(_ counts: CauseCounts) -> Bool {
    counts.causes.reduce(0) { $0 + (crowdCodes.contains($1.key) ? $1.value : 0) } * 2 > counts.total
  }

  private static let crowdCodes: Set<String> = [
    "plane.overloaded", "model.overloaded", "plane.too-many-connections", "request.deadline",
    "request.memory",
  ]

  /// That answers are slow, or requests fail, because there are too many.
  static func crowd(_ evidence: DiagnosisEvidence, _ words: [String]) -> Finding {
    var said = words
    if let recent = evidence.recent, let before = evidence.before {
      said.append("\(rate(recent.perMinute)) requests a minute, \(rate(before.perMinute)) before")
    }
    return Finding(
      cause: .host, weight: 55, summary: "more comes at a time than there is room for", evidence: said,
      commands: [
        "gatehouse deployments", "gatehouse deployments limit \(evidence.deployment) --help",
        "gatehouse doctor",
      ])
  }

  /// Since when, in words; nothing where that is not known.
  static func since(_ moment: Timestamp?) -> String { moment.map { "; since \($0)" } ?? "" }
}
