public import Artifacts
public import Domain
import Encoding
import ModelGraph

/// Turns what an artifact describes into a model graph, without running any of it.
///
/// Every class is known by its exact name or refused. Lifted are scikit-learn's, written by 0.24 to 1.9.
public enum Lifter {
  /// Lifts the model; throws the reason why it cannot be lifted.
  ///
  /// A model of ONNX that our operators cannot express is left to `engine` where one is named and takes it.
  public static func lift(
    _ source: ModelSource, engine: LiftEngine? = nil
  ) throws(Problem) -> LiftedGraph {
    do throws(Problem) {
      return try liftNatively(source)
    } catch {
      guard case .onnx(let bytes) = source else { throw error }
      guard engine == .onnxRuntime else { throw ONNXRuntimeLift.hinting(at: bytes, error) }
      return try ONNXRuntimeLift.lift(bytes, natively: error)
    }
  }

  private static func liftNatively(_ source: ModelSource) throws(Problem) -> LiftedGraph {
    switch source {
    case .pickle(let document): return try lift(document)
    case .xgboost(let bytes): return try lift(PickleDocument.xgboost(bytes))
    case .lightGBM(let bytes): return try lift(PickleDocument.lightGBM(bytes))
    case .catBoost(let bytes): return try lift(PickleDocument.catBoost(bytes))
    case .onnx(let bytes): return try ONNXLifter.lift(bytes)
    }
  }

  /// Lifts the model that `document` describes; throws the reason why it cannot be lifted.
  public static func lift(_ document: PickleDocument) throws(Problem) -> LiftedGraph {
    let source = PickleSource(document)
    let lifted: LiftedGraph
    do {
      lifted = try lift(source)
    } catch {
      // Whatever else was found wrong was so because nothing more could be read.
      throw source.exhaustion ?? error
    }
    if let exhaustion = source.exhaustion { throw exhaustion }
    return lifted
  }

  private static func lift(_ source: PickleSource) throws(Problem) -> LiftedGraph {
    let root = PickleView(source, source.document.root, path: "")
    var builder = GraphBuilder(arrayBytes: source.contentBytes)
    let lifted = try lift(root, at: "", .allFeatures, &builder, depth: 0, outerVersion: nil)
    let name = root.object?.type.name ?? ""
    let estimator = Estimator(root.renamed(name), name: name, depth: 0)
    let graph = try lifted.graph(of: estimator, &builder)
    return LiftedGraph(
      graph: try validated(graph), framework: framework(of: root),
      frameworkVersion: builder.sourceVersion ?? estimator.versionText ?? "unknown", estimator: name)
  }

  private static func framework(of root: PickleView) -> String {
    switch root.object?.type.module.prefix(while: { $0 != "." }) {
    case "xgboost": "xgboost"
    case "lightgbm": "lightgbm"
    case "catboost": "catboost"
    default: "scikit-learn"
    }
  }

  /// Checks the graph, and that its files can be read back; what is wrong with it is wrong with the artifact.
  static func validated(_ graph: ModelGraph) throws(Problem) -> ValidatedGraph {
    do {
      let validated = try ValidatedGraph(graph)
      try graph.checkFileLimits()
      return validated
    } catch {
      throw Problem(.refused, error.code, error.message)
    }
  }

  /// Makes the operators of one kind of estimator.
  typealias Lift =
    @Sendable (Estimator, Operand, inout GraphBuilder) throws(Problem) -> LiftedEstimator

  /// The kinds of estimators that can be lifted, family by family.
  private static let families: [[PickleGlobal: Lift]] = [
    adaptiveBoosting,
    agglomerations,
    bagging,
    baselines,
    calibration,
    catBoost,
    categoryEncoders,
    centroids,
    clusters,
    columnTransformers,
    crossDecompositions,
    decompositions,
    discriminants,
    distributions,
    envelopes,
    featureUnions,
    forests,
    functionTransformers,
    gaussianProcesses,
    gradientBoosting,
    histogramBoosting,
    imputers,
    isolationForests,
    isotonicRegressions,
    kernelModels,
    labelEncoders,
    lightGBM,
    linearClassifiers,
    linearRegressors,
    mappingVectorizers,
    mixtures,
    multipleOutputs,
    naiveBayes,
    nonNegativeFactorisations,
    neighborModels,
    neuralNetworks,
    oneVersusOthers,
    pipelines,
    polynomials,
    projections,
    scalers,
    selectors,
    stacking,
    supportVectorMachines,
    textVectorizers,
    transformedTargets,
    trees,
    voting,
    wrappers,
    xgboost,
  ]

