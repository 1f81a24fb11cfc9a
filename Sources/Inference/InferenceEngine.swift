public import Domain
public import ModelGraph

/// What runs models that are beyond the operators of a graph: a runtime of others.
public protocol InferenceEngine: Sendable {
  /// Brings a model up.
  ///
  /// Throws `engine.absent` where the runtime is not there, `engine.refused` where it does not take the model,
  /// and other problems under `engine.` where it fails at it.
  func open(_ model: ONNXRuntimeModel) throws(Problem) -> any EngineSession
}

/// A model that an engine has brought up; any number of threads may ask it at once.
public protocol EngineSession: Sendable {
  /// Asks the model: for a tensor for each declared input it gives a tensor for each declared output, in order.
  ///
  /// The tensors have the datatypes that are declared; that shapes are as declared is for the caller to check.
  typealias Model = (_ inputs: [Tensor]) throws(Problem) -> [Tensor]

  /// Lets `body` ask the model, as often as it likes, within one limit of time; others wait meanwhile.
  ///
  /// May block. Throws `engine.busy`, `engine.timeout`, `engine.failed`, or `engine.rejected` where the model
  /// does not take these rows.
  func run<Result>(_ body: (Model) throws(Problem) -> Result) throws(Problem) -> Result
}

extension Problem {
  /// The refusal of a model that needs an engine where none can be had.
  package static func engineAbsent(_ found: String, cause: String? = nil) -> Problem {
    Problem(
      .unavailable, "engine.absent",
      "this model needs ONNX Runtime: expected gatehouse-onnx and libonnxruntime.so, \(found)",
      hint: "install ONNX Runtime 1.0 or later and name its library in GATEHOUSE_ONNXRUNTIME"
        + " (the Python package onnxruntime has it as onnxruntime/capi/libonnxruntime.so.*), or export the model"
        + " in operators that 'gatehouse lift' takes", cause: cause)
  }
}
