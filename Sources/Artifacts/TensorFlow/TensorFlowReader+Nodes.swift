import Encoding

// Nodes: what their operation does beyond computing, and which functions they call.
extension TensorFlowReader {
  /// How deep the values of attributes may nest.
  private static let attributeDepth = 16
  /// How many inputs of a node are looked at.
  private static let keptInputs = 16
  /// How many different foreign operators are named.
  private static let namedOperators = 20

  /// A node, as far as it matters for what it does.
  struct Node {
    var name: ArraySlice<UInt8>
    var operation = ""
    var inputs: [ArraySlice<UInt8>] = []
    var offset: Int
    var label: String { "\(operation.escaped(limit: 80)) \(name.quoted(80))" }
  }

  /// Reads a node; its name.
  mutating func readNode(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes) -> ArraySlice<
    UInt8
  > {
    guard reading.nodeCount < Self.nodeLimit else {
      if reading.nodeCount == Self.nodeLimit {
        reading.nodeCount += 1
        observe(.limit, "expected at most \(Self.nodeLimit) operations, found more", offset)
      }
      return bytes.prefix(0)
    }
    reading.nodeCount += 1
    var node = Node(name: bytes.prefix(0), offset: offset)
    var once = OnceOnly("a node", [1, 2, 4])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      guard let part = field.bytes else { continue }
      switch field.number {
      case 1: node.name = part
      case 2: node.operation = String(decoding: part.prefix(200), as: UTF8.self)
      case 3:
        if node.inputs.count < Self.keptInputs, part.first != UInt8(ascii: "^") { node.inputs.append(part) }
      default: break
      }
    }
    if let currentFunction { functions.addOperation(to: currentFunction) }
    judge(node)
    fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 5, let entry = field.bytes { try readAttribute(entry, of: node, depth: 0) }
    }
    return node.name
  }

  // MARK: - Operations

  private mutating func judge(_ node: Node) {
    if let effect = TensorFlowOperators.effects[node.operation] {
      var detail = "expected operations that compute, found \(node.label), which \(effect.words)"
      let texts = node.inputs.flatMap { constants.trace($0, except: []).texts }.filter { !$0.isEmpty }
      if !texts.isEmpty { detail += ": " + texts.prefix(3).map { $0.quoted(120) }.joined(separator: ", ") }
      observe(effect.kind, detail, node.offset)
      return
    }
    if let places = TensorFlowOperators.paths[node.operation] {
      for place in places where node.inputs.indices.contains(place) {
        let (texts, isOpen) = constants.trace(node.inputs[place], except: assets)
        for text in texts where !text.isEmpty {
          guard let fault = ReferencedPath.fault(text) else { continue }
          let isTable = node.operation.hasPrefix("InitializeTable")
          let detail =
            "expected a path that the loader gives, found \(fault) in \(node.label): \(text.quoted(200))"
          // Where its author trained it a graph that stands alone finds its tables, and nowhere else.
          observe(
            isTable && standsAlone && fault == "an absolute path" ? .ownFile : .path, detail, node.offset)
        }
        if isOpen, let currentFunction { openers.insert(currentFunction) }
      }
    }
    if let callee = functions.index(Array(node.operation.utf8)[...].stableHash) {
      call(callee, from: node)
    } else if !TensorFlowOperators.names.contains(node.operation),
      foreignOperators.count < Self.namedOperators,
      foreignOperators.insert(node.operation).inserted
    {
      observe(
        .customOperator,
        "expected operations of TensorFlow, found \(node.label), which needs code of its own",
        node.offset)
    }
  }

  /// Notes a call, and the paths that go along with it.
  private mutating func call(_ callee: Int, from node: Node) {
    if let currentFunction {
      functions.addCall(from: currentFunction, to: callee)
      callers[callee, default: []].insert(currentFunction)
    }
    guard handovers.count < Self.observationLimit else { return }
    for input in node.inputs {
      for text in constants.trace(input, except: assets).texts where Self.canBePath(text) {
        guard let fault = ReferencedPath.fault(text) else { continue }
        handovers.append(
          Handover(
            callee: callee,
            detail:
              "expected a path that the loader gives, found \(fault) handed by \(node.label) to a function that"
              + " opens it: \(text.quoted(200))", offset: node.offset))
      }
    }
  }

  /// Whether a text that goes to a function could be a path at all, and not a message in bytes.
  private static func canBePath(_ text: ArraySlice<UInt8>) -> Bool {
    !text.isEmpty && text.count <= 4_096 && text.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  // MARK: - Attributes

  /// Reads an entry of a node's attributes: a name and a value.
  private mutating func readAttribute(_ bytes: ArraySlice<UInt8>, of node: Node, depth: Int)
    throws(MalformedBytes)
  {
    guard depth < Self.attributeDepth else {
      observe(
        .nesting, "expected at most \(Self.attributeDepth) values inside each other, found more",
        bytes.startIndex - origin)
      return
    }
    var key = bytes.prefix(0)
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() { if field.number == 1, let name = field.bytes { key = name } }
    fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 2, let value = field.bytes else { continue }
      var parts = ProtobufReader(value, origin: origin)
      while let part = try parts.next() {
        guard let inner = part.bytes else { continue }
        if part.number == 1 {
          var items = ProtobufReader(inner, origin: origin)
          while let item = try items.next() {
            // A list has its functions in field 9, a value in field 10.
            guard let bytes = item.bytes else { continue }
            try readValue(item.number == 9 ? 10 : item.number, bytes, key, node, depth, at: item.offset)
          }
        } else {
          try readValue(part.number, inner, key, node, depth, at: part.offset)
        }
      }
    }
  }

  private mutating func readValue(
    _ number: Int, _ bytes: ArraySlice<UInt8>, _ key: ArraySlice<UInt8>, _ node: Node, _ depth: Int,
    at offset: Int
  ) throws(MalformedBytes) {
    switch number {
    case 2: judgeText(bytes, key, node, at: offset)
    case 7: _ = try readShape(bytes, of: node, at: offset)
    case 8: try readTensor(bytes, of: node, at: offset)
    case 10:
      var fields = ProtobufReader(bytes, origin: origin)
      while let field = try fields.next() {
        if field.number == 1, let name = field.bytes, let callee = functions.index(name.stableHash) {
          call(callee, from: node)
        }
        if field.number == 2, let entry = field.bytes { try readAttribute(entry, of: node, depth: depth + 1) }
      }
    default: break
    }
  }

  private mutating func judgeText(
    _ text: ArraySlice<UInt8>, _ key: ArraySlice<UInt8>, _ node: Node, at offset: Int
  ) {
    guard !text.isEmpty else { return }
    if key.elementsEqual("debug_urls".utf8) {
      observe(
        .network,
        "expected operations that compute, found \(node.label), which would send its values to"
          + " \(text.quoted(200))", offset)
    } else if key.elementsEqual("output_stream".utf8), text.starts(with: "file:".utf8) {
      observe(
        .file, "expected output to a log, found \(node.label), which would write to \(text.quoted(200))",
        offset)
    } else if key.elementsEqual("vocab_file".utf8), let fault = ReferencedPath.fault(text) {
      observe(.path, "expected a relative path, found \(fault) in \(node.label): \(text.quoted(200))", offset)
    }
  }
}
