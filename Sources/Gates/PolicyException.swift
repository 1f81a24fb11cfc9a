import Documents
public import Domain
public import Encoding

/// Something that a policy lets be for a while, and whose word that is.
public struct PolicyException: Sendable {
  /// What it is known by, `EX-7`.
  public let id: String
  /// The word of the gate that it is from.
  public let gate: String
  /// Why.
  public let reason: String
  /// Who approved it.
  public let approvedBy: [String]
  /// The last day on which it holds.
  public let until: CalendarDay
  /// The line that it stands in.
  public let line: Int
  let models: [Glob]
  let versions: [VersionNumber]
  let projects: [Glob]
  /// The rules of findings, or the advisories, that it lets be; empty for the gate as a whole.
  let items: [Glob]

  /// Whether its last day is over.
  public func isExpired(at now: Timestamp) -> Bool { until.isOver(at: now) }

  /// Whether it is meant for a candidate.
  ///
  /// A fact that is not known may be any, so that none is meant.
  func covers(_ evidence: AdmissionEvidence) -> Bool {
    guard let model = evidence.model?.description else { return false }
    return covers(model, evidence.version, evidence.project)
  }

  /// Whether it is meant for a version of a model in a project; where one of them is not known, it is not meant by it.
  public func covers(_ model: String, _ version: VersionNumber?, _ project: String?) -> Bool {
    guard models.contains(where: { $0.matches(model) }) else { return false }
    let hasVersion = versions.isEmpty || version.map(versions.contains) ?? false
    let hasProject =
      projects.isEmpty || project.map { project in projects.contains { $0.matches(project) } } ?? false
    return hasVersion && hasProject
  }

  /// The exception as it is listed; `models`, `versions`, `projects` and `items` are its scope, where it is narrowed.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .string(id), "gate": .string("gate.\(gate)"), "reason": .string(reason),
      "approvedBy": .array(approvedBy.map { .string($0) }), "until": .string(until.description),
      "line": JSON(line), "models": .array(models.map { .string($0.description) }),
    ]
    if !versions.isEmpty { members["versions"] = .array(versions.map { JSON($0.value) }) }
    if !projects.isEmpty { members["projects"] = .array(projects.map { .string($0.description) }) }
    if !items.isEmpty { members["items"] = .array(items.map { .string($0.description) }) }
    return .object(members)
  }
}
