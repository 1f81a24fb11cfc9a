import Artifacts

/// XGBoost's own model files: JSON, UBJSON and the binary form of old.
enum XGBoostFormat: InspectedFormat {
  static let name = "XGBoost"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    switch XGBoostModel.form(of: bytes) {
    case .binary: .certain
    // An object whose first name has a length of 64 bits: XGBoost alone writes them so.
    case .ubjson: bytes.dropFirst().first == UInt8(ascii: "L") ? .certain : .possible
    case .json: .possible
    case nil: XGBoostModel.beginsUnmarkedBinary(bytes) ? .possible : nil
    }
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let isCertain = claim(subject.bytes) == .certain
    let model = XGBoostModel.read(subject.bytes, as: XGBoostModel.form(of: subject.bytes) ?? .binary)
    guard model.hasBooster || isCertain else { return nil }
    if !model.hasBooster, model.faults.isEmpty {
      return Inspected("UBJSON", .data("data in UBJSON that is no model of XGBoost"))
    }
    walk.report(model.faults.map { Rule.xgboost($0, member: subject.member) })
    return Inspected(name, model.hasBooster ? .source(.xgboost(subject.bytes)) : .refused)
  }
}
