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
      forest { $0.nodes = [] }, "graph.operator-count", "expected 1 to 65536 operators, found 0")
  }

  @Test func `a value that nothing reads is refused`() {
    let node = ModelGraph.Node(output: "idle", inputs: ["mean"], operator: Softmax(), origin: "")
    expectRefusal(
      forest { $0.nodes.append(node) }, "graph.unused-value",
      "expected every value to be read, found 'idle' that nothing reads")
  }

  @Test func `a value that has no columns is refused`() {
    expectRefusal(
      forest { $0.nodes[0].inputs = ["texts"] }, "graph.edge",
      "expected 'checked' to read the input or an earlier value, found 'texts'")
  }

  // MARK: - Constants

  @Test func `arrays of another length are refused`() {
    var trees = SampleGraphs.trees
    trees.threshold = [0.5]
    expectRefusal(
      SampleGraphs.forest(trees), "graph.tensor-shape",
      "expected 'threshold' to have 4 elements in 'mean', found 1")
  }

  @Test func `a constant that is not finite is refused`() {
    expectRefusal(
      SampleGraphs.regression(scale: Scale(offset: [1, .infinity], divisor: nil)), "graph.not-finite",
      "expected finite numbers as 'offset' of 'scaled', found inf at element 1")
  }

  @Test func `a division by zero is refused`() {
    expectRefusal(
      SampleGraphs.regression(scale: Scale(offset: nil, divisor: [0, 1])), "graph.divisor",
      "expected divisors other than 0 in 'scaled', found 0 at [0]")
  }

  @Test func `coefficients for another number of columns are refused`() {
    let linear = Linear(coefficients: SampleGraphs.matrix(2, 1, [1, 2]), intercepts: [0, 0])
    expectRefusal(
      SampleGraphs.regression(linear: linear), "graph.tensor-shape",
      "expected 'coefficients' to have the shape [1 or more, 2] in 'value', found [2, 1]")
  }

  @Test func `fewer labels than the index can name are refused`() {
    expectRefusal(
      forest { $0.nodes[3].operator = Label(Tensor(vector: .string(["no"]))) }, "graph.tensor-shape",
      "expected 'labels' to have the shape [2] in 'label', found [1]")
  }

  @Test func `an operator that is given another kind of value is refused`() {
    expectRefusal(
      forest { $0.nodes[3].inputs = ["mean"] }, "graph.operand",
      "expected 'label' to read one column of indices, found numbers")
  }

  // MARK: - Signature

  @Test func `classes that are not as many as their probabilities are refused`() {
    expectRefusal(
      forest { graph in
        let signature = graph.signature
        graph.signature = ModelSignature(
          features: signature.features, outputs: signature.outputs,
          classes: [Tensor(vector: .string(["no", "yes", "perhaps"]))])
      }, "graph.classes", "expected a probability for each of 3 classes, found 2")
  }

  @Test func `features of two kinds at once are refused`() {
    expectRefusal(
      forest { graph in
        graph.signature = ModelSignature(
          features: FeatureList(count: 2, texts: [1], ignored: [1]), outputs: graph.signature.outputs,
          classes: [])
      }, "graph.feature-kinds", "expected each feature to be of one kind, found one of two")
  }

  @Test func `a result besides the signature is refused`() {
    expectRefusal(
      forest { $0.results[.transform] = ["mean"] }, "graph.results",
      "expected results for the outputs of the signature, found 'transform' besides")
  }

  @Test func `an output without a result is refused`() {
    expectRefusal(
      forest { $0.results[.predict] = nil }, "graph.results",
      "expected 1 values for the output 'predict', found 0")
  }

  @Test func `an output of another shape is refused`() {
    expectRefusal(
      forest { $0.results[.predictProbabilities] = ["index"] }, "graph.output-shape",
      "expected the output 'predict_proba' to be INT64 of shape [-1, 1], found 'predict_proba' of FP64 and"
        + " shape [-1, 2]")
  }

  // MARK: - Trees

  private func expectBrokenTree(
    _ change: (inout TreeEnsemble) -> Void, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var trees = SampleGraphs.trees
    change(&trees)
    expectRefusal(SampleGraphs.forest(trees), "graph.tree", message, sourceLocation: sourceLocation)
  }

  @Test func `a cycle is refused`() {
    expectBrokenTree(
      { $0.left = [0, -1, -1, -1] },
      "expected the children of node 0 of tree 0 to come after it and before node 3 in 'mean', found node 0")
  }

  @Test func `a child in another tree is refused`() {
    expectBrokenTree(
      { $0.left = [3, -1, -1, -1] },
      "expected the children of node 0 of tree 0 to come after it and before node 3 in 'mean', found node 3")
  }

  @Test func `two ways to one node are refused`() {
    expectBrokenTree(
      { $0.left = [2, -1, -1, -1] },
      "expected node 2 of tree 0 to be the child of one node in 'mean', found it to be of node 0 too")
  }

  @Test func `a node that no way leads to is refused`() {
    expectBrokenTree(
      { $0.roots = [0] },
      "expected node 3 of tree 0 to be the child of one node in 'mean', found it to be of none")
  }

  @Test func `roots out of order are refused`() {
    expectBrokenTree(
      { $0.roots = [0, 9] }, "expected the roots in ascending order below 4 in 'mean', found 9 after 0")
    expectBrokenTree(
      { $0.roots = [1, 3] }, "expected the first root to be node 0 in 'mean', found node 1")
  }

  @Test func `a feature beyond the columns is refused`() {
    expectBrokenTree(
      { $0.feature = [2, 0, 0, 0] },
      "expected node 0 of tree 0 to look at a feature from 0 to 1 in 'mean', found feature 2")
  }

  @Test func `an infinite threshold passes and NaN does not`() throws {
    var trees = SampleGraphs.trees
    trees.threshold = [.infinity, 0, 0, 0]
    _ = try ValidatedGraph(SampleGraphs.forest(trees))
    expectBrokenTree(
      { $0.threshold = [.nan, 0, 0, 0] },
      "expected a threshold in node 0 of tree 0 in 'mean', found NaN")
  }

  @Test(arguments: [0, -1, .infinity, .nan])
  func `a divisor that is not finite and above zero is refused`(divisor: Double) {
    var trees = SampleGraphs.trees
    trees.divisor = divisor
    expectRefusal(
      SampleGraphs.forest(trees), "graph.divisor",
      "expected a finite divisor above 0 in 'mean', found \(divisor)")
  }
}
