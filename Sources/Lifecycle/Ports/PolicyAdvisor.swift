public import Encoding
public import Gates

/// Who answers what a policy has somebody else decide, such as an Open Policy Agent.
public protocol PolicyAdvisor: Sendable {
  /// The document that is answered to a question; nil where there is none in time, whatever the reason.
  func answer(to question: PolicyQuestion) async -> JSON?
}

/// Nobody answers: what asks does not hold.
public struct NoAdvisor: PolicyAdvisor {
  /// Makes the advisor that says nothing.
  public init() {}

  /// Nothing, always.
  public func answer(to question: PolicyQuestion) async -> JSON? { nil }
}
