import Domain
import Encoding
import Inference
import ModelGraph
import Testing

/// Rows for a model that reads no feature: they are counted, whatever is in them.
@Suite struct UnreadRowsTests {
  private static let signature = ModelSignature(
    features: FeatureList(form: .unread, count: 1),
    outputs: [ModelSignature.Output(.predict, .float64, shape: [-1])], classes: [])

  private static func decoded(_ text: String) throws -> (rows: Rows, isSingle: Bool) {
    var decoder = RowDecoder(signature: signature)
    var reader = RequestReader(Array(text.utf8))
    let isSingle = try decoder.decode(&reader, at: "")
    return (decoder.rows, isSingle)
  }

  @Test(arguments: [
    ("[[1, 2], [3]]", 2), ("[[], [null], [\"a\", 1]]", 3), ("[{\"a\": 1}, [2]]", 2), ("[]", 0),
  ])
  func `rows of any number of anything are counted`(_ text: String, _ count: Int) throws {
    let (rows, isSingle) = try Self.decoded(text)
    #expect(rows.rowCount == count && !isSingle)
  }

  @Test(arguments: ["[1, 2, 3]", "{\"a\": \"b\"}", "[\"a\"]"])
  func `a list of numbers or texts is one row, as an object is`(_ text: String) throws {
    let (rows, isSingle) = try Self.decoded(text)
    #expect(rows.rowCount == 1 && isSingle)
  }

  @Test(arguments: ["1", "\"a\"", "[[1], 2]"])
  func `what is no row is refused`(_ text: String) {
    #expect(throws: Problem.self) { try Self.decoded(text) }
  }

  @Test func `lines are counted, but for one of names`() throws {
    let rows = CSVRows(signature: Self.signature)
    #expect(try rows.rows(in: Array("a,b\n1,2\n3,4\n".utf8)).rowCount == 2)
    #expect(try rows.rows(in: Array("1,x\n3,4\n".utf8)).rowCount == 2)
  }

  @Test func `each row gets the same answer`() throws {
    let graph = ModelGraph(
      signature: Self.signature,
      nodes: [
        ModelGraph.Node(
          output: "value", inputs: [ModelGraph.inputName], operator: Fill([2.5]), origin: "DummyRegressor")
      ], results: [.predict: ["value"]])
    let plan = ExecutionPlan(try ValidatedGraph(graph))
    let answers = try plan.run([.predict], on: Rows(unread: 3))
    #expect(answers[.predict]?.first?.elements == .float64([2.5, 2.5, 2.5]))
  }
}
