public import Domain
public import Encoding

/// What one gate said, and why.
public struct GateResult: Equatable, Sendable {
  /// The gate's stable name, `gate.severity`.
  public let gate: String
  /// Whether it holds.
  public let isPassed: Bool
  /// Why, one line: what the policy asks for and what is there.
  public let reason: String
}

/// What all gates of a policy said of one candidate.
public struct GateReport: Equatable, Sendable {
  /// One result a gate, in the order of the policy.
  public let results: [GateResult]

  /// Whether every gate holds.
  public var isPassed: Bool { results.allSatisfy(\.isPassed) }

  /// The report as the bundle carries it, in `gates.json`.
  public var json: JSON {
    [
      "passed": .bool(isPassed),
      "results": .array(
        results.map {
          ["gate": .string($0.gate), "passed": .bool($0.isPassed), "reason": .string($0.reason)]
        }),
    ]
  }

  /// The problem of a candidate that some gate holds back; nil where every gate holds.
  public var problem: Problem? {
    let failed = results.filter { !$0.isPassed }
    guard let first = failed.first else { return nil }
    return Problem(
      .refused, first.gate, failed.map(\.reason).joined(separator: "; "),
      hint: "push a model that meets the policy, or have the policy changed")
  }
}

extension Policy {
  /// Holds a candidate against every gate.
  ///
  /// All of them are asked, so that one push tells all that is wrong.
  public func evaluate(_ evidence: AdmissionEvidence) -> GateReport {
    GateReport(results: [
      membership("gate.format", "format", evidence.plainFormat, in: allowedFormats),
      membership("gate.framework", "framework", evidence.framework, in: allowedFrameworks),
      verdictGate(evidence),
      severityGate(evidence),
      sizeGate(evidence),
    ])
  }

  private func membership(_ gate: String, _ what: String, _ value: String, in allowed: [String])
    -> GateResult
  {
    let isPassed = allowed.contains(value)
    let list = allowed.isEmpty ? "none" : allowed.sorted().joined(separator: ", ")
    return GateResult(
      gate: gate, isPassed: isPassed,
      reason: isPassed
        ? "\(what) \(value) is allowed" : "expected a \(what) among \(list), found \(value)")
  }

  private func verdictGate(_ evidence: AdmissionEvidence) -> GateResult {
    GateResult(
      gate: "gate.verdict", isPassed: evidence.verdict == .liftable,
      reason: evidence.verdict == .liftable
        ? "every part of the artifact is understood"
        : "expected the verdict liftable, found \(evidence.verdict.rawValue)")
  }

  private func severityGate(_ evidence: AdmissionEvidence) -> GateResult {
    let gravest = evidence.findings.map(\.severity).max()
    let isPassed = gravest.map { $0 <= highestSeverity } ?? true
    let limit = highestSeverity.rawValue
    return GateResult(
      gate: "gate.severity", isPassed: isPassed,
      reason: isPassed
        ? "no finding is graver than \(limit)"
        : "expected no finding graver than \(limit), found one of severity \(gravest?.rawValue ?? "none")")
  }

  private func sizeGate(_ evidence: AdmissionEvidence) -> GateResult {
    let isPassed = evidence.modelBytes <= largestModelBytes
    return GateResult(
      gate: "gate.model-size", isPassed: isPassed,
      reason: isPassed
        ? "\(evidence.modelBytes) bytes are within \(largestModelBytes)"
        : "expected at most \(largestModelBytes) bytes of model, found \(evidence.modelBytes)")
  }
}
