import Advisories
import Documents
import Domain
import Encoding
import YAML

/// `formats: [joblib, ONNX]`: which formats may come in.
struct FormatsCheck: GateCheck {
  static let name = "formats"
  static let phases: [PolicyPhase] = [.admission]
  let allowed: [String]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    allowed = reading.elements(of: node, "a format", mayBeEmpty: true).compactMap {
      reading.word($0, "a format", code: "unknown-format", among: vocabulary.formats)
    }
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let list = allowed.sorted().joined(separator: ", ")
    let expected = "a format among \(list.isEmpty ? "none" : list)"
    guard let format = evidence.plainFormat else { return .notKnown(expected, "the format") }
    return .held(
      allowed.contains(format), "format \(format) is allowed",
      otherwise: "expected \(expected), found \(format.excerpt(60))")
  }
}

/// `frameworks: ["scikit-learn >= 1.2", xgboost]`: the frameworks whose models may come in.
struct FrameworksCheck: GateCheck {
  static let name = "frameworks"
  static let phases: [PolicyPhase] = [.admission]
  let allowed: [FrameworkRequirement]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    var allowed: [FrameworkRequirement] = []
    for element in reading.elements(of: node, "a framework", mayBeEmpty: true) {
      let requirement = reading.value(element, FrameworkRequirement.expected, code: "requirement") {
        FrameworkRequirement(parsing: $0)
      }
      guard let requirement else { continue }
      if vocabulary.frameworks.contains(requirement.name) {
        allowed.append(requirement)
      } else {
        reading.addWord(
          "unknown-framework", "a framework", requirement.name, among: vocabulary.frameworks,
          at: element.range)
      }
    }
    self.allowed = allowed
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let list = allowed.map(\.description).sorted().joined(separator: ", ")
    let expected = "a framework among \(list.isEmpty ? "none" : list)"
    guard let framework = evidence.framework else { return .notKnown(expected, "the framework") }
    let version = evidence.frameworkVersion
    let named = allowed.filter { $0.name == framework }
    if named.contains(where: { $0.admits(version) == true }) {
      let isBound = named.contains { !$0.bounds.isEmpty }
      return .passed("framework \(framework)\(isBound ? " \(version ?? "")" : "") is allowed")
    }
    guard !named.isEmpty else {
      return .failed("expected \(expected), found \(framework.excerpt(60))")
    }
    guard let version, PythonVersion(parsing: version) != nil else {
      return .notKnown(expected, "the version of \(framework)")
    }
    return .failed("expected \(expected), found \(framework) \(version.excerpt(60))")
  }
}

/// `findings: {at-most: low}`: the gravest finding that may stand.
struct FindingsCheck: GateCheck {
  static let name = "findings"
  static let phases: [PolicyPhase] = [.admission]
  let limit: Severity

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'findings'", known: ["at-most"], required: ["at-most"])
    limit = reading.choice(fields["at-most"], "a severity") ?? .note
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    guard let findings = evidence.findings else {
      return .notKnown("no finding graver than \(limit.rawValue)", "what inspection found")
    }
    guard let gravest = findings.max(by: { $0.severity < $1.severity }), gravest.severity > limit else {
      return .passed("no finding is graver than \(limit.rawValue)")
    }
    return .failed(
      "expected no finding graver than \(limit.rawValue), found one of severity \(gravest.severity.rawValue), "
        + gravest.rule.excerpt(60))
  }
}

/// `model-size: {at-most: 1 GiB}`: the most bytes that a lifted model may have.
struct ModelSizeCheck: GateCheck {
  static let name = "model-size"
  let limit: ByteCount

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    limit = reading.byteLimit(of: node, Self.name)
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    .size(evidence.modelBytes, of: "model", within: limit)
  }
}

/// `image-size: {at-most: 20 MiB}`: the most bytes that an image may have.
struct ImageSizeCheck: GateCheck {
  static let name = "image-size"
  /// There is no image before a version is signed.
  static let phases: [PolicyPhase] = [.rollOut]
  let limit: ByteCount

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    limit = reading.byteLimit(of: node, Self.name)
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    .size(evidence.imageBytes, of: "image", within: limit)
  }
}

extension DocumentReading {
  fileprivate mutating func byteLimit(of node: YAMLNode, _ gate: String) -> ByteCount {
    let fields = fields(of: node, "the gate '\(gate)'", known: ["at-most"], required: ["at-most"])
    return value(fields["at-most"], ByteCount.expected, code: "size", hint: ByteCount.hint) {
      ByteCount(parsing: $0)
    } ?? ByteCount(0)
  }
}

extension GateAnswer {
  fileprivate static func size(_ bytes: Int?, of what: String, within limit: ByteCount) -> GateAnswer {
    let expected = "at most \(limit) of \(what)"
    guard let bytes else { return .notKnown(expected, "the size of the \(what)") }
    return .held(
      bytes <= limit.bytes, "\(bytes) bytes of \(what) are within \(limit)",
      otherwise: "expected \(expected), found \(bytes) bytes")
  }
}
