import Domain
import Inference
import ModelGraph
import Testing

/// Categories looked up by text and by number, and written out as ones among zeros.
@Suite struct LookupTests {
  private static func table(_ values: [Double], missing: Double? = nil, unknown: Double? = nil)
    -> CategoryTable
  {
    var table = CategoryTable()
    table.append(name: "town", values: values, missing: missing, unknown: unknown)
    return table
  }

  private static func texts(_ operation: some Operator, _ texts: [String?]) throws -> [Double] {
    var graph = SampleModels.chain([operation], columns: 1)
    graph.nodes[0].inputs = [ModelGraph.textsName]
    graph.signature = ModelSignature(
      features: FeatureList(count: 1, texts: [0]), outputs: graph.signature.outputs, classes: [])
    let rows = Rows(numbers: [], texts: texts, rowCount: texts.count, featureCount: 1)
    return try numbers(graph, rows)
  }

  private static func numbers(_ operations: [any Operator], _ numbers: [Double], outputs: Int = 1) throws
    -> [Double]
  {
    try Self.numbers(
      SampleModels.chain(operations, columns: 1, outputs: outputs),
      Rows(values: numbers, rowCount: numbers.count, featureCount: 1))
  }

  private static func numbers(_ graph: ModelGraph, _ rows: Rows) throws -> [Double] {
    let answer = try ExecutionPlan(ValidatedGraph(graph)).run([.predict], on: rows)
    guard case .float64(let elements) = answer[.predict]?.first?.elements else { return [] }
    return elements
  }

  @Test func `texts that look alike are others where their bytes are`() throws {
    let operation = LookupTexts(["é", "e\u{301}", ""], Self.table([1, 2, 3], missing: 4, unknown: -1))
    #expect(try Self.texts(operation, ["e\u{301}", "é", "", nil, "E"]) == [2, 1, 3, 4, -1])
  }

  @Test func `an unknown category is refused by the name of its column, not by its value`() throws {
    let operation = LookupTexts(["Oslo"], Self.table([0]))
    let problem = #expect(throws: Problem.self) { try Self.texts(operation, ["Oslo", "a secret"]) }
    #expect(
      problem?.message
        == "expected a category that Test was fitted on in column 'town', found another value in row 1")
    #expect(problem?.hint?.contains("secret") == false)
  }

  @Test func `a missing value that is no category counts as unknown`() throws {
    #expect(try Self.numbers([LookupNumbers([1], Self.table([5], unknown: -1))], [.nan, 1]) == [-1, 5])
    #expect(throws: Problem.self) { try Self.numbers([LookupNumbers([1], Self.table([5]))], [.nan]) }
  }

  @Test func `numbers are the same where they are equal`() throws {
    let operation = LookupNumbers([-1, 0, 0.1], Self.table([7, 8, 9], unknown: -1))
    #expect(try Self.numbers([operation], [-0.0, 0.1, 0.1.nextUp, -1, .infinity]) == [8, 9, -1, 7, -1])
  }

  @Test func `what is no place is no one`() throws {
    let rows = try Self.numbers([OneHot(sizes: [2])], [0, 1, -1, 2, .nan, 0.5], outputs: 2)
    #expect(rows == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    let wide = try Self.numbers([OneHot(sizes: [100])], [99, -1], outputs: 100)
    #expect(wide.firstIndex(of: 1) == 99 && wide.reduce(0, +) == 1)
  }

  @Test func `tables that do not fit are refused`() {
    var short = Self.table([1, 2])
    short.starts = [0, 1]
    var backwards = Self.table([1, 2])
    backwards.starts = [2, 0]
    let wrong: [any Operator] = [
      LookupNumbers([1, 2], short), LookupNumbers([1, 2], backwards),
      LookupNumbers([2, 1], Self.table([1, 2])),
      LookupNumbers([1, 1], Self.table([1, 2])), LookupNumbers([1, .nan], Self.table([1, 2])),
      LookupNumbers([1, .infinity], Self.table([1, 2])), LookupNumbers([1], Self.table([1, 2])),
      LookupTexts(["a"], Self.table([1])), OneHot(sizes: [-1]), OneHot(sizes: [.max]), OneHot(sizes: [1, 1]),
      OneHot(sizes: [0]),
    ]
    for operation in wrong {
      #expect(throws: Problem.self) { try ValidatedGraph(SampleModels.chain([operation], columns: 1)) }
    }
    let twice = LookupTexts(["a", "a"], Self.table([1, 2]))
    #expect(throws: Problem.self) { try Self.texts(twice, ["a"]) }
  }
}
