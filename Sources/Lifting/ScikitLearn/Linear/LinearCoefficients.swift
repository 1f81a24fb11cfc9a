import Artifacts
import Domain
import ModelGraph

/// What a linear model multiplies by and adds: `coef_` and `intercept_` in whichever form they were left.
struct LinearCoefficients {
  /// `[outputs, features]`.
  let weights: ConstantMatrix
  /// `[outputs]`.
  let intercepts: [Double]
  /// Whether `coef_` has one axis or had one before it was turned sparse: a regressor's output is a vector.
  let isVector: Bool

  /// Reads `coef_`, be it one row, rows or compressed sparse rows (after `sparsify`), and what is added.
  init(
    of estimator: Estimator, features: Int, outputs: Int? = nil, added: String = "intercept_",
    _ builder: inout GraphBuilder
  ) throws(Problem) {
    let view = try estimator.view.fittedAttribute("coef_")
    if case .array(let array) = view.value, array.shape.count == 1 {
      let row = try view.numbers(shape: [features])
      try builder.spend(elements: features, for: view)
      guard let weights = ConstantMatrix(row, rows: 1, columns: features) else {
        throw view.unexpected("an array of \(features) numbers")
      }
      self.weights = weights
      self.isVector = true
    } else {
      self.weights = try view.matrix(&builder)
      // A vector that was turned sparse is a single row.
      self.isVector = view.isSparseMatrix && weights.rows == 1
    }
    guard weights.columns == features, weights.rows > 0, outputs == nil || weights.rows == outputs else {
      throw view.unexpected(
        "an array of numbers of shape [\(outputs.map(String.init) ?? "outputs"), \(features)]")
    }
    self.intercepts = try Self.intercepts(of: estimator, added, count: weights.rows)
  }

  /// A vector, a single number for one output, or 0.0 where none was fitted.
  static func intercepts(
    of estimator: Estimator, _ name: String, count: Int
  ) throws(Problem) -> [Double] {
    let attribute = try estimator.view.fittedAttribute(name)
    if case .array(let array) = attribute.value, !array.shape.isEmpty {
      return try attribute.numbers(shape: [count])
    }
    let number = try attribute.number()
    guard count == 1 || number == 0 else { throw attribute.unexpected("an array of \(count) numbers") }
    return Array(repeating: number, count: count)
  }

  /// The operator.
  var linear: Linear { Linear(coefficients: weights, intercepts: intercepts) }
}
