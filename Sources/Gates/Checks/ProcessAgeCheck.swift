import Documents
import Domain
import YAML

/// `process-age: {within: 7d}`: how old the oldest process may be that serves.
struct ProcessAgeCheck: GateCheck {
  static let name = "process-age"
  static let phases: [PolicyPhase] = [.rollOut]
  let age: TimeSpan?

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'process-age'", known: ["within"], required: ["within"])
    age = reading.span(fields["within"])
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    guard let age else { return .notKnown("processes of some age", "which one") }
    let expected = "no process older than \(age)"
    guard let now = evidence.now else { return .notKnown(expected, "the present time") }
    guard let oldest = evidence.oldestProcess else {
      return .notKnown(expected, "since when one has been running")
    }
    // Exactly so old is not older.
    let (limit, overflow) = oldest.milliseconds.addingReportingOverflow(age.milliseconds)
    guard !overflow, limit < now.milliseconds else {
      return .passed("no process is older than \(age)")
    }
    return .failed(
      "expected \(expected), found one that has been running for \(Self.text(from: oldest, to: now))",
      hint: "replace it with 'gatehouse repave'")
  }

  private static func text(from start: Timestamp, to end: Timestamp) -> String {
    let (span, overflow) = end.milliseconds.subtractingReportingOverflow(start.milliseconds)
    return overflow ? "longer than can be said" : span.hoursAndDays
  }
}

extension Int64 {
  /// So many milliseconds in whole hours, from two days on in days and hours.
  var hoursAndDays: String {
    let hours = self / 3_600_000
    return hours < 48 ? "\(hours)h" : "\(hours / 24)d\(hours % 24 == 0 ? "" : " \(hours % 24)h")"
  }
}
