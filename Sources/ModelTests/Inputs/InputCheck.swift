import Domain
import Encoding
import ModelGraph

/// Sends what nobody should send, and holds what comes of it against what should.
struct InputCheck {
  private enum Reply {
    case answered([PredictionMethod: [Tensor]])
    case refused(Problem)
  }

  private let model: TestedModel
  private let bodies: InputBodies

  init(of model: TestedModel, schema: Schema?, table: DataTable?, label: String?) throws(Problem) {
    self.model = model
    bodies = try InputBodies(
      try FeatureColumns(of: model.signature, schema: schema, table: table, label: label), schema: schema)
  }

  /// What a case came to: the first body that something else came of is told.
  func result(of inputCase: InputCase) -> TestResult {
    let sent = bodies.bodies(of: inputCase.input, column: inputCase.column)
    var objection: String?
    if sent.isEmpty {
      objection =
        "expected a column that '\(inputCase.input.name)' can be about, found none"
        + (inputCase.column.map { " named '\($0)'" } ?? "")
    }
    for body in sent where objection == nil {
      objection = self.objection(to: reply(to: body.bytes), inputCase.expected).map { found in
        let subject = body.column.map { " for '\($0)'" } ?? ""
        return "expected \(Self.words(for: inputCase.expected))\(subject), found \(found)"
      }
    }
    var result = TestResult(
      kind: .input, name: inputCase.name, line: inputCase.line, objection: objection)
    result.tried = sent.count
    return result
  }

  private func reply(to body: [UInt8]) -> Reply {
    do throws(Problem) { return .answered(try model.answer(json: body)) } catch { return .refused(error) }
  }

  private static func words(for outcome: InputCase.Outcome) -> String {
    switch outcome {
    case .refused(nil): "a refusal"
    case .refused(let code?): "a refusal, \(code.excerpt(80)),"
    case .answered: "an answer"
    case .sameAsInOrder: "the answer to the row in order"
    }
  }

  /// What was found instead of what was expected; nil where it is the same.
  private func objection(to reply: Reply, _ expected: InputCase.Outcome) -> String? {
    switch (reply, expected) {
    case (.refused(let problem), .refused(let code)):
      guard Self.isRefusal(problem) else { return "that it cannot be answered, \(problem.code)" }
      return code == nil || code == problem.code ? nil : problem.code
    case (.refused(let problem), _): return "a refusal, \(problem.code)"
    case (.answered, .refused): return "an answer"
    case (.answered(let tensors), .answered):
      return Self.isWhole(tensors) ? nil : "an answer that is no number"
    case (.answered(let tensors), .sameAsInOrder):
      guard case .answered(let inOrder) = self.reply(to: bodies.inOrder) else {
        return "that the row in order is refused"
      }
      return Self.isSame(tensors, inOrder) ? nil : "another"
    }
  }

  /// Whether a problem is the caller's, and none of ours.
  private static func isRefusal(_ problem: Problem) -> Bool {
    switch problem.category {
    case .badInput, .tooLarge, .refused: true
    default: false
    }
  }

  private static func isWhole(_ tensors: [PredictionMethod: [Tensor]]) -> Bool {
    tensors.values.joined().allSatisfy { tensor in
      tensor.elements.numbers?.allSatisfy(\.isFinite) ?? true
    }
  }

  /// Whether two answers are the same to the bit.
  private static func isSame(
    _ left: [PredictionMethod: [Tensor]], _ right: [PredictionMethod: [Tensor]]
  ) -> Bool {
    func bits(_ tensors: [Tensor]?) -> [[UInt64]]? {
      tensors?.map { $0.elements.numbers?.map(\.bitPattern) ?? [] }
    }
    func labels(_ tensors: [Tensor]?) -> [[String]]? { tensors?.map(\.elements.labels) }
    return left.keys == right.keys
      && left.keys.allSatisfy {
        bits(left[$0]) == bits(right[$0]) && labels(left[$0]) == labels(right[$0])
      }
  }
}
