extension AllowList {
  /// What fitted estimators of scikit-learn are made of beside estimators: losses, kernels, metrics, scorers.
  ///
  /// Being listed here says that an instance is attributes and nothing else, and that making it has no
  /// effect. Whether it can be lifted is for `Lifting` to say.
  static let scikitLearn: [Section] = [
    (.instanceClass, parts),
    (
      .instanceClass,
      [
        ("sklearn.metrics._dist_metrics", metrics.suffixed("", "32", "64")),
        ("sklearn.neighbors._ball_tree", "BallTree"),
        ("sklearn.neighbors._dist_metrics", metrics.suffixed("")),
        ("sklearn.neighbors._kd_tree", "KDTree"),
      ]
    ),
    // Cython classes, which are called with what they are made of. In 1.5 to 1.7 the losses' module has lost
    // its package.
    (
      .constructor(.instance),
      [
        ("_loss", compiledLosses.prefixed("Cy")),
        ("sklearn._loss._loss", compiledLosses.prefixed("Cy")),
        (
          "sklearn.linear_model._sgd_fast",
          """
          EpsilonInsensitive Hinge Huber Log ModifiedHuber SquaredEpsilonInsensitive SquaredHinge \
          SquaredLoss
          """
        ),
        ("sklearn.tree._tree", "Tree"),
      ]
    ),
    // Functions through which Cython classes come back: they make an instance of their first argument.
    (
      .constructor(.instanceOfArgument),
      [
        ("_loss", compiledLosses.prefixed("__pyx_unpickle_Cy")),
        ("sklearn._loss._loss", compiledLosses.prefixed("__pyx_unpickle_Cy")),
        ("sklearn.metrics._dist_metrics", "newObj"),
        ("sklearn.neighbors._ball_tree", "newObj"),
        ("sklearn.neighbors._dist_metrics", "newObj"),
        ("sklearn.neighbors._kd_tree", "newObj"),
      ]
    ),
    (
      .mappingClass,
      [
        ("sklearn.covariance._graph_lasso", "_DictWithDeprecatedKeys"),
        ("sklearn.utils", "Bunch"),
        ("sklearn.utils._bunch", "Bunch"),
      ]
    ),
    (.valueFunction, functions),
  ]

  /// The losses that Cython compiles; each is a class `Cy…` and comes back through `__pyx_unpickle_Cy…`.
  private static let compiledLosses = """
    AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss HalfPoissonLoss \
    HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss
    """

  /// The metrics that Cython compiles, each for float64 and, in newer versions, for float32 too.
  private static let metrics = """
    BrayCurtisDistance CanberraDistance ChebyshevDistance DiceDistance EuclideanDistance HammingDistance \
    HaversineDistance JaccardDistance KulsinskiDistance MahalanobisDistance ManhattanDistance \
    MatchingDistance MinkowskiDistance PyFuncDistance RogersTanimotoDistance RussellRaoDistance \
    SEuclideanDistance SokalMichenerDistance SokalSneathDistance WMinkowskiDistance
    """

  /// Functions that searches and selections keep as what to score with: numbers in, a number out.
  private static let functions: [(module: String, names: String)] = [
    ("sklearn.cluster._kmeans", "_kmeans_single_elkan _kmeans_single_lloyd"),
    ("sklearn.feature_selection._mutual_info", "mutual_info_classif mutual_info_regression"),
    ("sklearn.feature_selection._univariate_selection", "chi2 f_classif f_oneway f_regression r_regression"),
    (
      "sklearn.metrics._classification",
      """
      accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score d2_brier_score \
      d2_log_loss_score f1_score fbeta_score hamming_loss hinge_loss jaccard_score log_loss \
      matthews_corrcoef precision_score recall_score zero_one_loss
      """
    ),
    (
      "sklearn.metrics._ranking",
      """
      average_precision_score coverage_error dcg_score label_ranking_average_precision_score \
      label_ranking_loss ndcg_score roc_auc_score top_k_accuracy_score
      """
    ),
    (
      "sklearn.metrics._regression",
      """
      d2_absolute_error_score d2_pinball_score d2_tweedie_score explained_variance_score max_error \
      mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss \
      mean_poisson_deviance mean_squared_error mean_squared_log_error mean_tweedie_deviance \
      median_absolute_error r2_score root_mean_squared_error root_mean_squared_log_error
      """
    ),
    ("sklearn.metrics._scorer", "_passthrough_scorer negative_likelihood_ratio positive_likelihood_ratio"),
    (
      "sklearn.metrics.cluster._supervised",
      """
      adjusted_mutual_info_score adjusted_rand_score completeness_score fowlkes_mallows_score \
      homogeneity_score mutual_info_score normalized_mutual_info_score rand_score v_measure_score
      """
    ),
    (
      "sklearn.metrics.pairwise",
      """
      additive_chi2_kernel chi2_kernel cosine_similarity euclidean_distances laplacian_kernel \
      linear_kernel manhattan_distances polynomial_kernel rbf_kernel sigmoid_kernel
      """
    ),
    ("sklearn.model_selection._search_successive_halving", "_refit_callable"),
    ("sklearn.utils.validation", "check_array"),
  ]

