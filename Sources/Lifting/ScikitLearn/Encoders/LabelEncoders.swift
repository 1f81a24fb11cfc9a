import Artifacts
import Domain
import ModelGraph

/// LabelEncoder and LabelBinarizer, saved on their own: one column of labels becomes places, or ones among others.
extension Lifter {
  static let labelEncoders: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._label", "LabelEncoder"): labelEncoder,
    .sklearn("preprocessing._label", "LabelBinarizer"): labelBinarizer,
  ]

  static func labelEncoder(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try builder.resolve(input, count: 1, names: nil, for: estimator)
    let categories = try Categories(try estimator.view.fittedAttribute("classes_"), &builder)
    let column = EncodedColumn(
      categories: categories, values: (0..<categories.count).map(Double.init), unknown: nil)
    var lifted = LiftedEstimator.transformer(
      try builder.lookedUp([column], in: operand, names: ["label"], for: estimator))
    lifted.transformedDatatype = .int64
    lifted.transformedIsVector = true
    return lifted
  }

  /// A label that is none of several becomes a row of none; of two labels one column tells.
  static func labelBinarizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try builder.resolve(input, count: 1, names: nil, for: estimator)
    let categories = try Categories(try estimator.view.fittedAttribute("classes_"), &builder)
    let type = try estimator.view.fittedAttribute("y_type_")
    guard ["binary", "multiclass"].contains(try type.string()), categories.missing == nil else {
      throw estimator.unsupported(
        "y_type_", type.description, hint: "fit it on one label a row, and none of them missing")
    }
    let negative = try estimator.view.attribute("neg_label").number()
    let positive = try estimator.view.attribute("pos_label").number()
    let isPair = categories.count <= 2
    let places = (0..<categories.count).map { isPair ? Double($0) - 1 : Double($0) }
    // With two labels the shape of the answer depends on what else is asked about: nothing else is taken.
    let column = EncodedColumn(
      categories: categories, values: places, unknown: isPair ? nil : -1)
    let codes = try builder.lookedUp(
      [column], in: operand, names: ["label"], allowsNaN: false, for: estimator)
    var value = try builder.apply(
      OneHot(sizes: [isPair ? 1 : Int64(categories.count)]), to: codes, named: "ones", for: estimator)
    if negative != 0 || positive != 1 {
      value = try builder.apply(
        Combine(.multiply, constants: [positive - negative]), to: value, named: "scaled", for: estimator)
      value = try builder.apply(
        Combine(.add, constants: [negative]), to: value, named: "shifted", for: estimator)
    }
    var lifted = LiftedEstimator.transformer(value)
    lifted.transformedDatatype = .int64
    return lifted
  }
}
