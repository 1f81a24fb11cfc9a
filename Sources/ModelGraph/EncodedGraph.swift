public import Domain
import Encoding

/// A graph as the two files of a bundle.
public struct EncodedGraph: Equatable, Sendable {
  /// Where a bundle has `graph`.
  public static let graphPath = "graph.json"
  /// Where a bundle has `weights`.
  public static let weightsPath = "weights.safetensors"

  /// `graph.json`: signature, operators, edges and tensors of text, in canonical JSON.
  public let graph: [UInt8]
  /// `weights.safetensors`: every other tensor.
  public let weights: [UInt8]
}

extension ModelGraph {
  /// What the form of `graph.json` is called.
  private static let format = "gatehouse-graph-2"

  /// The two files; the same graph gives the same bytes.
  public func encoded() -> EncodedGraph {
    var texts: [String: JSON] = [:]
    var tensors: [String: Tensor] = [:]
    var nodeForms: [JSON] = []
    for node in nodes {
      var writer = AttributeWriter(kind: type(of: node.operator).kind, node: node.output)
      node.operator.write(to: &writer)
      for (name, tensor) in writer.tensors {
        if tensor.elements.datatype == .string { texts[name] = tensor.json } else { tensors[name] = tensor }
      }
      nodeForms.append([
        "output": .string(node.output), "inputs": .array(node.inputs.map { .string($0) }),
        "operator": .object(writer.json), "origin": .string(node.origin),
      ])
    }
    var resultNames: [String: JSON] = [:]
    for (method, values) in results {
      resultNames[method.rawValue] = .array(values.map { .string($0) })
    }
    let json: JSON = [
      "format": .string(Self.format), "signature": signature.json, "nodes": .array(nodeForms),
      "results": .object(resultNames), "texts": .object(texts),
    ]
    return EncodedGraph(graph: json.canonicalBytes, weights: SafetensorsFile.encode(tensors))
  }

  /// Reads the two files.
  ///
  /// Takes every field and every tensor it knows and refuses every other. What the graph means is for
  /// `ValidatedGraph` to check. Time and memory are in proportion to the bytes.
  public init(decoding graph: ArraySlice<UInt8>, weights: ArraySlice<UInt8>) throws(Problem) {
    guard graph.count <= GraphLimits.graphBytes else {
      throw JSONFields.problem(
        "expected a graph of at most \(GraphLimits.graphBytes) bytes, found \(graph.count)")
    }
    let json: JSON
    do {
      json = try JSON(parsing: graph)
    } catch {
      throw Problem(.badInput, "graph.malformed", "\(error)", position: "byte \(error.offset)")
    }
    guard json["format"]?.string == Self.format else {
      throw JSONFields.problem(
        "expected a graph of the format '\(Self.format)', found"
          + " \(json["format"]?.string.map { "'\($0.prefix(80))'" } ?? "none")")
    }
    let fields = try JSONFields(json, of: "the graph", ["format", "signature", "nodes", "results", "texts"])
    var tensors = try SafetensorsFile.decode(weights)
    for (name, text) in try fields.object("texts") {
      let tensor = try Tensor(json: text)
      guard tensor.elements.datatype == .string, tensors.updateValue(tensor, forKey: name) == nil else {
        throw fields.malformed("texts", "tensors of text under names of their own")
      }
    }
    var nodes: [Node] = []
    var taken: Set<String> = []
    for node in try fields.array("nodes") {
      nodes.append(try Node(json: node, tensors: tensors, taken: &taken))
    }
    if let unused = tensors.keys.filter({ !taken.contains($0) }).min() {
      throw Problem(
        .badInput, "graph.unused-tensor",
        "expected every tensor to be read, found '\(unused.prefix(200))' that nothing reads")
    }
    var results: [PredictionMethod: [String]] = [:]
    for (name, values) in try fields.object("results") {
      guard let method = PredictionMethod(rawValue: name), let names = values.array?.compactMap(\.string),
        names.count == values.array?.count
      else { throw fields.malformed("results", "lists of names of values by known methods") }
      results[method] = names
    }
    self.init(
      signature: try ModelSignature(json: try fields.value("signature")), nodes: nodes, results: results)
  }

  /// Reads the two files.
  public init(decoding graph: [UInt8], weights: [UInt8]) throws(Problem) {
    try self.init(decoding: graph[...], weights: weights[...])
  }
}

extension ModelGraph.Node {
  fileprivate init(
    json: JSON, tensors: [String: Tensor], taken: inout Set<String>
  ) throws(Problem) {
    let fields = try JSONFields(json, of: "a node", ["output", "inputs", "operator", "origin"])
    let output = try fields.string("output")
    let inputs = try fields.array("inputs")
    let names = inputs.compactMap(\.string)
    guard names.count == inputs.count else { throw fields.malformed("inputs", "names of values") }
    let attributes = try fields.object("operator")
    let kind = attributes["type"]?.string ?? ""
    guard let read = OperatorRegistry.entriesByKind[kind]?.read else {
      throw JSONFields.problem("expected a known operator, found '\(kind.prefix(80))'")
    }
    var reader = AttributeReader(attributes, kind: kind, tensors: tensors, node: output)
    let operation = try read(&reader)
    try reader.finish()
    taken.formUnion(reader.taken)
    self.init(
      output: output, inputs: names, operator: operation, origin: try fields.string("origin"))
  }
}
