import Artifacts
import Domain
import ModelGraph

/// What an estimator makes of columns that the step before gives in single precision.
///
/// The library computes on in single precision wherever its own numbers are of that precision too. A lift follows
/// it where each step of the arithmetic is one that is rounded to the nearest; what it does not follow is refused.
private enum SinglePrecision {
  /// The numbers are those of double precision, or the lift rounds as the library does.
  case followed
  /// As that, unless one of these fitted attributes is in single precision.
  case followedUnless([String])

  /// By the names of the classes; what is not here is refused.
  static let known: [String: SinglePrecision] = {
    var known: [String: SinglePrecision] = [:]
    // What computes in double precision whatever it is given, or compares only.
    let followed = [
      "DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor",
      "RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor",
      "RandomTreesEmbedding", "GradientBoostingClassifier", "GradientBoostingRegressor", "IsolationForest",
      "HistGradientBoostingClassifier", "HistGradientBoostingRegressor",
      "SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM", "DummyClassifier", "DummyRegressor",
      "IsotonicRegression",
      "OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "MissingIndicator",
      "Booster", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor",
      "LGBMClassifier", "LGBMRegressor", "LGBMRanker",
      // What passes its columns on.
      "Pipeline", "ColumnTransformer", "FeatureUnion", "VotingClassifier", "VotingRegressor",
      "StackingClassifier", "StackingRegressor", "CalibratedClassifierCV", "OneVsRestClassifier",
      "OneVsOneClassifier", "OutputCodeClassifier", "_ConstantPredictor", "MultiOutputClassifier",
      "MultiOutputRegressor", "ClassifierChain", "RegressorChain", "TransformedTargetRegressor",
      "GridSearchCV",
      "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "FrozenEstimator",
      "TunedThresholdClassifierCV", "FixedThresholdClassifier", "SelfTrainingClassifier", "RANSACRegressor",
      "BaggingClassifier", "BaggingRegressor", "AdaBoostClassifier", "AdaBoostRegressor",
      // What selects.
      "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect",
      "VarianceThreshold", "RFE", "RFECV", "SequentialFeatureSelector", "SelectFromModel",
      // What rounds step by step.
      "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Binarizer", "SimpleImputer",
      "KBinsDiscretizer", "FunctionTransformer",
      // What rounds its sums.
      "LinearRegression", "ARDRegression", "BayesianRidge", "ElasticNet", "ElasticNetCV", "Lasso", "LassoCV",
      "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "HuberRegressor",
      "Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC", "OrthogonalMatchingPursuit",
      "OrthogonalMatchingPursuitCV", "PassiveAggressiveRegressor", "QuantileRegressor", "Ridge", "RidgeCV",
      "SGDRegressor", "TheilSenRegressor", "LinearSVR", "GammaRegressor", "PoissonRegressor",
      "TweedieRegressor",
      "LogisticRegression", "LogisticRegressionCV", "Perceptron", "PassiveAggressiveClassifier",
      "RidgeClassifier", "RidgeClassifierCV", "SGDClassifier", "LinearSVC",
    ]
    for name in followed { known[name] = .followed }
    let unless: [(names: [String], attributes: [String])] = [
      (["LinearDiscriminantAnalysis"], ["coef_", "scalings_", "xbar_"]), (["SGDOneClassSVM"], ["coef_"]),
      (["QuadraticDiscriminantAnalysis"], ["means_"]),
      (["GaussianNB"], ["theta_", "var_", "sigma_"]),
      (["MultinomialNB", "BernoulliNB", "ComplementNB", "CategoricalNB"], ["feature_log_prob_"]),
      (["MLPClassifier", "MLPRegressor"], ["coefs_"]),
      (["PCA", "IncrementalPCA", "TruncatedSVD"], ["components_", "mean_"]),
      (["KernelRidge", "KernelPCA"], ["X_fit_"]), (["Nystroem"], ["components_"]),
      (["RBFSampler"], ["random_weights_", "random_offset_"]),
      (["GaussianProcessClassifier", "GaussianProcessRegressor"], ["X_train_"]),
      (["NearestCentroid"], ["centroids_"]),
      (["GaussianMixture", "BayesianGaussianMixture"], ["means_", "precisions_cholesky_"]),
    ]
    for (names, attributes) in unless {
      for name in names { known[name] = .followedUnless(attributes) }
    }
    return known
  }()
}

extension Estimator {
  /// Refuses what the library computes in single precision and a lift does not.
  func refuseSinglePrecision() throws(Problem) {
    switch SinglePrecision.known[name] {
    case .followed?: return
    case .followedUnless(let attributes)?:
      for attribute in attributes {
        guard let fitted = view.attributeIfPresent(attribute) else { continue }
        let first = (try? fitted.elements())?.first ?? fitted
        if first.isSinglePrecision {
          throw singlePrecision("computes in it with its own '\(attribute)'")
        }
      }
    case nil: throw singlePrecision("computes in it")
    }
  }

  private func singlePrecision(_ why: String) -> Problem {
    Problem(
      .refused, "lift.single-precision",
      "expected \(view.path) to read columns of double precision, found the step before to give single precision:"
        + " it \(why)", position: view.position,
      hint: "make the step before give dtype=numpy.float64, and fit again")
  }
}
