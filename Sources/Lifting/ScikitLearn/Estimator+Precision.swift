import Domain
import ModelGraph

/// What an estimator makes of the type and storage in which the step before gives its columns.
extension Estimator {
  /// Refuses a sparse matrix of which nobody knows which zeros it stores, where those are not as others.
  func refuseStoredZeros(_ operand: Operand) throws(Problem) {
    guard operand.storage == .sparseWithZeros else { return }
    throw Problem(
      .refused, "lift.stored-zeros",
      "expected \(view.path) to read a matrix without stored zeros, found the step before to store some, which are"
        + " not treated as those that it does not store", position: view.position,
      hint: "use sparse=False, or alternate_sign=False, in the step before")
  }
}

extension GraphBuilder {
  /// A value rounded to single precision.
  mutating func rounded(_ value: GraphValue, for estimator: Estimator) throws(Problem) -> GraphValue {
    try apply(MapElements(.float32), to: value, named: "rounded", for: estimator)
  }
}
