import Artifacts
import Domain
import Encoding
import ModelGraph

/// Pipeline: every step but the last transforms, the last one's methods are the pipeline's.
extension Lifter {
  static let pipelines: [PickleGlobal: Lift] = [.sklearn("pipeline", "Pipeline"): pipeline]

  static func pipeline(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let list = try estimator.view.attribute("steps")
    let steps = try list.elements()
    guard !steps.isEmpty else { throw list.unexpected("a list of steps") }
    var input = input
    if input.count == nil, let (count, names) = try columns(readBy: steps) {
      input = try builder.resolve(input, count: count, names: names, for: estimator)
    }
    var last = LiftedEstimator(transformed: input)
    for (index, step) in steps.enumerated() {
      let pair = try step.elements()
      guard pair.count == 2 else { throw step.unexpected("a name and an estimator") }
      if pair[1].isNone || pair[1].text == "passthrough" {
        last = LiftedEstimator(transformed: last.transformed)
        continue
      }
      guard let operand = last.transformed else {
        let before = try steps[index - 1].elements()
        throw Problem(
          .refused, "lift.not-a-transformer",
          "expected every step but the last to be a transformer, found"
            + " \(before.last?.object?.type.name ?? "another") at \(steps[index - 1].path)",
          position: steps[index - 1].position)
      }
      last = try estimator.lift(
        pair[1], label: "['\(try pair[0].string().excerpt(80))']", operand, &builder)
    }
    return last
  }

  /// How many columns the first step that says so was fitted on, where those before it are functions of each
  /// element, which may not have been told.
  private static func columns(readBy steps: [PickleView]) throws(Problem) -> (Int, [String]?)? {
    for step in steps {
      guard let view = try step.elements().last, let type = view.object?.type else { continue }
      if let count = view.attributeIfPresent("n_features_in_"), !count.isNone {
        let columns = try count.integer()
        guard columns > 0 else { throw count.unexpected("a count above 0") }
        return (columns, try view.attributeIfPresent("feature_names_in_")?.strings(count: columns))
      }
      guard type.name == "FunctionTransformer" else { return nil }
    }
    return nil
  }
}
