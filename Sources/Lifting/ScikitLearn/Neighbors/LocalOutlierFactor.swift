import Artifacts
import Domain
import ModelGraph

extension Lifter {
  /// 1 for what is like the training rows and −1 for what is not, by whether the factor is above an offset.
  static func localOutlierFactor(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    guard try estimator.view.attribute("novelty").bool() else {
      throw estimator.unsupported(
        "novelty", "False, with which it predicts for training rows alone", hint: "fit it with novelty=True")
    }
    let model = try NeighborModel(estimator, input, isWeighted: false, &builder)
    let count = try model.count("n_neighbors_")
    let points = model.search.points.rows
    guard count > 0 else { throw estimator.view.unexpected("an estimator with neighbours") }
    let distances = try estimator.view.fittedAttribute("_distances_fit_X_").numbers(shape: [points, count])
    let densities = try estimator.view.fittedAttribute("_lrd").numbers(shape: [points])
    try builder.spend(elements: 2 * points, for: estimator.view)
    let reaches = (0..<points).map { distances[$0 * count + count - 1] }
    let offset = try estimator.view.fittedAttribute("offset_").number()
    let score = try model.ask(
      .count(count), .outlierFactor(reaches: reaches, densities: densities), named: "score", &builder)
    let decision = try builder.apply(
      Combine(.subtract, constants: [offset]), to: score, named: "decision", for: estimator)
    let below = try builder.apply(
      Combine(.less, constants: [0]), to: decision, named: "below", for: estimator)
    let index = try builder.apply(Positive(threshold: 0.5), to: below, named: "index", for: estimator)
    let label = try builder.apply(
      Label(Tensor(vector: .int64([1, -1]))), to: index, named: "label", for: estimator)
    return LiftedEstimator(
      predict: LiftedEstimator.Answer(label, isVector: true),
      decision: LiftedEstimator.Answer(decision, isVector: true))
  }
}
