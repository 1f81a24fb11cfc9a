import Domain
import Encoding
import Inference
import ModelGraph
import NIOCore

/// A request that was understood: rows, methods, and the form of the answer.
struct Prediction: Sendable {
  enum Form: Sendable {
    /// `{"result": …}`; one row was sent bare and is answered bare.
    case result(isSingleRow: Bool)
    /// As the Open Inference Protocol has it.
    case infer(InferForm)
  }

  let model: ServedModel
  let rows: Rows
  let methods: [PredictionMethod]
  let form: Form

  /// About how many elementary steps it takes.
  var steps: Int {
    let (steps, overflow) = model.stepsPerRow.multipliedReportingOverflow(by: rows.rowCount)
    return overflow ? .max : steps
  }

  /// Predicts and writes the answer down.
  func run() -> Answer {
    do throws(Problem) {
      // No rows, no results: the list form of an empty batch. The protocol's form asks for rows.
      if rows.rowCount == 0, case .result = form { return .ok(["result": []]) }
      let tensors = try model.plan.run(methods, on: rows)
      switch form {
      case .result(let isSingleRow):
        guard let method = methods.first, let answer = tensors[method] else {
          throw Problem(.internal, "predict.no-result", "expected a result, found none")
        }
        return .ok(ResultText.write(answer, isSingleRow: isSingleRow))
      case .infer(let form): return .ok(form.write(methods.map { ($0, tensors[$0] ?? []) }, model: model))
      }
    } catch {
      return Answer(error.forCaller)
    }
  }
}

extension Problem {
  /// The problem as a caller may see it: our own faults without their details.
  fileprivate var forCaller: Problem {
    switch category {
    case .internal, .integrity: Problem(category, code, "the model could not answer")
    default: self
    }
  }
}

extension Operation {
  /// Understands a body; the problem that it throws is the caller's.
  func decode(_ body: ByteBuffer, limits: PlaneLimits) throws(Problem) -> Prediction {
    let json: JSON
    do {
      json = try JSON(
        parsing: body.readableBytesView,
        limits: JSONLimits(depth: limits.bodyDepth, values: limits.bodyValues))
    } catch {
      throw Problem(
        .badInput, "request.body-not-json", error.description, position: "byte \(error.offset)",
        hint: body.readableBytes == 0 ? "send a body such as {\"data\": [5.9, 3.0, 5.1, 1.8]}" : nil)
    }
    switch kind {
    case .predict: return try Prediction(predicting: json, with: model)
    case .infer: return try Prediction(inferring: json, with: model)
    }
  }

  /// Understands a body and predicts, in one go.
  func perform(_ body: ByteBuffer, limits: PlaneLimits) -> Answer {
    do { return try decode(body, limits: limits).run() } catch { return Answer(error) }
  }
}
