/// What a call asks for, by its path.
enum GRPCMethod: String, CaseIterable {
  case modelInfer = "/inference.GRPCInferenceService/ModelInfer"
  case modelStreamInfer = "/inference.GRPCInferenceService/ModelStreamInfer"
  case serverLive = "/inference.GRPCInferenceService/ServerLive"
  case serverReady = "/inference.GRPCInferenceService/ServerReady"
  case modelReady = "/inference.GRPCInferenceService/ModelReady"
  case serverMetadata = "/inference.GRPCInferenceService/ServerMetadata"
  case modelMetadata = "/inference.GRPCInferenceService/ModelMetadata"
  case modelStatistics = "/inference.GRPCInferenceService/ModelStatistics"
  case repositoryIndex = "/inference.GRPCInferenceService/RepositoryIndex"
  case repositoryModelLoad = "/inference.GRPCInferenceService/RepositoryModelLoad"
  case repositoryModelUnload = "/inference.GRPCInferenceService/RepositoryModelUnload"
  case healthCheck = "/grpc.health.v1.Health/Check"
  case healthWatch = "/grpc.health.v1.Health/Watch"
  case reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
  case reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

  /// Whether the caller sends any number of messages, and is answered each.
  var takesStream: Bool {
    switch self {
    case .modelStreamInfer, .reflection, .reflectionAlpha: true
    default: false
    }
  }

  /// Whether its messages may be as long as a body; those of the others hold a name.
  var takesTensors: Bool { self == .modelInfer || self == .modelStreamInfer }
}
