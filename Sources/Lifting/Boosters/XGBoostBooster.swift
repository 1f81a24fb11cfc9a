import Artifacts
import Domain
import Encoding
import ModelGraph

// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.logf
#elseif canImport(Musl)
  import func Musl.logf
#else
  import func Darwin.logf
#endif

/// A model of XGBoost and the rules of the version that wrote it.
///
/// XGBoost works in single precision. Features are rounded to it, `x < condition` goes left, and the leaves of the
/// trees are added one by one, each sum rounded: from 1.3 on starting from the base score, before that added to it
/// at the end. All of this was found by comparing with the library from 0.90 to 3.2 bit by bit.
struct XGBoostBooster {
  let parameters: XGBoostParameters
  let forest: [XGBoostNodes]
  /// The estimator whose state it is.
  let estimator: Estimator
  /// The bytes of the model.
  private let byteCount: Int

  /// What an objective makes of the margins.
  enum Link {
    case identity
    case exp
    case logistic
    case hinge
    /// A probability for each class.
    case softmax
    /// The number of the likeliest class.
    case argMax
  }

  /// Reads the state of a `Booster`.
  init(_ estimator: Estimator, _ builder: inout GraphBuilder) throws(Problem) {
    let handle = try estimator.view.fittedAttribute("handle")
    let bytes: ArraySlice<UInt8>
    switch handle.value {
    case .bytes(let found), .byteArray(let found): bytes = found
    default: throw handle.unexpected("the bytes of a model")
    }
    // A handle has at least as many bytes as what is made of it has elements, but several boosters may share one.
    try builder.spend(elements: bytes.count, for: handle)
    guard let model = XGBoostModel.readHandle(bytes, keepingTrees: true), model.hasBooster else {
      throw handle.unexpected("a model of XGBoost in JSON, UBJSON or its binary form")
    }
    if let fault = model.faults.first {
      throw Problem(
        .refused, "lift.malformed-booster", "\(fault.message) in \(handle.path)",
        position: "byte \(fault.offset) of the booster")
    }
    self.parameters = model.parameters
    self.forest = model.forest
    self.estimator = estimator
    self.byteCount = bytes.count
    _ = try version()
    guard !parameters.hasCategoryNames else {
      throw refuse(
        "frame-categories",
        "expected \(estimator.view.path) to be trained on numbers, found categories of a frame",
        hint: "train on the codes of the categories, with feature_types")
    }
    builder.sourceVersion =
      parameters.hasMargin ? "before 1.0" : parameters.version.map(String.init).joined(separator: ".")
  }

  /// A refusal of what the model says.
  func refuse(_ code: String, _ message: String, hint: String? = nil) -> Problem {
    Problem(.refused, "lift.\(code)", message, position: estimator.view.position, hint: hint)
  }

  /// The version that wrote the model, one whose rules are known.
  private func version() throws(Problem) -> (Int, Int) {
    guard parameters.version.count >= 2 else {
      throw refuse(
        "unknown-version", "expected \(estimator.view.path) to say which XGBoost wrote it, found no version",
        hint: "save the model again with XGBoost 1.0 to 3.2")
    }
    let version = (parameters.version[0], parameters.version[1])
    guard version.0 >= 0, version.1 >= 0, version <= (3, 2) else {
      throw refuse(
        "unknown-version",
        "expected \(estimator.view.path) to be written by XGBoost 0.90 to 3.2, found"
          + " \(version.0).\(version.1)", hint: "save the model with XGBoost 0.90 to 3.2")
    }
    return version
  }