  private static let lifts: [PickleGlobal: Lift] = families.reduce(into: [:]) { lifts, family in
    lifts.merge(family) { _, _ in preconditionFailure("an estimator belongs to one family") }
  }

  /// Lifts the estimator at `view`; `place` is the path of what holds it, up to the class.
  static func lift(
    _ view: PickleView, at place: String, _ operand: Operand, _ builder: inout GraphBuilder, depth: Int,
    outerVersion: String?
  ) throws(Problem) -> LiftedEstimator {
    let type = view.object?.type
    guard let type else {
      throw Problem(
        .refused, "lift.unsupported-estimator",
        "expected an estimator that can be lifted, found \(view.description)"
          + (place.isEmpty ? " as the model" : " at \(view.path)"),
        position: view.position, hint: "save a fitted estimator")
    }
    let named = view.renamed(place + type.name.excerpt(80))
    try builder.enter(named, depth: depth)
    guard let lift = lifts[type] else { throw unsupported(type, named, version: outerVersion) }
    let estimator = Estimator(named, name: type.name, depth: depth, outerVersion: outerVersion)
    if estimator.versionText != nil { _ = try estimator.version() }
    try refuseShadows(estimator)
    if operand.datatype == .float32 { try estimator.refuseSinglePrecision() }
    return try lift(estimator, operand, &builder)
  }

  /// An attribute that stands in the place of a method would be called by the library: nobody knows what it does.
  private static func refuseShadows(_ estimator: Estimator) throws(Problem) {
    for name in methodNames {
      guard let attribute = estimator.view.attributeIfPresent(name) else { continue }
      throw Problem(
        .refused, "lift.replaced-method",
        "expected \(estimator.view.path) to have its own method '\(name)', found \(attribute.description) in"
          + " its place", position: attribute.position, hint: "save the model without the attribute '\(name)'"
      )
    }
  }

  private static let methodNames =
    PredictionMethod.allCases.map(\.rawValue) + [
      "fit_predict", "fit_transform", "predict_log_proba", "score_samples", "kneighbors",
      "_decision_function",
      "_predict_proba", "_raw_predict", "_predict", "_transform", "_validate_data", "_validate_X_predict",
      "_check_feature_names", "_check_n_features", "__class__", "__dict__", "_joint_log_likelihood",
      "_get_kernel", "_predict_proba_lr", "_sparse_predict", "_dense_predict", "_predict_binary",
      "_raw_predict_init", "_fill_X", "_check_X", "_validate_for_predict", "_validate_estimator",
      "_more_tags",
      "__sklearn_tags__", "_get_support_mask", "inverse_transform", "build_analyzer", "build_tokenizer",
      "build_preprocessor", "decode", "_word_ngrams", "_char_ngrams", "_char_wb_ngrams", "_impl",
    ]
}

// MARK: - What is not lifted

extension Lifter {
  private static func unsupported(
    _ type: PickleGlobal, _ view: PickleView, version: String?
  ) -> Problem {
    let own = view.attributeIfPresent("_sklearn_version")?.text ?? version
    let trained = own.map { ", trained with scikit-learn \($0.excerpt(20))" } ?? ""
    return Problem(
      .refused, "lift.unsupported-estimator",
      "expected an estimator that can be lifted, found \(type.description.excerpt(200))"
        + " at \(view.path)\(trained)",
      position: view.position, hint: hint(for: type))
  }

  /// The class that was perhaps meant, else what there is of the same package, else what there is.
  private static func hint(for type: PickleGlobal) -> String {
    let all = Set(lifts.keys.map(\.name))
    if let near = NearName.nearest(to: type.name, among: all.sorted()), near != type.name {
      return "use \(near)"
    }
    let package = package(of: type)
    let kin = Set(lifts.keys.filter { Self.package(of: $0) == package }.map(\.name))
    return kin.isEmpty
      ? "use one of the \(all.count) classes that docs/parity.md lists"
      : "of \(package) these can be lifted: \(kin.sorted().joined(separator: ", "))"
  }

  /// `sklearn.cluster` of `sklearn.cluster._dbscan`.
  private static func package(of type: PickleGlobal) -> String {
    type.module.split(separator: ".").prefix(2).joined(separator: ".")
  }
}

extension PickleGlobal {
  /// A class of scikit-learn by the module below `sklearn`.
  static func sklearn(_ module: String, _ name: String) -> Self {
    Self(module: "sklearn.\(module)", name: name)
  }
}
