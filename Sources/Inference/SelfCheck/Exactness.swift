import ModelGraph

extension ValidatedGraph {
  /// The methods whose answers are the same bits on every processor.
  ///
  /// All that they come of is addition, multiplication, division, fused or not but always in the same order, roots and
  /// comparisons, which IEEE 754 defines to the last bit. Elementary functions are the C library's, or our own in the
  /// vector forms, and differ in the last bits from one processor to another.
  var exactMethods: Set<PredictionMethod> {
    // What a value comes of: the values 0 and 1 are the row's own.
    var areExact = [true, true]
    for step in steps {
      areExact.append(step.operation.isExact && step.inputs.allSatisfy { areExact[$0] })
    }
    return Set(results.filter { $0.value.allSatisfy { areExact[$0] } }.keys)
  }
}

extension Operator {
  /// Whether the operator is known to give the same bits on every processor; one that is not in the list is taken for
  /// one that does not.
  fileprivate var isExact: Bool {
    switch self {
    case let map as MapElements: map.function.isExact
    case let combine as Combine: combine.function != .power
    case is TreeEnsemble, is LinearLeaves, is Linear, is SingleLinear, is Convolve, is Pool, is Scale,
      is Products,
      is SquaredDeviations, is Interpolation, is CategoryScores, is CategoryBytes:
      true
    case is Columns, is Concat, is Fill, is Cast, is Select, is Embed, is Mirror, is Complement, is ArgMax,
      is Positive, is Pick, is PickRows, is Label, is Reindex, is AddValues, is WeightedMedian, is PairVotes:
      true
    case is CheckFinite, is CheckPresent, is CheckWhole, is FillTexts, is MissingTexts, is MarkMissing,
      is Bins,
      is LookupTexts, is LookupNumbers, is OneHot, is EncodeTexts, is EncodeNumbers, is CountTerms,
      is HashTerms,
      is VectorizeMappings, is HashMappings:
      true
    default: false
    }
  }
}

extension MapElements.Function {
  fileprivate var isExact: Bool {
    switch self {
    case .absolute, .negative, .sqrt, .square, .reciprocal, .sign, .floor, .ceil, .rint, .trunc, .relu,
      .isMissing,
      .float32:
      true
    case .exp, .expm1, .exp2, .log, .log1p, .log2, .log10, .cbrt, .sin, .cos, .tan, .arcsin, .arccos, .arctan,
      .sinh,
      .cosh, .tanh, .arcsinh, .radians, .degrees, .logistic, .erf:
      false
    }
  }
}
