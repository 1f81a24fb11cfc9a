import Artifacts
import Domain
import Encoding
public import Inspection

/// The second stage: every part of the artifact was read and is understood; nothing of it was run.
public struct InspectedModel: Sendable {
  /// What was inspected.
  public let pushed: PushedModel
  /// What was found; its verdict is `liftable`.
  public let report: InspectionReport

  fileprivate init(pushed: PushedModel, report: InspectionReport) {
    self.pushed = pushed
    self.report = report
  }
}

/// Reads an artifact and refuses what is not understood whole; a refused artifact goes into quarantine.
struct Inspect: Sendable {
  let time: any TimeSource

  func callAsFunction(
    _ pushed: PushedModel, recorder: Recorder, found: (InspectionReport) -> Void
  ) async throws(Problem) -> InspectedModel {
    let subject = "\(pushed.name) \(pushed.digest)"
    return try await recorder.record(.inspect, of: subject) { () async throws(Problem) in
      // The path is a constant, so that the same artifact gives the same report wherever it came from.
      let report = Inspector.inspect(pushed.artifact, path: "artifact")
      found(report)
      let details: [String: JSON] = [
        "verdict": .string(report.verdict.rawValue), "format": .string(report.format),
        "findings": .array(report.findings.prefix(10).map(\.forLedger)),
        "findingCount": JSON(report.findings.count),
      ]
      guard report.verdict == .liftable else {
        return .refused(
          problem(of: report, name: pushed.name), details: details,
          changes: [.quarantine(pushed.quarantined(as: report.verdict, at: time.now()))])
      }
      return .done(InspectedModel(pushed: pushed, report: report), details: details)
    }
  }

  private func problem(of report: InspectionReport, name: ModelName) -> Problem {
    let gravest = report.findings.max { $0.severity < $1.severity }
    let offset = gravest?.offset.map { "byte \($0)" }
    let place = [gravest?.member, offset, gravest?.opcode].compactMap { $0 }.filter { !$0.isEmpty }
    return Problem(
      .refused, "inspect.\(report.verdict.rawValue)",
      gravest.map { "the artifact is \(report.verdict.rawValue): \($0.message)" }
        ?? "expected an artifact that is understood whole, found one that is \(report.verdict.rawValue)",
      subject: name.description, position: place.isEmpty ? nil : place.joined(separator: ", "),
      hint: gravest?.remedy)
  }
}

extension PushedModel {
  /// The record of this artifact as a refused one.
  func quarantined(as verdict: InspectionVerdict, at moment: Timestamp) -> QuarantinedArtifact {
    QuarantinedArtifact(
      artifact: digest, name: name, verdict: verdict, pushedBy: principal, refusedAt: moment)
  }
}

extension Finding {
  /// The finding in so few bytes that ten of them fit an entry of the ledger, whatever the artifact names.
  fileprivate var forLedger: JSON {
    Finding(
      rule: rule, severity: severity, member: member.excerpt(120), offset: offset, opcode: opcode,
      message: message.excerpt(240), remedy: remedy.excerpt(120)
    ).json
  }
}
