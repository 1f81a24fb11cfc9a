import Artifacts
import Domain
import ModelGraph

/// StandardScaler.
extension Lifter {
  static let scalers: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._data", "StandardScaler"): standardScaler
  ]

  static func standardScaler(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    var value = try builder.numbers(input, for: estimator)
    // The flags decide: a scaler that does not centre has a mean all the same.
    func constant(_ flag: String, _ attribute: String) throws(Problem) -> [Double]? {
      guard try estimator.view.attribute(flag).bool() else { return nil }
      return try estimator.view.fittedAttribute(attribute).numbers(shape: [value.columns])
    }
    let offset = try constant("with_mean", "mean_")
    let divisor = try constant("with_std", "scale_")
    try builder.spend(elements: value.columns * 2, for: estimator.view)
    value = try builder.apply(
      CheckFinite(allowsNaN: true), to: value, named: "checked", for: estimator)
    if offset != nil || divisor != nil {
      value = try builder.apply(
        Scale(offset: offset, divisor: divisor), to: value, named: "scaled", for: estimator)
    }
    return .transformer(value)
  }
}
