import Encoding

/// Reads an ONNX model (`onnx.proto3` of onnx 1.20) for what in it would harm whoever loads it.
///
/// Keeps names and counts, never weights: tensors are measured where they stand. Takes time in proportion to
/// the bytes and memory below four times their number.
public struct ONNXReader {
  /// How many graphs may stand inside each other; the reference implementation of protocol buffers gives up at
  /// about this depth itself.
  static let depthLimit = 32
  /// How many observations of each kind are kept, so that many of one kind hide none of another.
  static let observationLimit = 50
  /// How many nodes and tensors are read; honest models have a few hundred thousand at most.
  static let partLimit = 4_000_000
  /// How many operations the functions may come to when each call is replaced by what it calls.
  static let expansionLimit = 1 << 24
  /// From how many bytes on a shape that no data backs is an attack and not a mistake.
  static let absurdByteCount = 1 << 36

  let origin: Int
  var reading = ONNXReading()
  var scope = ONNXScope()
  var functions = CallGraph()
  /// The function whose nodes are being read.
  var currentFunction: Int?
  /// Short integer tensors with a constant value, by the hash of their name: they can be shapes.
  var constants: [Int: [Int64]] = [:]
  /// The static size of the last dimension of values whose shape the model declares.
  var widths: [Int: Int64] = [:]

  /// The operators of foreign origin that were named already.
  var foreignOperators: Set<String> = []
  private var observed: [ONNXObservation.Kind: Int] = [:]

  private init(origin: Int) {
    self.origin = origin
  }

  /// Reads a whole model.
  public static func read(_ bytes: ArraySlice<UInt8>) -> ONNXReading {
    var reader = ONNXReader(origin: bytes.startIndex)
    do throws(MalformedBytes) {
      try reader.readModel(bytes)
    } catch {
      reader.reading.damage = error
    }
    return reader.reading
  }

  // MARK: - The model

  private mutating func readModel(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    try declareFunctions(bytes)
    var fields = ProtobufReader(bytes, origin: origin)
    var once = OnceOnly("the model", [1, 7])
    while let field = try fields.next() {
      check(&once, field)
      switch (field.number, field.bytes) {
      case (7, let graph?): try readGraph(graph, depth: 0)
      case (20, let training?):
        observe(.trainingInfo, "expected a model that predicts, found graphs for training it", field.offset)
        var parts = ProtobufReader(training, origin: origin)
        while let part = try parts.next() {
          if part.number <= 2, let graph = part.bytes { try readGraph(graph, depth: 1, isTraining: true) }
        }
      case (25, let function?): try readFunction(function)
      default: break
      }
    }
    if functions.isCut {
      observe(
        .limit,
        "expected at most \(CallGraph.functionLimit) functions and \(CallGraph.callLimit) calls of them,"
          + " found more", 0)
    }
    switch functions.fault(limit: Self.expansionLimit) {
    case (.circle, let name)?:
      observe(.cycle, "expected functions that call others, found \(name), which comes back to itself", 0)
    case (.expansion, let name)?:
      observe(
        .expansion,
        "expected functions of at most \(Self.expansionLimit) operations, found \(name), whose calls multiply to"
          + " more", 0)
    case nil: break
    }
  }

  /// Functions may stand after the graph that calls them.
  private mutating func declareFunctions(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 25, let function = field.bytes else { continue }
      let key = try functionKey(function)
      if functions.index(key.hash) != nil {
        observe(
          .duplicateName, "expected functions of different names, found \(key.name.quoted()) twice",
          field.offset)
      }
      _ = functions.function(key.hash, named: key.name.quoted())
    }
  }

  private func functionKey(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> (
    name: ArraySlice<UInt8>, hash: Int
  ) {
    var name = bytes.prefix(0)
    var domain = name
    var overload = name
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (1, let text?): name = text
      case (10, let text?): domain = text
      case (13, let text?): overload = text
      default: break
      }
    }
    return (name, Self.functionHash(domain: domain, name: name, overload: overload))
  }

  /// What tells one function of a model from another.
  static func functionHash(
    domain: ArraySlice<UInt8>, name: ArraySlice<UInt8>, overload: ArraySlice<UInt8>
  ) -> Int {
    var hash = domain.stableHash
    hash = hash &* 31 &+ name.stableHash
    return hash &* 31 &+ overload.stableHash
  }

  private mutating func readFunction(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    currentFunction = functions.index(try functionKey(bytes).hash)
    defer { currentFunction = nil }
    let constantsBefore = constants
    defer { constants = constantsBefore }
    scope.enter()
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 4, let name = field.bytes { define(name, as: "input", node: -1, at: field.offset) }
    }
    fields = ProtobufReader(bytes, origin: origin)
    var index: Int32 = 0
    while let field = try fields.next() {
      if field.number == 7, let node = field.bytes {
        try readNode(node, index: index, depth: 0, at: field.offset)
        index += 1
      }
    }
    fields = ProtobufReader(bytes, origin: origin)
    scope.setNode(index)
    while let field = try fields.next() {
      if field.number == 5, let name = field.bytes { use(name, at: field.offset) }
    }
    leave(nodeCount: index, isTop: true)
  }

  /// Whether another node or tensor may be read; says once that it may not.
  mutating func countPart(at offset: Int) -> Bool {
    let parts = reading.nodeCount + reading.tensorCount
    if parts < Self.partLimit { return true }
    if observed[.limit, default: 0] == 0 {
      observe(.limit, "expected at most \(Self.partLimit) nodes and tensors, found more", offset)
    }
    return false
  }

  // MARK: - What is said

  mutating func observe(_ kind: ONNXObservation.Kind, _ detail: @autoclosure () -> String, _ offset: Int) {
    guard observed[kind, default: 0] < Self.observationLimit else { return }
    observed[kind, default: 0] += 1
    reading.observations.append(ONNXObservation(kind: kind, detail: detail(), offset: offset))
  }

  /// Notes a field that a message has once and that stands there again.
  mutating func check(_ once: inout OnceOnly, _ field: ProtobufField) {
    if let problem = once.problem(field) { observe(.duplicateField, problem, field.offset) }
  }
}
