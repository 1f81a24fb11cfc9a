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
    // Text can begin with an opcode by chance; it does not get far, and does nothing on the way.
    if reading.document == nil, reading.protocolVersion == 0, TextFormat.isText(subject.bytes.prefix(512)),
      !findings.contains(where: { Rule.named($0.rule)?.verdict == .dangerous })
    {
      return nil
    }
    walk.report(findings)
    if let document = reading.document { walk.report(DocumentChecks.findings(of: document, in: subject)) }
    return Inspected(reading.isJoblib ? "joblib" : name, .pickle(reading.document))
  }
}
