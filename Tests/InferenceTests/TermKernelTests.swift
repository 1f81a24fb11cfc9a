import Domain

import ModelGraph
import Testing

@testable import Inference

/// Kernels of texts and mappings, and how values that are mostly 0 go through others.
struct TermKernelTests {
  private static func run(
    _ operators: [any Operator], _ texts: [String?], form: InputForm = .documents, columns: Int
  ) throws -> [[Double]] {
    let nodes = operators.enumerated().map { index, operation in
      ModelGraph.Node(
        output: "value\(index)", inputs: [index == 0 ? ModelGraph.textsName : "value\(index - 1)"],
        operator: operation, origin: "Test")
    }
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(form: form, count: 1, texts: [0]),
        outputs: [ModelSignature.Output(.transform, .float64, shape: [-1, columns])], classes: []),
      nodes: nodes, results: [.transform: ["value\(operators.count - 1)"]])
    let plan = ExecutionPlan(try ValidatedGraph(graph))
    let rows = Rows(numbers: [], texts: texts, rowCount: texts.count, featureCount: 1)
    let tensors = try plan.run([.transform], on: rows)
    guard case .float64(let elements)? = tensors[.transform]?.first?.elements else { return [] }
    return stride(from: 0, to: elements.count, by: columns).map { Array(elements[$0..<($0 + columns)]) }
  }

  private static let counts = CountTerms(
    TextAnalysis(longest: 2), vocabulary: ["rain", "heavy", "heavy rain", "e\u{301}e"], isBinary: false)

  @Test func `terms are counted as their characters are`() throws {
    let found = try Self.run([Self.counts], ["Heavy RAIN, heavy rain", "\u{E9}e rain", ""], columns: 4)
    #expect(found == [[2, 2, 2, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
  }

  @Test func `stop words are left out before n-grams are made`() throws {
    var counts = Self.counts
    counts.analysis.stopWords = ["the", "the"]
    #expect(try Self.run([counts], ["heavy the rain"], columns: 4) == [[1, 1, 1, 0]])
  }

  @Test func `a missing text is refused with its row`() {
    #expect(
      throws: Problem(
        .badInput, "predict.missing-text", "expected a text for Test, found none in row 1",
        position: "row 1", hint: "rows count from 0; send an empty text where there is nothing to say")
    ) {
      try Self.run([Self.counts], ["rain", nil], columns: 4)
    }
  }

  @Test func `columns of sparse values are chosen, also twice`() throws {
    let found = try Self.run([Self.counts, Columns([2, 0, 0])], ["heavy rain rain", "snow"], columns: 3)
    #expect(found == [[1, 2, 2], [0, 0, 0]])
  }

  @Test func `a weight goes to what is there alone`() throws {
    let weights = WeighTerms(isSublinear: true, weights: [1, 2, 3, 4])
    #expect(
      try Self.run([Self.counts, weights], ["heavy", ""], columns: 4) == [[0, 2, 0, 0], [0, 0, 0, 0]])
  }

  @Test func `constants that leave 0 alone leave a value sparse, and others do not`() throws {
    let doubled = Combine(.multiply, constants: [2, 3, 4, 5])
    #expect(doubled.sparsity([true]).gives)
    #expect(
      try Self.run([Self.counts, doubled], ["heavy rain", ""], columns: 4) == [[2, 3, 4, 0], [0, 0, 0, 0]])
    let raised = Combine(.greaterEqual, constants: [1, 1, 1, 0])
    #expect(!raised.sparsity([true]).gives)
    #expect(
      try Self.run([Self.counts, raised], ["heavy rain", ""], columns: 4) == [[1, 1, 1, 1], [0, 0, 0, 1]])
  }

  @Test func `trees see the zeros of a sparse value`() throws {
    let leaves = try #require(ConstantMatrix([1, 2], rows: 2, columns: 1))
    let trees = TreeEnsemble(
      roots: [0], left: [1, -1, -1], right: [2, -1, -1], feature: [0, 0, 0], threshold: [0.5, 0, 0],
      missingLeft: [false, false, false], leaves: leaves, comparesSingles: true)
    #expect(try Self.run([Self.counts, trees], ["rain", "snow"], columns: 1) == [[2], [1]])
  }

  @Test func `an encoder does not take a text for another that looks alike`() throws {
    let encoder = EncodeTexts(keys: ["\u{E9}", "e\u{301}"], numbers: [1, 2], other: 0)
    let found = try Self.run([encoder], ["e\u{301}", "\u{E9}", "e"], columns: 1)
    #expect(found == [[2], [1], [0]])
  }

  @Test func `a wide value does not bound the rows where it stays sparse`() throws {
    let analysis = TextAnalysis()
    let hashes = HashTerms(analysis, columns: 1 << 20, alternatesSign: true, isBinary: false)
    let coefficients = try #require(
      ConstantMatrix(Array(repeating: 1, count: 1 << 20), rows: 1, columns: 1 << 20))
    let linear = Linear(coefficients: coefficients, intercepts: [0])
    let found = try Self.run([hashes, linear], Array(repeating: "rain", count: 200), columns: 1)
    #expect(found.count == 200)
  }

  @Test func `a wide result bounds the rows`() {
    let hashes = HashTerms(TextAnalysis(), columns: 1 << 20, alternatesSign: true, isBinary: false)
    let problem = #expect(throws: Problem.self) {
      try Self.run([hashes], Array(repeating: "rain", count: 200), columns: 1 << 20)
    }
    #expect(problem?.code == "predict.too-many-rows")
  }

  @Test(arguments: [
    ("", 0), ("a", 1_009_084_850), ("ab", -1_681_926_305), ("abc", -1_277_324_294),
    ("abcd", 1_139_631_978), ("żółw", -43_355_136),
  ])
  func `hashes are those of the reference`(text: String, expected: Int32) {
    let bytes = Array(text.utf8)
    #expect(MurmurHash.hash(of: 0..<bytes.count, in: bytes.span) == expected)
  }

  @Test func `the least hash has a column`() {
    #expect(MurmurHash.place(of: .min, columns: 1000).column == 648)
  }

  @Test func `a mapping's values go to the columns of their names`() throws {
    let operation = VectorizeMappings(names: ["age", "city=Oslo", "tags=a", "tall"], separator: "=")
    let row = #"{"age":1.5,"city":"Oslo","tags":["a","a","b"],"tall":true,"other":{"a":1}}"#
    let problem = #expect(throws: Problem.self) {
      try Self.run([operation], [row], form: .mappings, columns: 4)
    }
    #expect(
      problem?.message
        == "expected numbers, texts and lists of texts as values for Test, found another in row 0")
    let good = #"{"age":1.5,"city":"Oslo","tags":["a","a","b"],"tall":true}"#
    #expect(try Self.run([operation], [good], form: .mappings, columns: 4) == [[1.5, 1, 2, 1]])
  }

  @Test func `two values of one column are refused where the library leaves open which holds`() {
    let operation = VectorizeMappings(names: ["a=b=c"], separator: "=", isStrict: true)
    #expect(throws: Problem.self) {
      try Self.run([operation], [#"{"a":"b=c","a=b":"c"}"#], form: .mappings, columns: 1)
    }
  }

  @Test(arguments: ["[1]", "{}", "[[1,2]]", "not json", "[[\"a\"]]"])
  func `a row of another form than the hasher's is refused`(row: String) {
    let operation = HashMappings(form: .pairs, columns: 8, alternatesSign: true, isFloat32: false)
    let problem = #expect(throws: Problem.self) {
      try Self.run([operation], [row], form: .lists, columns: 8)
    }
    #expect(problem?.code == "predict.malformed")
  }
}
