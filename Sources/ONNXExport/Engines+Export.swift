import ModelGraph

// A model that an engine runs is a file of ONNX already; a copy of it under other names would help nobody.

extension ONNXRuntimeModel: ONNXInexpressible {
  static let obstacle = "a model of ONNX as it came: the file that was lifted is what a runtime of ONNX takes"
}

extension Part: ONNXInexpressible {
  static let obstacle = "an output of a model that an engine runs: the model names it itself"
}
