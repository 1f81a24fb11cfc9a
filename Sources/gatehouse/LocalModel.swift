import Domain
import Engines
import Inference
import Lifting
import ModelGraph
import Serving
import Storage

/// A model that a command answers with by itself.
struct LocalModel {
  /// What predicts.
  let plan: ExecutionPlan
  /// How many bytes graph and weights have together.
  let byteCount: Int
  /// The digest of the bundle, or of the artifact.
  let digest: Digest

  /// What stands at the path decides; a plain name that is no path is a served model.
  static func load(_ model: String, key: String?, engine: LiftEngine?, _ data: DataDirectory) async throws
    -> LocalModel
  {
    if let path = try await LocalBundle.path(of: model, data) {
      let loader = BundleLoader(
        trusting: try await LocalBundle.trusted(key, data), revoked: try await LocalBundle.revoked(data),
        engine: ONNXRuntimeEngine.installed())
      let served = try loader.load(path: path)
      let sizes = [EncodedGraph.graphPath, EncodedGraph.weightsPath].map { file in
        if case .file(let bytes) = LocalFiles.kind(of: "\(path)/\(file)") { bytes } else { 0 }
      }
      return LocalModel(plan: served.plan, byteCount: sizes.reduce(0, +), digest: served.bundle)
    }
    let lifted = try OfflineModel.lift(model, engine: engine)
    if let runner = lifted.runner { Console.prose("runs by \(runner)") }
    let encoded = lifted.graph.graph.encoded()
    return LocalModel(
      plan: try ExecutionPlan(lifted.graph, engine: ONNXRuntimeEngine.installed()),
      byteCount: encoded.graph.count + encoded.weights.count, digest: try LocalTrainingData.digest(of: model))
  }
}
