import Artifacts
import Domain
import ModelGraph

/// OneHotEncoder, OrdinalEncoder, TargetEncoder.
///
/// Unknown values are those that are equal to no category; from 1.1 rare categories may stand together for one,
/// and unknown ones with them.
extension Lifter {
  static let categoryEncoders: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._encoders", "OneHotEncoder"): oneHotEncoder,
    .sklearn("preprocessing._encoders", "OrdinalEncoder"): ordinalEncoder,
    .sklearn("preprocessing._target_encoder", "TargetEncoder"): targetEncoder,
  ]

  static func oneHotEncoder(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try estimator.encodedColumns(of: input, &builder)
    let categories = try estimator.categories(columns: operand.count, &builder)
    let unknown = try estimator.view.attribute("handle_unknown")
    let policy = try unknown.string()
    guard ["error", "ignore", "infrequent_if_exist", "warn"].contains(policy) else {
      throw unknown.unexpected("'error', 'ignore', 'infrequent_if_exist' or 'warn'")
    }
    // What 1.6 and 1.7 warned of they then left out, whatever they said.
    let version = try estimator.version()
    let warnsOfRare = policy == "warn" && version >= .one(8)
    let groups = try estimator.groups(of: categories)
    let dropped = try estimator.droppedPlaces(columns: categories.count)
    var columns: [EncodedColumn] = []
    var sizes: [Int64] = []
    for (index, own) in categories.enumerated() {
      let group = groups[index]
      let drop = dropped[index]
      if let drop, drop >= group.count {
        throw estimator.view.unexpected("dropped categories that are there")
      }
      func place(_ code: Int) -> Double {
        guard let drop else { return Double(code) }
        return code == drop ? -1 : Double(code > drop ? code - 1 : code)
      }
      let rare = policy == "infrequent_if_exist" || warnsOfRare ? group.infrequent : nil
      columns.append(
        EncodedColumn(
          categories: own, values: group.codes.map(place),
          unknown: policy == "error" ? nil : rare.map(place) ?? -1))
      sizes.append(Int64(group.count - (drop == nil ? 0 : 1)))
    }
    let codes = try builder.lookedUp(columns, in: operand, names: try estimator.names(), for: estimator)
    let value = try builder.apply(OneHot(sizes: sizes), to: codes, named: "one_hot", for: estimator)
    var lifted = LiftedEstimator.transformer(value)
    lifted.transformedDatatype = try estimator.outputType().datatype
    // Another name until 1.1, which was still there, as a text, in 1.2 and 1.3.
    let hasNewName = estimator.view.attributeIfPresent("sparse_output") != nil
    let isSparse = try estimator.flag(hasNewName ? "sparse_output" : "sparse", else: true)
    lifted.transformed?.storage = isSparse ? .sparse : .dense
    return lifted
  }

  static func ordinalEncoder(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let version = try estimator.version()
    let operand = try estimator.encodedColumns(of: input, &builder)
    let categories = try estimator.categories(columns: operand.count, &builder)
    let policy = try estimator.view.attribute("handle_unknown")
    var unknown: Double?
    switch try policy.string() {
    case "error": break
    case "use_encoded_value": unknown = try estimator.view.attribute("unknown_value").number()
    default: throw policy.unexpected("'error' or 'use_encoded_value'")
    }
    // 1.0 made NaN of what is missing, 0.24 refused it.
    let missing =
      version < .one(1)
      ? Double.nan : try estimator.view.attribute("encoded_missing_value").number()
    let groups = try estimator.groups(of: categories, leavingMissing: true)
    let type = try estimator.outputType()
    var columns: [EncodedColumn] = []
    for (index, own) in categories.enumerated() {
      var values = groups[index].codes.map(Double.init)
      if let place = own.missing, own.missingIsNaN, version >= .one(0) { values[place] = missing }
      if let value = (values + [unknown].compactMap { $0 }).first(where: { !type.holds($0) }) {
        throw estimator.unsupported(
          "dtype", "one that does not hold the code \(value)", hint: "fit it with dtype=numpy.float64")
      }
      columns.append(EncodedColumn(categories: own, values: values, unknown: unknown))
    }
    let value = try builder.lookedUp(
      columns, in: operand, names: try estimator.names(), allowsNaN: version >= .one(0), for: estimator)
    var lifted = LiftedEstimator.transformer(value)
    lifted.transformedDatatype = type.datatype
    return lifted
  }

  /// Each category becomes the mean of the target in it, shrunk; an unknown one the mean of all.
  static func targetEncoder(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let operand = try estimator.encodedColumns(of: input, &builder)
    let categories = try estimator.categories(columns: operand.count, &builder)
    let type = try estimator.view.fittedAttribute("target_type_")
    var targets = 1
    switch try type.string() {
    case "binary", "continuous": break
    case "multiclass": targets = try estimator.classes().elements.count
    default: throw type.unexpected("'binary', 'continuous' or 'multiclass'")
    }
    let isMulticlass = try type.string() == "multiclass"
    let mean = try estimator.view.fittedAttribute("target_mean_")
    let means = isMulticlass ? try mean.numbers(shape: [targets]) : [try mean.number()]
    let list = try estimator.view.fittedAttribute("encodings_")
    let encodings = try list.elements()
    let (count, overflow) = categories.count.multipliedReportingOverflow(by: targets)
    guard !overflow, encodings.count == count else {
      throw list.unexpected("encodings of \(categories.count) columns and \(targets) targets")
    }
    var columns: [EncodedColumn] = []
    for (index, encoding) in encodings.enumerated() {
      let own = categories[index / targets]
      columns.append(
        EncodedColumn(
          categories: own, values: try encoding.numbers(shape: [own.count]), unknown: means[index % targets]))
    }
    let names = try estimator.names()
    guard let repeated = try builder.selecting((0..<count).map { $0 / targets }, of: operand, for: estimator)
    else {
      throw list.unexpected("encodings of the columns that it is given")
    }
    let value = try builder.lookedUp(
      columns, in: repeated, names: names.map { names in (0..<count).map { names[$0 / targets] } },
      for: estimator)
    return .transformer(value)
  }
}

