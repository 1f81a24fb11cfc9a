import Domain
import ModelGraph

/// Refuses what an estimator refuses: infinities, and NaN unless it takes missing elements.
struct FiniteCheck: Sendable {
  let allowsNaN: Bool
  /// Rounds to single precision first, as scikit-learn's trees do with their input.
  let asFloat32: Bool
  /// The estimator that asks, for messages.
  let origin: String

  func run(on matrix: Matrix, featureNames: [String]?) throws(Problem) -> Matrix {
    var matrix = matrix
    if asFloat32 {
      for index in matrix.elements.indices {
        matrix.elements[index] = Double(Float(matrix.elements[index]))
      }
    }
    guard
      let index = matrix.elements.firstIndex(where: { !$0.isFinite && !(allowsNaN && $0.isNaN) })
    else { return matrix }
    throw refusal(of: matrix.elements[index], at: index, columns: matrix.columns, featureNames)
  }

  private func refusal(
    of element: Double, at index: Int, columns: Int, _ featureNames: [String]?
  ) -> Problem {
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    // Every check stands before the operators that make columns of their own, so these are the features.
    let name = featureNames.flatMap { $0.count == columns ? " '\($0[column])'" : nil } ?? ""
    let expected = asFloat32 ? "finite numbers in the range of single precision" : "finite numbers"
    let found = element.isNaN ? "NaN" : asFloat32 ? "an infinity or a number beyond it" : "an infinity"
    return Problem(
      .badInput, "predict.not-finite",
      "expected \(expected) for \(origin), found \(found) in row \(row), column \(column)\(name)",
      position: "row \(row), column \(column)",
      hint: "rows and columns count from 0; fill in or leave out what is missing before you ask")
  }
}
