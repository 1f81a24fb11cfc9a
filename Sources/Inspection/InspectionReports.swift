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

  /// The form for a person: a line for each artifact and a line for each finding.
  public var text: String { reports.map(\.text).joined(separator: "\n") }

  /// The form for scripts: `{"results": […]}`.
  public var json: JSON { ["results": .array(reports.map(\.json))] }
}

extension InspectionReport {
  /// The form for a person; never a raw control character of the artifact.
  public var text: String {
    var lines = ["\(path.escaped(limit: 400)): \(verdict.rawValue) (\(format))"]
    for finding in findings {
      var place: [String] = []
      if !finding.member.isEmpty { place.append(finding.member.escaped(limit: 400)) }
      if let offset = finding.offset { place.append("byte \(offset)") }
      if let opcode = finding.opcode { place.append(opcode) }
      let at = place.isEmpty ? "" : " at " + place.joined(separator: ", ")
      lines.append(
        "  \(finding.severity.rawValue)[\(finding.rule)]\(at): \(finding.message.escaped(limit: 1_000));"
          + " \(finding.remedy)")
    }
    return lines.joined(separator: "\n")
  }
}
