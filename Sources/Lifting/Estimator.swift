import Artifacts
import Domain
import ModelGraph

/// An instance of an estimator in a pickle: what all of scikit-learn's have in common.
struct Estimator {
  let view: PickleView
  /// The name of its class, `RandomForestClassifier`.
  let name: String
  /// How many estimators hold it, one in another.
  let depth: Int

  init(_ view: PickleView, name: String, depth: Int) {
    self.view = view
    self.name = name
    self.depth = depth
  }

  /// The version that wrote it, as it says; nil where it does not.
  var versionText: String? { view.attributeIfPresent("_sklearn_version")?.text }

  /// The version that wrote it, one whose rules are known.
  func version() throws(Problem) -> ScikitLearnVersion {
    let known = "1.2 to 1.9"
    guard let text = versionText else {
      throw Problem(
        .refused, "lift.unknown-version",
        "expected \(view.path) to say which scikit-learn wrote it, found no '_sklearn_version'",
        position: view.position, hint: "save the model with scikit-learn \(known)")
    }
    guard let version = ScikitLearnVersion(text), ScikitLearnVersion.known.contains(version) else {
      throw Problem(
        .refused, "lift.unknown-version",
        "expected \(view.path) to be written by scikit-learn \(known), found '\(text.prefix(40))'",
        position: view.position, hint: "fit and save the model with scikit-learn \(known)")
    }
    return version
  }

  /// How many features it was fitted on, which are as many as its input has columns where that is known.
  func featureCount(of input: GraphValue) throws(Problem) -> Int {
    let attribute = try view.fittedAttribute("n_features_in_")
    let count = try attribute.integer()
    guard count > 0 else { throw attribute.unexpected("a count above 0") }
    guard input.columns == nil || input.columns == count else {
      throw Problem(
        .refused, "lift.unexpected-attribute",
        "expected \(attribute.path) to be \(input.columns ?? 0), as the step before gives, found \(count)",
        position: attribute.position)
    }
    return count
  }

  /// The names of its features, where it was fitted with names.
  func featureNames(count: Int) throws(Problem) -> [String]? {
    guard let attribute = view.attributeIfPresent("feature_names_in_") else { return nil }
    return try attribute.strings(count: count)
  }

  /// A refusal of a classifier of several outputs.
  func refuseOutputs(_ count: Int) -> Problem {
    Problem(
      .refused, "lift.multi-output-classifier",
      "expected \(view.path) to be a classifier of one output, found \(count) outputs",
      position: view.position, hint: "fit one classifier for each output and push each")
  }
}

/// A value of the graph under construction.
struct GraphValue {
  let name: String
  /// How many columns it has; nil for the input before an estimator has said.
  let columns: Int?
}

/// What an estimator has become: the values that its methods give.
struct LiftedEstimator {
  /// A method, the value that answers it, and how it shows in the signature.
  struct Output {
    let method: PredictionMethod
    let value: String
    let datatype: Datatype
    /// The length of each axis; −1 for the rows.
    let shape: [Int]
  }

  /// The features that it was fitted on; nil where nothing was fitted (a pipeline that passes all through).
  var featureCount: Int?
  var featureNames: [String]?
  /// The principal one first.
  var outputs: [Output]
  /// The labels of a classifier.
  var classes: Tensor?
  /// What the next step of a pipeline gets; nil for what is no transformer.
  var transformed: GraphValue?
}

extension LiftedEstimator {
  /// A classifier's answer to `predict`: the labels at the indices that `index` gives.
  static func labels(
    _ classes: Tensor, at index: String, origin: String, _ builder: inout GraphBuilder
  ) -> Output {
    let labels = builder.constant("classes", classes)
    let value = builder.apply(.label(labels: labels), to: index, named: "label", origin: origin)
    return Output(method: .predict, value: value, datatype: classes.elements.datatype, shape: [-1])
  }
}
