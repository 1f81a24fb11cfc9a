extension AllowList {
  /// scikit-learn's names, as versions 0.24 to 1.9 write them.
  ///
  /// Being listed here says that an instance is attributes and nothing else, and that making it has no
  /// effect. Whether it can be lifted is for `Lifting` to say.
  static let scikitLearn: [Section] = [
    (.instanceClass, estimators),
    // Cython classes, which are called with what they are made of.
    (
      .constructor(.instance),
      [
        ("_loss", "CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError"),
        (
          "sklearn._loss._loss",
          """
          CyHalfBinomialLoss CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError
          """
        ),
        ("sklearn.linear_model._sgd_fast", "Hinge Log"),
        ("sklearn.tree._tree", "Tree"),
      ]
    ),
    // Functions through which Cython classes come back.
    (
      .constructor(.instanceOfArgument),
      [
        (
          "_loss",
          """
          __pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfMultinomialLoss \
          __pyx_unpickle_CyHalfPoissonLoss __pyx_unpickle_CyHalfSquaredError
          """
        ),
        (
          "sklearn._loss._loss",
          """
          __pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyHalfMultinomialLoss \
          __pyx_unpickle_CyHalfPoissonLoss __pyx_unpickle_CyHalfSquaredError
          """
        ),
        ("sklearn.metrics._dist_metrics", "newObj"),
        ("sklearn.neighbors._ball_tree", "newObj"),
        ("sklearn.neighbors._dist_metrics", "newObj"),
        ("sklearn.neighbors._kd_tree", "newObj"),
      ]
    ),
    (
      .mappingClass,
      [
        ("sklearn.utils", "Bunch"),
        ("sklearn.utils._bunch", "Bunch"),
      ]
    ),
    // Scores that a feature selection was told to use.
    (
      .valueFunction,
      [
        ("sklearn.feature_selection._univariate_selection", "chi2 f_classif f_regression")
      ]
    ),
  ]

  private static let estimators: [(module: String, names: String)] = [
    ("sklearn._loss.glm_distribution", "DistributionBoundary PoissonDistribution"),
    ("sklearn._loss.link", "IdentityLink Interval LogLink LogitLink MultinomialLogit"),
    ("sklearn._loss.loss", "HalfBinomialLoss HalfMultinomialLoss HalfPoissonLoss HalfSquaredError"),
    ("sklearn.calibration", "CalibratedClassifierCV _CalibratedClassifier _SigmoidCalibration"),
    ("sklearn.cluster._kmeans", "KMeans MiniBatchKMeans"),
    ("sklearn.compose._column_transformer", "ColumnTransformer"),
    ("sklearn.decomposition._pca", "PCA"),
    ("sklearn.decomposition._truncated_svd", "TruncatedSVD"),
    ("sklearn.discriminant_analysis", "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis"),
    ("sklearn.dummy", "DummyClassifier DummyRegressor"),
    ("sklearn.ensemble._bagging", "BaggingClassifier BaggingRegressor"),
    (
      "sklearn.ensemble._forest",
      """
      ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor \
      RandomTreesEmbedding
      """
    ),
    ("sklearn.ensemble._gb", "GradientBoostingClassifier GradientBoostingRegressor"),
    ("sklearn.ensemble._gb_losses", "BinomialDeviance LeastSquaresError MultinomialDeviance"),
    ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"),
    (
      "sklearn.ensemble._hist_gradient_boosting.gradient_boosting",
      """
      HistGradientBoostingClassifier HistGradientBoostingRegressor
      """
    ),
    (
      "sklearn.ensemble._hist_gradient_boosting.loss",
      """
      BinaryCrossEntropy CategoricalCrossEntropy LeastSquares
      """
    ),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    ("sklearn.ensemble._iforest", "IsolationForest"),
    ("sklearn.ensemble._stacking", "StackingClassifier StackingRegressor"),
    ("sklearn.ensemble._voting", "VotingClassifier VotingRegressor"),
    ("sklearn.ensemble._weight_boosting", "AdaBoostClassifier AdaBoostRegressor"),
    ("sklearn.feature_extraction.text", "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer"),
    (
      "sklearn.feature_selection._univariate_selection",
      """
      GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile
      """
    ),
    ("sklearn.feature_selection._variance_threshold", "VarianceThreshold"),
    ("sklearn.gaussian_process._gpr", "GaussianProcessRegressor"),
    ("sklearn.gaussian_process.kernels", "ConstantKernel Product RBF"),
    ("sklearn.impute._base", "MissingIndicator SimpleImputer"),
    ("sklearn.isotonic", "IsotonicRegression"),
    ("sklearn.kernel_ridge", "KernelRidge"),
    ("sklearn.linear_model._base", "LinearRegression"),
    ("sklearn.linear_model._bayes", "ARDRegression BayesianRidge"),
    (
      "sklearn.linear_model._coordinate_descent",
      """
      ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso \
      MultiTaskLassoCV
      """
    ),
    ("sklearn.linear_model._glm.glm", "GammaRegressor PoissonRegressor TweedieRegressor"),
    ("sklearn.linear_model._glm.link", "LogLink"),
    ("sklearn.linear_model._huber", "HuberRegressor"),
    ("sklearn.linear_model._logistic", "LogisticRegression LogisticRegressionCV"),
    ("sklearn.linear_model._perceptron", "Perceptron"),
    ("sklearn.linear_model._ridge", "Ridge RidgeCV RidgeClassifier RidgeClassifierCV"),
    ("sklearn.linear_model._stochastic_gradient", "SGDClassifier SGDOneClassSVM SGDRegressor"),
    (
      "sklearn.metrics._dist_metrics",
      """
      EuclideanDistance EuclideanDistance64 ManhattanDistance ManhattanDistance64
      """
    ),
    ("sklearn.mixture._gaussian_mixture", "GaussianMixture"),
    ("sklearn.multiclass", "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier"),
    ("sklearn.naive_bayes", "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB"),
    ("sklearn.neighbors._ball_tree", "BallTree"),
    ("sklearn.neighbors._classification", "KNeighborsClassifier RadiusNeighborsClassifier"),
    ("sklearn.neighbors._dist_metrics", "EuclideanDistance ManhattanDistance"),
    ("sklearn.neighbors._kd_tree", "KDTree"),
    ("sklearn.neighbors._nearest_centroid", "NearestCentroid"),
    ("sklearn.neighbors._regression", "KNeighborsRegressor RadiusNeighborsRegressor"),
    ("sklearn.neural_network._multilayer_perceptron", "MLPClassifier MLPRegressor"),
    ("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer"),
    ("sklearn.pipeline", "FeatureUnion Pipeline"),
    (
      "sklearn.preprocessing._data",
      """
      Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures PowerTransformer \
      QuantileTransformer RobustScaler StandardScaler
      """
    ),
    ("sklearn.preprocessing._discretization", "KBinsDiscretizer"),
    ("sklearn.preprocessing._encoders", "OneHotEncoder OrdinalEncoder"),
    ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
    ("sklearn.preprocessing._label", "LabelBinarizer LabelEncoder MultiLabelBinarizer"),
    ("sklearn.preprocessing._polynomial", "PolynomialFeatures SplineTransformer"),
    ("sklearn.svm._classes", "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR"),
    (
      "sklearn.tree._classes",
      """
      DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor
      """
    ),
  ]
}
