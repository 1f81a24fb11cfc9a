import Artifacts
import Domain
import Encoding
import ModelGraph

/// FeatureUnion: every transformer reads all columns, and what they make stands side by side.
extension Lifter {
  static let featureUnions: [PickleGlobal: Lift] = [.sklearn("pipeline", "FeatureUnion"): featureUnion]

  static func featureUnion(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let weights = try estimator.transformerWeights()
    let list = try estimator.view.attribute("transformer_list")
    // What passes everything through has to know how many columns there are, and the others say.
    var parts: [(lifted: LiftedEstimator?, entry: PickleView, name: String)] = []
    for entry in try list.elements() {
      let pair = try entry.elements()
      guard pair.count == 2 else { throw entry.unexpected("a name and a transformer") }
      let name = try pair[0].string()
      // Up to 1.0 None dropped as 'drop' does.
      if pair[1].text == "drop" || pair[1].isNone { continue }
      if pair[1].text == "passthrough" {
        try builder.enter(entry, depth: estimator.depth + 1)
        parts.append((nil, entry, name))
      } else {
        let lifted = try estimator.lift(pair[1], label: "['\(name.excerpt(80))']", input, &builder)
        parts.append((lifted, entry, name))
      }
    }
    var operand = input
    if input.count == nil, let count = builder.featureCount {
      operand = try builder.resolve(input, count: count, names: nil, for: estimator)
    }
    var transformers: [LiftedEstimator] = []
    for part in parts {
      var lifted = part.lifted ?? LiftedEstimator(transformed: operand)
      if let transformed = lifted.transformed, transformed.count == nil { lifted.transformed = operand }
      transformers.append(
        try lifted.weighted(by: weights[part.name], at: part.entry, for: estimator, &builder))
    }
    return try .sideBySide(transformers, for: estimator, &builder)
  }
}
