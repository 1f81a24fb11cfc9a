import Domain
import Encoding
import ModelGraph
import TestKit
import Testing

@Suite struct EncodedGraphTests {
  private static let graphs = [SampleGraphs.forest(), SampleGraphs.regression()]

  @Test(arguments: graphs)
  func `a graph is the same after its files`(_ graph: ModelGraph) throws {
    let files = graph.encoded()
    let decoded = try ModelGraph(decoding: files.graph, weights: files.weights)
    #expect(decoded == graph)
    #expect(decoded.encoded() == files)
  }

  @Test func `numbers keep every bit`() throws {
    let numbers = [-0.0, .leastNonzeroMagnitude, .infinity, Double(bitPattern: 0x7FF8_0000_0000_0123)]
    let graph = SampleGraphs.regression(
      linear: Linear(coefficients: SampleGraphs.matrix(2, 2, numbers), intercepts: [0, 0]))
    let files = graph.encoded()
    let decoded = try ModelGraph(decoding: files.graph, weights: files.weights)
    let read = try #require(decoded.nodes[1].operator as? Linear).coefficients.elements
    #expect(read.map(\.bitPattern) == numbers.map(\.bitPattern))
  }

  @Test func `attributes that JSON has no number for are kept`() throws {
    var graph = SampleGraphs.regression()
    for threshold in [Double.infinity, -.infinity, -0.0, .leastNonzeroMagnitude] {
      graph.nodes[1].operator = Positive(threshold: threshold)
      let files = graph.encoded()
      let decoded = try ModelGraph(decoding: files.graph, weights: files.weights)
      let read = try #require(decoded.nodes[1].operator as? Positive).threshold
      #expect(read.bitPattern == threshold.bitPattern)
    }
  }

