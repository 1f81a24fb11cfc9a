import Artifacts
import Domain

/// Python's own serialisation, and joblib's form of it.
enum PickleFormat: InspectedFormat {
  static let name = "pickle"

  /// Protocol 2 and later announce themselves; before, any opcode that can begin a stream does.
  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    guard let first = bytes.first, !TorchLegacyFile.begins(bytes) else { return nil }
    if first == 0x80 {
      // A protocol that exists or may come to exist.
      return bytes.dropFirst().first.map { $0 < 32 } == false ? nil : .certain
    }
    return PickleReading.canBegin(with: first) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let reading = TorchBytes.settle(
      PickleReading.read(subject.bytes, budget: walk.budget), subject, &walk)
    let findings = PickleJudge.findings(of: reading, member: subject.member)
    if isChance(reading, findings) { return nil }
    walk.report(findings)
    if let document = reading.document { walk.report(DocumentChecks.findings(of: document, in: subject)) }
    return Inspected(reading.isJoblib ? "joblib" : name, .pickle(reading.document))
  }

  /// Whether the bytes are no pickle after all: text and numbers can begin with an opcode by chance.
  ///
  /// They do not get far, and do nothing on the way but what one letter does: `P` begins a persistent id.
  private static func isChance(_ reading: PickleReading, _ findings: [Finding]) -> Bool {
    reading.document == nil && reading.protocolVersion == 0 && reading.opcodeCount < 12
      && findings.allSatisfy { finding in
        Rule.named(finding.rule)?.verdict != .dangerous || finding.rule == Rule.persistentID.id
          || finding.rule == Rule.extensionCode.id
      }
  }
}
