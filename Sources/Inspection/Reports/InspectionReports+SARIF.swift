public import Encoding
import Domain

extension InspectionReports {
  /// The form for code scanners: SARIF 2.1.0 (OASIS, 2020), one run of the driver `gatehouse`.
  ///
  /// `version` is that of this program.
  public func sarif(version: String) -> JSON {
    let used = Set(reports.flatMap { $0.findings.map(\.rule) })
    let rules = Rule.all.filter { used.contains($0.id) }
    let indices = Dictionary(
      rules.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let results = reports.flatMap { report in
      zip(report.findings, report.excerpts).map {
        Self.result($0, $1, of: report, index: indices[$0.rule])
      }
    }
    return [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": "gatehouse", "version": .string(version), "rules": .array(rules.map(Self.descriptor)),
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
      "fullDescription": ["text": .string(rule.why)],
      "help": ["text": .string(rule.remedy), "markdown": .string(rule.page)],
      "defaultConfiguration": ["level": .string(rule.severity.sarifLevel)],
      "properties": [
        "tags": .array((["security", rule.family.rawValue] + rule.references).map { .string($0) }),
        "security-severity": .string(rule.severity.score),
      ],
    ]
  }

  private static func result(
    _ finding: Finding, _ excerpt: FindingExcerpt?, of report: InspectionReport, index: Int?
  ) -> JSON {
    let file = report.file(of: finding)
    let uri = file.isEmpty ? report.path : "\(report.path)/\(file)"
    var result: [String: JSON] = [
      "ruleId": .string(finding.rule), "level": .string(finding.severity.sarifLevel),
      "message": ["text": .string(finding.message)],
      "locations": [
        [
          "physicalLocation": [
            "artifactLocation": ["uri": .string(uri.percentEncodedPath)],
            "region": region(
              finding, excerpt, isFile: finding.member == file && !report.format.contains("+")),
          ],
          "logicalLocations": [
            ["fullyQualifiedName": .string(finding.member), "kind": "resource"]
          ],
        ]
      ],
      "partialFingerprints": ["finding/v1": .string(fingerprint(finding))],
    ]
    if let index { result["ruleIndex"] = JSON(index) }
    var properties: [String: JSON] = [:]
    if let opcode = finding.opcode { properties["opcode"] = .string(opcode) }
    if let offset = finding.offset { properties["offset"] = JSON(offset) }
    if !properties.isEmpty { result["properties"] = .object(properties) }
    return .object(result)
  }

  /// The place in the file; `isFile` says whether offsets count in the file itself and not in what is packed
  /// inside it.
  ///
  /// Viewers want a line. A file that is not text has one, as far as they go: the first.
  private static func region(_ finding: Finding, _ excerpt: FindingExcerpt?, isFile: Bool) -> JSON {
    guard isFile else { return ["startLine": 1] }
    if let line = excerpt?.line { return ["startLine": JSON(line.number), "startColumn": JSON(line.column)] }
    guard let offset = finding.offset else { return ["startLine": 1] }
    // The length is that of the opcode or the first byte; how far the trouble reaches is not known.
    return ["startLine": 1, "byteOffset": JSON(offset), "byteLength": 1]
  }

  /// What makes a finding the same one in the next run: a hash of rule, member and message.
  private static func fingerprint(_ finding: Finding) -> String {
    String(FNV1a.hash(of: "\(finding.rule)\n\(finding.member)\n\(finding.message)".utf8), radix: 16)
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

extension Severity {
  /// The number that code-scanning viewers sort by, on the scale of CVSS (0 to 10).
  fileprivate var score: String {
    switch self {
    case .note: "0.0"
    case .low: "3.0"
    case .medium: "5.5"
    case .high: "8.0"
    case .critical: "9.5"
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
