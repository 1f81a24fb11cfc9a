import Domain
import Inference
import ModelGraph
import NIOCore
import NIOConcurrencyHelpers

/// Who is to be asked what a request is answered.
///
/// One object, so that a request that nobody else is asked about carries no more than an empty place.
final class Shadows: Sendable {
  let models: [ServedModel]
  /// How far two numbers may be from each other and say the same still, as a share of the larger one.
  let tolerance: Double
  let thread: ShadowThread
  let limits: PlaneLimits

  init(models: [ServedModel], tolerance: Double, thread: ShadowThread, limits: PlaneLimits) {
    self.models = models
    self.tolerance = tolerance
    self.thread = thread
    self.limits = limits
  }

  /// The question that a request is, once it is answered.
  func question(_ operation: ModelOperation, _ body: ByteBuffer) -> ShadowQuestion? {
    let others = models.filter { $0 !== operation.model }
    guard !others.isEmpty else { return nil }
    return ShadowQuestion(operation: operation, body: body, shadows: self, others: others)
  }
}

/// A request that was answered, for versions that are asked the same.
///
/// They are given the body as it came, for they may read other features of it than the version that answered. Of the rows one is
/// drawn and compared: rows of one request depend on each other, and would count as more than they are.
final class ShadowQuestion: Sendable {
  private let operation: ModelOperation
  private let body: ByteBuffer
  private let shadows: Shadows
  private let others: [ServedModel]

  init(operation: ModelOperation, body: ByteBuffer, shadows: Shadows, others: [ServedModel]) {
    self.operation = operation
    self.body = body
    self.shadows = shadows
    self.others = others
  }

  /// Has it asked, once it was answered so, or not where too many wait; never waits.
  func ask(beside answer: [PredictionMethod: [Tensor]], rows rowCount: Int) {
    guard rowCount > 0 else { return }
    shadows.thread.submit(bytes: body.readableBytes) { self.put(answer, rowCount) }
  }

  /// Asks, and counts what comes of it.
  private func put(_ answer: [PredictionMethod: [Tensor]], _ rowCount: Int) {
    let row = Int.random(in: 0..<rowCount)
    for model in others {
      guard let agrees = agrees(model, answer, rowCount, at: row) else {
        model.shadowed.countFailure()
        continue
      }
      model.shadowed.count(agreeing: agrees)
    }
  }

  /// Whether a version says of a row what was answered; nil where it cannot answer.
  private func agrees(
    _ model: ServedModel, _ answer: [PredictionMethod: [Tensor]], _ rowCount: Int, at row: Int
  ) -> Bool? {
    let asked = ModelOperation(kind: operation.kind, model: model, form: operation.form)
    do throws(Problem) {
      let prediction = try asked.understood(body, limits: shadows.limits)
      let methods = prediction.methods.filter { answer[$0] != nil }
      guard prediction.rows.rowCount == rowCount, !methods.isEmpty else { return nil }
      let own = try model.plan.run(methods, on: prediction.rows)
      return methods.allSatisfy { method in
        Sayings(operation.model.signature, method, answer[method] ?? [], of: rowCount)
          .agree(
            with: Sayings(model.signature, method, own[method] ?? [], of: rowCount), at: row,
            within: shadows.tolerance)
      }
    } catch {
      return nil
    }
  }
}

/// What a version said in the shadow of another, counted since it was loaded.
final class ShadowCounts: Sendable {
  /// What was counted up to a moment.
  struct Counts: Equatable {
    /// Requests that it could answer, and what both said was compared.
    var compared = 0
    /// Those of which both said something else.
    var disagreeing = 0
    /// Requests that it could not answer.
    var failed = 0
  }

  private let state = NIOLockedValueBox(Counts())

  var counts: Counts { state.withLockedValue { $0 } }

  func count(agreeing: Bool) {
    state.withLockedValue {
      $0.compared += 1
      if !agreeing { $0.disagreeing += 1 }
    }
  }

  func countFailure() { state.withLockedValue { $0.failed += 1 } }
}