  @Test func `the weights are in the safetensors format and aligned`() throws {
    let weights = SampleGraphs.forest().encoded().weights
    let length = Int(UInt64(littleEndianBytes: weights.prefix(8)))
    #expect(length.isMultiple(of: 8))
    let header = try JSON(parsing: weights.dropFirst(8).prefix(length))
    #expect(
      header["mean.feature"] == ["dtype": "I32", "shape": [4], "data_offsets": [80, 96]])
    #expect(header["mean.missing_left"]?["dtype"] == "BOOL")
    #expect(
      header["mean.missing_left"]?["data_offsets"]?.array?.last?.int == weights.count - 8 - length)
    #expect(header["label.labels"] == nil)
  }

  // MARK: - Refusals

  private func expectRefusal(
    graph: (String) -> String = { $0 }, weights: (inout [UInt8]) -> Void = { _ in }, _ code: String,
    _ message: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let files = SampleGraphs.forest().encoded()
    let text = graph(String(decoding: files.graph, as: UTF8.self))
    var bytes = files.weights
    weights(&bytes)
    let problem = #expect(throws: Problem.self, sourceLocation: sourceLocation) {
      try ModelGraph(decoding: Array(text.utf8), weights: bytes)
    }
    #expect(problem?.code == code, sourceLocation: sourceLocation)
    #expect(problem?.message == message, sourceLocation: sourceLocation)
  }

  @Test func `an operator that is not known is refused by name`() {
    expectRefusal(
      graph: { $0.replacing("arg_max", with: "run_code") }, "graph.malformed",
      "expected a known operator, found 'run_code'")
  }

  @Test func `a field that is not known is refused by name`() {
    expectRefusal(
      graph: { $0.replacing("\"type\":\"arg_max\"", with: "\"axis\":1,\"type\":\"arg_max\"") },
      "graph.malformed", "expected the operator 'arg_max' to have known fields, found 'axis'")
  }

  @Test func `another format is refused`() {
    expectRefusal(
      graph: { $0.replacing("gatehouse-graph-2", with: "gatehouse-graph-9") }, "graph.malformed",
      "expected a graph of the format 'gatehouse-graph-2', found 'gatehouse-graph-9'")
  }

  @Test func `a tensor that nothing reads is refused`() {
    expectRefusal(
      graph: { $0.replacing("\"labels\":\"label.labels\"", with: "\"labels\":\"other\"") }, "graph.malformed",
      "expected 'labels' of the operator 'label' to be the tensor 'label.labels', found a string")
    expectRefusal(
      graph: {
        $0.replacing(
          "\"texts\":{", with: "\"texts\":{\"a\":{\"datatype\":\"BYTES\",\"elements\":[],\"shape\":[0]},")
      },
      "graph.unused-tensor", "expected every tensor to be read, found 'a' that nothing reads")
  }

  @Test func `bytes after the last tensor are refused`() {
    expectRefusal(
      weights: { $0.append(0) }, "weights.malformed", "expected the end of the data, found 1 bytes more")
  }

  @Test func `tensors that overlap are refused`() {
    expectRefusal(
      weights: { Self.replace("[80,96]", with: "[79,95]", in: &$0) }, "weights.malformed",
      "expected 'mean.feature' to start at 80 of the data, found 79")
  }

  @Test func `a header beyond the limit is refused before it is read`() {
    expectRefusal(
      weights: { $0.replaceSubrange(0..<8, with: UInt64.max.littleEndianBytes) }, "weights.malformed",
      "expected a header of at most 67108864 bytes, found 18446744073709551615")
  }

  @Test func `a tensor longer than the file is refused`() {
    expectRefusal(
      weights: { $0.removeLast() }, "weights.malformed", "expected 4 bytes of 'mean.missing_left', found 3")
  }

  @Test func `a truth value other than 0 and 1 is refused`() {
    expectRefusal(
      weights: { $0[$0.count - 1] = 2 }, "weights.malformed",
      "expected 0 or 1 in each byte of 'mean.missing_left', found another")
  }

  @Test func `tensors in another order are refused`() {
    expectRefusal(
      weights: { bytes in
        Self.replace("mean.left", with: "mean.lift", in: &bytes)
        Self.replace("mean.feature", with: "mean.xeature", in: &bytes)
      }, "weights.malformed", "expected 'mean.lift' next, found 'mean.xeature'")
  }

  @Test func `a name that occurs twice is refused`() {
    expectRefusal(
      weights: { Self.replace("mean.right", with: "mean.roots", in: &$0) }, "weights.malformed",
      "expected each name once in an object at line 1, column 338, found 'mean.roots' again")
  }

  private static func replace(_ old: String, with new: String, in bytes: inout [UInt8]) {
    let (old, new) = (Array(old.utf8), Array(new.utf8))
    guard old.count == new.count, let start = bytes.indices.first(where: { bytes[$0...].starts(with: old) })
    else {
      Issue.record("no such text")
      return
    }
    bytes.replaceSubrange(start..<(start + old.count), with: new)
  }

  // MARK: - Property

  @Test(arguments: graphs)
  func `changed files are read as some graph or refused, and what is read is the same after its files`(
    _ graph: ModelGraph
  ) throws {
    let files = graph.encoded()
    var random = SeededGenerator(seed: 7)
    var outcomes = (read: 0, refused: 0)
    for round in 0..<4000 {
      var (graph, weights) = (files.graph, files.weights)
      if round.isMultiple(of: 2) {
        Self.change(&graph, &random)
      } else {
        Self.change(&weights, &random)
      }
      guard let read = try? ModelGraph(decoding: graph, weights: weights) else {
        outcomes.refused += 1
        continue
      }
      outcomes.read += 1
      _ = try? ValidatedGraph(read)
      let again = read.encoded()
      #expect(try ModelGraph(decoding: again.graph, weights: again.weights).encoded() == again)
    }
    #expect(outcomes.read > 0 && outcomes.refused > 0)
  }

  private static func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let index = Int.random(in: bytes.indices, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bytes.remove(at: index)
    case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
    case 2: bytes.removeSubrange(index...)
    default: bytes[index] = UInt8.random(in: 0...255, using: &random)
    }
  }
}
