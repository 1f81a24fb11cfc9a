public import Domain
import Encoding

extension ModelGraph {
  /// Throws where the two files of the graph could not be read back, being larger than `init(decoding:weights:)` takes.
  ///
  /// Counts an upper bound of what the files hold, in proportion to what is in `graph.json`; only where that is beyond
  /// the limits are the files made and read.
  public func checkFileLimits() throws(Problem) {
    var size = FileSize()
    size.count(signature.json)
    for node in nodes {
      var writer = AttributeWriter(kind: type(of: node.operator).kind, node: node.output)
      node.operator.write(to: &writer)
      size.count(.object(writer.json))
      for text in [node.output, node.origin] + node.inputs { size.count(text) }
      for (name, tensor) in writer.tensors { size.count(tensor, named: name) }
    }
    for values in results.values { for value in values { size.count(value) } }
    guard !size.isWithinLimits(nodes: nodes.count) else { return }
    let files = encoded()
    do {
      _ = try ModelGraph(decoding: files.graph, weights: files.weights)
    } catch {
      throw Problem(
        .badInput, "graph.too-large",
        "expected a graph whose files can be read back, found one that cannot: \(error.message)")
    }
  }
}

/// An upper bound of what is in the files of a graph.
private struct FileSize {
  private var values = 0
  private var bytes = 0
  private var tensors = 0
  private var headerBytes = 0

  /// Whether a graph of so many nodes is certainly within the limits.
  func isWithinLimits(nodes: Int) -> Bool {
    // Each node is an object of four members, and there are a few around them all.
    values + 6 * nodes + 32 <= JSONLimits().values && bytes + 80 * nodes + 1024 <= GraphLimits.graphBytes
      && tensors <= GraphLimits.tensors && headerBytes <= GraphLimits.weightsHeaderBytes
  }

  mutating func count(_ text: String) {
    values += 1
    bytes += Self.length(of: text)
  }

  mutating func count(_ json: JSON) {
    values += 1
    // The longest number has 25 characters.
    bytes += 32
    switch json {
    case .string(let text): bytes += Self.length(of: text)
    case .array(let elements): for element in elements { count(element) }
    case .object(let members):
      for (name, member) in members {
        bytes += Self.length(of: name)
        count(member)
      }
    case .null, .bool, .integer, .number: break
    }
  }

  mutating func count(_ tensor: Tensor, named name: String) {
    tensors += 1
    guard case .string(let texts) = tensor.elements else {
      headerBytes += Self.length(of: name) + 160 + 24 * tensor.shape.count
      return
    }
    values += 4 + tensor.shape.count
    bytes += Self.length(of: name) + 160 + 24 * tensor.shape.count
    for text in texts { count(text) }
  }

  /// The length of a text between quotation marks and with a comma, each byte of it escaped.
  private static func length(of text: String) -> Int { 6 * text.utf8.count + 3 }
}
