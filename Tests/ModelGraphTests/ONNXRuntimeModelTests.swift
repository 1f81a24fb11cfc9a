import Domain
import ModelGraph
import Testing

/// A model that ONNX Runtime runs, as one operator of a graph.
struct ONNXRuntimeModelTests {
  private static func graph(
    _ model: ONNXRuntimeModel, part: Int = 0, _ datatype: Datatype = .float32
  ) -> ModelGraph {
    ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 3, texts: [2]), outputs: [.init(.predict, datatype, shape: [-1])],
        classes: []),
      nodes: [
        .init(
          output: "model", inputs: [ModelGraph.inputName, ModelGraph.textsName], operator: model,
          origin: "ONNX model"),
        .init(output: "y", inputs: ["model"], operator: Part(part), origin: "ONNX model"),
      ], results: [.predict: ["y"]])
  }

  private static func model(count: Int) -> ONNXRuntimeModel {
    ONNXRuntimeModel(
      bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) },
      inputs: [
        .init(name: "x", datatype: .float32, shape: [-1, 2]),
        .init(name: "s", datatype: .string, shape: [-1]),
      ],
      outputs: [
        .init(name: "y", datatype: .float32, shape: [-1]),
        .init(name: "z", datatype: .int64, shape: [-1, 4]),
      ], takesOneRow: false)
  }

  @Test(arguments: [1, 7, 8, 9, 1000]) func `a model of any length is the same after its files`(count: Int)
    throws
  {
    let graph = Self.graph(Self.model(count: count))
    #expect(try ValidatedGraph(graph).needsONNXRuntime)
    let files = graph.encoded()
    #expect(try ModelGraph(decoding: files.graph, weights: files.weights) == graph)
  }

  @Test func `a graph holds at most one such model`() {
    var graph = Self.graph(Self.model(count: 10))
    graph.nodes.append(
      .init(
        output: "other", inputs: [ModelGraph.inputName, ModelGraph.textsName], operator: Self.model(count: 9),
        origin: "ONNX model"))
    let problem = #expect(throws: Problem.self) { try ValidatedGraph(graph) }
    #expect(problem?.code == "graph.engine-count")
  }

  @Test func `ports that contradict the graph or themselves are refused`() {
    func isRefused(_ change: (inout ONNXRuntimeModel) -> Void, part: Int = 0) -> Bool {
      var model = Self.model(count: 10)
      change(&model)
      return (try? ValidatedGraph(Self.graph(model, part: part))) == nil
    }
    #expect(!isRefused { _ in })
    #expect(isRefused { $0.bytes = [] })
    #expect(isRefused { $0.inputs.removeLast() })
    #expect(isRefused { $0.outputs = [] })
    #expect(isRefused { $0.outputs.append($0.outputs[0]) })
    #expect(isRefused { $0.inputs[0] = .init(name: "x", datatype: .float32, shape: [2]) })
    #expect(isRefused { $0.inputs[0] = .init(name: "x", datatype: .float32, shape: [-1, 0]) })
    #expect(isRefused { $0.inputs[0] = .init(name: "x\0", datatype: .float32, shape: [-1, 2]) })
    #expect(isRefused { $0.outputs[1] = .init(name: "z", datatype: .int64, shape: [-1, 1 << 40, 1 << 40]) })
    #expect(isRefused({ _ in }, part: 2))
    #expect(isRefused({ _ in }, part: -1))
    // The part is of another datatype than the signature says.
    #expect(isRefused({ _ in }, part: 1))
  }

  @Test func `several values at once are no result, and nothing but a part reads them`() {
    var graph = Self.graph(Self.model(count: 10), part: 0, .string)
    graph.nodes.removeLast()
    graph.results = [.predict: ["model"]]
    #expect(throws: Problem.self) { try ValidatedGraph(graph) }
    var joined = Self.graph(Self.model(count: 10))
    joined.nodes[1].operator = Concat()
    #expect(throws: Problem.self) { try ValidatedGraph(joined) }
  }
}
