import Artifacts
import Domain
import ModelGraph

/// StandardScaler.
extension Lifter {
  static func standardScaler(
    _ estimator: Estimator, _ input: GraphValue, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let features = try estimator.featureCount(of: input)
    let names = try estimator.featureNames(count: features)
    // The flags decide: a scaler that does not centre has a mean all the same.
    func constant(_ flag: String, _ attribute: String, _ name: String) throws(Problem) -> String? {
      guard try estimator.view.attribute(flag).bool() else { return nil }
      let elements = try estimator.view.fittedAttribute(attribute).numbers(shape: [features])
      try builder.spend(elements: features, for: estimator.view)
      return builder.constant(name, elements)
    }
    let offset = try constant("with_mean", "mean_", "mean")
    let divisor = try constant("with_std", "scale_", "scale")
    var value = builder.apply(
      .checkFinite(allowsNaN: true, asFloat32: false), to: input.name, named: "checked",
      origin: estimator.name)
    if offset != nil || divisor != nil {
      value = builder.apply(
        .scale(offset: offset, divisor: divisor), to: value, named: "scaled", origin: estimator.name)
    }
    return .transformer(value, columns: features, featureCount: features, names)
  }
}

extension LiftedEstimator {
  /// What a transformer becomes, whose output has `columns`.
  static func transformer(
    _ value: String, columns: Int, featureCount: Int, _ names: [String]?
  ) -> LiftedEstimator {
    LiftedEstimator(
      featureCount: featureCount, featureNames: names,
      outputs: [
        Output(method: .transform, value: value, datatype: .float64, shape: [-1, columns])
      ],
      transformed: GraphValue(name: value, columns: columns))
  }
}
