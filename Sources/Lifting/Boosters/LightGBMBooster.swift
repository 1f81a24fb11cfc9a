import Artifacts
import Domain
import Encoding
import ModelGraph

/// A model of LightGBM and how it is asked.
///
/// LightGBM works in double precision: `x ≤ threshold` goes left, and what the trees of an output give is added in
/// their order. A number no farther from 0 than the single-precision 1e-35 counts as 0.
struct LightGBMBooster {
  let parameters: LightGBMParameters
  let forest: [LightGBMNodes]
  /// The estimator whose state it is.
  let estimator: Estimator
  /// The bytes of the model.
  private let byteCount: Int
  /// The categories of the features that are texts.
  private let categories: [Int: [String]]

  /// What an objective makes of the sums.
  enum Link: Equatable {
    case identity
    case exp
    /// 1 ÷ (1 + e^(−factor × x)).
    case logistic(factor: Double)
    /// ln(1 + eˣ).
    case softplus
    /// x × |x|, which undoes a root of the target.
    case signedSquare
    case softmax
  }

  /// Reads the state of a `Booster`.
  init(_ estimator: Estimator, _ builder: inout GraphBuilder) throws(Problem) {
    // Up to 3.3 the name has no line before it.
    let name = estimator.view.attributeIfPresent("_handle") == nil ? "handle" : "_handle"
    let handle = try estimator.view.fittedAttribute(name)
    let bytes = Array(try handle.string().utf8)
    // A text has at least as many bytes as what is made of it has elements, but several boosters may share one.
    try builder.spend(elements: bytes.count, for: handle)
    guard LightGBMModel.begins(bytes[...]) else { throw handle.unexpected("a model text of LightGBM") }
    let model = LightGBMModel.read(bytes[...], keepingTrees: true)
    if let fault = model.faults.first {
      throw Problem(
        .refused, "lift.malformed-booster", "\(fault.message) in \(handle.path)",
        position: "byte \(fault.offset) of the booster")
    }
    self.parameters = model.parameters
    self.forest = model.forest
    self.estimator = estimator
    self.byteCount = bytes.count
    self.categories = Self.categories(of: model.parameters)
    guard let version = parameters.version, ["v3", "v4"].contains(version) else {
      throw refuse(
        "unknown-version",
        "expected the text of \(handle.path) to be of version v3 or v4, found"
          + " '\(parameters.version?.excerpt(20) ?? "none")'", hint: "save the model with LightGBM 2.3 to 4.7"
      )
    }
    let keepsCategories = estimator.view.attributeIfPresent("pandas_categorical")?.isEmptyOrNone == false
    guard !(parameters.hasFrameCategories || keepsCategories) || !categories.isEmpty else {
      throw refuse(
        "frame-categories",
        "expected \(estimator.view.path) to be trained on numbers and unordered texts, found other categories"
          + " of a frame",
        hint: "train on the codes of the categories, with categorical_feature")
    }
  }

  /// The categories of each column that had texts, where it is beyond doubt which columns those were.
  ///
  /// The model has a list for each column of a frame that was categorical, and the numbers of the features that were
  /// trained as categories: unless somebody chose those himself, or some are ordered, one goes with the other. A
  /// list of numbers might by such a choice belong to another column of numbers, and is not taken.
  private static func categories(of parameters: LightGBMParameters) -> [Int: [String]] {
    let features = parameters.categoricalFeatures
    guard let lists = parameters.frameCategories, lists.count == features.count,
      Set(features).count == features.count,
      features.allSatisfy({ $0 >= 0 && $0 < parameters.featureCount })
    else { return [:] }
    return Dictionary(uniqueKeysWithValues: zip(features.sorted(), lists))
  }

  /// A refusal of what the model says.
  func refuse(_ code: String, _ message: String, hint: String? = nil) -> Problem {
    Problem(.refused, "lift.\(code)", message, position: estimator.view.position, hint: hint)
  }

  /// How many numbers a prediction has.
  var outputs: Int { parameters.treesPerRound }