// MARK: - What encoders hold

/// The codes of one column's categories, after rare ones were put together.
private struct CategoryGroups {
  /// The code of each category.
  let codes: [Int]
  /// How many codes there are.
  let count: Int
  /// The code of the rare ones.
  let infrequent: Int?
}

extension Estimator {
  /// The columns that an encoder reads; before 1.0 their number is that of the lists of categories.
  fileprivate func encodedColumns(of operand: Operand, _ builder: inout GraphBuilder) throws(Problem)
    -> Operand
  {
    if view.attributeIfPresent("n_features_in_") != nil { return try columns(of: operand, &builder) }
    let count = try view.fittedAttribute("categories_").elements().count
    return try builder.resolve(operand, count: count, names: nil, for: self)
  }

  fileprivate func categories(
    columns: Int?, _ builder: inout GraphBuilder
  ) throws(Problem) -> [Categories] {
    let list = try view.fittedAttribute("categories_")
    let elements = try list.elements()
    guard elements.count == columns else {
      throw list.unexpected("a list of categories for each of \(columns ?? 0) columns")
    }
    var categories: [Categories] = []
    for element in elements { categories.append(try Categories(element, &builder)) }
    return categories
  }

  /// The codes of the categories of each column.
  fileprivate func groups(
    of categories: [Categories], leavingMissing: Bool = false
  ) throws(Problem) -> [CategoryGroups] {
    var groups: [CategoryGroups] = []
    let isEnabled = try view.attributeIfPresent("_infrequent_enabled")?.bool() ?? false
    let mappings = isEnabled ? try view.fittedAttribute("_default_to_infrequent_mappings") : nil
    let elements = try mappings?.elements()
    guard elements == nil || elements?.count == categories.count else {
      throw view.unexpected("an encoder with a mapping of rare categories for each column")
    }
    for (index, own) in categories.enumerated() {
      guard let mapping = elements?[index], !mapping.isNone else {
        groups.append(CategoryGroups(codes: Array(0..<own.count), count: own.count, infrequent: nil))
        continue
      }
      // An encoder of ordinals leaves NaN, which is the last, out of its groups.
      let isLeft = leavingMissing && own.missingIsNaN && own.missing == own.count - 1
      let grouped = own.count - (isLeft ? 1 : 0)
      var codes = try mapping.numbers(shape: [grouped]).map { Int(exactly: $0) ?? -1 }
      let count = (codes.max() ?? 0) + 1
      // The frequent ones have the codes from 0, each one of them; the rare ones share the last.
      guard codes.allSatisfy({ 0..<grouped ~= $0 }), Set(codes).count == count else {
        throw mapping.unexpected("codes from 0 without gaps")
      }
      if isLeft { codes.append(own.count - 1) }
      groups.append(CategoryGroups(codes: codes, count: count, infrequent: count - 1))
    }
    return groups
  }

  /// The code that each column leaves out.
  fileprivate func droppedPlaces(columns: Int) throws(Problem) -> [Int?] {
    let name =
      view.attributeIfPresent("_drop_idx_after_grouping") == nil ? "drop_idx_" : "_drop_idx_after_grouping"
    let attribute = try view.fittedAttribute(name)
    if attribute.isNone { return Array(repeating: nil, count: columns) }
    guard case .array(let array) = attribute.value, array.shape == [columns],
      case .objects(let ids) = array.storage
    else { throw attribute.unexpected("an array of \(columns) indices or None") }
    var places: [Int?] = []
    for id in ids {
      let element = attribute.view(of: id, "[]")
      let place = element.isNone ? nil : try element.integer()
      if let place, place < 0 { throw element.unexpected("an index") }
      places.append(place)
    }
    return places
  }
}
