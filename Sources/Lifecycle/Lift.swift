import Artifacts
import Domain
import Encoding
import Inspection
public import Lifting
public import ModelGraph

/// The third stage: the model is data now, its structure checked.
public struct LiftedModel: Sendable {
  /// What was lifted.
  public let inspected: InspectedModel
  /// The model as data, and what it was trained with.
  public let lifted: LiftedGraph
  /// The bytes of graph and weights.
  public let encoded: EncodedGraph

  fileprivate init(inspected: InspectedModel, lifted: LiftedGraph, encoded: EncodedGraph) {
    self.inspected = inspected
    self.lifted = lifted
    self.encoded = encoded
  }

  /// The size of the model in bytes, graph and weights together.
  public var modelBytes: Int { encoded.graph.count + encoded.weights.count }
}

/// Turns what was inspected into a model graph; what cannot be lifted goes into quarantine.
struct Lift: Sendable {
  let time: any TimeSource

  func callAsFunction(_ inspected: InspectedModel, recorder: Recorder) async throws(Problem) -> LiftedModel {
    let pushed = inspected.pushed
    return try await recorder.record(.lift, of: "\(pushed.name) \(pushed.digest)") {
      () async throws(Problem) in
      do throws(Problem) {
        let model = try lift(inspected)
        return .done(
          model,
          details: [
            "framework": .string(model.lifted.framework),
            "frameworkVersion": .string(model.lifted.frameworkVersion),
            "estimator": .string(model.lifted.estimator), "modelBytes": JSON(model.modelBytes),
          ].merging(model.lifted.runner.map { ["runner": .string($0)] } ?? [:]) { first, _ in first })
      } catch  where error.category == .refused {
        return .refused(
          error, changes: [.quarantine(pushed.quarantined(as: .notLiftable, at: time.now()))])
      }
    }
  }

  private func lift(_ inspected: InspectedModel) throws(Problem) -> LiftedModel {
    guard let source = inspected.report.source else {
      throw Problem(
        .refused, "lift.no-model",
        "expected a model in the artifact, found format \(inspected.report.format)")
    }
    let lifted = try Lifter.lift(source, engine: inspected.pushed.engine)
    return LiftedModel(inspected: inspected, lifted: lifted, encoded: lifted.graph.graph.encoded())
  }
}
