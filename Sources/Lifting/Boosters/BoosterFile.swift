import Artifacts

/// Boosters that came in files of their own, as a pickle would hold them: an instance with its model as state.
extension PickleDocument {
  /// A `Booster` of XGBoost.
  static func xgboost(_ model: ArraySlice<UInt8>) -> PickleDocument {
    booster(.xgboostBooster, "handle", .bytes(model))
  }

  /// A `Booster` of LightGBM.
  static func lightGBM(_ model: ArraySlice<UInt8>) -> PickleDocument {
    booster(.lightGBMBooster, "_handle", .string(String(decoding: model, as: UTF8.self)))
  }

  /// A model of CatBoost.
  static func catBoost(_ model: ArraySlice<UInt8>) -> PickleDocument {
    booster(.catBoostModel, "model", .bytes(model))
  }

  private static func booster(
    _ type: PickleGlobal, _ attribute: String, _ model: PickleValue
  ) -> PickleDocument {
    let document = PickleDocument(
      values: [
        .object(PickleObject(constructor: type, type: type, arguments: [], state: ValueID(index: 1))),
        .dictionary([(key: ValueID(index: 2), value: ValueID(index: 3))]), .string(attribute), model,
      ],
      offsets: [0, 0, 0, 0], root: ValueID(index: 0))
    guard let document else { preconditionFailure("four values have four offsets") }
    return document
  }
}
