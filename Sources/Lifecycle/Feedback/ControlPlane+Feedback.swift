public import Access
public import Domain
public import Encoding
import Monitoring
import Provenance

/// What became of labels that somebody sent.
public struct GivenFeedback: Sendable {
  /// Of each in the order in which they were sent.
  let turns: [LabelTurn]

  /// How many they were, what became of how many, and of each.
  public var json: JSON {
    var counts: [String: JSON] = [:]
    for turn in LabelTurn.allCases { counts[turn.rawValue] = JSON(turns.count { $0 == turn }) }
    return [
      "labels": JSON(turns.count), "counts": .object(counts),
      "turns": .array(turns.map { .string($0.rawValue) }),
    ]
  }
}

extension ControlPlane {
  /// Says of how many of a million requests it is kept what a deployment's model says, for labels to come.
  public func setFeedback(_ millionths: Int, of name: ModelName, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [deploymentPolicies] recorder async throws(Problem) in
      try await deploymentPolicies.awaitLabels(name, millionths, recorder: recorder)
    }
  }

  /// The most bytes of labels that are sent at a time.
  public static let feedbackBytes = LabelBatch.byteLimit

  /// Takes labels as they are sent (`LabelBatch`), and says of each what became of it, in their order.
  ///
  /// One act for each deployment among them: the ledger has how many they were, their salted digest, and what became of how many;
  /// the labels themselves are in none of its entries. Throws `feedback.…` and `deployment.unknown`; what came before the deployment that it is thrown
  /// for is taken, and sent once more repeated.
  public func giveFeedback(_ bytes: [UInt8], by actor: Actor) async throws(Problem) -> GivenFeedback {
    let batch = try LabelBatch(parsing: bytes, isKey: FeedbackKey.isValid)
    let digest = try await feedback.digest(ofSent: bytes)
    var names: [ModelName] = []
    for label in batch.labels where !names.contains(label.deployment) {
      names.append(label.deployment)
      guard names.count <= Self.batchDeployments else {
        throw Problem(
          .tooLarge, "feedback.too-many-deployments",
          "expected labels of at most \(Self.batchDeployments) deployments at a time, found more",
          hint: "send them in several requests")
      }
    }
    let known = Set(try await registry.deployments().map(\.name))
    for name in names {
      try await require(.giveFeedback, on: .model(name), of: actor, asking: "labels for '\(name)'")
      guard known.contains(name) else { throw Problem.unknownDeployment(name) }
    }
    var turns = [LabelTurn](repeating: .unknown, count: batch.labels.count)
    for name in names {
      let places = batch.labels.indices.filter { batch.labels[$0].deployment == name }
      let own = try await give(places.map { batch.labels[$0] }, of: name, digest, by: actor)
      for (place, turn) in zip(places, own) { turns[place] = turn }
    }
    return GivenFeedback(turns: turns)
  }

  private func give(
    _ labels: [SentLabel], of name: ModelName, _ digest: Digest?, by actor: Actor
  ) async throws(Problem) -> [LabelTurn] {
    let recorder = recorder(for: actor)
    var details: [String: JSON] = [
      "labels": JSON(labels.count),
      "byKey": JSON(labels.count { if case .key = $0.name { true } else { false } }),
    ]
    details["digest"] = digest.map { .string($0.description) }
    let sent = details
    return try await beside(recordedUnder: recorder.trace) { () async throws(Problem) in
      try await recorder.record(.giveFeedback, of: name.description, details: sent) {
        () async throws(Problem) in
        let turns = try await feedback.learn(labels, of: name)
        var counted = sent
        for turn in LabelTurn.allCases {
          let count = turns.count { $0 == turn }
          if count > 0 { counted[turn.rawValue] = JSON(count) }
        }
        return .done(turns, details: counted)
      }
    }
  }

  /// How good the predictions of a deployment were in days that end in the last span of time, by version.
  public func feedbackFigures(of name: ModelName, over span: Duration) async throws(Problem)
    -> FeedbackFigures
  {
    _ = try await registry.versions(ofKnown: name)
    var figures = try await feedback.figures(of: name, after: now().advanced(by: span * -1))
    figures.answering = try await served.current().answering
    return figures
  }

  /// Why labels cannot be held against what a deployment says; nil where they can.
  public func feedbackObstacle(_ name: ModelName) async throws(Problem) -> String? {
    let policy = try await registry.settings().first { $0.deployment == name }?.policy ?? .standard
    let masked = policy.records.masked
    if masked.contains(PredictionMasks.predict) {
      return "'\(PredictionMasks.predict)' is masked: nothing is kept that a label could be held against"
    }
    if masked.contains(PredictionMasks.probabilities) {
      return "'\(PredictionMasks.probabilities)' is masked: classes are kept without their probabilities"
    }
    return nil
  }

  /// How many deployments the labels of one request are for at most: each has an act of its own.
  private static let batchDeployments = 16
}

/// The outputs whose masks take what was said out of what is kept for labels.
enum PredictionMasks {
  static let predict = "predict"
  static let probabilities = "predict_proba"
}
