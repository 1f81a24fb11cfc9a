public import ModelGraph

/// What became of an artifact: a checked graph, and what it was before.
public struct LiftedGraph: Sendable {
  /// The model as data.
  public let graph: ValidatedGraph
  /// The library that trained it, `scikit-learn`.
  public let framework: String
  /// The version of the library that wrote the artifact, `1.9.1`; `unknown` where it does not say.
  public let frameworkVersion: String
  /// The class of the outermost estimator, `RandomForestClassifier`.
  public let estimator: String

  /// Who runs the model, where it is not we: `ONNX Runtime`.
  public var runner: String? { graph.needsONNXRuntime ? "ONNX Runtime" : nil }
}

/// A runtime of others that may be asked for, by the name that a user knows it by.
public enum LiftEngine: String, Sendable, CaseIterable {
  /// What `gatehouse-onnx` loads.
  case onnxRuntime = "onnxruntime"
}
