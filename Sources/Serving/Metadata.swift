import Domain
import Encoding
import ModelGraph

/// The descriptions that the Open Inference Protocol asks for.
enum Metadata {
  static func server(version: String) -> JSON {
    ["name": "gatehouse", "version": .string(version), "extensions": ["binary_tensor_data"]]
  }

  static func model(_ model: ServedModel, name: String) -> JSON {
    [
      "name": .string(name), "versions": [.string(model.reference.version.description)],
      "platform": .string(model.framework),
      "inputs": .array(model.inputs.map(port)),
      "outputs": .array(model.signature.outputs.flatMap(\.ports).map(port)),
    ]
  }

  private static func port(_ port: ModelSignature.Port) -> JSON {
    [
      "name": .string(port.name), "datatype": .string(port.datatype.rawValue),
      "shape": .array(port.shape.map { JSON($0) }),
    ]
  }
}
