import Artifacts

/// LightGBM's model text.
enum LightGBMFormat: InspectedFormat {
  static let name = "LightGBM"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    LightGBMModel.begins(bytes) ? .certain : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    walk.report(LightGBMModel.read(subject.bytes).faults.map { Rule.lightGBM($0, member: subject.member) })
    return Inspected(name, .source(.lightGBM(subject.bytes)))
  }
}
