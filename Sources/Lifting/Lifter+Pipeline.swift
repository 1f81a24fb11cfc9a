import Artifacts
import Domain
import ModelGraph

/// Pipeline: every step but the last transforms, the last one's methods are the pipeline's.
extension Lifter {
  static func pipeline(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let list = try estimator.view.attribute("steps")
    let steps = try list.elements()
    guard !steps.isEmpty else { throw list.unexpected("a list of steps") }
    var value = input
    var first: LiftedEstimator?
    var last: LiftedEstimator?
    for (index, step) in steps.enumerated() {
      let pair = try step.elements()
      guard pair.count == 2 else { throw step.unexpected("a name and an estimator") }
      last = nil
      if pair[1].isNone || pair[1].text == "passthrough" { continue }
      let view = step.view(of: pair[1].id, " '\(try pair[0].string().prefix(80))'")
      let lifted = try lift(view, value, &builder, depth: estimator.depth + 1)
      // A pipeline that only passes through is a step that does nothing.
      guard lifted.featureCount != nil else { continue }
      if first == nil { first = lifted }
      last = lifted
      if let transformed = lifted.transformed {
        value = transformed
      } else if index < steps.count - 1 {
        throw Problem(
          .refused, "lift.not-a-transformer",
          "expected every step but the last to be a transformer, found \(typeName(view)) at \(view.path)",
          position: view.position)
      }
    }
    guard let first, let features = first.featureCount else {
      return LiftedEstimator(featureCount: nil, featureNames: nil, outputs: [], transformed: input)
    }
    guard var result = last else {
      return .transformer(
        value.name, columns: value.columns ?? features, featureCount: features, first.featureNames)
    }
    result.featureCount = features
    result.featureNames = first.featureNames
    return result
  }

  private static func typeName(_ view: PickleView) -> String { view.object?.type.name ?? view.description }
}
