public import Encoding

extension ONNXModel {
  /// Reads a whole model.
  ///
  /// Takes time in proportion to the bytes; memory for names and edges, never for weights. Throws where the
  /// bytes are no model, and where it has more nodes, weights or edges than any honest one.
  public init(reading bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var reader = ONNXModelReader(origin: bytes.startIndex)
    try reader.readModel(bytes)
    self = reader.model
  }
}

/// Reads the messages of a model one inside the other.
struct ONNXModelReader {
  /// How many nodes a graph may have.
  private static let nodeLimit = 100_000
  /// How many weights a graph may have.
  private static let initializerLimit = 200_000
  /// How many names all nodes may read and make.
  private static let edgeLimit = 2_000_000
  /// How many inputs and outputs a graph may have.
  private static let portLimit = 100_000
  /// How many parameters a node may have.
  private static let attributeLimit = 256
  /// How many functions and operator sets a model may have.
  private static let functionLimit = 10_000

  let origin: Int
  private(set) var model = ONNXModel()
  private var edgeCount = 0

  init(origin: Int) {
    self.origin = origin
  }

  mutating func readModel(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var hasGraph = false
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (1, _): model.formatVersion = field.integer ?? 0
      case (2, _): model.producer = try Self.text(field)
      case (3, _): model.producerVersion = try Self.text(field)
      case (7, let graph?):
        guard !hasGraph else {
          throw MalformedBytes(offset: field.offset, expected: "one graph of a model", found: "another")
        }
        hasGraph = true
        try readGraph(graph)
      case (8, let set?):
        try limit(model.operatorSets.count, Self.functionLimit, "operator sets", at: field.offset)
        try readOperatorSet(set)
      case (25, let function?):
        try limit(model.functions.count, Self.functionLimit, "functions", at: field.offset)
        try readFunction(function)
      default: break
      }
    }
    guard hasGraph else {
      throw MalformedBytes(offset: 0, expected: "the graph of a model", found: "none")
    }
  }

  /// Reads a graph inside a node.
  static func graph(_ bytes: ArraySlice<UInt8>, origin: Int) throws(MalformedBytes) -> ONNXModel.Graph {
    var reader = ONNXModelReader(origin: origin)
    try reader.readGraph(bytes)
    return reader.model.graph
  }

  private func limit(_ count: Int, _ limit: Int, _ what: String, at offset: Int) throws(MalformedBytes) {
    guard count < limit else {
      throw MalformedBytes(offset: offset, expected: "at most \(limit) \(what)", found: "more")
    }
  }

  private mutating func readOperatorSet(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var domain = ""
    var version: Int64 = 0
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch field.number {
      case 1: domain = try Self.domain(field)
      case 2: version = field.integer ?? 0
      default: break
      }
    }
    model.operatorSets[domain] = version
  }

  private mutating func readFunction(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 1 { model.functions.append(try Self.text(field)) }
    }
  }

  // MARK: - The graph

  private mutating func readGraph(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var graph = ONNXModel.Graph()
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      switch field.number {
      case 1:
        try limit(graph.nodes.count, Self.nodeLimit, "nodes", at: field.offset)
        graph.nodes.append(try readNode(part, at: field.offset))
      case 5:
        try limit(graph.initializers.count, Self.initializerLimit, "weights", at: field.offset)
        graph.initializers.append(try ONNXModel.Tensor(part, at: field.offset, origin: origin))
      case 11:
        try limit(graph.inputs.count, Self.portLimit, "inputs", at: field.offset)
        graph.inputs.append(try readPort(part))
      case 12:
        try limit(graph.outputs.count, Self.portLimit, "outputs", at: field.offset)
        graph.outputs.append(try readPort(part))
      case 15: graph.hasSparseInitializers = true
      default: break
      }
    }
    model.graph = graph
  }

  private mutating func readNode(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes)
    -> ONNXModel.Node
  {
    var node = ONNXModel.Node()
    node.offset = offset
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (1, .some):
        node.inputs.append(try Self.text(field))
        try countEdge(at: field.offset)
      case (2, .some):
        node.outputs.append(try Self.text(field))
        try countEdge(at: field.offset)
      case (3, .some): node.name = try Self.text(field)
      case (4, .some): node.operation = try Self.text(field)
      case (5, let attribute?):
        try limit(node.attributes.count, Self.attributeLimit, "attributes of a node", at: field.offset)
        node.attributes.append(try ONNXModel.Attribute(attribute, origin: origin))
      case (7, .some): node.domain = try Self.domain(field)
      default: break
      }
    }
    return node
  }

  private mutating func countEdge(at offset: Int) throws(MalformedBytes) {
    try limit(edgeCount, Self.edgeLimit, "names that nodes read and make", at: offset)
    edgeCount += 1
  }

  // MARK: - Declared types

  private func readPort(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> ONNXModel.Port {
    var port = ONNXModel.Port()
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (1, .some): port.name = try Self.text(field)
      case (2, let type?): port.type = try readType(type)
      default: break
      }
    }
    return port
  }

  private func readType(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> ONNXModel.PortType? {
    var type: ONNXModel.PortType?
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      switch field.number {
      case 1: type = try readTensorType(part)
      case 4, 5, 7, 8, 9: type = .other
      default: break
      }
    }
    return type
  }

  private func readTensorType(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> ONNXModel.PortType {
    // Made a type after the loop alone: within it, the compiler's optimiser comes to grief.
    var element: Int64?
    var shape: [ONNXModel.Dimension]?
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if let part = field.bytes {
        if field.number == 2 { shape = try readShape(part) }
      } else if field.number == 1 {
        element = field.integer
      }
    }
    return .tensor(element.flatMap { ONNXElementType(rawValue: $0) }, shape: shape)
  }

  private func readShape(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> [ONNXModel.Dimension] {
    var shape: [ONNXModel.Dimension] = []
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 1, let part = field.bytes else { continue }
      try limit(shape.count, ONNXModel.Tensor.rankLimit, "dimensions", at: field.offset)
      var dimension = ONNXModel.Dimension.open("")
      var parts = ProtobufReader(part, origin: origin)
      while let field = try parts.next() {
        switch (field.number, field.integer, field.bytes) {
        // Some exporters write -1 for a size that is not known yet.
        case (1, let size?, _): dimension = size < 0 ? .open("") : .size(Int(size))
        case (2, _, .some): dimension = .open(try Self.text(field))
        default: break
        }
      }
      shape.append(dimension)
    }
    return shape
  }

  // MARK: - Names

  /// The text of a field, which is UTF-8.
  static func text(_ field: ProtobufField) throws(MalformedBytes) -> String {
    guard let bytes = field.bytes, let text = String(validating: bytes, as: UTF8.self) else {
      throw MalformedBytes(
        offset: field.offset, expected: "a text in UTF-8", found: field.bytes?.quoted() ?? "a number")
    }
    return text
  }

  /// The domain of an operator; the standard's has two names, of which the empty one is kept.
  private static func domain(_ field: ProtobufField) throws(MalformedBytes) -> String {
    let domain = try text(field)
    return domain == "ai.onnx" ? "" : domain
  }
}
