import Documents
import Domain
import Encoding
import YAML

/// `tests: {passed: true}`: the model's tests ran and passed.
struct TestsCheck: GateCheck {
  static let name = "tests"

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(of: node, "the gate 'tests'", known: ["passed"], required: ["passed"])
    if let node = fields["passed"], !reading.boolean(node, "'passed'", default: true) {
      reading.addType("'passed' to be true", node, hint: "leave the gate out where tests may fail")
    }
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    guard let tests = evidence.tests else { return .notKnown("tests that passed", "how its tests went") }
    return .held(
      tests.passed, "its tests passed", otherwise: "expected tests that passed, found that some failed")
  }
}

/// `metrics: ["accuracy >= 0.92", "auc >= champion - 0.01"]`: what the numbers of the test report have to be.
struct MetricsCheck: GateCheck {
  static let name = "metrics"
  let requirements: [MetricRequirement]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    requirements = reading.elements(of: node, "a comparison").compactMap { element in
      reading.value(
        element, MetricRequirement.expected, code: "comparison", hint: "use one of \(Comparison.expected)"
      ) { MetricRequirement(parsing: $0) }
    }
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let expected = requirements.map(\.description).listed("and")
    guard let tests = evidence.tests else { return .notKnown(expected, "its test report") }
    let objections = requirements.compactMap {
      $0.objection(to: tests.metrics, champion: tests.champion)
    }
    guard !objections.isEmpty else {
      return .passed("\(expected) \(requirements.count > 1 ? "hold" : "holds")")
    }
    let labels = Set(tests.metrics.map(\.label))
    let unknown = requirements.first { !labels.contains($0.label) }
    return .failed(
      objections.joined(separator: "; "),
      hint: unknown.flatMap { NearName.nearest(to: $0.label, among: labels.sorted()) }.map { "use '\($0)'" })
  }
}

/// `training-data: {stated: true, newest-within: 180d}`: what has to be said of the data that a model was trained with.
struct TrainingDataCheck: GateCheck {
  static let name = "training-data"
  /// How far clocks may be apart.
  private static let tolerance: Int64 = 86_400_000
  let age: TimeSpan?

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(of: node, "the gate 'training-data'", known: ["stated", "newest-within"])
    if let node = fields["stated"], !reading.boolean(node, "'stated'", default: true) {
      reading.addType(
        "'stated' to be true", node, hint: "leave the gate out where nothing has to be stated")
    }
    age = reading.span(fields["newest-within"])
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let expected = age.map { "training data whose newest is within \($0)" } ?? "training data to be stated"
    guard let data = evidence.trainingData else {
      return .notKnown(expected, "what it was trained with")
    }
    guard !data.isEmpty else {
      return .failed(
        "expected \(expected), found none stated", hint: "state it with 'gatehouse push --training-data'")
    }
    guard let age else { return .passed("training data is stated") }
    guard let now = evidence.now else { return .notKnown(expected, "the present time") }
    guard let newest = data.compactMap(\.newest).max() else {
      return .notKnown(expected, "how old it is")
    }
    let day = newest.description.prefix(10)
    let (latest, overflow) = now.milliseconds.addingReportingOverflow(Self.tolerance)
    guard overflow || newest.milliseconds <= latest else {
      return .failed("expected \(expected), found a day to come, \(day)")
    }
    return .held(
      !age.hasPassed(from: newest, to: now), "the newest training data, of \(day), is within \(age)",
      otherwise: "expected \(expected), found \(day)")
  }
}
