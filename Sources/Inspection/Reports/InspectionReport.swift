public import Artifacts
public import Domain
public import Encoding

/// What inspection found in one artifact.
public struct InspectionReport: Sendable {
  /// The path that the caller named the artifact by.
  public let path: String
  /// What the bytes are, by their content.
  ///
  /// `pickle`, `joblib+zlib`, `npy`, `zip` and the like.
  public let format: String
  /// The answer as a whole: the worst that any finding leads to.
  public let verdict: InspectionVerdict
  /// Everything there is to say, the weightiest first.
  public let findings: [Finding]
  /// What stands at the place of each finding; nil where it has none, or where showing it would do harm.
  public let excerpts: [FindingExcerpt?]
  /// What the model can be lifted from, where the artifact could be read to its end.
  public let source: ModelSource?
  /// The file inside the artifact that the values come from; empty for an artifact that is one file.
  public let member: String
  /// The version of scikit-learn that wrote the artifact, where it says so.
  public let frameworkVersion: String?
  /// The files that the artifact is made of, by their paths in it; one empty path for a single file.
  let files: [String]

  /// The result as scripts may rely on it: path, format, verdict, findings.
  ///
  /// Its schema is `docs/inspection.schema.json`.
  public var json: JSON {
    [
      "path": .string(path), "format": .string(format), "verdict": .string(verdict.rawValue),
      "findings": .array(
        findings.map { finding in
          var members = finding.json.object ?? [:]
          let rule = Rule.named(finding.rule)
          members["family"] = .string(rule?.family.rawValue ?? "")
          members["references"] = .array((rule?.references ?? []).map { .string($0) })
          return .object(members)
        }),
    ]
  }

  /// The report of an artifact that was found liftable and then could not be lifted, for the reason `problem`.
  public func notLifted(_ problem: Problem) -> InspectionReport {
    let place = problem.position.map { " (\($0))" } ?? ""
    let finding = Rule.notLifted.finding(problem.message + place, member: member)
    return InspectionReport(
      path: path, format: format, verdict: .notLiftable, findings: [finding] + findings,
      excerpts: [nil] + excerpts, source: source, member: member, frameworkVersion: frameworkVersion,
      files: files)
  }

  /// The file of the artifact that a finding is in: the one that `member` starts with.
  func file(of finding: Finding) -> String {
    files.filter { finding.member == $0 || finding.member.hasPrefix($0.isEmpty ? "" : $0 + "/") }
      .max { $0.utf8.count < $1.utf8.count } ?? ""
  }
}
