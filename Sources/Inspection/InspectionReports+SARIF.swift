public import Encoding
import Domain

extension InspectionReports {
  /// The form for code scanners: SARIF 2.1.0 (OASIS, 2020), one run of the driver `gatehouse`.
  public var sarif: JSON {
    let used = Set(reports.flatMap { $0.findings.map(\.rule) })
    let rules = Rule.all.filter { used.contains($0.id) }
    let indices = Dictionary(
      rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let results = reports.flatMap { report in
      report.findings.map { Self.result($0, path: report.path, index: indices[$0.rule]) }
    }
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": "gatehouse", "rules": .array(rules.map(Self.descriptor)),
            ]
          ],
          "results": .array(results),
        ]
      ],
    ]
  }

  private static func descriptor(_ rule: Rule) -> JSON {
    [
      "id": .string(rule.id),
      "shortDescription": ["text": .string(rule.summary)],
      "help": ["text": .string(rule.remedy)],
      "defaultConfiguration": ["level": .string(rule.severity.sarifLevel)],
      "properties": ["tags": .array(rule.references.map { .string($0) })],
    ]
  }

  private static func result(_ finding: Finding, path: String, index: Int?) -> JSON {
    let uri = finding.member.isEmpty ? path : "\(path)/\(finding.member)"
    var physical: [String: JSON] = ["artifactLocation": ["uri": .string(uri.percentEncodedPath)]]
    if let offset = finding.offset {
      // The length is that of the opcode or the first byte; how far the trouble reaches is not known.
      physical["region"] = ["byteOffset": JSON(offset), "byteLength": 1]
    }
    var result: [String: JSON] = [
      "ruleId": .string(finding.rule), "level": .string(finding.severity.sarifLevel),
      "message": ["text": .string(finding.message)],
      "locations": [["physicalLocation": .object(physical)]],
    ]
    if let index { result["ruleIndex"] = JSON(index) }
    if let opcode = finding.opcode { result["properties"] = ["opcode": .string(opcode)] }
    return .object(result)
  }
}

extension Severity {
  fileprivate var sarifLevel: String {
    switch self {
    case .note, .low: "note"
    case .medium: "warning"
    case .high, .critical: "error"
    }
  }
}

extension String {
  /// The path as a relative or absolute URI reference (RFC 3986): what is not unreserved is percent-encoded.
  fileprivate var percentEncodedPath: String {
    var text = ""
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "%" + Hexadecimal.encode(CollectionOfOne(byte)).uppercased()
      }
    }
    return text
  }
}
