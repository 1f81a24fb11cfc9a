import Domain
import Encoding
import ModelGraph

/// The descriptions that the Open Inference Protocol asks for.
enum Metadata {
  static func server(version: String) -> JSON {
    [
      "name": "gatehouse", "version": .string(version),
      "extensions": [
        "binary_tensor_data", "model_repository", "statistics",
      ],
    ]
  }

  /// Describes a model; `versions` are those that are served under the name.
  static func model(_ model: ServedModel, versions: [VersionNumber]) -> JSON {
    [
      "name": .string(model.reference.name.description),
      "versions": .array(versions.map { .string($0.description) }),
      "platform": .string(model.framework),
      "inputs": .array(model.inputs.map(port)),
      "outputs": .array(model.signature.outputs.flatMap(\.ports).map(port)),
    ]
  }

  static func statistics(of models: [ServedModel]) -> JSON {
    [
      "model_stats": .array(
        models.map { model in
          var members = model.statistics.members
          members["name"] = .string(model.reference.name.description)
          members["version"] = .string(model.reference.version.description)
          return .object(members)
        })
    ]
  }

  private static func port(_ port: ModelSignature.Port) -> JSON {
    [
      "name": .string(port.name), "datatype": .string(port.datatype.rawValue),
      "shape": .array(port.shape.map { JSON($0) }),
    ]
  }
}
