import Artifacts

/// CatBoost's models in JSON; its binary form is recognised and not read.
enum CatBoostFormat: InspectedFormat {
  static let name = "CatBoost"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    CatBoostModel.begins(bytes) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    // What is no JSON, or none that all read alike, is told as JSON.
    guard let model = CatBoostModel.read(subject.bytes) else { return nil }
    for fault in model.faults {
      let rule: Rule = fault.kind == .structure ? .catBoostStructure : .catBoostMalformed
      walk.report(rule, fault.message, subject, at: fault.offset)
    }
    walk.reportSecrets(in: subject.bytes, of: subject, numbersAreData: true)
    return Inspected(name, .source(.catBoost(subject.bytes)))
  }
}
