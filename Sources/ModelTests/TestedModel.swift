public import Domain
import Encoding
public import Inference
public import ModelGraph

/// A model as its tests see it: what it says of itself, and whom to ask.
public struct TestedModel: Sendable {
  /// Answers methods about rows.
  public typealias Predictor =
    @Sendable (_ methods: [PredictionMethod], _ rows: Rows) throws(Problem) -> [PredictionMethod: [Tensor]]

  /// What goes in and what comes out.
  public let signature: ModelSignature
  /// How many bytes graph and weights have together; nil where nobody knows.
  public let byteCount: Int?
  let predict: Predictor
  /// Throws where there is no time left for more.
  let requireTime: @Sendable () throws(Problem) -> Void
  let layout: RowLayout

  /// Names whom to ask.
  public init(
    signature: ModelSignature, byteCount: Int?,
    requireTime: @escaping @Sendable () throws(Problem) -> Void = {}, predict: @escaping Predictor
  ) {
    self.requireTime = requireTime
    self.signature = signature
    self.byteCount = byteCount
    self.predict = predict
    layout = RowLayout(signature)
  }

  /// A model that this process answers for.
  public init(_ plan: ExecutionPlan, byteCount: Int?) {
    self.init(signature: plan.signature, byteCount: byteCount) { methods, rows throws(Problem) in
      try plan.run(methods, on: rows, isCancelled: { false })
    }
  }

  /// Answers rows in JSON as the data plane reads them in `{"data": …}`.
  func answer(json bytes: [UInt8]) throws(Problem) -> [PredictionMethod: [Tensor]] {
    var reader = RequestReader(bytes)
    var decoder = RowDecoder(layout)
    _ = try decoder.decode(&reader, at: "/data")
    try reader.end()
    return try predict(methods, decoder.rows)
  }

  /// What tests ask: labels or values, and the scores behind them.
  var methods: [PredictionMethod] {
    let known = signature.methods
    let scores = [PredictionMethod.predictProbabilities, .decisionFunction].first { known.contains($0) }
    guard known.contains(.predict) else { return Array(known.prefix(1)) }
    return [.predict] + (scores.map { [$0] } ?? [])
  }
}

extension Tensor.Elements {
  /// The elements as numbers; nil for texts.
  var numbers: [Double]? {
    switch self {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .int32(let elements): elements.map { Double($0) }
    case .int64(let elements): elements.map { Double($0) }
    case .float32(let elements): elements.map { Double($0) }
    case .float64(let elements): elements
    case .string: nil
    }
  }

  /// The elements as texts that labels are compared by.
  var labels: [String] {
    switch self {
    case .bool(let elements): elements.map { $0 ? "true" : "false" }
    case .int32(let elements): elements.map { String($0) }
    case .int64(let elements): elements.map { String($0) }
    case .float32(let elements): elements.map { JSON.shortestText(of: Double($0)) }
    case .float64(let elements): elements.map { JSON.shortestText(of: $0) }
    case .string(let elements): elements
    }
  }
}
