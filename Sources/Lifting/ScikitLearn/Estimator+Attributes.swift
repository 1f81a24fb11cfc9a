import Artifacts
import Domain
import ModelGraph

/// Attributes that several families have.
extension Estimator {
  /// A fitted attribute that has a number for each of so many columns.
  func columnConstants(
    _ name: String, _ count: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Double] {
    try builder.spend(elements: count, for: view)
    return try view.fittedAttribute(name).numbers(shape: [count])
  }

  /// A truth value that older versions do not have.
  func flag(_ name: String, else absent: Bool) throws(Problem) -> Bool {
    guard let attribute = view.attributeIfPresent(name) else { return absent }
    return try attribute.bool()
  }

  /// Which features each member of an ensemble was given.
  func memberColumns(
    count: Int, features: Int, _ builder: inout GraphBuilder
  ) throws(Problem) -> [[Int32]] {
    let list = try view.fittedAttribute("estimators_features_")
    let views = try list.elements()
    guard views.count == count else { throw list.unexpected("a list of \(count) arrays") }
    var columns: [[Int32]] = []
    for view in views {
      let indices = try view.indices(atMost: features - 1)
      guard !indices.isEmpty else { throw view.unexpected("an array of some features") }
      try builder.spend(elements: indices.count, for: view)
      columns.append(indices.map { Int32(clamping: $0) })
    }
    return columns
  }

  /// How many targets there are.
  func outputCount() throws(Problem) -> Int {
    let attribute = try view.fittedAttribute("n_outputs_")
    let count = try attribute.integer()
    guard count > 0 else { throw attribute.unexpected("a count above 0") }
    return count
  }

  /// The names of the features that it was fitted with.
  func names() throws(Problem) -> [String]? {
    guard let attribute = view.attributeIfPresent("feature_names_in_") else { return nil }
    return try attribute.strings(count: try featureCount())
  }

  /// The datatype that the encoder gives, by its parameter `dtype`.
  func outputType() throws(Problem) -> ElementType {
    let attribute = try view.attribute("dtype")
    guard let type = ElementType(attribute) else {
      throw unsupported("dtype", attribute.description, hint: "fit it with dtype=numpy.float64")
    }
    return type
  }

  /// The datatype that its parameter `dtype` names, which must be one of these.
  func outputType(among datatypes: Set<Datatype>) throws(Problem) -> Datatype {
    let type = try outputType()
    guard type.isExact, datatypes.contains(type.datatype) else {
      throw unsupported(
        "dtype", (try view.attribute("dtype")).description, hint: "use dtype=numpy.float64")
    }
    return type.datatype
  }
}
