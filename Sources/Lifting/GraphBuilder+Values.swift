import Domain
import ModelGraph

/// What lifts of several families make of values.
extension GraphBuilder {
  /// One column of a value.
  mutating func column(
    _ index: Int, of value: GraphValue, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    value.columns == 1 && index == 0
      ? value : try apply(Columns([Int64(index)]), to: value, named: "column", for: estimator)
  }

  /// Values side by side.
  mutating func joined(
    _ values: [GraphValue], named name: String, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    values.count == 1 ? values[0] : try apply(Concat(), to: values, named: name, for: estimator)
  }

  /// The mean of values, added up in their order as NumPy does along the first axis: of each times its weight, over
  /// the sum of the weights, where there are such.
  mutating func mean(
    _ values: [GraphValue], weights: [Double]? = nil, named name: String, for estimator: Estimator
  ) throws(Problem) -> GraphValue {
    guard let first = values.first else { throw estimator.view.unexpected("an ensemble of at least one") }
    func weighted(_ value: GraphValue, _ index: Int, _ builder: inout GraphBuilder) throws(Problem)
      -> GraphValue
    {
      guard let weights else { return value }
      return try builder.apply(
        Combine(.multiply, constants: [weights[index]]), to: value, named: "weighted", for: estimator)
    }
    var sum = try weighted(first, 0, &self)
    for (index, value) in values.enumerated().dropFirst() {
      let next = try weighted(value, index, &self)
      sum = try apply(Combine(.add), to: [sum, next], named: "sum", for: estimator)
    }
    let divisor = weights.map { PairwiseSum.of($0.span) } ?? Double(values.count)
    guard divisor != 0, divisor.isFinite else {
      throw estimator.view.unexpected("an ensemble whose weights do not add up to 0")
    }
    return try apply(
      Scale(offset: nil, divisor: Array(repeating: divisor, count: sum.columns)), to: sum, named: name,
      for: estimator)
  }

  /// What `predict` gives for several targets: labels side by side, or a vector for one.
  mutating func labels(
    _ labels: [GraphValue], for estimator: Estimator
  ) throws(Problem) -> LiftedEstimator.Answer {
    guard labels.count != 1 else { return LiftedEstimator.Answer(labels[0], isVector: true) }
    return LiftedEstimator.Answer(
      try apply(Concat(), to: labels, named: "labels", for: estimator), isVector: false)
  }
}
