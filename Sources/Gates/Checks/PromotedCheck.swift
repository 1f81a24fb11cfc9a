import Documents
import Domain
import YAML

/// `promoted: {from: [staging], by: ["3f2a…"], served-for: 7d, within: 30d}`: from where a version has to come.
struct PromotedCheck: GateCheck {
  static let name = "promoted"
  let environments: [Glob]
  /// The keys of those platforms: any key that is trusted could say what it likes of where it is.
  let keys: [Glob]
  let service: TimeSpan?
  let age: TimeSpan?

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'promoted'", known: ["from", "by", "served-for", "within"],
      required: ["from", "by"])
    environments = reading.globs(fields["from"], "an environment")
    keys = reading.globs(fields["by"], "the beginning of the hint of a platform's key")
    service = reading.span(fields["served-for"])
    age = reading.span(fields["within"])
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let origin = environments.map(\.description).listed()
    let expected = "a version promoted from \(origin)"
    guard let promotion = evidence.promotion else {
      return .failed(
        "expected \(expected), found one that was not promoted",
        hint: "promote it from there: 'gatehouse promote \(evidence.model?.description ?? "NAME") --to URL'")
    }
    guard environments.contains(where: { $0.matches(promotion.from.description) }) else {
      return .failed("expected \(expected), found one from \(promotion.from)")
    }
    guard keys.names(promotion.key) else {
      return .failed(
        "expected \(expected) by the key \(keys.map(\.description).listed()), found one by"
          + " \(promotion.key.prefix([Glob].digitsOfHint))",
        hint: "name the key of that platform in the policy: 'gatehouse seal-keys list' there says which it is"
      )
    }
    if let service, promotion.servedFor < service.milliseconds {
      return .failed(
        "expected \(expected) that served there for \(service), found one that did for"
          + " \(promotion.servedFor.hoursAndDays)",
        hint: "promote it again when it has served long enough")
    }
    guard let age else { return .passed("promoted from \(promotion.from)") }
    guard let now = evidence.now else { return .notKnown(expected, "the present time") }
    let (limit, overflow) = promotion.at.milliseconds.addingReportingOverflow(age.milliseconds)
    return .held(
      overflow || now.milliseconds <= limit, "promoted from \(promotion.from) within \(age)",
      otherwise: "expected \(expected) within \(age), found one of \(promotion.at)")
  }
}
