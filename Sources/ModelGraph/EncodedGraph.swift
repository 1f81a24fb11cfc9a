public import Domain
import Encoding

/// A graph as the two files of a bundle.
public struct EncodedGraph: Equatable, Sendable {
  /// `graph.json`: signature, operators, edges and tensors of text, in canonical JSON.
  public let graph: [UInt8]
  /// `weights.safetensors`: every other tensor.
  public let weights: [UInt8]
}

extension ModelGraph {
  /// What the form of `graph.json` is called.
  private static let format = "gatehouse-graph-1"

  /// The two files; the same graph gives the same bytes.
  public func encoded() -> EncodedGraph {
    var texts: [String: JSON] = [:]
    for (name, tensor) in tensors where tensor.elements.datatype == .string { texts[name] = tensor.json }
    var resultNames: [String: JSON] = [:]
    for (method, value) in results { resultNames[method.rawValue] = .string(value) }
    let json: JSON = [
      "format": .string(Self.format), "signature": signature.json, "nodes": .array(nodes.map(\.json)),
      "results": .object(resultNames), "texts": .object(texts),
    ]
    return EncodedGraph(graph: json.canonicalBytes, weights: SafetensorsFile.encode(tensors))
  }

  /// Reads the two files.
  ///
  /// Takes every field it knows and refuses every other. What the graph means is for `ValidatedGraph` to
  /// check. Time and memory are in proportion to the bytes.
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
    for node in try fields.array("nodes") { nodes.append(try Node(json: node)) }
    var results: [PredictionMethod: String] = [:]
    for (name, value) in try fields.object("results") {
      guard let method = PredictionMethod(rawValue: name), let value = value.string else {
        throw fields.malformed("results", "names of values by known methods")
      }
      results[method] = value
    }
    self.init(
      signature: try ModelSignature(json: try fields.value("signature")), nodes: nodes, tensors: tensors,
      results: results)
  }

  /// Reads the two files.
  public init(decoding graph: [UInt8], weights: [UInt8]) throws(Problem) {
    try self.init(decoding: graph[...], weights: weights[...])
  }
}

extension ModelGraph.Node {
  fileprivate var json: JSON {
    [
      "output": .string(output), "input": .string(input), "operator": `operator`.json,
      "origin": .string(origin),
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "a node", ["output", "input", "operator", "origin"])
    self.init(
      output: try fields.string("output"), input: try fields.string("input"),
      operator: try Operator(json: try fields.value("operator")), origin: try fields.string("origin"))
  }
}
