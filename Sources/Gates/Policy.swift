import Documents
public import Domain
import Encoding
import Provenance

/// What must hold before a version is admitted, and before it comes into service: gates, and exceptions from them.
///
/// A policy is what its file says, to the byte: it is read, never put together.
public struct Policy: Equatable, Sendable {
  /// What it is called.
  public let name: String
  /// The gates in their order.
  public let gates: [PolicyGate]
  /// What is let be, and for how long.
  public let exceptions: [PolicyException]
  /// The bytes of its file.
  public let bytes: [UInt8]
  /// What verdicts name it by: the SHA-256 of its file.
  public let digest: Digest

  init(name: String, gates: [PolicyGate], exceptions: [PolicyException], bytes: [UInt8]) {
    self.name = name
    self.gates = gates
    self.exceptions = exceptions
    self.bytes = bytes
    digest = Digest(of: bytes)
  }

  /// Reads a policy; throws the first of its faults, with its place in `file`.
  public init(
    parsing bytes: [UInt8], file: String = "policy.yaml", vocabulary: PolicyVocabulary = .standard
  ) throws(Problem) {
    self = try PolicyReading(bytes, vocabulary: vocabulary).said(in: file)
  }

  /// The file as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The same bytes are the same policy.
  public static func == (left: Policy, right: Policy) -> Bool { left.bytes == right.bytes }
}

/// A gate of a policy.
public struct PolicyGate: Sendable {
  /// The word of the policy language, `findings`.
  public let name: String
  /// When it is asked.
  public let phase: PolicyPhase
  /// The line that it stands in.
  public let line: Int
  let condition: GateCondition
  let check: any GateCheck

  /// The gate's stable name, `gate.findings`.
  public var code: String { "gate.\(name)" }
}

/// When a gate is asked: the `when` of a policy.
struct GateCondition: Sendable {
  var projects: [Glob] = []
  var models: [Glob] = []
  var dataClasses: [DataClass] = []
  var exposures: [Exposure] = []
  var environments: [Glob] = []

  /// Whether it is met.
  ///
  /// A fact that is not known may be any, so that what asks for it is taken as met.
  func isMet(by evidence: AdmissionEvidence) -> Bool {
    meets(evidence.project, projects) && meets(evidence.model?.description, models)
      && meets(evidence.environment?.description, environments)
      && (dataClasses.isEmpty || evidence.dataClass.map(dataClasses.contains) ?? true)
      && (exposures.isEmpty || evidence.exposure.map(exposures.contains) ?? true)
  }

  private func meets(_ fact: String?, _ patterns: [Glob]) -> Bool {
    guard !patterns.isEmpty, let fact else { return true }
    return patterns.contains { $0.matches(fact) }
  }
}
