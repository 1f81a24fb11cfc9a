import Encoding

/// A node, as far as the checks of its operator need it.
struct ONNXNode {
  /// What it is called in messages.
  let label: String
  let operation: String
  let isMachineLearning: Bool
  let inputs: [ArraySlice<UInt8>]
  let firstOutput: ArraySlice<UInt8>
  let attributes: [ONNXAttribute]
  let offset: Int

  /// The attribute of this name.
  func attribute(_ name: String) -> ONNXAttribute? {
    attributes.first { $0.name.elementsEqual(name.utf8) }
  }
}

// Nodes: what they use and make, which operator they name, and the graphs inside them.
extension ONNXReader {
  /// How many attributes of a node are looked at.
  private static let attributeLimit = 256
  /// How many inputs of a node the checks of its operator see.
  private static let keptInputs = 8
  /// How many different foreign operators are named.
  private static let namedOperators = 20

  mutating func readNode(_ bytes: ArraySlice<UInt8>, index: Int32, depth: Int, at offset: Int)
    throws(MalformedBytes)
  {
    guard countPart(at: offset) else { return }
    reading.nodeCount += 1
    scope.setNode(index)
    var operation = bytes.prefix(0)
    var domain = operation
    var overload = operation
    var name = operation
    var inputs: [ArraySlice<UInt8>] = []
    var attributes: [ONNXAttribute] = []
    var once = OnceOnly("a node", [3, 4, 7, 8])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      guard let part = field.bytes else { continue }
      switch field.number {
      case 1:
        use(part, at: field.offset)
        if inputs.count < Self.keptInputs { inputs.append(part) }
      case 3: name = part
      case 4: operation = part
      case 5:
        guard attributes.count < Self.attributeLimit else {
          observe(
            .limit, "expected at most \(Self.attributeLimit) attributes of a node, found more", field.offset)
          continue
        }
        attributes.append(try readAttribute(part, at: field.offset))
      case 7: domain = part
      case 8: overload = part
      default: break
      }
    }
    if attributes.count > 1 { checkAttributeNames(attributes) }
    for attribute in attributes {
      for graph in attribute.graphs { try readGraph(graph, depth: depth + 1) }
    }
    scope.setNode(index)
    var outputs = ProtobufReader(bytes, origin: origin)
    var firstOutput = bytes.prefix(0)
    while let field = try outputs.next() {
      guard field.number == 2, let output = field.bytes else { continue }
      if firstOutput.isEmpty { firstOutput = output }
      define(output, as: "output", node: index, at: field.offset)
    }
    if let currentFunction { functions.addOperation(to: currentFunction) }
    if domain.elementsEqual("ai.onnx".utf8) { domain = domain.prefix(0) }
    let isDefinedHere = call(domain: domain, operation, overload)
    let node = ONNXNode(
      label: (name.isEmpty ? operation : name).quoted(60),
      operation: String(decoding: operation.prefix(80), as: UTF8.self),
      isMachineLearning: domain.elementsEqual("ai.onnx.ml".utf8), inputs: inputs, firstOutput: firstOutput,
      attributes: attributes, offset: offset)
    if !isDefinedHere {
      judgeOrigin(node, domain: domain)
      if reading.random == nil, ONNXOperators.drawsNumbers(node) {
        reading.random = (node.operation, node.offset)
      }
    }
    try checkOperator(node)
  }

  /// Notes a call of one of the model's functions; whether it is one.
  private mutating func call(
    domain: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>, _ overload: ArraySlice<UInt8>
  ) -> Bool {
    guard let callee = functions.index(Self.functionHash(domain: domain, name: name, overload: overload))
    else {
      return false
    }
    if let currentFunction { functions.addCall(from: currentFunction, to: callee) }
    return true
  }

  private mutating func checkAttributeNames(_ attributes: [ONNXAttribute]) {
    var seen: Set<ArraySlice<UInt8>> = []
    for attribute in attributes where !seen.insert(attribute.name).inserted {
      observe(
        .duplicateField, "expected attribute \(attribute.name.quoted()) once, found it again",
        attribute.offset)
    }
  }

  /// Says where an operator comes from, if not from the standard.
  private mutating func judgeOrigin(_ node: ONNXNode, domain: ArraySlice<UInt8>) {
    let name = node.operation.escaped(limit: 80)
    if ["PyOp", "PythonOp", "PythonOpGrad", "PyCustomOp"].contains(node.operation) {
      let parts = ["module", "class_name", "func_name", "name"].compactMap { key in
        node.attribute(key)?.text.map { "\(key) \($0.quoted(100))" }
      }
      observe(
        .pythonOperator,
        "expected operators of the runtime, found \(name), which would run Python: "
          + (parts.isEmpty ? "a function that the process knows" : parts.joined(separator: ", ")), node.offset
      )
      return
    }
    if node.operation == "EPContext", node.attribute("embed_mode")?.integer == 0,
      let path = node.attribute("ep_cache_context")?.text, let fault = ReferencedPath.fault(path)
    {
      observe(
        .externalPath, "expected a relative path, found \(fault) for a compiled context: \(path.quoted(200))",
        node.offset)
    }
    let standard: Bool? =
      if domain.isEmpty {
        ONNXOperators.standard.contains(node.operation)
      } else if node.isMachineLearning {
        ONNXOperators.machineLearning.contains(node.operation)
      } else if domain.elementsEqual("com.microsoft".utf8), ONNXOperators.contributed.contains(node.operation)
      {
        true
      } else if domain.elementsEqual("ai.onnx.training".utf8)
        || domain.elementsEqual("ai.onnx.preview.training".utf8)
      {
        true
      } else {
        nil
      }
    guard standard != true else { return }
    guard foreignOperators.count < Self.namedOperators,
      foreignOperators.insert("\(domain.quoted(60)).\(name)").inserted
    else { return }
    let place = standard == nil ? "of domain \(domain.quoted(60))" : "in the standard's domain"
    observe(
      .customOperator,
      "expected operators of the ONNX standard, found '\(name)' \(place), which needs code of its"
        + " own", node.offset)
  }
}
