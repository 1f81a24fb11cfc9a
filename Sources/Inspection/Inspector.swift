public import Artifacts
import Domain

/// Reads an artifact without running anything of it, and says what it is and what it would do.
public enum Inspector {
  /// How many findings a report lists.
  private static let listed = 100

  /// Inspects an artifact; `path` is what the report calls it.
  ///
  /// Takes time and memory in proportion to the artifact, up to the budget.
  public static func inspect(_ artifact: Artifact, path: String, budget: ReadingBudget = .standard)
    -> InspectionReport
  {
    if let only = artifact.files.first, artifact.files.count == 1, only.path.isEmpty {
      var inspected = InspectedFile(only, budget: budget)
      inspected.requireModel()
      return report(path, [inspected], inspected.findings)
    }
    return inspectDirectory(artifact, path: path, budget: budget)
  }

  private static func inspectDirectory(_ artifact: Artifact, path: String, budget: ReadingBudget)
    -> InspectionReport
  {
    var models: [InspectedFile] = []
    var findings: [Finding] = []
    for file in artifact.files.sorted(by: { $0.path < $1.path }) {
      var inspected = InspectedFile(file, budget: budget)
      if inspected.holdsPickle {
        inspected.requireModel()
        findings += inspected.findings
        models.append(inspected)
      } else {
        findings.append(
          Rule.memberNotRead.finding(
            "expected a model, found \(inspected.description)", member: file.path))
      }
    }
    if models.isEmpty {
      findings.append(
        Rule.noModel.finding(
          "expected one file that holds a model, found none among \(artifact.files.count)", member: ""))
    } else if models.count > 1 {
      let names = models.prefix(10).map { "'\($0.path.escaped(limit: 80))'" }.joined(separator: ", ")
      findings.append(
        Rule.severalModels.finding(
          "expected one file that holds a model, found \(models.count): \(names)", member: ""))
    }
    return report(path, models, findings)
  }

  private static func report(_ path: String, _ models: [InspectedFile], _ findings: [Finding])
    -> InspectionReport
  {
    let only = models.count == 1 ? models.first : nil
    let verdicts = findings.compactMap { Rule.named($0.rule)?.verdict }
    let verdict = verdicts.max { $0.weight < $1.weight } ?? .liftable
    return InspectionReport(
      path: path, format: only?.format ?? (models.isEmpty ? "unknown" : "directory"), verdict: verdict,
      findings: ordered(findings), document: only?.document, member: only?.path ?? "",
      frameworkVersion: only?.document?.scikitLearnVersion)
  }

  /// The weightiest first, so that a flood of small findings hides nothing; of equals, the first in the file.
  private static func ordered(_ findings: [Finding]) -> [Finding] {
    let sorted = findings.enumerated().sorted { left, right in
      let weights = (Rule.weight(of: left.element), Rule.weight(of: right.element))
      return weights.0 != weights.1 ? weights.0 > weights.1 : left.offset < right.offset
    }.map(\.element)
    guard sorted.count > listed else { return sorted }
    return sorted.prefix(listed) + [
      Rule.moreFindings.finding("\(sorted.count - listed) more findings are left out", member: "")
    ]
  }
}

extension Rule {
  /// The verdict that a finding leads to counts first, then its severity.
  fileprivate static func weight(of finding: Finding) -> Int {
    let severity = Severity.allCases.firstIndex(of: finding.severity) ?? 0
    return (named(finding.rule)?.verdict?.weight ?? 0) * Severity.allCases.count + severity
  }
}

extension InspectionVerdict {
  /// Which of two verdicts holds for the whole: that something is dangerous counts for more than that the bytes
  /// behind it are damaged, since it happens before.
  fileprivate var weight: Int {
    switch self {
    case .liftable: 0
    case .notLiftable: 1
    case .malformed: 2
    case .dangerous: 3
    }
  }
}
