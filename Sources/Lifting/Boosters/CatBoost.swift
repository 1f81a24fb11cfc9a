import Artifacts
import Domain
import Encoding
import ModelGraph

/// CatBoost: models that were saved as JSON.
extension Lifter {
  static let catBoost: [PickleGlobal: Lift] = [
    .catBoostModel: catBoostModel,
    PickleGlobal(module: "catboost.core", name: "CatBoost"): pickledCatBoost,
    PickleGlobal(module: "catboost.core", name: "CatBoostClassifier"): pickledCatBoost,
    PickleGlobal(module: "catboost.core", name: "CatBoostRegressor"): pickledCatBoost,
    PickleGlobal(module: "catboost.core", name: "CatBoostRanker"): pickledCatBoost,
  ]

  /// What `CatBoostClassifier` or `CatBoostRegressor` answers after `load_model(path, format='json')`.
  static func catBoostModel(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let booster = try CatBoostBooster(estimator, &builder)
    return try booster.answers(to: try booster.sums(input, &builder), &builder)
  }

  /// A pickle holds the model in CatBoost's binary form, which is not read.
  static func pickledCatBoost(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    throw Problem(
      .refused, "lift.unsupported-estimator",
      "expected an estimator that can be lifted, found CatBoost's binary form at \(estimator.view.path)",
      position: estimator.view.position, hint: "save the model with save_model('model.json', format='json')")
  }
}

extension PickleGlobal {
  /// What stands for a model of CatBoost in JSON; no pickle has this name.
  static let catBoostModel = PickleGlobal(module: "catboost", name: "CatBoost")
}

/// A model of CatBoost and how it is asked.
///
/// Features are rounded to single precision and `x > border` goes right. The leaves are added in double precision
/// in the order of the trees, and the sum becomes sum × scale + bias: found by comparing with the library from
/// 0.24 to 1.2 bit by bit. Read back by CatBoost, its own JSON gives numbers that differ in the last bit, for
/// its reader does not round numbers to the nearest; what is lifted answers as the model did that was saved.
struct CatBoostBooster {
  let model: CatBoostModel
  /// The estimator whose state it is.
  let estimator: Estimator

  init(_ estimator: Estimator, _ builder: inout GraphBuilder) throws(Problem) {
    let file = try estimator.view.fittedAttribute("model")
    guard case .bytes(let bytes) = file.value, let model = CatBoostModel.read(bytes) else {
      throw file.unexpected("a model of CatBoost in JSON")
    }
    self.model = model
    self.estimator = estimator
    if let fault = model.faults.first {
      throw refuse("malformed-booster", "\(fault.message) in \(estimator.view.path)")
    }
    if let foreign = model.foreign {
      throw refuse(
        "unsupported-features",
        "expected \(estimator.view.path) to be trained on numbers alone, found '\(foreign.excerpt(60))'",
        hint: "train on numbers, with categories encoded before the model sees them")
    }
    // Each leaf has at least a digit and a comma; what is made of the trees is no more than a few times that.
    try builder.spend(elements: bytes.count, for: file)
    builder.sourceVersion = version ?? "unknown"
  }

  /// A refusal of what the model says.
  func refuse(_ code: String, _ message: String, hint: String? = nil) -> Problem {
    Problem(.refused, "lift.\(code)", message, position: estimator.view.position, hint: hint)
  }

  /// `1.2.10` of `Branch: tags/v1.2.10`, which releases say since 1.0.
  private var version: String? {
    guard let text = model.information["catboost_version_info"]?.string?.prefix(4096),
      let line = text.split(separator: "\n").first(where: { $0.contains("Branch: tags/v") }),
      let version = line.split(separator: "/v").last, version.utf8.count <= 20
    else { return nil }
    return version.excerpt(20)
  }

  /// The sums of the trees' leaves, scaled and moved.
  func sums(_ operand: Operand, _ builder: inout GraphBuilder) throws(Problem) -> GraphValue {
    let count = (model.features.map(\.column).max() ?? -1) + 1
    var names = [String?](repeating: nil, count: min(count, GraphLimits.columns))
    for feature in model.features where feature.column < names.count { names[feature.column] = feature.name }
    let known = names.compactMap(\.self)
    let columns = try builder.resolve(
      operand, count: count, names: known.count == count ? known : nil, for: estimator)
    let rows = try builder.numbers(columns, origin: estimator)
    var value: GraphValue
    if model.trees.isEmpty {
      value = try builder.apply(
        Fill([Double](repeating: 0, count: model.outputs)), to: rows, named: "sums", for: estimator)
    } else {
      var trees = BoosterTrees(width: model.outputs)
      for tree in model.trees { append(tree, to: &trees) }
      let ensemble = trees.ensemble(
        outputs: model.outputs, comparesSingles: true, aggregate: .sum,
        base: [Double](repeating: 0, count: model.outputs))
      value = try builder.apply(ensemble, to: rows, named: "sums", for: estimator)
    }
    if model.scale != 1 {
      value = try builder.apply(
        Combine(.multiply, constants: [model.scale]), to: value, named: "scaled", for: estimator)
    }
    return try builder.apply(
      Combine(.add, constants: model.bias), to: value, named: "margin", for: estimator)
  }

  private func append(_ tree: CatBoostModel.Tree, to trees: inout BoosterTrees) {
    func node(_ split: CatBoostModel.Split, left: Int, right: Int) -> BoosterTrees.Node {
      let feature = model.features[split.feature]
      return .split(
        left: left, right: right, feature: feature.column, threshold: Double(split.border),
        missingLeft: !feature.isMissingGreatest)
    }
    switch tree {
    case .nodes(let nodes):
      trees.append(target: 0, root: 0) { index in
        switch nodes[index] {
        case .leaf(let numbers): .leaf(numbers)
        case .split(let split, let left, let right): node(split, left: left, right: right)
        }
      }
    case .oblivious(let splits, let leaves):
      // Nodes are numbered level by level: those of level k from 2ᵏ − 1 on, in the order of the bits so far.
      trees.append(target: 0, root: 0) { number in
        let level = (number + 1).bitWidth - 1 - (number + 1).leadingZeroBitCount
        let bits = number + 1 - 1 << level
        guard level < splits.count else {
          return .leaf(Array(leaves[(bits * model.outputs)..<((bits + 1) * model.outputs)]))
        }
        let below = 1 << (level + 1) - 1
        return node(splits[level], left: below + bits, right: below + (bits | 1 << level))
      }
    }
  }
}
