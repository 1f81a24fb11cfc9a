import Domain
import ModelGraph
import Testing

@testable import Inference

/// Rows of models with many features.
struct RowLayoutTests {
  private static func signature(_ names: [String], ignored: [Int] = []) -> ModelSignature {
    ModelSignature(
      features: FeatureList(count: names.count, names: names, ignored: ignored),
      outputs: [ModelSignature.Output(.predict, .float64, shape: [-1])], classes: [])
  }

  @Test func `requests of one layout name few of very many features`() throws {
    let layout = RowLayout(Self.signature((0..<100_000).map { "feature_\($0)" }))
    for _ in 0..<3 {
      var decoder = RowDecoder(layout)
      var reader = RequestReader(Array(#"{"feature_0":1}"#.utf8))
      let problem = #expect(throws: Problem.self) { try decoder.decode(&reader, at: "/data") }
      #expect(problem?.message == "expected the feature 'feature_1', found none of that name")
      let missing = #expect(throws: Problem.self) {
        try CSVRows(layout).rows(in: Array("feature_0\n1\n".utf8))
      }
      #expect(missing?.code == "rows.missing-column")
    }
  }

  @Test func `lines name the features that are read, in any order, or none of them`() throws {
    let rows = CSVRows(RowLayout(Self.signature(["a", "b", "c"], ignored: [1])))
    #expect(try rows.rows(in: Array("c,a\n3,1\n".utf8)).numbers == [1, 3])
    #expect(try rows.rows(in: Array("1,x,3\n".utf8)).numbers == [1, 3])
    for (text, code) in [("a,d\n1,2\n", "rows.missing-column"), ("1,2\n", "predict.feature-count")] {
      let problem = #expect(throws: Problem.self) { try rows.rows(in: Array(text.utf8)) }
      #expect(problem?.code == code, "\(text)")
    }
  }
}
