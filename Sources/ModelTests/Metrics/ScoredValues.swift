/// A regressor's answers to some rows beside the truth.
struct ScoredValues {
  private let truth: [Double]
  private let absolute: [Double]
  private let squares: [Double]

  /// Takes the rows at `rows` out of answers.
  init(_ answers: [Double], truth: [Double], rows: [Int]) {
    self.truth = rows.map { truth[$0] }
    absolute = rows.map { abs(truth[$0] - answers[$0]) }
    squares = rows.map { (truth[$0] - answers[$0]) * (truth[$0] - answers[$0]) }
  }

  /// Every metric that is defined for the rows, each counted as often as its weight says.
  func values(_ weights: [Int]) -> [QualityMetric: Double] {
    let total = weights.reduce(0, +)
    guard total > 0 else { return [:] }
    let error = ScoredClasses.mean(squares, weights, total)
    var values: [QualityMetric: Double] = [
      .mae: ScoredClasses.mean(absolute, weights, total), .rmse: error.squareRoot(),
    ]
    if total > 1 {
      let mean = ScoredClasses.mean(truth, weights, total)
      var spread = CompensatedSum()
      for (row, weight) in weights.enumerated() where weight > 0 {
        spread.add(Double(weight) * (truth[row] - mean) * (truth[row] - mean))
      }
      let variance = spread.value / Double(total)
      // As the library has it: right about a constant is 1, wrong about one 0.
      values[.r2] = variance > 0 ? 1 - error / variance : error > 0 ? 0 : 1
    }
    return values.filter { $0.value.isFinite }
  }
}
