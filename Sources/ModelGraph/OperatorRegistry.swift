import Domain

/// Every operator there is, by the name of its kind.
package enum OperatorRegistry {
  /// What is known of one kind.
  struct Entry: Sendable {
    /// Reads one operator from its attributes.
    let read: @Sendable (inout AttributeReader) throws(Problem) -> any Operator
    /// The type of the operators; a closure, for a container of types of operators is more than the compiler takes.
    let type: @Sendable () -> any Operator.Type
  }

  /// What is known of each kind.
  static let entriesByKind: [String: Entry] = Dictionary(
    entries, uniquingKeysWith: { _, _ in preconditionFailure("each kind of operator has a name of its own") })

  /// The kinds in order.
  package static var kinds: [String] { entriesByKind.keys.sorted() }

  /// The type of the operators of a kind.
  package static func type(of kind: String) -> (any Operator.Type)? { entriesByKind[kind]?.type() }

  private static func entry<Kind: Operator>(_ type: Kind.Type) -> (String, Entry) {
    (
      Kind.kind,
      Entry(
        read: { (reader: inout AttributeReader) throws(Problem) in try Kind(from: &reader) },
        type: { Kind.self })
    )
  }

  private static let entries: [(String, Entry)] = [
    entry(AddValues.self),
    entry(ArgMax.self),
    entry(Bins.self),
    entry(Cast.self),
    entry(CategoryBytes.self),
    entry(CategoryScores.self),
    entry(CheckFinite.self),
    entry(CheckPresent.self),
    entry(CheckWhole.self),
    entry(ChiSquared.self),
    entry(Columns.self),
    entry(Combine.self),
    entry(Complement.self),
    entry(Concat.self),
    entry(Convolve.self),
    entry(CountTerms.self),
    entry(Distances.self),
    entry(DotProducts.self),
    entry(Embed.self),
    entry(EncodeNumbers.self),
    entry(EncodeTexts.self),
    entry(Fill.self),
    entry(FillTexts.self),
    entry(HashMappings.self),
    entry(HashTerms.self),
    entry(Interpolation.self),
    entry(InversePowerTransform.self),
    entry(InverseQuantileTransform.self),
    entry(Label.self),
    entry(Linear.self),
    entry(LinearGroups.self),
    entry(LinearLeaves.self),
    entry(LogisticOfGaussian.self),
    entry(LookupNumbers.self),
    entry(LookupTexts.self),
    entry(MapElements.self),
    entry(MarkMissing.self),
    entry(MatrixProduct.self),
    entry(Mirror.self),
    entry(MissingTexts.self),
    entry(MultiplicativeFactors.self),
    entry(NearestFill.self),
    entry(Neighbors.self),
    entry(NonNegativeFactors.self),
    entry(ONNXRuntimeModel.self),
    entry(NormalizeGroups.self),
    entry(NormalizeRows.self),
    entry(OneHot.self),
    entry(PairCoupling.self),
    entry(PairDecisions.self),
    entry(PairVotes.self),
    entry(Part.self),
    entry(Pick.self),
    entry(PickRows.self),
    entry(Pool.self),
    entry(Positive.self),
    entry(PowerTransform.self),
    entry(Products.self),
    entry(QuantileTransform.self),
    entry(ReduceGroups.self),
    entry(ReduceRows.self),
    entry(Reindex.self),
    entry(Scale.self),
    entry(Select.self),
    entry(SingleInterpolation.self),
    entry(SingleLinear.self),
    entry(SingleLink.self),
    entry(Softmax.self),
    entry(SoftmaxGroups.self),
    entry(SolveTriangular.self),
    entry(SplineBasis.self),
    entry(SquaredDeviations.self),
    entry(TopElements.self),
    entry(TreeEnsemble.self),
    entry(VectorizeMappings.self),
    entry(WeightedMedian.self),
    entry(WeighTerms.self),
  ]
}
