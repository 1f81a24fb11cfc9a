import Domain
import Encoding
import ModelTests
import Testing

/// Properties, held against rows that are made of a schema.
struct PropertyTests {
  private func result(_ text: String, _ model: TestedModel, seed: UInt64 = 1) throws -> TestResult {
    let report = try TestRun(try Bench.plan(text), of: model, seed: seed).report()
    return try #require(report.results.first)
  }

  private static let schema = """
    schema:
      a: {type: number, range: [0, 1000], typical: [10, 20]}
      b: {type: integer, range: [-5, 5]}
      c: {type: boolean}
      d: {type: number, range: [0, 1], missing: allowed}

    """

  @Test func `a real tree that is not monotonic gives an example of as few columns and digits as it takes`()
    throws
  {
    let columns = (0..<10).map { "  x\($0): {type: number, range: [-0.2, 0.2]}" }.joined(separator: "\n")
    let model = try Bench.lifted("diabetes-tree-regressor")
    let found = try result("schema:\n\(columns)\nproperties: [{increasing: x2, trials: 500}]", model)
    let example = try #require(found.counterExample)
    #expect(found.objection == "expected no lower answer for more of x2, found one")
    // All other columns are at 0 but for those without which the answer would not fall.
    #expect(example.changedCount == 1)
    #expect(example.json.canonicalText == Self.expected)
  }

  private static let expected =
    #"{"answers":[137.42857142857142,134.2],"changed":{"x2":[-0.05,0]},"needed":[],"row":"#
    + #"{"x0":0,"x1":0,"x2":-0.05,"x3":0,"x4":0,"x5":0,"x6":0,"x7":0,"x8":0,"x9":0}}"#

  @Test func `what does not matter goes back to the simplest value`() throws {
    // Falls in `a` past 50 where `b` is above 2, whatever else there is.
    let model = Bench.values(["a", "b", "c", "d"]) { $0[1] > 2 && $0[0] > 50 ? 0 : $0[0] }
    let found = try result(Self.schema + "properties: [{increasing: a}]", model)
    let example = try #require(found.counterExample)
    #expect(example.neededColumns == ["b"])
    #expect(example.json["row"]?.canonicalText == #"{"a":10,"b":3,"c":0,"d":0}"#)
    #expect(example.json["changed"]?.canonicalText == #"{"a":[10,60]}"#)
  }

  @Test func `an invariance is broken by one column, and that is the one told`() throws {
    let model = Bench.values(["a", "b", "c", "d"]) { $0[2] * 0.5 + $0[0] }
    let found = try result(Self.schema + "properties: [{invariant-to: [b, c, d], within: 0.1}]", model)
    let example = try #require(found.counterExample)
    #expect(example.json["changed"]?.object?.keys.sorted() == ["c"])
    #expect(example.neededColumns == [])
  }

  @Test func `a difference within the tolerance breaks nothing`() throws {
    let model = Bench.values(["a", "b", "c", "d"]) { $0[2] * 0.05 + $0[0] }
    let found = try result(Self.schema + "properties: [{invariant-to: c, within: 0.1, trials: 300}]", model)
    #expect(found.isPassed && found.tried == 300)
  }

  @Test func `a row that the schema allows and the model refuses breaks a property`() throws {
    let model = Bench.values(["a", "b", "c", "d"]) { row throws(Problem) in
      guard !row[3].isNaN else {
        throw Problem(.badInput, "predict.missing", "expected a number, found none")
      }
      return row[0]
    }
    let found = try result(Self.schema + "properties: [{increasing: a}]", model)
    #expect(
      found.objection
        == "expected no lower answer for more of a, found a row that is refused, predict.missing")
    #expect(found.counterExample?.neededColumns == ["d"])
  }

  @Test func `the same seed finds the same example, and another may try others`() throws {
    let model = Bench.values(["a", "b", "c", "d"]) { $0[0] > 400 ? -$0[0] : $0[0] }
    let text = Self.schema + "properties: [{increasing: a}]"
    let first = try result(text, model, seed: 3)
    #expect(try result(text, model, seed: 3).json.canonicalText == first.json.canonicalText)
    let tried = try (0..<20).map { try result(text, model, seed: $0).tried ?? 0 }
    #expect(Set(tried).count > 1)
  }

  @Test func `rows have edges, zeros, missing values and every category`() throws {
    let seen = Seen()
    let model = Bench.values(["a", "b", "c", "d"]) { row in
      seen.note(row)
      return 1
    }
    _ = try result(Self.schema + "properties: [{invariant-to: c, trials: 500}]", model)
    let rows = seen.rows
    #expect(rows.contains { $0[0] == 0 } && rows.contains { $0[0] == 1000 })
    #expect(rows.contains { $0[0] == 1000.0.nextDown } && rows.contains { $0[3].isNaN })
    #expect(Set(rows.map { $0[1] }) == Set((-5...5).map(Double.init)))
    #expect(rows.allSatisfy { 0...1000 ~= $0[0] && ($0[3].isNaN || 0...1 ~= $0[3]) })
    #expect(rows.count { 10...20 ~= $0[0] } > rows.count / 4)
  }

  @Test func `a category that is rare is tried as any other`() throws {
    // Unlikely to be met where categories came as often as in the data.
    let text = """
      schema:
        note: {type: category, values: ["0", "1", "2", "3", "4", "5", "6", "7"]}
        a: {type: number, range: [0, 1]}
      properties: [{increasing: a}]
      """
    let model = Bench.values(["note", "a"]) { $0[0] == 7 ? -$0[1] : $0[1] }
    let example = try #require(try result(text, model).counterExample)
    #expect(example.neededColumns == ["note"])
    #expect(example.json["row"]?["note"] == "7")
  }

  @Test func `of several classes one has to be named`() throws {
    let columns = (0..<4).map { "  x\($0): {type: number, range: [0, 8]}" }.joined(separator: "\n")
    let model = try Bench.lifted("iris-tree")
    let problem = #expect(throws: Problem.self) {
      try result("schema:\n\(columns)\nproperties: [{increasing: x2}]", model)
    }
    #expect(problem?.code == "model-tests.property")
    let found = try result("schema:\n\(columns)\nproperties: [{decreasing: x2, of: 0, trials: 300}]", model)
    #expect(found.isPassed)
  }
}

/// Rows that a model was asked about; tests run it on one thread.
private final class Seen: @unchecked Sendable {
  private(set) var rows: [[Double]] = []

  func note(_ row: [Double]) { rows.append(row) }
}
