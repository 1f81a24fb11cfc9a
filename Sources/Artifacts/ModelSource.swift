/// What a model is lifted from, once it is known what the bytes are.
public enum ModelSource: Sendable {
  /// The values that a pickle describes.
  case pickle(PickleDocument)
  /// A model file of XGBoost: JSON, UBJSON or the binary form of old.
  case xgboost(ArraySlice<UInt8>)
  /// A text model of LightGBM.
  case lightGBM(ArraySlice<UInt8>)
  /// A model of CatBoost in JSON.
  case catBoost(ArraySlice<UInt8>)
  /// A serialised ONNX model.
  case onnx(ArraySlice<UInt8>)
}
