import Domain
import Testing

@testable import ModelGraph

/// What a graph from anybody may say of texts and mappings.
struct TextOperatorTests {
  private static let texts = Operands([ValueType(.texts, columns: 1)], node: "x")

  private static func code(_ operation: some Operator, _ operands: Operands = texts) -> String? {
    do {
      _ = try operation.check(operands)
      return nil
    } catch {
      return error.code
    }
  }

  private static func counts(_ analysis: TextAnalysis, _ vocabulary: [String] = ["rain"]) -> CountTerms {
    CountTerms(analysis, vocabulary: vocabulary, isBinary: false)
  }

  @Test func `a vocabulary gives a column a term`() throws {
    #expect(try Self.counts(TextAnalysis(), ["rain", "snow"]).check(Self.texts) == .numbers(2))
  }

  @Test(arguments: [[], ["rain", "rain"]])
  func `a vocabulary without terms or with one twice is refused`(vocabulary: [String]) {
    #expect(Self.code(Self.counts(TextAnalysis(), vocabulary)) == "graph.terms")
  }

  @Test(arguments: [(0, 1), (2, 1), (1, 65), (.min, .max)])
  func `n-grams of other lengths are refused`(shortest: Int, longest: Int) {
    #expect(
      Self.code(Self.counts(TextAnalysis(shortest: shortest, longest: longest))) == "graph.n-grams")
  }

  @Test func `a pattern that needs backtracking is refused`() {
    #expect(Self.code(Self.counts(TextAnalysis(pattern: "(?=a)"))) == "graph.pattern")
  }

  @Test func `a pattern that nothing reads may be any`() {
    #expect(Self.code(Self.counts(TextAnalysis(unit: .character, pattern: "("))) == nil)
  }

  @Test(arguments: [0, -1, 1 << 24 + 1, .max])
  func `columns that no hash is spread over are refused`(columns: Int) {
    let terms = HashTerms(TextAnalysis(), columns: columns, alternatesSign: true, isBinary: false)
    #expect(Self.code(terms) == "graph.column-count")
    let mappings = HashMappings(form: .mapping, columns: columns, alternatesSign: true, isFloat32: false)
    #expect(Self.code(mappings) == "graph.column-count")
  }

  @Test(arguments: [[1, .nan], [1, .infinity], [1]] as [[Double]])
  func `weights that are not finite, or not one a column, are refused`(weights: [Double]) {
    let operation = WeighTerms(isSublinear: false, weights: weights)
    #expect(Self.code(operation, Operands([.numbers(2)], node: "x")) != nil)
  }

  @Test(arguments: [ValueType(.texts, columns: 2), .numbers(1)])
  func `texts are read from one column of texts`(type: ValueType) {
    #expect(Self.code(Self.counts(TextAnalysis()), Operands([type], node: "x")) == "graph.operand")
  }
}