  private static let parts: [(module: String, names: String)] = [
    (
      "sklearn._loss.glm_distribution",
      """
      DistributionBoundary ExponentialDispersionModel GammaDistribution InverseGaussianDistribution \
      NormalDistribution PoissonDistribution TweedieDistribution
      """
    ),
    ("sklearn._loss.link", "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit"),
    (
      "sklearn._loss.loss",
      """
      AbsoluteError ExponentialLoss HalfBinomialLoss HalfBinomialLossArrayAPI HalfGammaLoss \
      HalfMultinomialLoss HalfMultinomialLossArrayAPI HalfPoissonLoss HalfPoissonLossArrayAPI \
      HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss
      """
    ),
    ("sklearn.calibration", "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling"),
    ("sklearn.cluster._birch", "_CFNode _CFSubcluster"),
    ("sklearn.cluster._bisect_k_means", "_BisectingTree"),
    ("sklearn.compose._column_transformer", "_RemainderColsList make_column_selector"),
    (
      "sklearn.ensemble._gb_losses",
      """
      BinomialDeviance ExponentialLoss HuberLossFunction LeastAbsoluteError LeastSquaresError \
      MultinomialDeviance QuantileLossFunction
      """
    ),
    ("sklearn.ensemble._hist_gradient_boosting.binning", "_BinMapper"),
    (
      "sklearn.ensemble._hist_gradient_boosting.loss",
      """
      BinaryCrossEntropy CategoricalCrossEntropy LeastAbsoluteDeviation LeastSquares Poisson
      """
    ),
    ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor"),
    ("sklearn.gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace"),
    (
      "sklearn.gaussian_process.kernels",
      """
      CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Hyperparameter Matern \
      PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel
      """
    ),
    ("sklearn.impute._iterative", "_ImputerTriplet"),
    (
      "sklearn.linear_model._glm.glm",
      """
      GammaRegressor GeneralizedLinearRegressor PoissonRegressor TweedieRegressor \
      _GeneralizedLinearRegressor
      """
    ),
    ("sklearn.linear_model._glm.link", "IdentityLink LogLink LogitLink"),
    (
      "sklearn.metrics._scorer",
      """
      _CurveScorer _MultimetricScorer _PassthroughScorer _PredictScorer _ProbaScorer _Scorer \
      _ThresholdScorer
      """
    ),
    ("sklearn.model_selection._classification_threshold", "_CurveScorer"),
    (
      "sklearn.model_selection._split",
      """
      GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut \
      PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold \
      StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit _CVIterableWrapper
      """
    ),
    ("sklearn.multiclass", "_ConstantPredictor"),
    ("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer"),
    (
      "sklearn.utils._metadata_requests",
      """
      MetadataRequest MetadataRouter MethodMapping MethodMetadataRequest MethodPair RouterMappingPair
      """
    ),
  ]
}

extension String {
  /// Each of the names with `prefix` before it.
  fileprivate func prefixed(_ prefix: String) -> String {
    split(separator: " ").map { prefix + $0 }.joined(separator: " ")
  }

  /// Each of the names with each of `suffixes` behind it.
  fileprivate func suffixed(_ suffixes: String...) -> String {
    split(separator: " ").flatMap { name in suffixes.map { name + $0 } }.joined(separator: " ")
  }
}
