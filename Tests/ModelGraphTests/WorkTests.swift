import Domain
import ModelGraph
import Testing

/// How much operators take, and sizes that nothing backs.
@Suite struct WorkTests {
  private static func graph(_ operators: [any Operator], outputs: Int) -> ModelGraph {
    let nodes = operators.enumerated().map { index, operation in
      ModelGraph.Node(
        output: "value\(index)", inputs: [index == 0 ? ModelGraph.inputName : "value\(index - 1)"],
        operator: operation, origin: "Test")
    }
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 1),
        outputs: [ModelSignature.Output(.predict, .float64, shape: [-1, outputs])], classes: []),
      nodes: nodes, results: [.predict: ["value\(operators.count - 1)"]])
  }

  /// A window that is much larger than the one place it slides over.
  private static func pool(_ height: Int, _ width: Int) -> Pool {
    let window = SlidingWindow(
      places: [1, 1], kernel: [height, width], strides: [1, 1], dilations: [1, 1],
      before: [height - 1, width - 1], after: [0, 0], roundsUp: false)
    return Pool(.max, window: window, channels: 1, countsPadding: false)
  }

  @Test func `work is bounded for each operator and for all together`() throws {
    let one = try ValidatedGraph(Self.graph([Self.pool(1 << 16, 1 << 17)], outputs: 1))
    #expect(one.work == Work(row: 1 << 33 + 2))
    #expect(
      throws: Problem(
        .badInput, "graph.work", "expected 'value0' to take at most 17179869184 steps a row, found more")
    ) { try ValidatedGraph(Self.graph([Self.pool(1 << 17, 1 << 17)], outputs: 1)) }
    let many = Array(repeating: Self.pool(1 << 16, 1 << 17), count: 8)
    #expect(
      throws: Problem(
        .badInput, "graph.work",
        "expected the operators up to 'value7' to take at most 68719476736 steps a row, found more")
    ) { try ValidatedGraph(Self.graph(many, outputs: 1)) }
  }

  @Test func `an operator that holds rows against constants takes each of them`() throws {
    let points = SampleGraphs.matrix(3, 2, [0, 1, 2, 3, 4, 5])
    let two = [ValueType.numbers(2)]
    #expect(Distances(to: points, DistanceMetric(.euclidean)).work(on: two).row == 6)
    let inverse = SampleGraphs.matrix(2, 2, [1, 0, 0, 1])
    #expect(Distances(to: points, DistanceMetric(.mahalanobis, inverse: inverse)).work(on: two).row == 12)
    #expect(Linear(coefficients: points, intercepts: [0, 0, 0]).work(on: two).row == 6)
    #expect(SampleGraphs.trees.work(on: two).row == 2 + 1 + 4)
    #expect(CountTerms(TextAnalysis(longest: 3), vocabulary: ["a"], isBinary: false).work(on: []).byte == 25)
    let coupling = PairCoupling(classCount: 4096, slopes: [], offsets: [])
    #expect(coupling.work(on: []).row == 1 << 36)
  }

  @Test func `counts stop where they would overflow`() {
    #expect(Work.product(.max, 2) + Work(row: .max, byte: .max) == Work(row: .max, byte: .max))
    #expect(Work(row: 1 << 40, byte: 1).steps(rows: 1 << 40, bytes: 1) == .max)
  }

  @Test func `factors that take hours a row, or much memory, are refused`() throws {
    func factors(_ rows: Int, iterations: Int, tolerance: Double = 0) -> NonNegativeFactors {
      NonNegativeFactors(
        components: SampleGraphs.matrix(rows, 1, Array(repeating: 1, count: rows)), tolerance: tolerance,
        iterations: iterations, l1: 0, l2: 0)
    }
    #expect(throws: Never.self) {
      try ValidatedGraph(Self.graph([factors(64, iterations: 100_000)], outputs: 64))
    }
    let wide = try #require(throws: Problem.self) {
      try ValidatedGraph(Self.graph([factors(65, iterations: 1)], outputs: 65))
    }
    #expect(wide.code == "graph.tensor-shape")
    let endless = try #require(throws: Problem.self) {
      try ValidatedGraph(Self.graph([factors(2, iterations: 1, tolerance: -1)], outputs: 2))
    }
    #expect(endless.code == "graph.iterations")
    let slow = factors(1000, iterations: 100_000)
    #expect(slow.work(on: [.numbers(16)]).row > 1 << 34)
  }

  @Test func `a tree's bounds without columns may claim any number of rows`() throws {
    let points = SampleGraphs.matrix(1, 1, [0])
    let claims = try #require(ConstantMatrix([], rows: .max, columns: 0))
    let trees = [
      NeighborTree(order: [0], bounds: .boxes(least: claims, greatest: claims)),
      NeighborTree(order: [0], bounds: .balls(centers: claims, radii: [])),
    ]
    for tree in trees {
      let neighbors = Neighbors(
        points: points, metric: DistanceMetric(.euclidean), extent: .count(1), search: .tree, tree: tree,
        weighting: .uniform, answer: .means(points))
      let problem = try #require(throws: Problem.self) {
        _ = try neighbors.check(Operands([.numbers(1)], node: "n"))
      }
      #expect(problem.code == "graph.tree")
    }
  }

  @Test func `a matrix that claims more rows than memory has elements is not read`() throws {
    let claims = try #require(ConstantMatrix([], rows: .max, columns: 0))
    let encoded = Self.graph([Embed(claims)], outputs: 1).encoded()
    let problem = try #require(throws: Problem.self) {
      _ = try ModelGraph(decoding: encoded.graph, weights: encoded.weights)
    }
    #expect(problem.code == "graph.tensor-shape")
  }

  @Test func `a long separator is refused`() throws {
    let operation = VectorizeMappings(names: ["a"], separator: String(repeating: "=", count: 1025))
    let problem = try #require(throws: Problem.self) {
      _ = try operation.check(Operands([ValueType(.texts, columns: 1)], node: "n"))
    }
    #expect(problem.code == "graph.separator")
  }

  @Test func `millions of features of several kinds are refused`() throws {
    var graph = Self.graph([Columns([0])], outputs: 1)
    graph.signature = ModelSignature(
      features: FeatureList(count: 1 << 24, texts: [0]), outputs: graph.signature.outputs, classes: [])
    let problem = try #require(throws: Problem.self) { try ValidatedGraph(graph) }
    #expect(problem.code == "graph.feature-kinds")
  }
}
