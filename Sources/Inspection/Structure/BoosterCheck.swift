import Artifacts
import Domain

/// The models of XGBoost and LightGBM that pickled boosters keep in a buffer or text of their own.
struct BoosterCheck: DocumentCheck {
  static func findings(of document: PickleDocument, in subject: Subject) -> [Finding] {
    var values = PickleAttributes(of: document)
    var findings: [Finding] = []
    // A handle that several boosters share is read once.
    var seen: Set<ValueID> = []
    for value in document.values {
      guard case .object(let object) = value, object.type.name == "Booster",
        ["xgboost.core", "lightgbm.basic"].contains(object.type.module)
      else { continue }
      let attributes = values.attributes(of: object)
      for name in ["handle", "_handle"] {
        guard let handle = attributes[name], seen.insert(handle).inserted else { continue }
        let offset = document.offset(of: handle)
        if object.type.module == "xgboost.core" {
          findings += xgboost(document[handle], in: subject, at: offset)
        } else {
          findings += lightGBM(document[handle], in: subject, at: offset)
        }
      }
    }
    return findings
  }

  private static func xgboost(_ value: PickleValue, in subject: Subject, at offset: Int) -> [Finding] {
    switch value {
    case .none: return []
    case .bytes(let bytes), .byteArray(let bytes):
      guard let model = XGBoostModel.readHandle(bytes), model.hasBooster || !model.faults.isEmpty else {
        break
      }
      return model.faults.map { Rule.xgboost($0, member: subject.member, base: offset, name: "the booster") }
    default: break
    }
    return [
      Rule.xgboostMalformed.finding(
        "expected a model as the handle of an xgboost.core.Booster, found \(value.kind)",
        member: subject.member,
        offset: offset)
    ]
  }

  private static func lightGBM(_ value: PickleValue, in subject: Subject, at offset: Int) -> [Finding] {
    switch value {
    case .none: return []
    case .string(let text):
      let bytes = Array(text.utf8)
      guard LightGBMModel.begins(bytes[...]) else { break }
      return LightGBMModel.read(bytes[...]).faults.map {
        Rule.lightGBM($0, member: subject.member, base: offset, name: "the booster")
      }
    default: break
    }
    return [
      Rule.lightGBMMalformed.finding(
        "expected a model text as the handle of a lightgbm.basic.Booster, found \(value.kind)",
        member: subject.member, offset: offset)
    ]
  }
}

extension Rule {
  /// What a fault of an XGBoost model is to be called.
  ///
  /// Inside a pickle, `base` is the offset of the value and the fault's own place is in the message.
  static func xgboost(_ fault: ModelFault, member: String, base: Int? = nil, name: String = "") -> Finding {
    let rule =
      switch fault.kind {
      case .structure: xgboostStructure
      case .depth: xgboostDepth
      case .duplicate: xgboostDuplicate
      case .damage: xgboostMalformed
      }
    return rule.finding(fault, member: member, base: base, name: name)
  }

  /// What a fault of a LightGBM model is to be called.
  static func lightGBM(_ fault: ModelFault, member: String, base: Int? = nil, name: String = "") -> Finding {
    let rule =
      switch fault.kind {
      case .structure, .depth: lightGBMStructure
      case .duplicate: lightGBMDuplicate
      case .damage: lightGBMMalformed
      }
    return rule.finding(fault, member: member, base: base, name: name)
  }

  private func finding(_ fault: ModelFault, member: String, base: Int?, name: String) -> Finding {
    let place = base == nil ? "" : " at byte \(fault.offset) of \(name)"
    return finding(fault.message + place, member: member, offset: base ?? fault.offset)
  }
}
