import Documents
import Domain
import Encoding
import YAML

/// `threats: {open-at-most: {high: 0, medium: 3}}`: how many threats of a model may be open.
///
/// Of a level graver than all that are named none may be; one less grave has no bound.
struct ThreatsCheck: GateCheck {
  static let name = "threats"
  /// What is decided on is a threat of a version, and a push makes one only once it was admitted.
  static let phases: [PolicyPhase] = [.rollOut, .admission]
  let limits: [RiskLevel: Int]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'threats'", known: ["open-at-most"], required: ["open-at-most"])
    var limits: [RiskLevel: Int] = [:]
    if let node = fields["open-at-most"] {
      let levels = reading.fields(of: node, "'open-at-most'", known: RiskLevel.allCases.map(\.rawValue))
      for level in RiskLevel.allCases {
        guard let node = levels[level.rawValue] else { continue }
        limits[level] = reading.number(node, "the open threats", in: 0...10_000, default: 0)
      }
      if levels.isMapping, limits.isEmpty { reading.addType("a bound for at least one level", node) }
    }
    if let gravest = limits.keys.max() {
      for level in RiskLevel.allCases where level > gravest { limits[level] = 0 }
    }
    self.limits = limits
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let bounds = limits.sorted { $0.key > $1.key }
    let expected = "at most \(bounds.map { "\($0.value) \($0.key.rawValue)" }.listed("and")) threats open"
    guard let open = evidence.openThreats else { return .notKnown(expected, "which threats are open") }
    let over = bounds.filter { open[$0.key, default: 0] > $0.value }
    guard !over.isEmpty else { return .passed(expected) }
    let found = over.map { "\(open[$0.key, default: 0]) \($0.key.rawValue)" }.listed("and")
    let reason = "expected \(expected), found \(found)"
    guard let model = evidence.model, let version = evidence.version, evidence.digest != nil else {
      return .failed(reason, hint: "have the gate asked at roll-out, where its threats can be decided on")
    }
    let reference = VersionReference(name: model, version: version)
    return .waiting(
      reason,
      hint: "see them with 'gatehouse threats \(reference)' and treat or decide on those that are open")
  }
}

/// `exposure: {public: [external, internal], internal: [internal]}`: who may reach models of which data.
///
/// A class that is not named allows no exposure.
struct ExposureCheck: GateCheck {
  static let name = "exposure"
  static let phases: [PolicyPhase] = [.rollOut, .admission]
  let allowed: [DataClass: [Exposure]]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'exposure'", known: DataClass.allCases.map(\.rawValue))
    var allowed: [DataClass: [Exposure]] = [:]
    for dataClass in DataClass.allCases {
      guard let node = fields[dataClass.rawValue] else { continue }
      allowed[dataClass] = reading.choices(node, "an exposure", mayBeEmpty: true)
      if dataClass == .platinum, allowed[dataClass]?.contains(.external) == true {
        reading.add(
          "platinum-external", "expected no external exposure of platinum data, found 'external'",
          at: node.range, hint: "leave 'external' out: no policy can allow it")
      }
    }
    if fields.isMapping, allowed.isEmpty { reading.addType("a data class with its exposures", node) }
    self.allowed = allowed
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    guard let dataClass = evidence.dataClass else {
      return .notKnown("an exposure that its data class allows", "the data class")
    }
    let list = (allowed[dataClass] ?? []).map(\.rawValue)
    let expected = "\(dataClass.rawValue) data to be exposed as \(list.listed()) alone"
    guard let exposure = evidence.exposure else { return .notKnown(expected, "the exposure") }
    return .held(
      list.contains(exposure.rawValue), "\(dataClass.rawValue) data may be \(exposure.rawValue)",
      otherwise: "expected \(expected), found \(exposure.rawValue)")
  }
}
