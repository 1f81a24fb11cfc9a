import Documents
import Domain
import Encoding
import YAML

/// `advisories: {at-most: medium, older-than: 14d, source-within: 30d}`: which known advisories of components may stand.
///
/// One that is graver may stand until it has been known for so long: there has to be time to mend it. What is known has to
/// be of late where the gate says so.
struct AdvisoriesCheck: GateCheck {
  static let name = "advisories"
  /// New ones become known while a version waits.
  static let phases: [PolicyPhase] = [.rollOut, .admission]
  let limit: Severity
  let age: TimeSpan?
  let sourceAge: TimeSpan?

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'advisories'", known: ["at-most", "older-than", "source-within"],
      required: ["at-most"])
    limit = reading.choice(fields["at-most"], "a severity") ?? .note
    age = reading.span(fields["older-than"])
    sourceAge = reading.span(fields["source-within"])
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let ageText = age.map { " older than \($0)" } ?? ""
    let expected = "no advisory graver than \(limit.rawValue)\(ageText)"
    guard let advisories = evidence.advisories else {
      guard evidence.advisorySource == nil else {
        return .notKnown(expected, "what it is made of")
      }
      return .failed(
        "expected \(expected), found that no advisories were ever imported",
        hint: "import them with 'gatehouse advisories import'")
    }
    if let objection = objection(to: evidence.advisorySource, at: evidence.now) { return objection }
    let grave = advisories.filter { $0.severity > limit }
    // Which advisories were asked, and nothing of when: it becomes part of the bundle.
    let source = evidence.advisorySource.map { " in \($0.digest)" } ?? ""
    let passed = GateAnswer.passed("there is \(expected)\(source)")
    guard !grave.isEmpty else { return passed }
    guard age == nil || evidence.now != nil else { return .notKnown(expected, "the present time") }
    let standing = grave.filter { advisory in
      // What nobody says the age of is as old as it can be.
      guard let age, let now = evidence.now, let published = advisory.published else { return true }
      return age.hasPassed(from: published, to: now)
    }.sorted { ($1.severity, $0.id) < ($0.severity, $1.id) }
    guard let first = standing.first else { return passed }
    let more = standing.count > 1 ? " and \(standing.count - 1) more" : ""
    let fixes = first.fixes.first.map { ", mended in \($0.excerpt(60))" } ?? ""
    return .failed(
      "expected \(expected), found \(first.id.excerpt(40)) of severity \(first.severity.rawValue) in "
        + "\(first.component.excerpt(200))\(fixes)\(more)\(source)",
      hint: "train and push the model anew with a mended component, or ask for an exception")
  }

  /// What is wrong with what was asked, by its age; nil where nothing is.
  private func objection(to source: AdvisorySource?, at now: Timestamp?) -> GateAnswer? {
    guard let sourceAge else { return nil }
    let expected = "advisories of the last \(sourceAge)"
    guard let newest = source?.newest else { return .notKnown(expected, "how new they are") }
    guard let now else { return .notKnown(expected, "the present time") }
    guard sourceAge.hasPassed(from: newest, to: now) else { return nil }
    return .failed(
      "expected \(expected), found that the newest is of \(newest)",
      hint: "import what is published now with 'gatehouse advisories import'")
  }
}
