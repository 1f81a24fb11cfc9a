import Domain
import ModelGraph

// Texts of more than one word. The operators of ONNX and of its runtimes come near to what scikit-learn does, and
// give other terms for some texts; so each is refused with what is different.

/// An operator that ONNX has no word for, whatever its attributes are.
protocol ONNXInexpressible: ONNXExportable {
  /// What ONNX lacks or does otherwise, as in "found 'count_terms', …".
  static var obstacle: String { get }
}

extension ONNXInexpressible {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    throw inexpressible(Self.obstacle)
  }
}

extension CountTerms: ONNXInexpressible {
  static let obstacle =
    "terms of texts: StringNormalizer lowers letter by letter and by locale, and no operator of the standard finds "
    + "the tokens of a pattern"
}

extension HashTerms: ONNXInexpressible {
  static let obstacle =
    "hashes of terms: no operator of the standard hashes, or finds the tokens of a pattern"
}

extension VectorizeMappings: ONNXInexpressible {
  static let obstacle =
    "mappings as rows: a runtime takes maps of one type of values, not of numbers and texts"
}

extension HashMappings: ONNXInexpressible {
  static let obstacle = "hashes of names: no operator of the standard hashes"
}

extension WeighTerms: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var value = operands[0].name
    if isSublinear {
      let isNone = graph.apply("Equal", [value, graph.number(0)])
      let logarithm = rounded(graph.apply("Log", [value]), into: &graph)
      let weighed = rounded(graph.sum(logarithm, graph.number(1)), into: &graph)
      // What does not occur stays away.
      value = graph.choice(isNone, graph.number(0), weighed)
    }
    guard let weights else { return value }
    return rounded(graph.product(value, graph.numbers(weights)), into: &graph)
  }

  private func rounded(_ value: String, into graph: inout ONNXGraphWriter) -> String {
    isFloat32 ? graph.rounded(value) : value
  }
}
