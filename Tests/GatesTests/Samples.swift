import Documents
import Domain
import Gates
import YAML

/// Policies and evidence for the tests of gates.
enum Example {
  static let digest = Digest(words: 1, 2, 3, 4)
  static let otherDigest = Digest(words: 5, 6, 7, 8)
  /// A Saturday.
  static let now = moment("2026-11-21T09:30:00Z")

  static func moment(_ text: String) -> Timestamp {
    (try? Timestamp(parsing: text)) ?? Timestamp(milliseconds: 0)
  }

  /// A policy of these gates, a line each, and whatever stands behind them.
  static func policy(_ gates: String..., exceptions: String = "") throws -> Policy {
    try Policy(parsing: bytes(gates: gates, exceptions: exceptions), file: "p.yaml")
  }

  static func bytes(gates: [String], exceptions: String = "") -> [UInt8] {
    let lines = ["policy: gatehouse/v1", "name: p", "gates:"] + gates.map { "  - \($0)" }
    return Array((lines.joined(separator: "\n") + "\n" + exceptions).utf8)
  }

  /// The faults of a policy of these gates, each as `line:column code: message (hint)`.
  static func faults(_ gates: String..., exceptions: String = "") -> [String] {
    faults(bytes(gates: gates, exceptions: exceptions))
  }

  static func faults(_ bytes: [UInt8]) -> [String] {
    PolicyReading(bytes).faults.map { fault in
      "\(fault.place) \(fault.code): \(fault.message)" + (fault.hint.map { " (\($0))" } ?? "")
    }
  }

  /// A candidate that every gate of the tests lets pass.
  static func evidence(_ change: (inout AdmissionEvidence) -> Void = { _ in }) -> AdmissionEvidence {
    var evidence = AdmissionEvidence(
      format: "joblib+zlib", verdict: .liftable, findings: [], framework: "scikit-learn", modelBytes: 1000)
    evidence.frameworkVersion = "1.9.1"
    evidence.model = try? ModelName(parsing: "fraud-score")
    evidence.version = VersionNumber(3)
    evidence.digest = digest
    evidence.project = "retail-fraud"
    evidence.author = person("ana")
    evidence.now = now
    change(&evidence)
    return evidence
  }

  static func person(_ name: String) -> Principal { Principal(kind: .person, name: name) }

  static func finding(_ severity: Severity, _ rule: String = "a.b") -> Finding {
    Finding(rule: rule, severity: severity, message: "m", remedy: "r")
  }

  /// What the only gate of a policy says, `failed: expected …`; nothing where it was not asked.
  static func answer(
    _ gate: String, _ phase: PolicyPhase = .rollOut, _ change: (inout AdmissionEvidence) -> Void = { _ in }
  ) throws -> String? {
    let report = try policy(gate).evaluate(evidence(change), at: phase)
    return report.results.last { $0.gate != "gate.verdict" }.map { "\($0.outcome.rawValue): \($0.reason)" }
  }
}
