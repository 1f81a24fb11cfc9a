public import Documents
import Domain
public import Encoding
import YAML

/// Cases that a policy is held against: evidence, and what the policy has to say of it.
public struct PolicyCases: WrittenDocument, Sendable {
  /// The cases in their order; none where there are faults.
  public let cases: [PolicyCase]
  /// The same, as of any document; nil where there are faults.
  public var content: [PolicyCase]? { faults.isEmpty ? cases : nil }
  /// What is wrong with the file, at most a hundred faults.
  public let faults: [DocumentFault]
  /// Whether there are more faults than are told.
  public let isCut: Bool

  /// Reads a file of cases to its end, whatever it holds.
  ///
  /// ```yaml
  /// defaults: {model: fraud-score, format: joblib, verdict: liftable}
  /// cases:
  ///   - name: grave findings are refused
  ///     evidence: {findings: [{rule: pickle.call, severity: critical}]}
  ///     expect: refused
  ///     gates: {findings: failed}
  /// ```
  public init(_ bytes: [UInt8], vocabulary: PolicyVocabulary = .standard) {
    var reading = DocumentReading(bytes, area: "policy-test")
    var cases: [PolicyCase] = []
    if let root = reading.root() {
      let fields = reading.fields(
        of: root, "a file of cases", known: ["defaults", "cases"], required: ["cases"])
      let defaults = fields["defaults"].map { reading.evidenceFields(of: $0) }
      if let defaults { _ = reading.evidence(defaults, vocabulary) }
      // Each case is read for its own faults first: those of the defaults were told, and not once for every case.
      var silent = DocumentReading(bytes, area: "policy-test")
      for node in reading.elements(of: fields["cases"], "the cases") {
        let own = reading.policyCase(node, over: nil, vocabulary)
        cases.append(defaults.map { silent.policyCase(node, over: $0, vocabulary) } ?? own)
      }
    }
    faults = reading.sortedFaults
    isCut = reading.isCut
    self.cases = faults.isEmpty ? cases : []
  }
}

/// One case: evidence, and what a policy has to say of it.
public struct PolicyCase: Sendable {
  /// What it is called.
  public let name: String
  /// The line that it stands in.
  public let line: Int
  /// When the gates are asked.
  public let phase: PolicyPhase
  /// What is known, but for what depends on the policy.
  public let evidence: AdmissionEvidence
  /// The approvals that were given; without a policy for the one that is tested.
  let approvals: [(by: RoleHolder, digest: Digest?, policy: Digest?)]?
  /// What is answered to every question that is put to a place.
  let answers: [(url: String, result: JSON)]
  /// What the policy has to say as a whole; nil where any will do.
  let expected: PolicyVerdict?
  /// How gates have to turn out, by their codes; nil for one that is not asked.
  let gates: [(code: String, outcome: GateOutcome?)]

  /// Holds a policy against the case.
  public func result(under policy: Policy) -> PolicyCaseResult {
    var evidence = evidence
    evidence.approvals = approvals?.map {
      Approval(
        by: $0.by, digest: $0.digest ?? evidence.digest ?? policy.digest, policy: $0.policy ?? policy.digest)
    }
    evidence.answers = policy.questions(for: evidence, at: phase).flatMap { question in
      answers.filter { $0.url == question.url }.map {
        PolicyAnswer(to: question, document: ["result": $0.result])
      }
    }
    let report = policy.evaluate(evidence, at: phase)
    var differences: [String] = []
    if let expected, expected != report.verdict {
      differences.append("expected the verdict \(expected.rawValue), found \(report.verdict.rawValue)")
    }
    for (code, outcome) in gates {
      let found = report.results.filter { $0.gate == code }
      // A gate that a policy has twice turned out so where one of them did.
      guard outcome.map({ outcome in !found.contains { $0.outcome == outcome } }) ?? !found.isEmpty else {
        continue
      }
      let text = found.isEmpty ? "not-asked" : found.map(\.outcome.rawValue).listed("and")
      differences.append("expected \(code) \(outcome?.rawValue ?? "not-asked"), found \(text)")
    }
    return PolicyCaseResult(name: name, line: line, differences: differences, report: report)
  }
}

/// What came of holding a policy against a case.
public struct PolicyCaseResult: Equatable, Sendable {
  /// The name of the case.
  public let name: String
  /// The line of the case.
  public let line: Int
  /// What came out otherwise than the case says, a line each.
  public let differences: [String]
  /// What the policy said.
  public let report: GateReport

  /// Whether everything came out as the case says.
  public var isPassed: Bool { differences.isEmpty }

  /// The result as reports carry it.
  public var json: JSON {
    [
      "name": .string(name), "line": JSON(line), "passed": .bool(isPassed),
      "differences": .array(differences.map { .string($0) }), "report": report.json,
    ]
  }
}

extension DocumentReading {
  fileprivate mutating func policyCase(
    _ node: YAMLNode, over defaults: Fields?, _ vocabulary: PolicyVocabulary
  ) -> PolicyCase {
    let fields = fields(
      of: node, "a case", known: ["name", "at", "evidence", "expect", "gates"],
      required: ["name", "evidence"])
    let own = fields["evidence"].map { evidenceFields(of: $0) }
    let merged = own.map { own in defaults.map { $0.overlaid(by: own) } ?? own }
    let read = merged.map { evidence($0, vocabulary) } ?? CaseEvidence()
    var gates: [(code: String, outcome: GateOutcome?)] = []
    if let node = fields["gates"] {
      gates = expectedGates(node)
    }
    if fields.isMapping, fields["expect"] == nil, gates.isEmpty {
      add("expects-nothing", "expected 'expect' or 'gates' in a case, found neither", at: node.range)
    }
    return PolicyCase(
      name: text(fields["name"], "the name of a case"), line: source.place(of: node.range.lowerBound).line,
      phase: choice(fields["at"], "when the gates are asked") ?? .admission, evidence: read.evidence,
      approvals: read.approvals, answers: read.answers,
      expected: choice(fields["expect"], "a verdict"), gates: gates)
  }

  private mutating func expectedGates(_ node: YAMLNode) -> [(code: String, outcome: GateOutcome?)] {
    let names = GateKinds.names + ["verdict"]
    guard case .mapping(let members) = node.content else {
      addType("gates and how they turn out as a mapping", node)
      return []
    }
    let outcomes = GateOutcome.allCases.map(\.rawValue) + ["not-asked"]
    return members.prefix(Self.listLimit).map { member in
      let isCode = member.name.hasPrefix("gate.")
      let name = isCode ? String(member.name.dropFirst(5)) : member.name
      if !names.contains(name) {
        addWord(
          "unknown-gate", "a gate", member.name, among: isCode ? names.map { "gate.\($0)" } : names,
          at: member.nameRange)
      }
      let outcome = word(member.value, "how a gate turns out", among: outcomes)
      return ("gate.\(name)", outcome.flatMap(GateOutcome.init(rawValue:)))
    }
  }
}
