public import Documents
import Domain
import Encoding
import YAML

/// What came of reading a policy file: the policy, or all that is wrong with it.
public struct PolicyReading: WrittenDocument, Sendable {
  /// What such a file begins with.
  public static let language = "gatehouse/v1"

  /// The policy; nil where there are faults.
  public let policy: Policy?
  /// The same, as of any document.
  public var content: Policy? { policy }
  /// The faults in the order of their places, at most a hundred.
  public let faults: [DocumentFault]
  /// Whether there are more faults than are told.
  public let isCut: Bool

  /// Reads a file to its end, whatever it holds.
  public init(_ bytes: [UInt8], vocabulary: PolicyVocabulary = .standard) {
    var reader = PolicyReader(reading: DocumentReading(bytes, area: "policy"), vocabulary: vocabulary)
    let policy = reader.policy()
    faults = reader.reading.sortedFaults
    isCut = reader.reading.isCut
    self.policy = faults.isEmpty ? policy : nil
  }
}

/// Reads a policy out of its document.
private struct PolicyReader {
  var reading: DocumentReading
  let vocabulary: PolicyVocabulary

  mutating func policy() -> Policy? {
    guard let root = reading.root() else { return nil }
    guard reading.opens(root, as: "policy", language: PolicyReading.language, "a policy") else { return nil }
    let fields = reading.fields(
      of: root, "a policy", known: ["policy", "name", "gates", "exceptions"], required: ["name", "gates"])
    let name = reading.text(fields["name"], "the name of the policy")
    let gates = reading.elements(of: fields["gates"], "the gates").flatMap { entry($0) }
    let asked = Set(gates.map(\.name))
    var ids: Set<String> = []
    let exceptions = reading.elements(of: fields["exceptions"], "the exceptions", mayBeEmpty: true).map {
      exception($0, asked, &ids)
    }
    guard reading.faults.isEmpty else { return nil }
    return Policy(
      name: name, gates: gates, exceptions: exceptions.compactMap { $0 }, bytes: reading.source.bytes)
  }

  // MARK: Gates

  /// The gate of an entry; all of them where there are several, which is a fault.
  private mutating func entry(_ node: YAMLNode) -> [PolicyGate] {
    guard case .mapping(let members) = node.content else {
      reading.addType("a gate as a mapping", node, hint: "write it like '- findings: {at-most: low}'")
      return []
    }
    var gates: [PolicyGate] = []
    let conditions = members.first { $0.name == "when" }?.value
    let at = members.first { $0.name == "at" }?.value
    for member in members where member.name != "when" && member.name != "at" {
      guard let kind = GateKinds.named(member.name) else {
        reading.addWord("unknown-gate", "a gate", member.name, among: GateKinds.names, at: member.nameRange)
        continue
      }
      if !gates.isEmpty {
        reading.add(
          "several-gates", "expected one gate an entry, found '\(member.name)' too", at: member.nameRange,
          hint: "begin a line of its own with '- \(member.name):'")
      }
      let phase = phase(of: kind, at)
      gates.append(
        PolicyGate(
          name: kind.name, phase: phase, line: reading.source.place(of: member.nameRange.lowerBound).line,
          condition: condition(conditions),
          check: kind.init(member.value, &reading, vocabulary)))
    }
    if !members.contains(where: { $0.name != "when" && $0.name != "at" }) {
      reading.addType("a gate beside 'when' and 'at'", node)
    }
    return gates
  }

  private mutating func phase(of kind: any GateCheck.Type, _ node: YAMLNode?) -> PolicyPhase {
    let standard = kind.phases.first ?? .admission
    guard let phase: PolicyPhase = reading.choice(node, "when the gate is asked"), let node else {
      return standard
    }
    guard kind.phases.contains(phase) else {
      reading.addType("\(kind.phases.map { "'\($0.rawValue)'" }.listed()) for the gate '\(kind.name)'", node)
      return standard
    }
    return phase
  }

  private mutating func condition(
    _ node: YAMLNode?
  ) -> GateCondition {
    guard let node else { return GateCondition() }
    let fields = reading.fields(
      of: node, "'when'", known: ["project", "model", "data-class", "exposure", "environment"])
    var condition = GateCondition()
    condition.projects = reading.globs(fields["project"], "a project")
    condition.models = reading.globs(fields["model"], "a model")
    condition.dataClasses = reading.choices(fields["data-class"], "a data class")
    condition.exposures = reading.choices(fields["exposure"], "an exposure")
    condition.environments = reading.globs(fields["environment"], "an environment")
    return condition
  }

  // MARK: Exceptions

  private mutating func exception(
    _ node: YAMLNode, _ asked: Set<String>, _ ids: inout Set<String>
  ) -> PolicyException? {
    let fields = reading.fields(
      of: node, "an exception", known: ["id", "gate", "scope", "reason", "approved-by", "until"],
      required: ["id", "gate", "scope", "reason", "approved-by", "until"])
    let id = reading.text(fields["id"], "the id of the exception")
    if let node = fields["id"], !id.isEmpty, !ids.insert(id).inserted {
      reading.add(
        "same-exception", "expected each id once, found '\(id.excerpt(60))' again", at: node.range)
    }
    let gate = fields["gate"].flatMap {
      reading.word($0, "a gate", code: "unknown-gate", among: GateKinds.names)
    }
    if let gate, let node = fields["gate"], !asked.contains(gate) {
      reading.addType("a gate that the policy has", node, hint: "leave the exception out")
    }
    let reason = reading.text(fields["reason"], "the reason of the exception")
    let people = reading.elements(of: fields["approved-by"], "whoever approved it").map {
      reading.text($0, "a person")
    }
    let until = reading.value(fields["until"], CalendarDay.expected, code: "day") {
      CalendarDay(parsing: $0)
    }
    guard let scopeNode = fields["scope"] else { return nil }
    let item = ["findings": "rules", "advisories": "advisories"][gate ?? ""]
    let scope = reading.fields(
      of: scopeNode, item.map { _ in "the scope" } ?? "the scope of such an exception",
      known: ["models", "versions", "projects"] + (item.map { [$0] } ?? []), required: ["models"])
    let versions = reading.elements(of: scope["versions"], "a version", mayBeEmpty: true).compactMap {
      reading.value($0, "the number of a version") { try? VersionNumber(parsing: $0) }
    }
    let models = reading.globs(scope["models"], "a model")
    let projects = reading.globs(scope["projects"], "a project")
    let items = item.map { reading.globs(scope[$0], "a pattern of \($0)") } ?? []
    guard let gate, let until else { return nil }
    return PolicyException(
      id: id, gate: gate, reason: reason, approvedBy: people, until: until,
      line: reading.source.place(of: node.range.lowerBound).line, models: models, versions: versions,
      projects: projects, items: items)
  }
}
