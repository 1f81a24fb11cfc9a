public import Domain
public import Encoding

/// How a gate turned out.
public enum GateOutcome: String, Sendable, CaseIterable {
  /// It holds.
  case passed
  /// It does not, or what it asks for is not known.
  case failed
  /// It does not yet: people have to approve first.
  case waiting
  /// It does not, and an exception of the policy lets that be.
  case excepted

  /// Whether a candidate may go on past the gate.
  var letsPass: Bool { self == .passed || self == .excepted }
}

/// What one gate said, and why.
public struct GateResult: Equatable, Sendable {
  /// The gate's stable name, `gate.findings`.
  public let gate: String
  /// The line of the gate in the policy; nil for what holds under every policy.
  public let line: Int?
  /// How it turned out.
  public let outcome: GateOutcome
  /// Why, one line: what the policy asks for and what is there.
  ///
  /// Where a candidate may go on nothing in it depends on the present moment, for it becomes part of the bundle.
  public let reason: String
  /// The exceptions by which it was let be, and until the end of which day.
  public let exceptions: [AppliedException]
  /// The exceptions that would have let it be and have expired.
  public let expired: [String]
  /// What to do about it, where the gate knows.
  public let hint: String?

  /// Whether a candidate may go on past the gate.
  public var isPassed: Bool { outcome.letsPass }

  /// The result as reports carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "gate": .string(gate), "passed": .bool(isPassed), "outcome": .string(outcome.rawValue),
      "reason": .string(reason),
    ]
    members["line"] = line.map { JSON($0) }
    if !exceptions.isEmpty {
      members["exceptions"] = .array(exceptions.map { ["id": .string($0.id), "until": .string($0.until)] })
    }
    if !expired.isEmpty { members["expired"] = .array(expired.map { .string($0) }) }
    members["hint"] = hint.map { .string($0) }
    return .object(members)
  }
}

/// An exception that let a gate be.
public struct AppliedException: Hashable, Sendable {
  /// What it is known by, `EX-7`.
  public let id: String
  /// The last day on which it holds, `2027-01-31`.
  public let until: String
}

/// What a policy says of a candidate as a whole.
public enum PolicyVerdict: String, Sendable, CaseIterable {
  /// Every gate holds or is excepted.
  case admitted
  /// Some gate does not hold, and no approval will change that.
  case refused
  /// Nothing but approvals is missing.
  case waiting
}

/// What all gates of a policy said of one candidate.
public struct GateReport: Equatable, Sendable {
  /// The digest of the policy.
  public let policy: Digest
  /// What was about to happen.
  public let phase: PolicyPhase
  /// One result for each gate that was asked, those that hold under every policy first, then in the policy's order.
  ///
  /// A gate of another phase, or whose `when` is not met, was not asked and has none.
  public let results: [GateResult]

  /// What the policy says of the candidate as a whole.
  public var verdict: PolicyVerdict {
    if results.contains(where: { $0.outcome == .failed }) { return .refused }
    return results.contains { $0.outcome == .waiting } ? .waiting : .admitted
  }

  /// Whether every gate holds or is excepted.
  public var isPassed: Bool { verdict == .admitted }

  /// The report as the bundle carries it, in `gates.json`.
  public var json: JSON {
    [
      "passed": .bool(isPassed), "verdict": .string(verdict.rawValue), "phase": .string(phase.rawValue),
      "policy": .string(policy.description), "results": .array(results.map(\.json)),
    ]
  }

  /// The problem of a candidate that some gate holds back; nil where every gate lets it pass.
  ///
  /// It bears the code of the first gate that failed, else of the first that waits.
  public var problem: Problem? {
    let held = results.filter { !$0.isPassed }
    guard let first = held.first(where: { $0.outcome == .failed }) ?? held.first else { return nil }
    return Problem(
      verdict == .waiting ? .waiting : .refused, first.gate, held.map(\.reason).joined(separator: "; "),
      hint: first.hint ?? "push a model that meets the policy, or have the policy changed")
  }
}
