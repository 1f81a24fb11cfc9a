import Artifacts
import Domain
import ModelGraph

/// What a linear model multiplies by and adds: `coef_` and `intercept_` in whichever form they were left.
struct LinearCoefficients {
  /// `[outputs, features]`.
  let weights: ConstantMatrix
  /// `[outputs]`.
  let intercepts: [Double]
  /// Whether `coef_` is in single precision, and what is added to the products.
  private let areSingle: (weights: Bool, intercepts: Bool)
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
    // Python's own numbers go along with the precision of the products.
    let isAddedSingle =
      switch try estimator.view.fittedAttribute(added).value {
      case .array(let array): array.type.isSinglePrecision
      case .scalar(let scalar): scalar.type.isSinglePrecision
      default: true
      }
    self.areSingle = (view.isSinglePrecision, isAddedSingle)
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

  /// The sums, and the datatype in which a caller gets them where that is not double precision.
  ///
  /// Where both the columns and the weights are in single precision, the library adds up in it. The order in which it
  /// does is that of its matrix product, which differs from machine to machine: here the exact sum is rounded, from
  /// which the library's is a few units in the last place of a single off.
  func applied(
    to value: GraphValue, of input: Operand, named name: String, for estimator: Estimator,
    _ builder: inout GraphBuilder
  ) throws(Problem) -> (value: GraphValue, datatype: Datatype?) {
    guard input.datatype == .float32, areSingle.weights else {
      return (try estimator.apply(linear, to: value, named: name, &builder), nil)
    }
    builder.singleSums += 1
    let zeros = [Double](repeating: 0, count: weights.rows)
    let products = try estimator.apply(
      Linear(coefficients: weights, intercepts: zeros), to: value, named: "products", &builder)
    var sums = try builder.rounded(products, for: estimator)
    sums = try estimator.apply(Combine(.add, constants: intercepts), to: sums, named: name, &builder)
    guard areSingle.intercepts else { return (sums, nil) }
    return (try builder.rounded(sums, for: estimator), .float32)
  }
}

extension NumPyType {
  /// Whether it is the type of numbers of single precision.
  var isSinglePrecision: Bool {
    if case .float(size: 4, _) = self { true } else { false }
  }
}
