import Domain
import ModelGraph
import Synchronization
import Testing

@testable import Inference

/// What hostile graphs and requests must not take: memory and time without end.
@Suite struct BoundsTests {
  private static func plan(_ graph: ModelGraph) throws -> ExecutionPlan {
    ExecutionPlan(try ValidatedGraph(graph))
  }

  private static func zeros(_ rows: Int, columns: Int = 1) -> Rows {
    Rows(values: Array(repeating: 0, count: rows * columns), rowCount: rows, featureCount: columns)
  }

  private static func code(_ run: () throws -> Void) -> String? {
    do {
      try run()
      return nil
    } catch {
      return (error as? Problem)?.code
    }
  }

  // MARK: - Work

  private static func pool(_ height: Int, _ width: Int) -> Pool {
    let window = SlidingWindow(
      places: [1, 1], kernel: [height, width], strides: [1, 1], dilations: [1, 1],
      before: [height - 1, width - 1], after: [0, 0], roundsUp: false)
    return Pool(.max, window: window, channels: 1, countsPadding: false)
  }

  @Test func `rows that take too much work together are refused before any is looked at`() throws {
    let plan = try Self.plan(SampleModels.chain([Self.pool(1 << 16, 1 << 17)], columns: 1))
    #expect(plan.steps(of: [.predict], on: Self.zeros(1)) == 1 << 33 + 2)
    #expect(
      throws: Problem(
        .tooLarge, "predict.too-much-work",
        "expected rows that take the model at most 4398046511104 steps, found 600 that take more",
        hint: "ask in several parts")
    ) { try plan.run([.predict], on: Self.zeros(600)) }
  }

  @Test func `points that rows are compared with count, and bytes of texts`() throws {
    let points = try #require(ConstantMatrix(Array(repeating: 0, count: 4000), rows: 1000, columns: 4))
    let plan = try Self.plan(
      SampleModels.chain([Distances(to: points, DistanceMetric(.euclidean))], columns: 4, outputs: 1000))
    #expect(plan.steps(of: [.predict], on: Self.zeros(10, columns: 4)) == 10 * 5004)
    #expect(plan.steps(of: [.transform], on: Self.zeros(10, columns: 4)) == 0)
    let texts = try Self.plan(Self.texts([Self.hashes(columns: 1 << 20)], columns: 1 << 20))
    let rows = Self.rows(of: ["a", "żó"])
    #expect(texts.steps(of: [.predict], on: rows) == 2 * 4097 + 5 * 17)
  }

  @Test func `a request that nobody waits for ends between two operators and two blocks`() throws {
    let plan = try Self.plan(SampleModels.chain([Softmax(), Softmax()], columns: 1))
    for limit in 0..<6 {
      let asked = Mutex(0)
      let code = Self.code {
        _ = try plan.run(
          [.predict], on: Self.zeros(3000),
          isCancelled: {
            asked.withLock { asked in
              asked += 1; return asked > limit
            }
          })
      }
      #expect(code == "predict.cancelled")
      #expect(asked.withLock { $0 } == limit + 1)
    }
  }

  @Test func `a cancelled task's prediction ends`() async throws {
    let plan = try Self.plan(SampleModels.chain([Softmax()], columns: 1))
    let task = Task {
      unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
      return Self.code { _ = try plan.run([.predict], on: Self.zeros(10)) }
    }
    #expect(await task.value == "predict.cancelled")
  }

  @Test func `blocks of much work or many numbers are small`() {
    #expect(RowBlocks(0..<100, widest: 1, live: 1, steps: 1 << 30).first == 0..<4)
    #expect(RowBlocks(0..<100, widest: 1, live: 1, steps: .max).first == 0..<1)
    #expect(RowBlocks(0..<100, widest: 1 << 20, live: 1 << 23, steps: 1).first == 0..<2)
    #expect(RowBlocks(0..<5000, widest: 4, live: 8, steps: 10).first == 0..<1024)
    #expect(RowBlocks(0..<5000, widest: 100, live: 8, steps: 10).first == 0..<320)
    #expect(RowBlocks(0..<5000, widest: 100, live: 8, steps: 10, worthwhileRows: 1024).first == 0..<1024)
  }

  // MARK: - Memory

  private static func schedule(_ graph: ModelGraph) throws -> Schedule {
    let graph = try ValidatedGraph(graph)
    return Schedule(
      of: graph.results[.predict] ?? [], operations: PlannedOperation.all(of: graph),
      inputWidths: [graph.signature.features.numberCount, 2 * graph.signature.features.texts.count])
  }

  @Test func `of a chain two values are there at one time`() throws {
    let maps = Array(repeating: MapElements(.exp), count: 1000)
    let chain = Self.texts([Self.hashes(columns: 1 << 24)] + maps + [ReduceRows(.sum)], columns: 1)
    let schedule = try Self.schedule(chain)
    // The first step writes the zeros out; the text itself counts 2.
    #expect(schedule.live == 2 << 24)
    #expect(schedule.turns.count == 1002)
    #expect(schedule.turns[1].lastReads == [2])
  }

  @Test func `more numbers for one row than memory is kept for are refused`() throws {
    var graph = Self.texts([Self.hashes(columns: 1 << 24)], columns: 1)
    let exps = (0..<8).map { index in
      ModelGraph.Node(
        output: "exp\(index)", inputs: ["value0"], operator: MapElements(.exp), origin: "Test")
    }
    let sum = ModelGraph.Node(
      output: "sum", inputs: exps.map(\.output), operator: AddValues(), origin: "Test")
    let last = ModelGraph.Node(
      output: "last", inputs: ["sum"], operator: ReduceRows(.sum), origin: "Test")
    graph.nodes += exps + [sum, last]
    graph.results = [.predict: ["last"]]
    let plan = try Self.plan(graph)
    #expect(Self.code { _ = try plan.run([.predict], on: Self.rows(of: ["a"])) } == "predict.too-wide")
  }

  @Test func `a value that is asked for many times bounds the rows`() throws {
    var graph = SampleModels.chain([Softmax()], columns: 1)
    let count = 8192
    let ports = (0..<count).map {
      ModelSignature.Port(name: "predict.\($0)", datatype: .float64, shape: [-1, 1])
    }
    graph.signature = ModelSignature(
      features: graph.signature.features,
      outputs: [ModelSignature.Output(method: .predict, ports: ports)], classes: [])
    graph.results = [.predict: Array(repeating: "value0", count: count)]
    let plan = try Self.plan(graph)
    #expect(Self.code { _ = try plan.run([.predict], on: Self.zeros(20_000)) } == "predict.too-many-rows")
  }

  @Test func `a kernel uses the memory of what nothing else reads`() throws {
    let batch = Batch(rowCount: 64, firstRow: 0, numberNames: nil, origin: "Test")
    let kernels: [any Kernel] = [
      MapElements(.exp), Softmax(), Scale(offset: [1], divisor: nil), CheckFinite(allowsNaN: false),
      Combine(.add, constants: [1]), NormalizeRows(zeroNorm: .keep),
    ]
    for kernel in kernels {
      let matrix = Matrix(rows: 64, columns: 1)
      let before = matrix.elements.address
      let result = try kernel.run([.numbers(consume matrix)], batch).matrix
      let after = result.elements.address
      #expect(before == after, "\(kernel)")
    }
  }

  @Test func `many features of which few are looked at take little room`() throws {
    let trees = TreeEnsemble(
      roots: [0], left: [1, -1, -1], right: [2, -1, -1], feature: [99_999, 0, 0], threshold: [0.5, 0, 0],
      missingLeft: [false, false, false],
      leaves: try #require(ConstantMatrix([1, 2], rows: 2, columns: 1)), comparesSingles: true)
    let plan = try Self.plan(SampleModels.chain([trees], columns: 100_000, outputs: 1))
    var values = [Double](repeating: 0, count: 300_000)
    values[199_999] = 1
    let answer = try plan.run([.predict], on: Rows(values: values, rowCount: 3, featureCount: 100_000))
    #expect(answer[.predict]?.first?.elements == .float64([1, 2, 1]))
  }

  @Test func `no memory is kept for rows that are not as long as they should be`() throws {
    let signature = ModelSignature(
      features: FeatureList(count: 1 << 24),
      outputs: [ModelSignature.Output(.predict, .float64, shape: [-1, 1])], classes: [])
    var decoder = RowDecoder(signature: signature)
    let body = "[" + Array(repeating: "[]", count: 100_000).joined(separator: ",") + "]"
    var reader = RequestReader(Array(body.utf8))
    let code = Self.code { _ = try decoder.decode(&reader, at: "/data") }
    #expect(code == "predict.feature-count")
  }

  @Test func `named columns may leave out what nothing reads, and rows have as many elements`() throws {
    let signature = ModelSignature(
      features: FeatureList(count: 3, names: ["a", "b", "c"], ignored: [1]),
      outputs: [ModelSignature.Output(.predict, .float64, shape: [-1, 1])], classes: [])
    var decoder = RowDecoder(signature: signature)
    var reader = RequestReader(Array("[[1,2]]".utf8))
    try decoder.decode(&reader, columns: ["c", "a"], at: "/data")
    #expect(decoder.rows.numbers == [2, 1])
    var longer = RequestReader(Array("[[1,2,3]]".utf8))
    let code = Self.code { try decoder.decode(&longer, columns: ["c", "a"], at: "/data") }
    #expect(code == "predict.feature-count")
  }

  // MARK: - Elements other than 0

  private static func hashes(columns: Int, _ analysis: TextAnalysis = TextAnalysis(pattern: #"\w+"#))
    -> HashTerms
  {
    HashTerms(analysis, columns: columns, alternatesSign: false, isBinary: false)
  }

  private static func texts(_ operators: [any Operator], columns: Int) -> ModelGraph {
    var graph = SampleModels.chain(operators, columns: 1, outputs: columns)
    graph.signature = ModelSignature(
      features: FeatureList(form: .documents, count: 1, texts: [0]), outputs: graph.signature.outputs,
      classes: [])
    graph.nodes[0].inputs = [ModelGraph.textsName]
    return graph
  }

  private static func rows(of texts: [String]) -> Rows {
    Rows(numbers: [], texts: texts, rowCount: texts.count, featureCount: 1)
  }

  private static let manyWords = (0..<2048).map { "w\($0)" }.joined(separator: " ")

  @Test func `a sparse value side by side with itself is bounded`() throws {
    var graph = Self.texts([Self.hashes(columns: 2048), Concat(), Columns([0])], columns: 1)
    graph.nodes[1].inputs = Array(repeating: "value0", count: 8192)
    let plan = try Self.plan(graph)
    let rows = Self.rows(of: Array(repeating: Self.manyWords, count: 16))
    #expect(Self.code { _ = try plan.run([.predict], on: rows) } == "predict.too-many-terms")
  }

  @Test func `a row's elements are added up before there are many more than columns`() throws {
    let analysis = TextAnalysis(unit: .character, shortest: 1, longest: 8)
    let plan = try Self.plan(Self.texts([Self.hashes(columns: 64, analysis)], columns: 64))
    let text = (0..<20_000).map { "\($0 % 7)" }.joined()
    let answer = try plan.run([.predict], on: Self.rows(of: [text]))
    guard case .float64(let counts)? = answer[.predict]?.first?.elements else {
      Issue.record("no numbers")
      return
    }
    let total: Double = 8 * 20_001 - 36
    #expect(counts.reduce(0, +) == total)
  }

  @Test func `elements of one column are added in their order, and known to have been one column's`() throws {
    var rows = SparseRows(columns: 3, rows: 1)
    rows.append(1e16, column: 1)
    for _ in 0..<70_000 { rows.append(1, column: 2) }
    rows.append(1, column: 1)
    rows.append(-1e16, column: 1)
    let hasOne = rows.hasOneAColumn
    #expect(!hasOne)
    try rows.endRow()
    #expect(rows.finished.columnIndices == [1, 2])
    #expect(rows.finished.elements == [1e16 + 1 - 1e16, 70_000])
  }

  // MARK: - Patterns

  @Test func `characters beyond ASCII that a match may begin with are found among many classes`() throws {
    let letters = ["á", "ç", "è", "í", "ñ", "ö", "ü", "ß", "ø", "å"]
    let pattern = try TokenPattern("(?:" + letters.map { "\($0)x{2}" }.joined(separator: "|") + ")")
    let text = "éé áxx 東京 ñxx áx öxx"
    for usesAutomaton in [true, false] {
      var matcher = PatternMatcher(pattern, usesAutomaton: usesAutomaton)
      var found: [String] = []
      let characters = text.unicodeScalars.map(\.value)
      for _ in 0..<2 {
        try matcher.tokens(of: characters) { range in
          found.append(String(String.UnicodeScalarView(characters[range].compactMap(Unicode.Scalar.init))))
        }
      }
      #expect(found == ["áxx", "ñxx", "öxx", "áxx", "ñxx", "öxx"])
    }
  }
}

extension [Double] {
  /// Where the elements are.
  fileprivate var address: UInt {
    unsafe withUnsafeBufferPointer { elements in UInt(bitPattern: elements.baseAddress) }
  }
}
