import Domain
import Encoding
import Inference
import ModelGraph
import Monitoring

/// Takes the input as the body of a request, in the form that its first byte chooses, and answers it.
///
/// The model reads one feature that is a text and two that are numbers, or, by the same byte, two numbers alone. Form 3
/// has tensors in binary behind its JSON, whose length is the second and third byte.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequests(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard bytes.count > 3, let model = bytes[0] & 16 == 0 ? FuzzedModels.mixed : FuzzedModels.plain else {
    return 0
  }
  let body = Array(bytes[3...])
  let limits = JSONLimits(depth: 16, values: 100_000, takesNonFinite: true)
  let prediction: Prediction
  do throws(Problem) {
    switch bytes[0] & 7 {
    case 0, 1:
      var reader = RequestReader(body, limits: limits)
      prediction = try Prediction(predicting: &reader, with: model, asksMLflow: bytes[0] & 7 == 1)
    case 2:
      var reader = RequestReader(body, limits: limits)
      prediction = try Prediction(try InferRequest(&reader, binary: []), with: model)
    case 3:
      let border = min(body.count, Int(bytes[1]) + Int(bytes[2]) << 8)
      var reader = RequestReader(Array(body[..<border]), limits: limits)
      prediction = try Prediction(try InferRequest(&reader, binary: body[border...]), with: model)
    case 4: prediction = try Prediction(try InferRequest(raw: body[...], for: model), with: model)
    case 6:
      _ = try ModelQuery(leading: body[...])
      prediction = try Prediction(try InferRequest(protobuf: body[...]), with: model)
    default: prediction = try Prediction(predictingCSV: body, with: model, asksMLflow: false)
    }
  } catch {
    precondition(error.category != .internal, "a caller's mistake is not ours")
    return 0
  }
  let answer = prediction.run(answerLimit: 1 << 20)
  precondition(answer.status < 500, "a body that was understood is answered or refused")
  if answer.status == 200, case .json = answer.form {
    precondition((try? JSON(parsing: answer.body)) != nil, "an answer is JSON")
  }
  if case .protobuf = answer.form {
    var reader = ProtobufReader(answer.body[...], origin: 0)
    do throws(MalformedBytes) { while try reader.next() != nil {} } catch {
      preconditionFailure("an answer is a message")
    }
  }
  return 0
}

private enum FuzzedModels {
  static let mixed = model(FeatureList(count: 3, names: ["colour", "a", "b"], texts: [0]))
  static let plain = model(FeatureList(count: 2))

  /// `a - b` by its sign as a label, and as it is; texts are looked at and count nothing.
  private static func model(_ features: FeatureList) -> ServedModel? {
    guard let weights = ConstantMatrix([1, -1], rows: 1, columns: 2) else { return nil }
    var score = node("score", ModelGraph.inputName, Linear(coefficients: weights, intercepts: [0]))
    var nodes: [ModelGraph.Node] = []
    if !features.texts.isEmpty {
      guard let weights = ConstantMatrix([0, 1, -1], rows: 1, columns: 3) else { return nil }
      nodes = [
        node("code", ModelGraph.textsName, EncodeTexts(keys: ["red", "blue"], numbers: [1, 2], other: 0)),
        ModelGraph.Node(
          output: "row", inputs: ["code", ModelGraph.inputName], operator: Concat(), origin: "fuzzed"),
      ]
      score = node("score", "row", Linear(coefficients: weights, intercepts: [0]))
    }
    let labels = Tensor(vector: .string(["low", "high"]))
    nodes += [score, node("index", "score", Positive()), node("label", "index", Label(labels))]
    let graph = ModelGraph(
      signature: ModelSignature(
        features: features,
        outputs: [.init(.predict, .string, shape: [-1]), .init(.decisionFunction, .float64, shape: [-1])],
        classes: [labels]), nodes: nodes,
      results: [.predict: ["label"], .decisionFunction: ["score"]])
    guard let name = try? ModelName(parsing: "fuzzed"), let number = VersionNumber(1),
      let digest = try? Digest(parsing: "sha256:" + String(repeating: "0", count: 64)),
      let validated = try? ValidatedGraph(graph)
    else { return nil }
    return try? ServedModel(
      reference: VersionReference(name: name, version: number), bundle: digest, framework: "fuzzed",
      graph: validated)
  }

  private static func node(_ output: String, _ input: String, _ operation: any Operator) -> ModelGraph.Node {
    ModelGraph.Node(output: output, inputs: [input], operator: operation, origin: "fuzzed")
  }
}

// In the place of what counts and times answers, and of what holds large ones, which bring NIO along.

final class RequestMetrics: Sendable {}

final class ShadowCounts: Sendable {}

final class ShadowQuestion: Sendable {
  func ask(beside answer: [PredictionMethod: [Tensor]], rows: Int) {}
}

final class Reservoir: Sendable {
  func offer(_ rows: Rows, _ tensors: [PredictionMethod: [Tensor]], of model: ServedModel) {}
}

final class ModelWatch: Sendable {
  init(
    _ version: VersionReference, bundle: Digest, _ signature: ModelSignature, reference: Reference?,
    problem: Problem?
  ) {}
  func countRefusal() {}
}

final class ModelDefences: Sendable {
  static let unlikeTraining = "predict.unlike-training"
  let watchesCallers = false
  func blunted(_ tensors: [PredictionMethod: [Tensor]]) -> [PredictionMethod: [Tensor]] { tensors }
}

final class ModelProbe: Sendable {
  init(_ check: SelfCheck?) {}
}

final class BatchGain: Sendable {
  init(isPossible: Bool) {}
  func noteAlone(rows: Int, nanoseconds: Int) {}
}

final class LargeBody: Sendable, Equatable {
  let count = 0
  static func == (one: LargeBody, other: LargeBody) -> Bool { one === other }
}
