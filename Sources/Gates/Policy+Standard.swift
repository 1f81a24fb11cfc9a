extension Policy {
  /// The policy of a platform that was given no other: whatever can be lifted may come in.
  public static let standard: Policy = {
    do {
      return try Policy(parsing: Array(standardText.utf8), file: "standard policy")
    } catch {
      preconditionFailure("the standard policy is read by a test: \(error)")
    }
  }()

  /// The file of the standard policy.
  private static let standardText = """
    # What models are held to on a platform that was given no other policy: whatever can be lifted may come in.
    policy: gatehouse/v1
    name: standard
    gates:
      - formats: [pickle, joblib, XGBoost, LightGBM, CatBoost, ONNX]
      - frameworks: [scikit-learn, xgboost, lightgbm, catboost, onnx]
      - findings: {at-most: low}
      - model-size: {at-most: 1 GiB}

    """
}
