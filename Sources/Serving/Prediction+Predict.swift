import Domain
import Encoding
import Inference
import ModelGraph

extension Prediction {
  /// Reads the body of a `/predict` route: `{"data": …, "method": "predict_proba"}`.
  ///
  /// `data` is one row, a list of rows, or either with objects of named features for rows. `null` is a
  /// missing value.
  init(predicting json: JSON, with model: ServedModel) throws(Problem) {
    guard let members = json.object else {
      throw Problem(
        .badInput, "predict.malformed", "expected an object such as {\"data\": [...]}, found \(json.kind)")
    }
    if let stranger = members.keys.filter({ $0 != "data" && $0 != "method" }).min() {
      throw Problem(
        .badInput, "predict.unknown-member",
        "expected the members 'data' and 'method' alone, found '\(stranger.prefix(40))'")
    }
    guard let data = members["data"] else {
      throw Problem(.badInput, "predict.malformed", "expected a member 'data', found none")
    }
    let method = try Self.method(members["method"], model.signature)
    var decoder = RowDecoder(signature: model.signature)
    let isSingleRow = try decoder.decode(data)
    self.init(
      model: model, rows: decoder.rows, methods: [method], form: .result(isSingleRow: isSingleRow))
  }

  private static func method(_ json: JSON?, _ signature: ModelSignature) throws(Problem) -> PredictionMethod {
    switch json {
    case nil:
      guard let principal = signature.methods.first else {
        throw Problem(.internal, "predict.no-method", "expected a model with a method, found none")
      }
      return principal
    case .string(let name): return try signature.method(named: name, position: "/method")
    case let other?:
      throw Problem(
        .badInput, "predict.malformed", "expected a string as 'method', found \(other.kind)",
        position: "/method")
    }
  }
}

extension ModelSignature {
  /// The method of a name, where the model has it.
  func method(named name: String, position: String) throws(Problem) -> PredictionMethod {
    if let method = PredictionMethod(rawValue: name), methods.contains(method) { return method }
    throw Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(name.prefix(40))'", position: position,
      hint: "use \(methods.map { "'\($0.rawValue)'" }.joined(separator: ", "))")
  }
}
