import Artifacts
import Domain
import ModelGraph

/// DictVectorizer and FeatureHasher.
extension Lifter {
  static let mappingVectorizers: [PickleGlobal: Lift] = [
    .sklearn("feature_extraction._dict_vectorizer", "DictVectorizer"): dictVectorizer,
    .sklearn("feature_extraction._hash", "FeatureHasher"): featureHasher,
  ]

  static func dictVectorizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let type = try estimator.outputType(among: [.float64, .float32])
    var isStrict = false
    if try !estimator.view.attribute("sparse").bool() {
      isStrict = try estimator.version() < ScikitLearnVersion(major: 1, minor: 0)
    }
    let operation = VectorizeMappings(
      names: try estimator.view.fittedAttribute("vocabulary_").columnNames(&builder),
      separator: try estimator.view.attribute("separator").string(), isFloat32: type == .float32,
      isStrict: isStrict)
    let mappings = try builder.mappings(input, origin: estimator)
    return .transformer(
      try builder.apply(operation, to: mappings, named: "values", for: estimator),
      datatype: type, storage: try estimator.view.attribute("sparse").bool() ? .sparseWithZeros : .dense)
  }

  static func featureHasher(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let attribute = try estimator.view.attribute("input_type")
    guard let form = HashMappings.Form(rawValue: try attribute.string()) else {
      throw attribute.unexpected("'dict', 'pair' or 'string'")
    }
    let type = try estimator.outputType(among: [.float64, .float32])
    let operation = HashMappings(
      form: form, columns: try estimator.view.attribute("n_features").integer(),
      alternatesSign: try estimator.view.attribute("alternate_sign").bool(), isFloat32: type == .float32)
    let rows =
      form == .mapping
      ? try builder.mappings(input, origin: estimator) : try builder.lists(input, origin: estimator)
    return .transformer(
      try builder.apply(operation, to: rows, named: "values", for: estimator),
      datatype: type, storage: .sparseWithZeros)
  }
}
