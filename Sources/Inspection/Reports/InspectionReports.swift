import Artifacts
import Domain
public import Encoding

/// The reports of one run over several artifacts, and the forms that they are printed in.
public struct InspectionReports: Sendable {
  /// The reports in the order of the arguments.
  public let reports: [InspectionReport]

  /// Puts reports together.
  public init(_ reports: [InspectionReport]) {
    self.reports = reports
  }

  /// The form for a person: a line for each artifact, and each finding with its place drawn.
  public var text: String { reports.map(\.text).joined(separator: "\n") }

  /// The form for scripts: `{"results": […]}`.
  public var json: JSON { ["results": .array(reports.map(\.json))] }
}

extension InspectionReport {
  /// The form for a person; never a raw control character of the artifact.
  public var text: String {
    let name = path.escaped(limit: 400)
    var lines = ["\(name): \(verdict.rawValue) (\(format.escaped(limit: 100)))"]
    for (finding, excerpt) in zip(findings, excerpts) {
      lines.append(
        "  \(finding.severity.rawValue)[\(finding.rule)]: \(finding.message.escaped(limit: 1_000))")
      var place: [String] = []
      if !finding.member.isEmpty { place.append(finding.member.escaped(limit: 400)) }
      if let offset = finding.offset { place.append("byte \(offset)") }
      if let line = excerpt?.line { place.append("line \(line.number), column \(line.column)") }
      if let opcode = finding.opcode { place.append(opcode) }
      if !place.isEmpty { lines.append("    --> " + place.joined(separator: ", ")) }
      lines += (excerpt?.lines ?? []).map { "    " + $0 }
      lines.append("    hint: \(finding.remedy)")
      if let rule = Rule.named(finding.rule), rule.verdict == .dangerous {
        lines.append("    see: \(rule.references.joined(separator: ", "))")
      }
    }
    return lines.joined(separator: "\n")
  }
}
