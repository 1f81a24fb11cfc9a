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

extension Estimator {
  /// Refuses fitted numbers, or lists of such, of less than double precision.
  ///
  /// The library computes in that precision what depends on them alone, by functions whose last place is the
  /// processor's.
  func refuseNarrow(_ names: [String]) throws(Problem) {
    for name in names {
      guard let attribute = view.attributeIfPresent(name) else { continue }
      let parts = (try? attribute.elements()) ?? [attribute]
      guard let narrow = parts.first(where: \.isNarrow) else { continue }
      throw unsupported(
        name, "\(narrow.description), with which the library computes in that precision",
        hint: "fit it on rows of double precision, X.astype(numpy.float64)")
    }
  }
}

extension GraphBuilder {
  /// A value rounded to single precision.
  mutating func rounded(_ value: GraphValue, for estimator: Estimator) throws(Problem) -> GraphValue {
    try apply(MapElements(.float32), to: value, named: "rounded", for: estimator)
  }
}
