import Domain
import ModelGraph
import Synchronization
import Testing

@testable import Inference

/// What a model of an engine is given for rows, and what becomes of its answers, with an engine made here.
struct EngineKernelTests {
  /// Answers as it is told, and keeps what it was asked.
  private final class Session: InferenceEngine, EngineSession {
    let asked = Mutex<[[Tensor]]>([])
    private let answers: @Sendable ([Tensor]) -> [Tensor]

    init(_ answers: @escaping @Sendable ([Tensor]) -> [Tensor]) { self.answers = answers }

    func open(_ model: ONNXRuntimeModel) throws(Problem) -> any EngineSession { self }

    func run<Result>(_ body: (EngineSession.Model) throws(Problem) -> Result) throws(Problem) -> Result {
      try body { (inputs: [Tensor]) throws(Problem) in
        asked.withLock { $0.append(inputs) }
        return answers(inputs)
      }
    }
  }

  /// A model of one input with one output of the same columns.
  private static func plan(
    _ datatype: Datatype, columns: Int = 1, takesOneRow: Bool = false, _ session: Session
  ) throws -> ExecutionPlan {
    let shape = columns == 1 ? [-1] : [-1, columns]
    let model = ONNXRuntimeModel(
      bytes: [8], inputs: [.init(name: "x", datatype: datatype, shape: shape)],
      outputs: [.init(name: "y", datatype: datatype, shape: shape)], takesOneRow: takesOneRow)
    let isText = datatype == .string
    let graph = ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: columns, texts: isText ? Array(0..<columns) : []),
        outputs: [.init(.predict, datatype, shape: shape)], classes: []),
      nodes: [
        .init(
          output: "model", inputs: [isText ? ModelGraph.textsName : ModelGraph.inputName], operator: model,
          origin: "ONNX model"),
        .init(output: "y", inputs: ["model"], operator: Part(0), origin: "ONNX model"),
      ], results: [.predict: ["y"]])
    return try ExecutionPlan(ValidatedGraph(graph), engine: session)
  }

  private static func answer(_ plan: ExecutionPlan, to values: [Double]) throws(Problem) -> Tensor.Elements? {
    let count = plan.signature.featureCount
    let rows = Rows(values: values, rowCount: values.count / count, featureCount: count)
    return try plan.run([.predict], on: rows)[.predict]?.first?.elements
  }

  /// Numbers as an input of some datatype has them.
  static let conversions: [(Datatype, [Double], Tensor.Elements)] = [
    (.float32, [0.1, .infinity], .float32([0.1, .infinity])),
    (.float64, [0.1, -0.0], .float64([0.1, -0.0])),
    (.int32, [2_147_483_647, -2_147_483_648], .int32([.max, .min])),
    (.int64, [9_007_199_254_740_991, -1], .int64([9_007_199_254_740_991, -1])),
    (.bool, [0, 1], .bool([false, true])),
  ]

  @Test(arguments: conversions)
  func `numbers become what an input holds, and answers what the caller gets`(
    datatype: Datatype, values: [Double], elements: Tensor.Elements
  ) throws {
    let session = Session { $0 }
    #expect(try Self.answer(Self.plan(datatype, session), to: values) == elements)
    #expect(session.asked.withLock { $0 } == [[Tensor(vector: elements)]])
  }

  /// Numbers that an input of some datatype does not hold.
  static let refused: [(Datatype, Double, String)] = [
    (.int32, 2_147_483_648, "predict.not-whole"), (.int32, 0.5, "predict.not-whole"),
    (.int64, 0x1p53, "predict.not-whole"), (.int64, -0x1p53, "predict.not-whole"),
    (.int64, .nan, "predict.not-whole"), (.bool, 2, "predict.not-boolean"),
    (.bool, .nan, "predict.not-boolean"),
  ]

  @Test(arguments: refused)
  func `a number that an input does not hold is refused with its row, and not shown`(
    datatype: Datatype, value: Double, code: String
  ) throws {
    let session = Session { $0 }
    let plan = try Self.plan(datatype, session)
    let problem = #expect(throws: Problem.self) { try Self.answer(plan, to: [1, value]) }
    #expect(problem?.code == code)
    #expect(problem?.message.hasSuffix("for the input 'x' of ONNX model, found another in row 1") == true)
    #expect(session.asked.withLock { $0.isEmpty })
  }

  @Test func `texts go as they are, but for missing ones and those with a zero byte`() throws {
    let plan = try Self.plan(.string, Session { $0 })
    func ask(_ texts: [String?]) throws(Problem) -> Tensor.Elements? {
      let rows = Rows(numbers: [], texts: texts, rowCount: texts.count, featureCount: 1)
      return try plan.run([.predict], on: rows)[.predict]?.first?.elements
    }
    #expect(try ask(["", "é"]) == .string(["", "é"]))
    for text in [nil, "a\0b"] {
      let problem = #expect(throws: Problem.self) { try ask([text]) }
      #expect(problem?.code == "predict.not-a-text")
    }
  }

  @Test func `a model made for one row is asked row by row`() throws {
    let session = Session { $0 }
    let plan = try Self.plan(.float64, columns: 2, takesOneRow: true, session)
    #expect(try Self.answer(plan, to: [1, 2, 3, 4]) == .float64([1, 2, 3, 4]))
    #expect(session.asked.withLock { $0.map { $0[0].shape } } == [[1, 2], [1, 2]])
  }

  /// What a model gives in place of one element a row.
  static let undeclared: [[Tensor]] = [
    [], [Tensor(vector: .float64([1]))], [Tensor(vector: .float32([1, 2]))],
    [Tensor(vector: .float64([1, 2])), Tensor(vector: .float64([1, 2]))],
    [Tensor(shape: [2, 1], elements: .float64([1, 2]))].compactMap(\.self),
  ]

  @Test(arguments: undeclared)
  func `an answer of another number, type or shape than was declared is refused`(_ answers: [Tensor]) throws {
    let plan = try Self.plan(.float64, Session { _ in answers })
    let problem = #expect(throws: Problem.self) { try Self.answer(plan, to: [1, 2]) }
    #expect(problem?.code == "engine.undeclared")
  }
}
