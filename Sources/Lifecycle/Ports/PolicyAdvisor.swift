public import Encoding
public import Gates

/// Who answers what a policy has somebody else decide, such as an Open Policy Agent.
public protocol PolicyAdvisor: Sendable {
  /// The document that is answered to a question; nil where there is none in time, whatever the reason.
  func answer(to question: PolicyQuestion) async -> JSON?
}

extension PolicyAdvisor {
  /// What a policy says of evidence, with what is answered to its questions.
  func report(
    by policy: Policy, on evidence: AdmissionEvidence, at phase: PolicyPhase
  ) async -> GateReport {
    var evidence = evidence
    for question in policy.questions(for: evidence, at: phase) {
      guard let document = await answer(to: question) else { continue }
      evidence.answers.append(PolicyAnswer(to: question, document: document))
    }
    return policy.evaluate(evidence, at: phase)
  }
}

/// Nobody answers: what asks does not hold.
public struct NoAdvisor: PolicyAdvisor {
  /// Makes the advisor that says nothing.
  public init() {}

  /// Nothing, always.
  public func answer(to question: PolicyQuestion) async -> JSON? { nil }
}
