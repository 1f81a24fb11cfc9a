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
    var graph = SampleGraphs.regression()
    let numbers = [-0.0, .leastNonzeroMagnitude, .infinity, Double(bitPattern: 0x7FF8_0000_0000_0123)]
    graph.tensors["coefficients"] = SampleGraphs.matrix([2, 2], numbers)
    let files = graph.encoded()
    let decoded = try ModelGraph(decoding: files.graph, weights: files.weights)
    guard case .float64(let read)? = decoded.tensors["coefficients"]?.elements else {
      Issue.record("no numbers")
      return
    }
    #expect(read.map(\.bitPattern) == numbers.map(\.bitPattern))
  }

  @Test func `the weights are in the safetensors format and aligned`() throws {
    let weights = SampleGraphs.forest().encoded().weights
    let length = Int(UInt64(littleEndianBytes: weights.prefix(8)))
    #expect(length.isMultiple(of: 8))
    let header = try JSON(parsing: weights.dropFirst(8).prefix(length))
    #expect(
      header["feature"] == ["dtype": "I64", "shape": [4], "data_offsets": [0, 32]])
    #expect(header["missing"]?["dtype"] == "BOOL")
    #expect(header["missing"]?["data_offsets"]?.array?.last?.int == weights.count - 8 - length)
    #expect(header["classes"] == nil)
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
      graph: { $0.replacing("gatehouse-graph-1", with: "gatehouse-graph-9") }, "graph.malformed",
      "expected a graph of the format 'gatehouse-graph-1', found 'gatehouse-graph-9'")
  }

  @Test func `bytes after the last tensor are refused`() {
    expectRefusal(
      weights: { $0.append(0) }, "weights.malformed", "expected the end of the data, found 1 bytes more")
  }

  @Test func `tensors that overlap are refused`() {
    expectRefusal(
      weights: { Self.replace("[32,64]", with: "[31,63]", in: &$0) }, "weights.malformed",
      "expected 'left' to start at 32 of the data, found 31")
  }

  @Test func `a header beyond the limit is refused before it is read`() {
    expectRefusal(
      weights: { $0.replaceSubrange(0..<8, with: UInt64.max.littleEndianBytes) }, "weights.malformed",
      "expected a header of at most 16777216 bytes, found 18446744073709551615")
  }

  @Test func `a tensor longer than the file is refused`() {
    expectRefusal(
      weights: { $0.removeLast() }, "weights.malformed", "expected 4 bytes of 'missing', found 3")
  }

  @Test func `a truth value other than 0 and 1 is refused`() {
    expectRefusal(
      weights: { $0[$0.count - 1] = 2 }, "weights.malformed",
      "expected 0 or 1 in each byte of 'missing', found another")
  }

  @Test func `tensors in another order are refused`() {
    expectRefusal(
      weights: { bytes in
        Self.replace("\"left\"", with: "\"lift\"", in: &bytes)
        Self.replace("\"feature\"", with: "\"xeature\"", in: &bytes)
      }, "weights.malformed", "expected 'lift' next, found 'xeature'")
  }

  @Test func `a name that occurs twice is refused`() {
    expectRefusal(
      weights: { Self.replace("\"right\"", with: "\"roots\"", in: &$0) }, "weights.malformed",
      "expected each name once in an object at line 1, column 243, found 'roots' again")
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
