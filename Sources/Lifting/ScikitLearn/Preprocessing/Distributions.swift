import Artifacts
import Domain
import ModelGraph

/// PowerTransformer, QuantileTransformer, KBinsDiscretizer.
extension Lifter {
  static let distributions: [PickleGlobal: Lift] = [
    .sklearn("preprocessing._data", "PowerTransformer"): powerTransformer,
    .sklearn("preprocessing._data", "QuantileTransformer"): quantileTransformer,
    .sklearn("preprocessing._discretization", "KBinsDiscretizer"): discretizer,
  ]

  static func powerTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let attribute = try view.attribute("method")
    let method: PowerTransform.Method
    switch try attribute.string() {
    case "box-cox": method = .boxCox
    case "yeo-johnson": method = try estimator.version() < .one(9) ? .yeoJohnson : .yeoJohnsonStable
    default: throw attribute.unexpected("'yeo-johnson' or 'box-cox'")
    }
    let value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let powers = try estimator.columnConstants("lambdas_", value.columns, &builder)
    // Until 1.8 the powers of single precision were but taken from 2 in it.
    let areExact = powers.allSatisfy { Double(Float(2 - $0)) == 2 - $0 }
    if method == .yeoJohnsonStable || method == .yeoJohnson && !areExact {
      try estimator.refuseNarrow(["lambdas_"])
    }
    let transformed = try builder.apply(
      PowerTransform(powers: powers, method: method), to: value, named: "transformed", for: estimator)
    guard try view.attribute("standardize").bool() else { return .transformer(transformed) }
    return try estimator.lift(
      try view.fittedAttribute("_scaler"), label: "._scaler", Operand(transformed), &builder)
  }

  static func quantileTransformer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let attribute = try view.attribute("output_distribution")
    guard let distribution = QuantileTransform.Distribution(rawValue: try attribute.string()) else {
      throw attribute.unexpected("'uniform' or 'normal'")
    }
    let value = try estimator.finiteInput(input, allowsNaN: true, &builder)
    let table = try view.fittedAttribute("quantiles_")
    let (elements, shape) = try table.numbers(axes: 2)
    try builder.spend(elements: elements.count, for: table)
    guard let quantiles = ConstantMatrix(elements, rows: shape[0], columns: shape[1]) else {
      throw table.unexpected("an array of quantiles")
    }
    let references = try estimator.columnConstants("references_", shape[0], &builder)
    let transformed = try builder.apply(
      QuantileTransform(
        quantiles: quantiles.transposed, references: references, distribution: distribution),
      to: value, named: "transformed", for: estimator)
    guard input.storage != .dense else { return .transformer(transformed) }
    // In a sparse matrix what is not stored is not transformed.
    try estimator.refuseStoredZeros(input)
    let kept = try builder.apply(Select(), to: [value, transformed, value], named: "stored", for: estimator)
    return .transformer(kept, storage: .sparse)
  }

  static func discretizer(
    _ estimator: Estimator, _ input: Operand, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let view = estimator.view
    let encode = try view.attribute("encode")
    guard let encoding = encode.text, ["onehot", "onehot-dense", "ordinal"].contains(encoding) else {
      throw encode.unexpected("'onehot', 'onehot-dense' or 'ordinal'")
    }
    if encoding != "ordinal" { _ = try view.fittedAttribute("_encoder") }
    var value = try estimator.finiteInput(input, &builder)
    let version = try estimator.version()
    if input.datatype == .float32, version < .one(2) {
      // What is near an edge was nudged over it, in single precision.
      throw estimator.unsupported(
        "encode", "columns of single precision", hint: "make the step before it give dtype=numpy.float64")
    }
    let named = view.attributeIfPresent("dtype")
    let keepsSingle = (named?.isNone ?? true) && input.datatype == .float32
    let isSingle = named.flatMap { ElementType($0) }?.datatype == .float32
    if isSingle {
      value = try builder.apply(MapElements(.float32), to: value, named: "single", for: estimator)
    }
    let list = try view.fittedAttribute("bin_edges_")
    guard case .array(let array) = list.value, array.shape == [value.columns],
      case .objects(let ids) = array.storage
    else { throw list.unexpected("an array of the edges of \(value.columns) columns") }
    var edges: [Double] = []
    var starts: [Int64] = [0]
    for (column, id) in ids.enumerated() {
      let own = list.view(of: id, "[\(column)]")
      let (elements, _) = try own.numbers(axes: 1)
      try builder.spend(elements: elements.count, for: own)
      guard elements.count >= 2 else { throw own.unexpected("two edges at least") }
      // The outer edges hold nothing off: what is beyond them is in the outer bins.
      edges += elements[1..<(elements.count - 1)]
      starts.append(Int64(edges.count))
    }
    let bins = Bins(
      edges: edges, starts: starts, nudges: version < .one(2),
      oneHot: encoding != "ordinal")
    var lifted = LiftedEstimator.transformer(
      try builder.apply(bins, to: value, named: "bins", for: estimator))
    if isSingle || keepsSingle { lifted.transformedDatatype = .float32 }
    if encoding == "onehot" { lifted.transformed?.storage = .sparse }
    return lifted
  }
}
