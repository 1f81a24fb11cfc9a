import Artifacts
import Domain
import ModelGraph

/// An instance of an estimator in a pickle: what all of scikit-learn's have in common.
struct Estimator {
  /// Its state; the path says its place: `Pipeline['scale'] → StandardScaler`.
  let view: PickleView
  /// The name of its class, `RandomForestClassifier`.
  let name: String
  /// How many estimators hold it, one in another.
  let depth: Int
  /// The version of the one that holds it, for those that do not say.
  private let outerVersion: String?

  init(_ view: PickleView, name: String, depth: Int, outerVersion: String? = nil) {
    self.view = view
    self.name = name
    self.depth = depth
    self.outerVersion = outerVersion
  }

  /// The version that wrote it, as it says; nil where neither it nor one that holds it does.
  var versionText: String? { view.attributeIfPresent("_sklearn_version")?.text ?? outerVersion }

  /// The version that wrote it, one whose rules are known.
  func version() throws(Problem) -> ScikitLearnVersion {
    let known = "0.24 to 1.9"
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

  /// How many features it was fitted on.
  func featureCount() throws(Problem) -> Int {
    let attribute = try view.fittedAttribute("n_features_in_")
    let count = try attribute.integer()
    guard count > 0 else { throw attribute.unexpected("a count above 0") }
    return count
  }

  /// The columns that it reads of what it is given, which are as many as it was fitted on.
  func columns(of operand: Operand, _ builder: inout GraphBuilder) throws(Problem) -> Operand {
    let count = try featureCount()
    var names: [String]?
    // What comes from another step is not called as it was at fitting.
    if operand.count == nil, let attribute = view.attributeIfPresent("feature_names_in_") {
      names = try attribute.strings(count: count)
    }
    return try builder.resolve(operand, count: count, names: names, for: self)
  }

  /// The labels of a classifier of one target.
  func classes() throws(Problem) -> Tensor { try view.fittedAttribute("classes_").labels() }

  /// A refusal of a parameter or attribute whose value is understood but not lifted.
  func unsupported(_ attribute: String, _ found: String, hint: String) -> Problem {
    Problem(
      .refused, "lift.unsupported-parameter",
      "expected \(view.path).\(attribute) to be one that can be lifted, found \(found)",
      position: view.attributeIfPresent(attribute)?.position ?? view.position, hint: hint)
  }

  /// Lifts an estimator that this one holds; `label` says where, `['scale']` or `.estimators_[3]`.
  func lift(
    _ inner: PickleView, label: String, _ operand: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    try Lifter.lift(
      inner, at: view.path + label + " → ", operand, &builder, depth: depth + 1, outerVersion: versionText)
  }
}
