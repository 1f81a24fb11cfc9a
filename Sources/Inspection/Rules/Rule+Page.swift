import Domain

extension Rule {
  /// The page about the rule, in Markdown: what, why, an example, the remedy.
  public var page: String {
    let leads = verdict.map { "makes an artifact **\($0.rawValue)**" } ?? "does not change the verdict"
    var parts = [
      "## \(id)",
      "\(summary.prefix(1).uppercased())\(summary.dropFirst()). Family \(family.rawValue), severity \(severity.rawValue); \(leads).",
      "**Why.** \(why)", "**Example.** `\(example.replacing("`", with: "'"))`",
      "**Remedy.** \(remedy.prefix(1).uppercased())\(remedy.dropFirst()).",
    ]
    if !references.isEmpty { parts.append("**References.** \(references.joined(separator: ", ")).") }
    return parts.joined(separator: "\n\n")
  }

  /// The page of all rules, `docs/rules.md`.
  public static var handbook: String {
    let verdicts = InspectionVerdict.allCases.map { verdict in
      "| \(verdict.rawValue) | \(all.count { $0.verdict == verdict }) |"
    }
    let families = Family.allCases.map { family in
      let links = all.filter { $0.family == family }.map { rule in
        "[\(rule.id)](#\(rule.id.filter { $0.isLetter || $0.isNumber || $0 == "-" }))"
      }
      return "| \(family.rawValue) | \(links.joined(separator: ", ")) |"
    }
    let head = """
      # Rules of inspection

      What `gatehouse inspect` looks for. `gatehouse inspect --explain RULE` prints the part about one rule; this page is
      `gatehouse inspect --explain all`.

      | verdict | rules that lead to it |
      |---|---|
      \(verdicts.joined(separator: "\n"))
      | none | \(all.count { $0.verdict == nil }) |

      | family | rules |
      |---|---|
      \(families.joined(separator: "\n"))
      """
    return ([head] + all.map(\.page)).joined(separator: "\n\n")
  }
}