  /// Whether the model was written by this version or a later one; before 1.0 it does not say which.
  func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
    (parameters.version[0], parameters.version[1]) >= (major, minor)
  }

  /// How many words the sets of categories may take.
  var wordLimit: Int { byteCount * 4 + 65_536 }

  /// How many numbers a prediction has before the link.
  var outputs: Int { parameters.outputCount }

  /// What the objective makes of the margins.
  func link() throws(Problem) -> Link {
    switch parameters.objective {
    case "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror",
      "reg:quantileerror", "reg:expectileerror", "rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw":
      return .identity
    case "reg:logistic", "binary:logistic": return .logistic
    case "count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft": return .exp
    case "binary:hinge": return .hinge
    case "multi:softprob", "multi:softmax":
      guard outputs > 1 else {
        throw refuse(
          "unexpected-attribute",
          "expected \(estimator.view.path) to have at least 2 classes, as its objective says, found \(outputs)"
        )
      }
      return parameters.objective == "multi:softmax" ? .argMax : .softmax
    default:
      throw refuse(
        "unsupported-objective",
        "expected \(estimator.view.path) to have an objective that can be lifted, found"
          + " '\(parameters.objective?.excerpt(80) ?? "none")'",
        hint: "train with one of XGBoost's own objectives")
    }
  }

  /// What each output begins with, after the link that takes base scores to margins.
  func base() throws(Problem) -> [Float] {
    let scores = parameters.baseScores
    guard scores.count == 1 || scores.count == outputs else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have 1 or \(outputs) base scores, found \(scores.count)")
    }
    let usesLogit: Bool
    switch parameters.objective {
    case "reg:logistic", "binary:logistic": usesLogit = true
    // It was derived from the logistic objective, link and all.
    case "binary:logitraw": usesLogit = !isAtLeast(1, 3)
    default: usesLogit = false
    }
    let usesLogarithm = try link() == .exp
    var margins: [Float] = []
    for score in scores {
      let margin =
        parameters.hasMargin
        ? score : usesLogit ? -logf(1 / score - 1) : usesLogarithm ? logf(score) : score
      guard margin.isFinite else {
        throw refuse(
          "unexpected-attribute",
          "expected the base score of \(estimator.view.path) to have a finite margin, found \(score)")
      }
      margins.append(margin)
    }
    return margins.count == outputs ? margins : Array(repeating: margins[0], count: outputs)
  }

  /// The names of the features, unless they are those that XGBoost makes up.
  func featureNames() throws(Problem) -> [String]? {
    var names = parameters.featureNames
    if names.isEmpty, let attribute = estimator.view.attributeIfPresent("feature_names"), !attribute.isNone {
      // Up to 1.2 the class kept them and not the model.
      for element in try attribute.elements() { names.append(try element.string()) }
    }
    guard !names.isEmpty, !names.indices.allSatisfy({ names[$0] == "f\($0)" }) else { return nil }
    guard names.count == parameters.featureCount else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have \(parameters.featureCount) feature names, found"
          + " \(names.count)")
    }
    return names
  }

  /// How many features there are: more than one for each byte of the model, and nobody trained it.
  private func featureCount() throws(Problem) -> Int {
    let count = parameters.featureCount
    guard 1...max(65_536, byteCount) ~= count else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have from 1 to \(max(65_536, byteCount)) features, found \(count)"
      )
    }
    return count
  }

  /// The rows as XGBoost keeps them: in single precision, NaN for what is missing.
  private func rows(
    _ operand: Operand, _ reading: Reading, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let columns = try builder.resolve(
      operand, count: try featureCount(), names: try featureNames(), for: estimator)
    var input = try builder.numbers(columns, origin: estimator)
    if columns.storage != .dense {
      // Of a sparse matrix XGBoost takes for missing what is not stored.
      try estimator.refuseStoredZeros(columns)
      input = try builder.apply(
        MarkMissing(from: 0, through: 0), to: input, named: "stored", for: estimator)
    }
    let marksMissing = !reading.missing.isNaN
    // Before 1.0 NaN was refused where another number stood for what is missing.
    if marksMissing, !isAtLeast(1, 0) {
      let checked = try builder.apply(
        CheckFinite(allowsNaN: false, asFloat32: true), to: input, named: "checked", for: estimator)
      return try markMissing(reading.missing, in: checked, &builder)
    }
    // From 1.4 on a matrix with an infinity is refused, but what predicts without making a matrix takes it.
    let takesInfinity = reading.isInPlace || !isAtLeast(1, 4)
    var value = input
    if takesInfinity || marksMissing {
      value = try builder.apply(MapElements(.float32), to: value, named: "singles", for: estimator)
    }
    if marksMissing { value = try markMissing(reading.missing, in: value, &builder) }
    if !takesInfinity {
      value = try builder.apply(
        CheckFinite(allowsNaN: true, asFloat32: true), to: value, named: "checked", for: estimator)
    }
    return value
  }

  private func markMissing(
    _ missing: Double, in value: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let number = Double(Float(missing))
    return try builder.apply(
      MarkMissing(from: number, through: number), to: value, named: "marked", for: estimator)
  }

  /// How a model is asked.
  struct Reading {
    /// The number that stands for what is missing, besides NaN.
    var missing = Double.nan
    /// Whether rows are read in place, and not made into a matrix first.
    var isInPlace = false
    /// How many trees are used; nil for all.
    var treeLimit: Int?
  }

  /// The margins: what the trees or weights add up to.
  func margins(
    _ operand: Operand, _ reading: Reading, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let rows = try rows(operand, reading, &builder)
    switch parameters.booster {
    case "gblinear": return try linear(rows, &builder)
    case "gbtree", "dart": return try trees(rows, reading, &builder)
    default:
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have the booster gbtree, dart or gblinear, found"
          + " '\(parameters.booster?.excerpt(40) ?? "none")'")
    }
  }

  private func linear(
    _ rows: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let base = try base()
    // In range, as the reader has checked.
    let count = rows.columns * outputs
    let weights = parameters.weights
    guard weights.count >= count + outputs,
      let matrix = ConstantMatrix(weights[..<count].map(Double.init), rows: rows.columns, columns: outputs)
    else {
      throw refuse(
        "unexpected-attribute",
        "expected \(estimator.view.path) to have \(count + outputs) weights, found \(weights.count)")
    }
    // From 3.1 on there is a base score for each output, of which the linear booster takes the first for all.
    let bias = (0..<outputs).map { Double(weights[count + $0] + base[0]) }
    return try builder.apply(
      SingleLinear(weights: matrix, bias: bias), to: rows, named: "margin", for: estimator)
  }
}
