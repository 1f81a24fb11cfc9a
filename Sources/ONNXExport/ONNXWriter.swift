public import Domain
import Encoding
public import ModelGraph

/// Writes a model graph as a model of ONNX, in double precision, so that a runtime gives the same answers.
///
/// What ONNX has no word for is left out where it only refuses rows (`CheckFinite` and its like: a runtime answers
/// what it answers), and refused by name where it computes.
public enum ONNXWriter {
  /// The version of the standard's operators that is written.
  static let operatorSet: Int64 = 20
  /// The version of the operators for classical models, the first with trees in double precision.
  static let classicalOperatorSet: Int64 = 5
  /// The version of the format that has these operators.
  static let formatVersion: Int64 = 10
  /// The most bytes that a protocol buffer may have.
  static let byteLimit = Int(Int32.max)

  /// The bytes of the model; throws the first operator that cannot be expressed.
  ///
  /// Inputs are `input`, the features that are numbers, and `texts`, those that are texts; outputs are named after
  /// the methods of the signature.
  public static func model(of graph: ValidatedGraph) throws(Problem) -> [UInt8] {
    var writer = ONNXGraphWriter()
    let features = graph.signature.features
    guard features.form == .rows else {
      throw Problem(
        .refused, "export.unsupported-input",
        "expected a model of rows of features, found one of \(features.form.rawValue)")
    }
    var values: [ONNXExportedValue] = [
      ONNXExportedValue(name: ModelGraph.inputName, type: .numbers(features.numberCount)),
      ONNXExportedValue(
        name: ModelGraph.textsName, type: ValueType(.texts, columns: features.texts.count)),
    ]
    var used: Set<Int> = []
    for step in graph.steps {
      guard let operation = step.operation as? any ONNXExportable else {
        throw unsupported(step, "which ONNX has no operators for")
      }
      used.formUnion(step.inputs)
      writer.origin = step.origin
      let name = try operation.export(step.inputs.map { values[$0] }, into: &writer)
      values.append(ONNXExportedValue(name: name, type: step.type))
    }
    writer.origin = "outputs"
    var outputs: [(name: String, port: ModelSignature.Port)] = []
    for output in graph.signature.outputs {
      for (port, number) in zip(output.ports, graph.results[output.method] ?? []) {
        let shape = port.shape.count == 1 ? [-1] : [-1, values[number].columns]
        writer.add("Reshape", [values[number].name, writer.integers(shape)], [port.name])
        outputs.append((port.name, port))
      }
    }
    return try bytes(of: writer, features, used, outputs, graph.signature)
  }

  /// Whether ONNX can express a kind of operator.
  package enum Support: Equatable {
    /// It can, save for attributes that are refused by name.
    case written
    /// It cannot, for this reason.
    case refused(String)
  }

  /// What becomes of a kind of operator; nil where nobody has said so.
  package static func support(of type: any Operator.Type) -> Support? {
    if let type = type as? any ONNXInexpressible.Type { return .refused(type.obstacle) }
    return type is any ONNXExportable.Type ? .written : nil
  }

  static func unsupported(_ step: ValidatedGraph.Step, _ why: String) -> Problem {
    let kind = type(of: step.operation).kind
    return Problem(
      .refused, "export.unsupported-operator",
      "expected operators that ONNX can express, found '\(kind)' of \(step.origin.excerpt(80)), \(why)",
      hint: "keep the graph, or serve the model with gatehouse")
  }

  // MARK: - Messages

  private static func bytes(
    of writer: ONNXGraphWriter, _ features: FeatureList, _ used: Set<Int>,
    _ outputs: [(name: String, port: ModelSignature.Port)], _ signature: ModelSignature
  ) throws(Problem) -> [UInt8] {
    var graph = ProtobufWriter()
    graph.text(2, "gatehouse")
    if used.contains(0) {
      port(ModelGraph.inputName, .double, [-1, features.numberCount], to: &graph, field: 11)
    }
    if used.contains(1) {
      port(ModelGraph.textsName, .string, [-1, features.texts.count], to: &graph, field: 11)
    }
    for output in outputs {
      port(output.name, ONNXType(output.port.datatype), output.port.shape, to: &graph, field: 12)
    }
    var model = ProtobufWriter()
    model.integer(1, formatVersion)
    model.text(2, "gatehouse")
    let (size, overflow) = writer.nodes.bytes.count.addingReportingOverflow(writer.weights.bytes.count)
    guard !overflow, size < byteLimit - graph.bytes.count - 4096 else {
      throw Problem(
        .tooLarge, "export.too-large", "expected a model of less than \(byteLimit) bytes, found \(size)")
    }
    model.field(7, writer.nodes.bytes + writer.weights.bytes + graph.bytes)
    for (domain, version) in [("", operatorSet), ("ai.onnx.ml", classicalOperatorSet)] {
      model.message(8) { set in
        set.text(1, domain)
        set.integer(2, version)
      }
    }
    if let names = features.names {
      model.message(14) { entry in
        entry.text(1, "feature_names")
        entry.text(2, String(decoding: JSON.array(names.map { .string($0) }).canonicalBytes, as: UTF8.self))
      }
    }
    return model.bytes
  }

  /// Writes what a value is: an input or output of a graph, of any shape where none is given.
  static func port(
    _ name: String, _ type: ONNXType, _ shape: [Int]?, to message: inout ProtobufWriter, field: Int
  ) {
    message.message(field) { port in
      port.text(1, name)
      port.message(2) { holder in
        holder.message(1) { tensor in
          tensor.integer(1, type.rawValue)
          guard let shape else { return }
          tensor.message(2) { dimensions in
            for size in shape {
              dimensions.message(1) { dimension in
                if size < 0 { dimension.text(2, "rows") } else { dimension.integer(1, Int64(size)) }
              }
            }
          }
        }
      }
    }
  }
}

/// An operator that ONNX can express.
protocol ONNXExportable: Operator {
  /// Adds the nodes that compute the operator and gives the name of what they make.
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String
}

extension ONNXExportable {
  /// A refusal of attributes that ONNX has no word for.
  func inexpressible(_ what: String) -> Problem {
    Problem(
      .refused, "export.unsupported-operator",
      "expected operators that ONNX can express, found '\(Self.kind)' with \(what)",
      hint: "keep the graph, or serve the model with gatehouse")
  }
}
