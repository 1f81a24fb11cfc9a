import Domain
import ModelGraph

extension Estimator {
  /// The columns that it was fitted on as one value, refused where an element is infinite, or NaN unless that is
  /// allowed.
  ///
  /// `count` says how many they are where the estimator itself does not, as some of 0.24 do not.
  func finiteInput(
    _ operand: Operand, count: Int? = nil, allowsNaN: Bool = false, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    let value = try self.input(operand, count: count, &builder)
    return try apply(CheckFinite(allowsNaN: allowsNaN), to: value, named: "checked", &builder)
  }

  /// The columns that it was fitted on as one value, whatever the elements are.
  func input(
    _ operand: Operand, count: Int?, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    if let count, view.attributeIfPresent("n_features_in_") == nil {
      let columns = try builder.resolve(operand, count: count, names: nil, for: self)
      return try builder.numbers(columns, origin: self)
    }
    return try builder.numbers(operand, for: self)
  }

  /// Applies an operator to one value on this estimator's behalf.
  func apply(
    _ operation: some Operator, to value: GraphValue, named name: String, _ builder: inout GraphBuilder
  ) throws(Problem) -> GraphValue {
    try builder.apply(operation, to: [value], named: name, for: self)
  }
}
