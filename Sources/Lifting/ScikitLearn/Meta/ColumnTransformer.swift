import Artifacts
import Domain
import Encoding
import ModelGraph

/// ColumnTransformer: each transformer reads some of the columns, and what they make stands side by side.
extension Lifter {
  static let columnTransformers: [PickleGlobal: Lift] = [
    .sklearn("compose._column_transformer", "ColumnTransformer"): columnTransformer
  ]

  static func columnTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let count = try estimator.featureCount()
    let names = try estimator.columnNames(count: count)
    let operand = try builder.resolve(input, count: count, names: names, for: estimator)
    let weights = try estimator.transformerWeights()
    let list = try estimator.view.fittedAttribute("transformers_")
    let selection = ColumnSelection(count: count, names: names)
    var parts: [LiftedEstimator] = []
    for entry in try list.elements() {
      let triple = try entry.elements()
      guard triple.count == 3 else { throw entry.unexpected("a name, a transformer and columns") }
      let (name, transformer) = (try triple[0].string(), triple[1])
      if transformer.text == "drop" { continue }
      let indices: [Int]
      if let known = try selection.indices(triple[2]) {
        indices = known
      } else {
        // Columns in a type of another library: the indices that the library made of them are there since 1.0.
        indices = try estimator.inputIndices(of: name, columns: triple[2])
      }
      guard let selected = try builder.selecting(indices, of: operand, for: estimator) else {
        throw triple[2].unexpected("columns from 0 to below \(count)")
      }
      // The library leaves out transformers of no columns.
      if indices.isEmpty { continue }
      let lifted: LiftedEstimator
      if transformer.text == "passthrough" {
        try builder.enter(entry, depth: estimator.depth + 1)
        lifted = LiftedEstimator(transformed: selected)
      } else {
        lifted = try estimator.lift(transformer, label: "['\(name.excerpt(80))']", selected, &builder)
      }
      parts.append(
        try lifted.weighted(by: weights[name], at: entry, for: estimator, &builder))
    }
    var lifted = try LiftedEstimator.sideBySide(parts, for: estimator, &builder)
    // By how dense the rows were that it was fitted on; what is dense in a sparse whole loses its zeros.
    let isSparse = try estimator.flag("sparse_output_", else: false)
    let storages = parts.compactMap { $0.transformed?.storage }
    lifted.transformed?.storage =
      !isSparse ? .dense : storages.contains(.sparseWithZeros) ? .sparseWithZeros : .sparse
    return lifted
  }
}

extension LiftedEstimator {
  /// What transformers make, side by side.
  static func sideBySide(
    _ parts: [LiftedEstimator], for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    guard let operand = try builder.sideBySide(parts.compactMap(\.transformed), for: estimator) else {
      throw estimator.view.unexpected("transformers of a known number of columns")
    }
    return LiftedEstimator(transformed: operand)
  }

  /// What a transformer makes times a weight.
  func weighted(
    by weight: Double?, at entry: PickleView, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    guard let transformed else {
      throw Problem(
        .refused, "lift.not-a-transformer", "expected a transformer at \(entry.path), found none",
        position: entry.position)
    }
    guard let weight else { return self }
    var value = try builder.numbers(transformed, origin: estimator)
    value = try builder.apply(
      Combine(.multiply, constants: [weight]), to: value, named: "weighted", for: estimator)
    let isSingle = transformed.datatype == .float32
    if isSingle { value = try builder.rounded(value, for: estimator) }
    return .transformer(value, datatype: isSingle ? .float32 : .float64, storage: transformed.storage)
  }
}

extension Estimator {
  /// `transformer_weights`: a factor for the results of some transformers.
  func transformerWeights() throws(Problem) -> [String: Double] {
    let attribute = try view.attribute("transformer_weights")
    if attribute.isNone { return [:] }
    guard case .dictionary(let pairs) = attribute.value else {
      throw attribute.unexpected("None or a dictionary of numbers")
    }
    var weights: [String: Double] = [:]
    for pair in pairs {
      weights[try attribute.view(of: pair.key, " key").string()] =
        try attribute.view(of: pair.value, " value").number()
    }
    return weights
  }

  /// What the columns were called at fitting, where they had names.
  fileprivate func columnNames(count: Int) throws(Problem) -> [String]? {
    if let names = try names() { return names }
    // 0.24 kept what the columns were called, be they numbers, under another name.
    guard let attribute = view.attributeIfPresent("_feature_names_in"), !attribute.isNone else { return nil }
    return try? attribute.strings(count: count)
  }

  /// What the library itself made of columns.
  fileprivate func inputIndices(of name: String, columns: PickleView) throws(Problem) -> [Int] {
    guard let list = view.attributeIfPresent("_transformer_to_input_indices")?.item(name) else {
      throw columns.unexpected("names, indices, a slice or a mask")
    }
    guard let indices = try ColumnSelection(count: try featureCount(), names: nil).indices(list) else {
      throw list.unexpected("a list of indices")
    }
    return indices
  }
}
