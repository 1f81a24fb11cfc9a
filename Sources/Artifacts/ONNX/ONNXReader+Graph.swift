import Encoding

// Graphs: their names, nodes in order, and the shapes that they declare.
extension ONNXReader {
  /// How many small constants are kept, and how many integers each.
  private static let constantLimit = 20_000
  private static let constantCount = 16
  /// How many declared widths are kept.
  private static let widthLimit = 100_000
  /// How deep types may nest.
  private static let typeDepth = 32

  mutating func readGraph(
    _ bytes: ArraySlice<UInt8>, depth: Int, isTraining: Bool = false
  ) throws(MalformedBytes) {
    guard depth < Self.depthLimit else {
      observe(
        .nesting, "expected at most \(Self.depthLimit) graphs inside each other, found more",
        bytes.startIndex - origin)
      return
    }
    scope.enter()
    try readDeclarations(bytes)
    var nodes: Int32 = 0
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 1, let node = field.bytes else { continue }
      try readNode(node, index: nodes, depth: depth, at: field.offset)
      nodes += 1
    }
    scope.setNode(nodes)
    fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 12, let output = field.bytes else { continue }
      let name = try readValueInfo(output)
      if !isTraining { use(name, at: field.offset) }
    }
    // A graph for training uses the names of the one that it trains.
    leave(nodeCount: nodes, isTop: depth == 0, mayBeOutside: isTraining)
  }

  /// Inputs and initializers, which the nodes may use wherever they stand.
  private mutating func readDeclarations(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var inputs: Set<Int> = []
    var initializers: Set<Int> = []
    var once = OnceOnly("a graph", [2])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      guard let part = field.bytes else { continue }
      switch field.number {
      case 5:
        let tensor = try readTensor(part, at: field.offset)
        declare(tensor.name, "initializer", among: &initializers, at: field.offset)
        keepConstant(tensor)
      case 11:
        let name = try readValueInfo(part)
        declare(name, "input", among: &inputs, at: field.offset)
      case 13: _ = try readValueInfo(part)
      case 15:
        let name = try readSparseTensor(part, at: field.offset)
        declare(name, "initializer", among: &initializers, at: field.offset)
      default: break
      }
    }
  }

  /// An initializer may bear the name of an input, whose default it is then; two of either kind may not.
  private mutating func declare(
    _ name: ArraySlice<UInt8>, _ kind: String, among known: inout Set<Int>, at offset: Int
  ) {
    let hash = name.stableHash
    if known.count < ONNXScope.nameLimit, !known.insert(hash).inserted {
      observe(
        .duplicateName, "expected one \(kind) named \(name.quoted()) in the graph, found two", offset)
    }
    _ = scope.define(hash, node: -1)
  }

  /// Makes the name of an input or of a node's output.
  mutating func define(_ name: ArraySlice<UInt8>, as kind: String, node: Int32, at offset: Int) {
    guard !name.isEmpty else { return }
    let hash = name.stableHash
    constants[hash] = nil
    if scope.define(hash, node: node) != nil {
      observe(
        .duplicateName, "expected each value of the graph to be made once, found \(name.quoted()) made again",
        offset)
    }
  }

  /// Uses a name; the empty one stands for an input that is left out.
  mutating func use(_ name: ArraySlice<UInt8>, at offset: Int) {
    guard !name.isEmpty else { return }
    scope.use(name.stableHash, name, at: offset)
  }

  /// Leaves a graph and says what is wrong with its order.
  mutating func leave(nodeCount: Int32, isTop: Bool, mayBeOutside: Bool = false) {
    let wasCut = scope.isCut
    let (circle, undefined) = scope.leave(nodeCount: nodeCount, isTop: isTop || mayBeOutside)
    if let circle {
      observe(
        .cycle,
        "expected nodes that need only what others made before, found \(circle.name.quoted()), which waits for"
          + " itself", circle.offset)
    }
    if !mayBeOutside {
      for missing in undefined.prefix(Self.observationLimit) {
        observe(
          .undefinedName, "expected a value that something makes, found \(missing.name.quoted())",
          missing.offset)
      }
    }
    if wasCut, isTop {
      observe(
        .limit, "expected at most \(ONNXScope.nameLimit) names and \(ONNXScope.edgeLimit) uses, found more", 0
      )
    }
  }

  /// Remembers a small integer tensor, which may be the shape that another operator makes.
  mutating func keepConstant(_ tensor: ONNXTensor) {
    guard constants.count < Self.constantLimit, tensor.type == .int64 || tensor.type == .int32,
      let values = tensor.integers(limit: Self.constantCount)
    else { return }
    constants[tensor.name.stableHash] = values
  }

  /// Remembers the integers that a node makes.
  mutating func keepConstant(_ values: [Int64], named name: ArraySlice<UInt8>) {
    guard constants.count < Self.constantLimit, values.count <= Self.constantCount else { return }
    constants[name.stableHash] = values
  }

  // MARK: - Declared types

  /// Reads the declaration of an input, an output or a value in between; its name.
  private mutating func readValueInfo(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> ArraySlice<UInt8>
  {
    var name = bytes.prefix(0)
    var width: Int64?
    var once = OnceOnly("a value's declaration", [1, 2])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch (field.number, field.bytes) {
      case (1, let text?): name = text
      case (2, let type?): width = try readType(type, depth: 0)
      default: break
      }
    }
    if let width, widths.count < Self.widthLimit { widths[name.stableHash] = width }
    return name
  }

  /// Reads a type; the size of the last dimension, where it is a tensor of two dimensions and more.
  mutating func readType(_ bytes: ArraySlice<UInt8>, depth: Int) throws(MalformedBytes) -> Int64? {
    guard depth < Self.typeDepth else {
      observe(
        .nesting, "expected at most \(Self.typeDepth) types inside each other, found more",
        bytes.startIndex - origin)
      return nil
    }
    var width: Int64?
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      switch field.number {
      // A tensor or a sparse one: the shape is field 2 of both.
      case 1, 8: width = try readTensorType(part)
      // A sequence, a map, an optional value: the type inside is field 1 or 2.
      case 4, 5, 9:
        var inner = ProtobufReader(part, origin: origin)
        while let type = try inner.next() {
          if type.number <= 2, let bytes = type.bytes { _ = try readType(bytes, depth: depth + 1) }
        }
      default: break
      }
    }
    return width
  }

  private mutating func readTensorType(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> Int64? {
    var width: Int64?
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 2, let shape = field.bytes else { continue }
      var product = 1
      var overflows = false
      var rank = 0
      var last: Int64?
      var dimensions = ProtobufReader(shape, origin: origin)
      while let dimension = try dimensions.next() {
        guard dimension.number == 1, let bytes = dimension.bytes else { continue }
        rank += 1
        last = nil
        var parts = ProtobufReader(bytes, origin: origin)
        while let part = try parts.next() {
          guard part.number == 1, let size = part.integer else { continue }
          last = size
          // Some exporters write -1 for a size that is not known yet.
          if size < -1 {
            observe(.shape, "expected the size of a dimension, found \(size)", part.offset)
          } else if size > 0 {
            let (result, overflow) = product.multipliedReportingOverflow(by: Int(size))
            product = result
            overflows = overflows || overflow
            if overflow { product = .max }
          }
        }
      }
      if overflows || product > Self.absurdByteCount {
        observe(
          .shape,
          "expected a shape of fewer than \(Self.absurdByteCount) elements, found"
            + (overflows ? " more than an integer holds" : " \(product)"), field.offset)
      }
      width = rank >= 2 ? last : nil
    }
    return width.flatMap { $0 > 0 ? $0 : nil }
  }
}
