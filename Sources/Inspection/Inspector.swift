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
      var walk = InspectionWalk(budget: budget)
      let subject = Subject(bytes: only.bytes, member: "", depth: 0)
      let inspected = walk.inspect(subject)
      walk.require(inspected, subject)
      return report(path, inspected.format, (subject, inspected), walk, [""])
    }
    return inspectDirectory(artifact, path: path, budget: budget)
  }

  private static func inspectDirectory(_ artifact: Artifact, path: String, budget: ReadingBudget)
    -> InspectionReport
  {
    var walk = InspectionWalk(
      budget: budget,
      files: Dictionary(artifact.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first }))
    var models: [(subject: Subject, inspected: Inspected)] = []
    let weights = WeightFiles.paths(in: walk.files)
    for file in artifact.files.sorted(by: { $0.path < $1.path }) {
      let subject = Subject(bytes: file.bytes, member: file.path, depth: 0)
      let inspected = weights.contains(file.path) ? walk.inspectWeights(subject) : walk.inspect(subject)
      walk.judgePlace(of: subject)
      switch inspected.content {
      case .pickle, .source, .model: models.append((subject, inspected))
      case .container, .refused: break
      case .data(let what), .unknown(let what):
        // What it says of the training environment is read, and becomes part of the bill of materials.
        if EnvironmentFile.Kind(path: file.path) != nil { continue }
        walk.report(.memberNotRead, "expected a model, found \(what)", subject)
      }
    }
    for oddity in artifact.oddities { walk.report(oddity) }
    let whole = Subject(bytes: [], member: "", depth: 0)
    if models.isEmpty {
      walk.report(
        .noModel, "expected one file that holds a model, found none among \(artifact.files.count)", whole)
    } else if models.count > 1 {
      let names = models.prefix(10).map { "'\($0.subject.member.escaped(limit: 80))'" }
      walk.report(
        .severalModels,
        "expected one file that holds a model, found \(models.count): \(names.joined(separator: ", "))", whole
      )
    }
    for model in models { walk.require(model.inspected, model.subject) }
    let only = models.count == 1 ? models.first : nil
    let format = only?.inspected.format ?? (models.isEmpty ? "unknown" : "directory")
    return report(path, format, only, walk, artifact.files.map(\.path))
  }

  private static func report(
    _ path: String, _ format: String, _ model: (subject: Subject, inspected: Inspected)?,
    _ walk: InspectionWalk, _ files: [String]
  ) -> InspectionReport {
    let verdicts = walk.findings.compactMap { Rule.named($0.rule)?.verdict }
    let verdict = verdicts.max { $0.weight < $1.weight } ?? .liftable
    let source = model?.inspected.source
    var frameworkVersion: String?
    if case .pickle(let document) = source { frameworkVersion = document.scikitLearnVersion }
    let ordered = ordered(walk)
    return InspectionReport(
      path: path, format: format, verdict: verdict, findings: ordered.map(\.finding),
      excerpts: ordered.map(\.excerpt), source: source, member: model?.subject.member ?? "",
      frameworkVersion: frameworkVersion, files: files)
  }

  /// The weightiest first, so that a flood of small findings hides nothing; of equals, the first in the file.
  private static func ordered(_ walk: InspectionWalk) -> [(finding: Finding, excerpt: FindingExcerpt?)] {
    let sorted = zip(walk.findings, walk.excerpts).enumerated().sorted { left, right in
      let weights = (Rule.weight(of: left.element.0), Rule.weight(of: right.element.0))
      return weights.0 != weights.1 ? weights.0 > weights.1 : left.offset < right.offset
    }.map { (finding: $0.element.0, excerpt: $0.element.1) }
    guard sorted.count > listed else { return sorted }
    let more = Rule.moreFindings.finding("\(sorted.count - listed) more findings are left out", member: "")
    return sorted.prefix(listed) + [(finding: more, excerpt: nil)]
  }
}

extension InspectionWalk {
  /// Adds a finding where the artifact, or the one file of it that counts, is not a model that can be lifted.
  fileprivate mutating func require(_ inspected: Inspected, _ subject: Subject) {
    switch inspected.content {
    case .refused, .source, .pickle(nil): break
    case .pickle(let document?):
      if case .object = document[document.root] { return }
      report(
        .notAModel, "expected a fitted estimator, found \(document[document.root].kind)", subject,
        at: document.offset(of: document.root))
    case .model where inspected.format == CatBoostFormat.name:
      report(
        .unsupportedFormat,
        "expected a model of CatBoost as save_model(path, format='json') writes it, found its binary form",
        subject, at: 0)
    case .model, .container:
      report(
        .unsupportedFormat,
        "expected a scikit-learn model in a pickle or joblib file, found \(inspected.format)", subject, at: 0)
    case .data(let what): report(.notAModel, "expected a model, found \(what)", subject)
    case .unknown(let what): report(.artifactMalformed, "expected a model, found \(what)", subject)
    }
  }
}

extension InspectionWalk {
  fileprivate mutating func report(_ oddity: ArtifactOddity) {
    let subject = Subject(bytes: [], member: oddity.path, depth: 0)
    switch oddity.kind {
    case .special:
      report(.special, "expected only files and directories, found a pipe, socket or device", subject)
    case .link(let target):
      let leadsOut = target.hasPrefix("/") || Self.climbs(target, from: oddity.path)
      let rule: Rule = leadsOut && !Self.isModelCache(target) ? .linkOut : .link
      report(
        rule, "expected only files and directories, found a link to '\(target.escaped(limit: 200))'", subject)
    }
  }

  /// Whether a relative link at `path` leads above the directory that the artifact is.
  private static func climbs(_ target: String, from path: String) -> Bool {
    var depth = path.split(separator: "/").count - 1
    for part in target.split(separator: "/") where part != "." {
      depth += part == ".." ? -1 : 1
      if depth < 0 { return true }
    }
    return false
  }

  /// Whether a link is one of the Hugging Face cache, where every file of a snapshot is a link to a blob by
  /// its digest: `../../blobs/<hexadecimal digits>`.
  private static func isModelCache(_ target: String) -> Bool {
    let parts = target.split(separator: "/", omittingEmptySubsequences: false)
    guard let digest = parts.last, parts.dropLast().last == "blobs" else { return false }
    return parts.dropLast(2).allSatisfy { $0 == ".." } && [40, 64].contains(digest.utf8.count)
      && digest.allSatisfy(\.isHexDigit)
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

extension PickleDocument {
  /// The version of scikit-learn that the first estimator of the file says it was fitted with.
  var scikitLearnVersion: String? {
    for state in attributeSets {
      guard case .dictionary(let attributes) = self[state], attributes.count < 10_000 else { continue }
      for (key, value) in attributes {
        guard case .string("_sklearn_version") = self[key], case .string(let version) = self[value] else {
          continue
        }
        return version
      }
    }
    return nil
  }
}