  /// What the objective makes of the sums.
  func link() throws(Problem) -> Link {
    let words = (parameters.objective ?? "").split(separator: " ")
    // Who trained with an objective of his own gets the sums.
    guard let name = words.first else { return .identity }
    let hasRoot = words.contains("sqrt")
    func factor() throws(Problem) -> Double {
      guard let word = words.first(where: { $0.hasPrefix("sigmoid:") }) else { return 1 }
      guard let factor = Double(String(word.dropFirst(8))), factor.isFinite, factor > 0 else {
        throw refuse(
          "unexpected-attribute",
          "expected the objective of \(estimator.view.path) to have a sigmoid above 0, found"
            + " '\(parameters.objective?.excerpt(80) ?? "")'")
      }
      return factor
    }
    switch name {
    case "regression", "regression_l1", "quantile", "mape": return hasRoot ? .signedSquare : .identity
    case "huber", "fair", "lambdarank", "rank_xendcg", "custom", "none": return .identity
    case "poisson", "gamma", "tweedie": return .exp
    case "binary", "multiclassova": return .logistic(factor: try factor())
    case "cross_entropy": return .logistic(factor: 1)
    case "cross_entropy_lambda": return .softplus
    case "multiclass": return .softmax
    default:
      throw refuse(
        "unsupported-objective",
        "expected \(estimator.view.path) to have an objective that can be lifted, found"
          + " '\(parameters.objective?.excerpt(80) ?? "")'",
        hint: "train with one of LightGBM's own objectives")
    }
  }

  /// The names of the features, unless they are those that LightGBM makes up.
  private var featureNames: [String]? {
    let names = parameters.featureNames
    guard names.count == parameters.featureCount,
      !names.indices.allSatisfy({ names[$0] == "Column_\($0)" })
    else { return nil }
    return names
  }

  /// The columns of rows, checked against the number that the model was trained on.
  func rows(_ operand: Operand, _ builder: inout GraphBuilder) throws(Problem) -> GraphValue {
    guard parameters.featureCount <= max(65_536, byteCount) else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have at most \(max(65_536, byteCount)) features, found"
          + " \(parameters.featureCount)")
    }
    let columns = try builder.resolve(
      operand, count: parameters.featureCount, names: featureNames, for: estimator)
    guard !categories.isEmpty else { return try builder.numbers(columns, origin: estimator) }
    var parts: [Operand] = []
    for (feature, column) in columns.columns.enumerated() {
      guard let texts = categories[feature] else {
        parts.append(column)
        continue
      }
      // A text that is none of them is missing, as it is in a frame.
      let value = try builder.texts(column, origin: estimator)
      let codes = try builder.apply(
        EncodeTexts(keys: texts, numbers: texts.indices.map(Double.init), other: -1), to: value,
        named: "codes", for: estimator)
      parts.append(
        Operand(
          try builder.apply(MarkMissing(from: -1, through: -1), to: codes, named: "codes", for: estimator)))
    }
    guard let joined = try builder.sideBySide(parts, for: estimator) else {
      throw refuse("no-columns", "expected columns for \(estimator.view.path), found none")
    }
    return try builder.numbers(joined, origin: estimator)
  }

  /// What the objective makes of sums.
  func linked(_ sums: GraphValue, _ builder: inout GraphBuilder) throws(Problem) -> GraphValue {
    func map(_ function: MapElements.Function, _ value: GraphValue) throws(Problem) -> GraphValue {
      try builder.apply(MapElements(function), to: value, named: "value", for: estimator)
    }
    switch try link() {
    case .identity: return sums
    case .exp: return try map(.exp, sums)
    case .logistic(let factor):
      guard factor != 1 else { return try map(.logistic, sums) }
      let scaled = try builder.apply(
        Combine(.multiply, constants: [factor]), to: sums, named: "scaled", for: estimator)
      return try map(.logistic, scaled)
    case .softplus: return try map(.log1p, try map(.exp, sums))
    case .signedSquare:
      let absolute = try map(.absolute, sums)
      return try builder.apply(
        Combine(.multiply), to: [sums, absolute], named: "value", for: estimator)
    case .softmax: return try builder.apply(Softmax(), to: sums, named: "value", for: estimator)
    }
  }
}

extension PickleView {
  /// Whether there is nothing: None, or an empty list.
  fileprivate var isEmptyOrNone: Bool {
    switch value {
    case .none: true
    case .list(let ids), .tuple(let ids): ids.isEmpty
    default: false
    }
  }
}
