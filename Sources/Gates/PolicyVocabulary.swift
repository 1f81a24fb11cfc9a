import Access

/// The words that policies may use for what this platform has.
///
/// A word that nothing goes by would make a gate that never holds, or one that always does.
public struct PolicyVocabulary: Equatable, Sendable {
  /// The formats that can be lifted, as inspection names them, without the compression.
  public var formats: [String]
  /// The frameworks that lifting knows.
  public var frameworks: [String]
  /// The roles that people and services have.
  public var roles: [String]

  /// States the words.
  public init(formats: [String], frameworks: [String], roles: [String]) {
    self.formats = formats
    self.frameworks = frameworks
    self.roles = roles
  }

  /// The words of this release.
  public static let standard = PolicyVocabulary(
    formats: ["pickle", "joblib", "XGBoost", "LightGBM", "CatBoost", "ONNX"],
    frameworks: ["scikit-learn", "xgboost", "lightgbm", "catboost", "onnx"],
    roles: Role.allCases.map(\.rawValue))
}
