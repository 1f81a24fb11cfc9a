public import Domain
import Encoding

extension ThreatModel {
  /// The model as a document for people, in Markdown.
  ///
  /// `reasons` are those of its decisions by what finds them; one that is not there was erased. What others wrote stands in it
  /// as text: no word of it is taken for Markdown.
  public func markdown(reasons: [Digest: String] = [:]) -> String {
    var lines = ["# Threat model of \(version)", "", summary, "", "## Facts", "", "| fact | |", "|---|---|"]
    lines += ThreatFact.allCases.map { "| \($0.title) | \(facts.text(of: $0).markdownText) |" }
    lines += ["", "## Threats", "", "| threat | risk | how grave | state |", "|---|---|---|---|"]
    lines += threats.filter { $0.state != .doesNotApply }.map { threat in
      "| \(threat.id) \(threat.name) | \(threat.risks.map(\.rawValue).joined(separator: ", ")) "
        + "| \(threat.severity.rawValue) | \(threat.state.title) |"
    }
    for threat in threats where threat.state != .doesNotApply { lines += threat.section(facts, reasons) }
    let others = threats.filter { $0.state == .doesNotApply }
    if !others.isEmpty {
      lines += ["", "## What does not apply", ""]
      lines += others.map { "- \($0.id) \($0.name): \($0.reason.markdownText)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var summary: String {
    let counts = RiskLevel.allCases.reversed().compactMap { level in
      open[level].map { "\($0) \(level.rawValue)" }
    }
    return counts.isEmpty ? "No threat is open." : "Open threats: \(counts.joined(separator: ", "))."
  }
}

extension AssessedThreat.State {
  /// What people call it.
  fileprivate var title: String { self == .doesNotApply ? "does not apply" : rawValue }
}

extension AssessedThreat {
  fileprivate func section(_ facts: ThreatFacts, _ reasons: [Digest: String]) -> [String] {
    var lines = ["", "### \(id) \(name)", ""]
    let comes = techniques.filter { $0.id != id.description }.map { "\($0.id) \($0.name)" }
    if !comes.isEmpty { lines.append("Comes as \(comes.joined(separator: ", ")).") }
    lines.append(
      "Applies: \(reason.markdownText). Grave: \(severity.rawValue), without controls \(inherent.rawValue)."
    )
    lines += ["", "| control | | state |", "|---|---|---|"]
    lines += controls.map { control in
      "| \(control.title)\(control.mitigation.map { " (\($0))" } ?? "") "
        + "| \(control.isEssential ? "required" : "further") | \(control.measured.markdownText) |"
    }
    lines.append("")
    lines.append(standing(facts))
    if let decision { lines.append(decision.sentence(reasons)) }
    return lines
  }

  /// How it stands and what is left, in one line.
  private func standing(_ facts: ThreatFacts) -> String {
    let missing = left.map { "not held: \($0.title)" }.joined(separator: "; ")
    switch state {
    case .doesNotApply: return ""
    case .mitigated: return "**Mitigated.** Every required control holds."
    case .open: return "**Open.** \(missing)."
    case .decided: return "**Decided.** \(missing)."
    case .expired: return "**Expired:** open again. \(missing)."
    case .reopened:
      return "**Reopened:** \(changed.map { change(of: $0, facts) }.joined(separator: "; ")). \(missing)."
    }
  }

  /// What has become of a fact since the decision: `exposure was internal and is external`.
  private func change(of fact: ThreatFact, _ facts: ThreatFacts) -> String {
    let former = decision?.facts[fact.rawValue]
    guard let word = former?.string else {
      return former == .null
        ? "\(fact.title) was not known and is \(facts.text(of: fact).markdownText)"
        : "\(fact.title) is another: \(facts.text(of: fact).markdownText)"
    }
    return "\(fact.title) was \(word.excerpt(60).markdownText) and is \(facts.text(of: fact).markdownText)"
  }
}

extension ThreatDecision {
  fileprivate func sentence(_ reasons: [Digest: String]) -> String {
    let end = until.map { " until \($0)" } ?? ""
    let reason = reasons[remark].map { ": \($0.markdownText)" } ?? " (the reason was erased)"
    return "\(choice.title) by \(by.description.markdownText) on \(at), for \(version); "
      + "\(owner.description.markdownText) answers for it\(end)\(reason)."
  }
}

extension ThreatDecision.Choice {
  fileprivate var title: String {
    switch self {
    case .accept: "Accepted"
    case .mitigate: "To be mitigated"
    case .transfer: "Transferred"
    }
  }
}

extension String {
  /// The text as Markdown shows it letter for letter, in one line.
  var markdownText: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "!", "~", "&":
        text.unicodeScalars.append("\\")
        text.unicodeScalars.append(scalar)
      case _ where scalar.properties.generalCategory == .control: text += " "
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
