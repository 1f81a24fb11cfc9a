import Domain

extension Diagnosis {
  /// How many causes of refusals are named.
  private static let shownCauses = 5

  /// The causes in one line, the most frequent first; none where none is known.
  static func causes(_ counts: CauseCounts, _ words: String) -> [String] {
    let meant = counts.ranked.prefix(shownCauses)
    guard !meant.isEmpty else { return [] }
    return ["\(words) " + meant.map { "\($0.code) (\($0.count))" }.joined(separator: ", ")]
  }

  /// By how many callers refusals come, in one line, and none of them by name.
  static func callers(_ counts: CauseCounts) -> [String] {
    let least = counts.leastCallers
    guard least > 0 else { return [] }
    return [
      counts.mostOfOne == counts.total
        ? "all of one caller" : "of at least \(least) callers, \(counts.mostOfOne) requests of one of them"
    ]
  }

  /// Callers who came to no version.
  static func access(
    _ evidence: DiagnosisEvidence, _ findings: inout [Finding], _ same: inout [String]
  ) {
    guard let recent = evidence.recent, recent.turnedAway.total > 0 else { return }
    let away = recent.turnedAway
    let words = "\(away.total) requests came to no version"
    func perMinute(_ span: DiagnosisEvidence.Span) -> Double {
      span.milliseconds > 0 ? Double(span.turnedAway.total) * 60_000 / Double(span.milliseconds) : 0
    }
    let was = evidence.before.map(perMinute) ?? 0
    guard away.total >= least, away.total * 20 >= recent.all.requests + away.total,
      perMinute(recent) >= 3 * was
    else { return same.append("turned away: \(words)") }
    // That there is no room for them is no matter of theirs.
    if isForWantOfRoom(away) {
      return findings.append(crowd(evidence, [words] + causes(away, "refused with")))
    }
    let kinds = Dictionary(grouping: away.ranked, by: { $0.code.accessKind })
    let most = kinds.max { first, second in
      (first.value.reduce(0) { $0 + $1.count }, second.key.rawValue)
        < (second.value.reduce(0) { $0 + $1.count }, first.key.rawValue)
    }
    let kind = most?.key ?? .other
    let isChanged = evidence.changes.contains { $0.kind == .rule }
    findings.append(
      Finding(
        cause: .access, weight: isChanged ? 50 : 35, summary: kind.summary,
        evidence: ["\(words); before, \(evidence.before?.turnedAway.total ?? 0)"]
          + causes(away, "refused with") + callers(away)
          + evidence.changes.filter { $0.kind == .rule }.prefix(3).map {
            "\($0.at) \($0.words) (entry \($0.entry))"
          },
        commands: kind.commands(evidence.deployment)))
  }
}

/// Why callers come to no version.
private enum AccessKind: String {
  case keys
  case pace
  case held
  case other

  var summary: String {
    switch self {
    case .keys: "callers come without a key that is in force"
    case .pace: "callers ask more often than their keys allow"
    case .held: "callers are held back for an alarm about them"
    case .other: "callers are refused before they come to a version"
    }
  }

  func commands(_ name: ModelName) -> [String] {
    switch self {
    case .keys, .pace: ["gatehouse keys list \(name)", "gatehouse history \(name)"]
    case .held: ["gatehouse watch \(name)", "gatehouse deployments set \(name) --attack-watch tell"]
    case .other: ["gatehouse history \(name)"]
    }
  }
}

extension String {
  fileprivate var accessKind: AccessKind {
    switch self {
    case "key.rate-exceeded", "key.quota-exceeded": .pace
    case "caller.held": .held
    case let code where code.hasPrefix("key.") || code.hasPrefix("token."): .keys
    default: .other
    }
  }
}

extension Diagnosis.Cause {
  /// The rules whose runbooks say what to do about such a cause.
  var rules: [AlertRule] {
    switch self {
    case .network: [.planeDown, .latency]
    case .code: [.failures, .latency, .probeFailed]
    case .data: [.drift, .refusals]
    case .host: [.latency, .failures, .processAge]
    case .access: [.refusals]
    }
  }
}
