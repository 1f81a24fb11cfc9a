import Documents
import Domain
import YAML

/// What was about to happen when the gates are asked.
public enum PolicyPhase: String, Sendable, CaseIterable {
  /// A version is made of what was pushed.
  case admission
  /// A version comes into service: it is deployed, or an alias moves to it.
  case rollOut = "roll-out"
}

/// What a gate says of a candidate, exceptions not looked at.
enum GateAnswer: Equatable {
  case passed(String)
  case failed(String, hint: String? = nil)
  case waiting(String, hint: String? = nil)

  /// The answer of a gate that asks for what nobody knows.
  static func notKnown(_ expected: String, _ what: String) -> GateAnswer {
    .failed("expected \(expected), found that \(what) is not known")
  }

  /// Passed with the one reason, or failed with the other.
  static func held(_ holds: Bool, _ reason: String, otherwise: String) -> GateAnswer {
    holds ? .passed(reason) : .failed(otherwise)
  }
}

/// What one gate asks for.
protocol GateCheck: Sendable {
  /// The word of the policy language.
  static var name: String { get }
  /// When it can be asked; the first where the policy does not say.
  static var phases: [PolicyPhase] { get }

  /// Reads what the policy asks for; what is faulty is told to `reading`.
  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary)

  /// What it says of a candidate. Total: whatever is missing, there is an answer.
  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer
}

extension GateCheck {
  static var phases: [PolicyPhase] { [.admission, .rollOut] }
}

/// The gates that there are.
enum GateKinds {
  static let all: [any GateCheck.Type] = [
    FormatsCheck.self, FrameworksCheck.self, FindingsCheck.self, ModelSizeCheck.self, ImageSizeCheck.self,
    SealsCheck.self, ApprovalsCheck.self, AdvisoriesCheck.self, ExposureCheck.self, TestsCheck.self,
    MetricsCheck.self, ThreatsCheck.self, TrainingDataCheck.self, ChangeWindowCheck.self,
    DeployersCheck.self, AskCheck.self, ProcessAgeCheck.self,
    PromotedCheck.self,
  ]

  static let names = all.map { $0.name }

  static func named(_ name: String) -> (any GateCheck.Type)? { all.first { $0.name == name } }
}
