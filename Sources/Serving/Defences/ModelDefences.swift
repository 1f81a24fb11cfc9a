import Domain
import Encoding
import Inference
import ModelGraph
import Monitoring
import Synchronization

/// What is done about attacks on one version by the settings of its deployment: what comes in, what leaves, and who asks.
///
/// Made when a table is, so that a request takes one reference along.
final class ModelDefences: Sendable {
  /// What a request is refused with, and what its record has where it is answered all the same.
  static let unlikeTraining = "predict.unlike-training"
  /// What a caller is refused with who is held back.
  static let heldCaller = "caller.held"

  private let policy: DefencePolicy
  private let signature: ModelSignature
  /// What rows are held against; nil where nobody asks for it, and where it is not known what training looked like.
  private let inputs: InputGuard?
  /// The methods whose answers leave.
  private let answered: [PredictionMethod]
  private let held: HeldCallers
  /// How often callers had been let go when this came into force.
  private let releases: Atomic<Int>
  /// Whether each caller's rows are held against what honest ones ask.
  let watchesCallers: Bool

  /// The defences of a version; nil where the settings ask for none.
  init?(_ policy: DefencePolicy, for model: ServedModel, holding held: HeldCallers) {
    guard policy != .none else { return nil }
    self.policy = policy
    self.held = held
    releases = Atomic(held.releases)
    signature = model.signature
    answered = policy.disclosure.answered(of: model.signature)
    inputs =
      model.watch.hasReference
      ? InputGuard(features: model.watch.shape, of: model.watch.columns, rules: policy.inputs) : nil
    watchesCallers = policy.callers != .off && model.watch.callers.isPossible
  }

  /// Whether rows are held against training.
  var checksInputs: Bool { inputs != nil }

  // MARK: What comes in

  /// A request that was understood, as far as the settings let it be answered.
  ///
  /// Throws `predict.scores-withheld` where it asks for scores and labels alone leave, and `predict.unlike-training` where a row
  /// is refused for being unlike training's.
  func admitted(_ prediction: Prediction) throws(Problem) -> Prediction {
    var admitted = try withholding(prediction)
    admitted.defences = self
    guard let inputs else { return admitted }
    let rows = prediction.rows
    guard policy.inputs.action == .refuse else {
      let count = try inputs.unlikeRows(rows: rows.rowCount, numbers: rows.numbers.span, texts: rows.texts)
      admitted.notedRows = count
      if count > 0 { prediction.model.watch.countNoted(count) }
      return admitted
    }
    let found = try inputs.objections(
      rows: rows.rowCount, numbers: rows.numbers.span, texts: rows.texts, limit: 1)
    guard let first = found.first else { return admitted }
    prediction.model.watch.countGuarded()
    // Which feature, and no more: bounds of training are training's.
    throw Problem(
      .refused, Self.unlikeTraining,
      "expected rows like those that the model was trained on, found another '\(first.feature.excerpt(60))'",
      position: "row \(first.row)", hint: "look at that value, and ask whoever runs the model what it takes")
  }

  private func withholding(_ prediction: Prediction) throws(Problem) -> Prediction {
    guard prediction.methods.contains(where: { !answered.contains($0) }) else { return prediction }
    if case .infer(var form) = prediction.form, !form.areNamed {
      form.outputs.removeAll { !answered.contains($0.method) }
      return Prediction(
        model: prediction.model, rows: prediction.rows,
        methods: prediction.methods.filter(answered.contains), form: .infer(form))
    }
    throw Problem(
      .forbidden, "predict.scores-withheld",
      "expected a request for \(answered.map { "'\($0.rawValue)'" }.joined(separator: ", ")), for this model"
        + " answers with labels alone, found one for scores",
      hint: "ask without naming a method or outputs")
  }

  // MARK: What leaves

  /// What the model said, as it leaves.
  func blunted(_ tensors: [PredictionMethod: [Tensor]]) -> [PredictionMethod: [Tensor]] {
    guard case .digits = policy.disclosure else { return tensors }
    var leaving: [PredictionMethod: [Tensor]] = [:]
    for (method, said) in tensors {
      leaving[method] = policy.disclosure.blunted(said, of: method, by: signature)
    }
    return leaving
  }

  // MARK: Who asks

  /// Throws `caller.held` where a caller is answered no more for a while; `moment` is of the clock that only goes forward.
  func refuseHeldCaller(_ caller: String?, of model: ServedModel, at moment: Int) throws(Problem) {
    guard policy.callers == .refuse, let caller, let seconds = held.seconds(caller, at: moment) else {
      return
    }
    model.watch.countHeld()
    throw Problem(
      .tooMany, Self.heldCaller,
      "expected a caller who asks as those do who want predictions, found one about whom there was an alarm",
      hint: "ask whoever runs the model", retryAfter: seconds)
  }

  /// Holds a caller back from here on, where the settings say so and were not lifted since they came into force.
  ///
  /// Answers are looked at after they were given: by then the settings of their request may be others.
  func hold(_ caller: String) {
    guard policy.callers == .refuse else { return }
    held.hold(caller, at: Clock.monotonic(), since: releases.load(ordering: .relaxed))
  }

  /// Comes into force: from here on callers are held back again, whoever was let go before.
  func comeIntoForce() { releases.store(held.releases, ordering: .relaxed) }
}
