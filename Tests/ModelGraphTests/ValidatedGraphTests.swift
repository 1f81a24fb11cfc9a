import Domain
import ModelGraph
import Testing

@Suite struct ValidatedGraphTests {
  private func expectRefusal(
    _ graph: ModelGraph, _ code: String, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(throws: Problem(.badInput, code, message), sourceLocation: sourceLocation) {
      try ValidatedGraph(graph)
    }
  }

  private func forest(_ change: (inout ModelGraph) -> Void) -> ModelGraph {
    var graph = SampleGraphs.forest()
    change(&graph)
    return graph
  }

  @Test func `honest graphs pass`() throws {
    #expect(try ValidatedGraph(SampleGraphs.forest()).signature.methods == [.predict, .predictProbabilities])
    #expect(try ValidatedGraph(SampleGraphs.regression()).signature.featureCount == 2)
  }

  // MARK: - Edges and names

  @Test func `a value read before it is made is refused`() {
    expectRefusal(
      forest { $0.nodes.swapAt(0, 1) }, "graph.edge",
      "expected 'mean' to read the input or an earlier value, found 'checked'")
  }

  @Test func `two values of one name are refused`() {
    expectRefusal(
      forest { $0.nodes[1].output = "checked" }, "graph.duplicate-value",
      "expected each value once, found 'checked' again")
  }

  @Test func `a value named input is refused`() {
    expectRefusal(
      forest { $0.nodes[0].output = "input" }, "graph.duplicate-value",
      "expected each value once, found 'input' again")
  }

  @Test func `a graph without operators is refused`() {
    expectRefusal(
      forest { $0.nodes = [] }, "graph.operator-count", "expected 1 to 4096 operators, found 0")
  }

  @Test func `a tensor that nothing reads is refused`() {
    expectRefusal(
      forest { $0.tensors["stowaway"] = Tensor(vector: .bool([true])) }, "graph.unused-tensor",
      "expected every tensor to be read, found 'stowaway' that nothing reads")
  }

  @Test func `a value that nothing reads is refused`() {
    let node = ModelGraph.Node(output: "idle", input: "mean", operator: .softmax, origin: "")
    expectRefusal(
      forest { $0.nodes.append(node) }, "graph.unused-value",
      "expected every value to be read, found 'idle' that nothing reads")
  }

  // MARK: - Constants

  @Test func `a missing tensor is refused`() {
    expectRefusal(
      forest { $0.tensors["threshold"] = nil }, "graph.no-such-tensor",
      "expected the tensor 'threshold' for 'mean', found none")
  }

  @Test func `a tensor of another type or shape is refused`() {
    expectRefusal(
      forest { $0.tensors["feature"] = Tensor(vector: .float64([0, 0, 0, 0])) }, "graph.tensor-shape",
      "expected 'feature' to be INT64 of shape [4] for 'mean', found FP64 of shape [4]")
    expectRefusal(
      forest { $0.tensors["threshold"] = Tensor(vector: .float64([0.5])) }, "graph.tensor-shape",
      "expected 'threshold' to be FP64 of shape [4] for 'mean', found FP64 of shape [1]")
  }

  @Test func `a constant that is not finite is refused`() {
    var graph = SampleGraphs.regression()
    graph.tensors["mean"] = Tensor(vector: .float64([1, .infinity]))
    expectRefusal(
      graph, "graph.not-finite", "expected finite numbers in 'mean', found inf at element 1")
  }

  @Test func `a division by zero is refused`() {
    var graph = SampleGraphs.regression()
    graph.tensors["scale"] = Tensor(vector: .float64([0, 1]))
    expectRefusal(
      graph, "graph.divisor", "expected divisors other than 0 in 'scale', found 0 at [0]")
  }

  @Test func `fewer labels than the index can name are refused`() {
    expectRefusal(
      forest { $0.tensors["classes"] = Tensor(vector: .string(["no"])) }, "graph.tensor-shape",
      "expected 'classes' to have the shape [2] for 'label', found [1]")
  }

  // MARK: - Signature

  @Test func `classes other than the labels are refused`() {
    let other = Tensor(vector: .string(["yes", "no"]))
    expectRefusal(
      forest { $0.tensors["classes"] = other }, "graph.classes",
      "expected the classes to be the labels 'classes', found others")
  }

  @Test func `a result besides the signature is refused`() {
    expectRefusal(
      forest { $0.results[.transform] = "mean" }, "graph.results",
      "expected results for the outputs of the signature, found 'transform' besides")
  }

  @Test func `an output without a result is refused`() {
    expectRefusal(
      forest { $0.results[.predict] = nil }, "graph.results",
      "expected the output 'predict' to be the value of an operator, found none")
  }

  @Test func `an output of another shape is refused`() {
    expectRefusal(
      forest { $0.results[.predictProbabilities] = "index" }, "graph.output-shape",
      "expected the output 'predict_proba' to be INT64 of shape [-1, 1], found FP64 of shape [-1, 2]")
  }

  // MARK: - Trees

  private func expectBrokenTree(
    _ name: String, _ elements: Tensor.Elements, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    expectRefusal(
      forest { $0.tensors[name] = Tensor(vector: elements) }, "graph.tree", message,
      sourceLocation: sourceLocation)
  }

  @Test func `a cycle is refused`() {
    expectBrokenTree(
      "left", .int64([0, -1, -1, -1]),
      "expected the children of node 0 of tree 0 to come after it and before node 3 in 'mean', found node 0")
  }

  @Test func `a child in another tree is refused`() {
    expectBrokenTree(
      "left", .int64([3, -1, -1, -1]),
      "expected the children of node 0 of tree 0 to come after it and before node 3 in 'mean', found node 3")
  }

  @Test func `two ways to one node are refused`() {
    expectBrokenTree(
      "left", .int64([2, -1, -1, -1]),
      "expected node 2 of tree 0 to be the child of one node in 'mean', found it to be of node 0 too")
  }

  @Test func `a node that no way leads to is refused`() {
    expectBrokenTree(
      "roots", .int64([0]),
      "expected node 3 of tree 0 to be the child of one node in 'mean', found it to be of none")
  }

  @Test func `roots out of order are refused`() {
    expectBrokenTree(
      "roots", .int64([0, 9]), "expected the roots in ascending order below 4 in 'mean', found 9 after 0")
    expectBrokenTree(
      "roots", .int64([1, 3]), "expected the first root to be node 0 in 'mean', found node 1")
  }

  @Test func `a feature beyond the columns is refused`() {
    expectBrokenTree(
      "feature", .int64([2, 0, 0, 0]),
      "expected node 0 of tree 0 to look at a feature from 0 to 1 in 'mean', found feature 2")
  }

  @Test func `an infinite threshold passes and NaN does not`() throws {
    _ = try ValidatedGraph(
      forest { $0.tensors["threshold"] = Tensor(vector: .float64([.infinity, 0, 0, 0])) })
    expectBrokenTree(
      "threshold", .float64([.nan, 0, 0, 0]),
      "expected a threshold in node 0 of tree 0 in 'mean', found NaN")
  }

  @Test(arguments: [0, -1, .infinity, .nan])
  func `a divisor that is not finite and above zero is refused`(divisor: Double) {
    expectRefusal(
      forest { graph in
        guard case .treeEnsemble(var ensemble) = graph.nodes[1].operator else { return }
        ensemble.divisor = divisor
        graph.nodes[1].operator = .treeEnsemble(ensemble)
      }, "graph.divisor", "expected a finite divisor above 0 in 'mean', found \(divisor)")
  }
}
