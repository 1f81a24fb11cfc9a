import Documents
import Domain
import Encoding

extension Policy {
  /// Whether it has one of these gates, or asks somebody who is told everything.
  public func goesBy(_ names: String...) -> Bool {
    gates.contains { names.contains($0.name) || $0.name == "ask" }
  }

  /// Holds a candidate against every gate that is asked in this phase.
  ///
  /// All of them are asked, so that one push tells all that is wrong. The same policy and evidence give the same
  /// report, and there is one for any evidence: what is not known fails the gate that asks for it.
  public func evaluate(_ evidence: AdmissionEvidence, at phase: PolicyPhase = .admission) -> GateReport {
    let asked = gates(for: evidence, at: phase)
    return GateReport(
      policy: digest, phase: phase,
      results: Self.floor(evidence, at: phase) + asked.map { result(of: $0, evidence) })
  }

  /// What has to be asked elsewhere before this evidence is evaluated, each question once.
  public func questions(
    for evidence: AdmissionEvidence, at phase: PolicyPhase = .admission
  ) -> [PolicyQuestion] {
    var questions: [PolicyQuestion] = []
    for gate in gates(for: evidence, at: phase) {
      guard let question = (gate.check as? AskCheck)?.question(about: evidence, line: gate.line),
        !questions.contains(where: { $0.digest == question.digest })
      else { continue }
      questions.append(question)
    }
    return questions
  }

  /// The gates that such a candidate is held against.
  public func gates(for evidence: AdmissionEvidence, at phase: PolicyPhase) -> [PolicyGate] {
    gates.filter { $0.phase == phase && $0.condition.isMet(by: evidence) }
  }

  /// What holds under every policy, and no exception lets be.
  private static func floor(_ evidence: AdmissionEvidence, at phase: PolicyPhase) -> [GateResult] {
    var results: [GateResult] = []
    if phase == .admission {
      let found = evidence.verdict.map { "found \($0.rawValue)" } ?? "found that it is not known"
      results.append(
        GateResult(
          gate: "gate.verdict",
          .held(
            evidence.verdict == .liftable, "every part of the artifact is understood",
            otherwise: "expected the verdict liftable, \(found)")))
    }
    if evidence.dataClass == .platinum, evidence.exposure == .external {
      results.append(
        GateResult(
          gate: "gate.exposure", .failed("expected no external exposure of platinum data, found external")))
    }
    return results
  }

  private func result(of gate: PolicyGate, _ evidence: AdmissionEvidence) -> GateResult {
    let answer = gate.check.answer(evidence, under: digest)
    if case .passed = answer { return GateResult(gate: gate.code, line: gate.line, answer) }
    let meant = exceptions.filter { $0.gate == gate.name && $0.covers(evidence) }
    // Without a clock no exception can be known to hold.
    let valid = meant.filter { exception in evidence.now.map { !exception.isExpired(at: $0) } ?? false }
    let applied = applied(valid, to: gate, evidence)
    guard applied.isEmpty else {
      let words = applied.map { "\($0.id) until \($0.until): \($0.reason)" }.listed("and")
      return GateResult(
        gate: gate.code, line: gate.line, .passed("\(answer.reason); excepted by \(words)"),
        exceptions: applied.map { AppliedException(id: $0.id, until: $0.until.description) })
    }
    let expired = meant.filter { exception in evidence.now.map { exception.isExpired(at: $0) } ?? false }
    return GateResult(gate: gate.code, line: gate.line, answer, expired: expired)
  }

  /// The exceptions by which a gate lets a candidate be; none where they do not suffice.
  private func applied(
    _ valid: [PolicyException], to gate: PolicyGate, _ evidence: AdmissionEvidence
  ) -> [PolicyException] {
    if let whole = valid.first(where: \.items.isEmpty) { return [whole] }
    guard !valid.isEmpty else { return [] }
    let needed = valid.filter { !evidence.items(for: gate.name).isDisjoint(matching: $0.items) }
    let rest = evidence.without(needed.flatMap(\.items), for: gate.name)
    guard case .passed = gate.check.answer(rest, under: digest) else { return [] }
    return needed
  }
}

extension GateAnswer {
  /// Why, in one line.
  var reason: String {
    switch self {
    case .passed(let reason), .failed(let reason, _), .waiting(let reason, _): reason
    }
  }
}

extension GateResult {
  /// Reports what a gate answered.
  fileprivate init(
    gate: String, line: Int? = nil, _ answer: GateAnswer, exceptions: [AppliedException] = [],
    expired: [PolicyException] = []
  ) {
    self.gate = gate
    self.line = line
    self.exceptions = exceptions
    self.expired = expired.map(\.id)
    let notes = expired.map { "; exception \($0.id) expired on \($0.until)" }.joined()
    reason = answer.reason + notes
    switch answer {
    case .passed:
      outcome = exceptions.isEmpty ? .passed : .excepted
      hint = nil
    case .failed(_, let hint):
      outcome = .failed
      self.hint = hint
    case .waiting(_, let hint):
      outcome = .waiting
      self.hint = hint
    }
  }
}

extension AdmissionEvidence {
  /// What exceptions can name one by one: rules of findings, ids of advisories.
  fileprivate func items(for gate: String) -> Set<String> {
    switch gate {
    case FindingsCheck.name: Set((findings ?? []).map(\.rule))
    case AdvisoriesCheck.name: Set((advisories ?? []).flatMap(\.names))
    default: []
    }
  }

  /// The evidence without what exceptions name.
  fileprivate func without(_ items: [Glob], for gate: String) -> AdmissionEvidence {
    var rest = self
    switch gate {
    case FindingsCheck.name:
      rest.findings?.removeAll { finding in items.contains { $0.matches(finding.rule) } }
    case AdvisoriesCheck.name:
      rest.advisories?.removeAll { advisory in
        advisory.names.contains { name in items.contains { $0.matches(name) } }
      }
    default: break
    }
    return rest
  }
}

extension Set<String> {
  /// Whether no pattern matches a member.
  fileprivate func isDisjoint(matching patterns: [Glob]) -> Bool {
    !contains { name in patterns.contains { $0.matches(name) } }
  }
}
