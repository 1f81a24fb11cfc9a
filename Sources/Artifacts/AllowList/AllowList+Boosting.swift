extension AllowList {
  /// The classes of XGBoost and LightGBM, whose trees stand in a buffer or text of their own.
  static let boosting: [Section] = [
    (
      .instanceClass,
      [
        ("lightgbm.basic", "Booster"),
        ("lightgbm.sklearn", "LGBMClassifier LGBMModel LGBMRanker LGBMRegressor"),
        ("xgboost.core", "Booster"),
        ("xgboost.compat", "XGBoostLabelEncoder"),
        ("xgboost.sklearn", "XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor"),
      ]
    )
  ]
}
