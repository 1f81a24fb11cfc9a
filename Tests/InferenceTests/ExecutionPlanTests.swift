import Domain
import Inference
import ModelGraph
import Testing

@Suite struct ExecutionPlanTests {
  private static func rows(_ rows: [[Double]]) -> Rows {
    Rows(values: rows.flatMap { $0 }, rowCount: rows.count, featureCount: rows.first?.count ?? 0)
  }

  private static func expectRefusal(
    _ graph: ModelGraph, _ methods: [PredictionMethod], _ rows: Rows, _ problem: Problem,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let plan = ExecutionPlan(try ValidatedGraph(graph))
    #expect(throws: problem, sourceLocation: sourceLocation) { try plan.run(methods, on: rows) }
  }

  // MARK: - What is refused

  @Test func `another number of features is refused with the number expected`() throws {
    try Self.expectRefusal(
      SampleModels.chain([Softmax()], columns: 4), [.predict], Self.rows([[1, 2, 3]]),
      Problem(.badInput, "predict.feature-count", "expected 4 features in each row, found 3"))
  }

  @Test func `feature names are told where there are any`() throws {
    let graph = SampleModels.chain([Softmax()], columns: 2, names: ["length", "width"])
    try Self.expectRefusal(
      graph, [.predict], Self.rows([[1]]),
      Problem(
        .badInput, "predict.feature-count", "expected 2 features in each row, found 1",
        hint: "send them in this order: length, width"))
  }

  @Test func `no rows are refused`() throws {
    try Self.expectRefusal(
      SampleModels.chain([Softmax()], columns: 1), [.predict],
      Rows(values: [], rowCount: 0, featureCount: 1),
      Problem(.badInput, "predict.no-rows", "expected at least one row, found none"))
  }

  @Test func `rows that are not as long as they say are refused`() throws {
    try Self.expectRefusal(
      SampleModels.chain([Softmax()], columns: 2), [.predict],
      Rows(values: [1, 2, 3], rowCount: 2, featureCount: 2),
      Problem(.badInput, "predict.row-length", "expected 2 rows of 2 features, found 3 numbers"))
  }

  @Test func `more rows than memory is kept for are refused before any is made`() throws {
    try Self.expectRefusal(
      SampleModels.chain([Softmax()], columns: 2), [.predict],
      Rows(values: [], rowCount: .max, featureCount: 2),
      Problem(
        .tooLarge, "predict.too-many-rows",
        "expected at most 67108864 rows at once, found 9223372036854775807", hint: "ask in several parts"))
  }

  @Test func `a method that the model does not have is refused with those it has`() throws {
    try Self.expectRefusal(
      SampleModels.chain([Softmax()], columns: 1), [.transform], Self.rows([[1]]),
      Problem(
        .badInput, "predict.no-such-method", "expected a method that the model has, found 'transform'",
        hint: "use 'predict'"))
  }

  private static func notFinite(_ message: String, _ position: String) -> Problem {
    Problem(
      .badInput, "predict.not-finite", message, position: position,
      hint: "rows and columns count from 0; fill in or leave out what is missing before you ask")
  }

  @Test func `NaN and infinity are refused with their place where a model does not take them`() throws {
    let graph = SampleModels.chain(
      [CheckFinite(allowsNaN: false)], columns: 2, names: ["length", "width"])
    try Self.expectRefusal(
      graph, [.predict], Self.rows([[1, 2], [3, .nan]]),
      Self.notFinite(
        "expected finite numbers for Test, found NaN in row 1, column 1 'width'", "row 1, column 1"))
    try Self.expectRefusal(
      graph, [.predict], Self.rows([[-.infinity, 2]]),
      Self.notFinite(
        "expected finite numbers for Test, found an infinity in row 0, column 0 'length'", "row 0, column 0"))
  }

  @Test func `what is too large for single precision is refused where a model rounds to it`() throws {
    let graph = SampleModels.chain([CheckFinite(allowsNaN: true, asFloat32: true)], columns: 2)
    try Self.expectRefusal(
      graph, [.predict], Self.rows([[.nan, 1e39]]),
      Self.notFinite(
        "expected finite numbers in the range of single precision for Test, found an infinity or a number"
          + " beyond it in row 0, column 1", "row 0, column 1"))
  }

  // MARK: - Numbers

  private static func run(
    _ operators: [any Operator], _ rows: [[Double]], outputs: Int? = nil
  ) throws -> [Double] {
    let graph = SampleModels.chain(operators, columns: rows[0].count, outputs: outputs)
    let answer = try ExecutionPlan(try ValidatedGraph(graph)).run([.predict], on: Self.rows(rows))
    guard case .float64(let numbers)? = answer[.predict]?.first?.elements else { return [] }
    return numbers
  }

  @Test func `softmax stays finite far out`() throws {
    #expect(try Self.run([Softmax()], [[1000, 1000], [-1e300, 0]]) == [0.5, 0.5, 0, 1])
  }

  @Test func `the logistic function saturates without NaN`() throws {
    #expect(try Self.run([MapElements(.logistic)], [[-1e6, 0, 1e6]]) == [0, 0.5, 1])
  }

  @Test func `rows that sum to 0 are kept or divided as the operator says`() throws {
    #expect(try Self.run([NormalizeRows(zeroNorm: .keep)], [[0, 0], [1, 3]]) == [0, 0, 0.25, 0.75])
    #expect(try Self.run([NormalizeRows(zeroNorm: .divide)], [[0, 0]]).allSatisfy(\.isNaN))
  }

  @Test func `one column is mirrored and complemented into two`() throws {
    #expect(try Self.run([Mirror()], [[2], [-3]], outputs: 2) == [-2, 2, 3, -3])
    #expect(try Self.run([Complement()], [[0.25]], outputs: 2) == [0.75, 0.25])
  }

  @Test func `of equal elements the first is the greatest, and NaN is greater than all`() throws {
    let graph = SampleModels.choice([ArgMax()], columns: 3)
    let rows: [[Double]] = [[1, 3, 3], [2, 2, 2], [1, .nan, .nan], [.nan, 5, 6], [0, -0.0, 1]]
    let answer = try ExecutionPlan(try ValidatedGraph(graph)).run([.predict], on: Self.rows(rows))
    #expect(answer[.predict]?.first?.elements == .int64([1, 0, 1, 0, 2]))
  }

  @Test func `exactly 0 is not positive`() throws {
    let graph = SampleModels.choice([Positive()], columns: 1)
    let answer = try ExecutionPlan(try ValidatedGraph(graph)).run(
      [.predict], on: Self.rows([[0], [-0.0], [.leastNonzeroMagnitude], [-1]]))
    #expect(answer[.predict]?.first?.elements == .int64([0, 0, 1, 0]))
  }
}
