import Encoding

/// Reads TensorFlow's SavedModel, MetaGraphDef and GraphDef (`tensorflow/core/protobuf`, release 2.21) for what
/// their operations do beyond computing.
///
/// A graph is a program: it may read and write files, call Python and talk to hosts. Saving and restoring weights
/// is in every honest SavedModel; there it is the path that counts.
public struct TensorFlowReader {
  /// How many observations of each kind are kept, so that many of one kind hide none of another.
  static let observationLimit = 50
  /// How many operations the functions may come to when each call is replaced by what it calls.
  static let expansionLimit = 1 << 28
  /// From how many bytes on a shape that no data backs is an attack and not a mistake.
  static let absurdByteCount = 1 << 36
  /// How many operations are read; honest models have a few hundred thousand at most.
  static let nodeLimit = 4_000_000
  /// How many configurations of Keras layers are kept.
  static let configurationLimit = 100_000
  /// How many names of nodes are kept to find those that stand twice.
  static let nameLimit = 2_000_000

  /// A call that hands a path on.
  struct Handover {
    let callee: Int
    let detail: String
    let offset: Int
  }

  let origin: Int
  var reading = TensorFlowReading()
  var functions = CallGraph()
  /// The function whose nodes are being read.
  var currentFunction: Int?
  /// The constants of the graph or function that is being read.
  var constants = TensorFlowConstants()
  /// The nodes that hold the paths of the model's own assets, which the loader replaces.
  var assets: Set<Int> = []
  /// Whether there is no SavedModel around the graph whose loader would replace the paths of its assets.
  var standsAlone = false
  /// Functions that open a path which their caller gives them.
  var openers: Set<Int> = []
  /// Which functions call which, for `openers`.
  var callers: [Int: Set<Int>] = [:]
  var handovers: [Handover] = []
  var foreignOperators: Set<String> = []
  private var observed: [TensorFlowObservation.Kind: Int] = [:]

  private init(origin: Int) {
    self.origin = origin
  }

  /// Reads a model of the kind that `ModelMessage` recognised it to be.
  public static func read(_ bytes: ArraySlice<UInt8>, as message: ModelMessage) -> TensorFlowReading {
    var reader = TensorFlowReader(origin: bytes.startIndex)
    do throws(MalformedBytes) {
      switch message {
      case .savedModel: try reader.readSavedModel(bytes)
      case .metaGraph:
        reader.standsAlone = true
        try reader.readMetaGraph(bytes)
      case .graph:
        reader.standsAlone = true
        try reader.readGraph(bytes)
      case .kerasMetadata: try reader.readKerasMetadata(bytes)
      case .onnx, .fingerprint: break
      }
    } catch {
      reader.reading.damage = error
    }
    reader.judgeCalls()
    return reader.reading
  }

  // MARK: - Messages from the outside in

  private mutating func readSavedModel(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    var once = OnceOnly("the SavedModel", [1])
    while let field = try fields.next() {
      check(&once, field)
      if field.number == 2, let graph = field.bytes { try readMetaGraph(graph) }
    }
  }

  private mutating func readMetaGraph(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    assets = []
    var once = OnceOnly("a meta graph", [1, 2, 3, 7])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch (field.number, field.bytes) {
      case (4, let collection?): try readCollection(collection)
      case (6, let asset?): try readAsset(asset, at: field.offset)
      default: break
      }
    }
    fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (2, let graph?): try readGraph(graph)
      case (7, let objects?): try readObjects(objects)
      default: break
      }
    }
  }

  /// A collection of release 1, where assets stand as messages of any type.
  private mutating func readCollection(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var isAssets = false
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      if field.number == 1 { isAssets = part.elementsEqual("saved_model_assets".utf8) }
      guard field.number == 2, isAssets else { continue }
      // CollectionDef.any_list.value[].value
      for list in try inner(part, 5) {
        for any in try inner(list, 1) {
          for asset in try inner(any, 2) { try readAsset(asset, at: asset.startIndex - origin) }
        }
      }
    }
  }

  /// The fields of this number in a message.
  private func inner(_ bytes: ArraySlice<UInt8>, _ number: Int) throws(MalformedBytes) -> [ArraySlice<UInt8>]
  {
    var found: [ArraySlice<UInt8>] = []
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next(), found.count < 10_000 {
      if field.number == number, let part = field.bytes { found.append(part) }
    }
    return found
  }

  /// An asset: a file of the model's own folder, and the node that holds its path.
  private mutating func readAsset(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      switch (field.number, field.bytes) {
      case (1, let tensor?):
        var parts = ProtobufReader(tensor, origin: origin)
        while let part = try parts.next() {
          if part.number == 1, let name = part.bytes, assets.count < 10_000 {
            assets.insert(TensorFlowConstants.node(name).stableHash)
          }
        }
      case (2, let path?):
        if let fault = ReferencedPath.fault(path) {
          observe(
            .path, "expected an asset in the model's folder, found \(fault): \(path.quoted(200))", offset)
        }
      default: break
      }
    }
  }

  private mutating func readGraph(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var once = OnceOnly("a graph", [2, 4])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      if field.number == 2, let library = field.bytes { try declareFunctions(library) }
    }
    try readNodes(bytes, number: 1)
    fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 2, let library = field.bytes else { continue }
      var parts = ProtobufReader(library, origin: origin)
      while let part = try parts.next() {
        guard part.number == 1, let function = part.bytes else { continue }
        currentFunction = try functionName(function).flatMap { functions.index($0.stableHash) }
        try readNodes(function, number: 3)
        currentFunction = nil
      }
    }
  }

  /// Functions may stand after the nodes that call them.
  private mutating func declareFunctions(_ library: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(library, origin: origin)
    var seen: Set<Int> = []
    while let field = try fields.next() {
      guard field.number == 1, let function = field.bytes, let name = try functionName(function) else {
        continue
      }
      if seen.count < CallGraph.functionLimit, !seen.insert(name.stableHash).inserted {
        observe(
          .duplicateName, "expected functions of different names, found \(name.quoted()) twice", field.offset)
      }
      _ = functions.function(name.stableHash, named: name.quoted())
    }
  }

  /// The name in the signature of a function.
  private func functionName(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) -> ArraySlice<UInt8>? {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 1, let signature = field.bytes else { continue }
      var parts = ProtobufReader(signature, origin: origin)
      while let part = try parts.next() {
        if part.number == 1, let name = part.bytes { return name }
      }
    }
    return nil
  }

  /// Reads the nodes of a graph, field 1, or of a function, field 3.
  private mutating func readNodes(_ bytes: ArraySlice<UInt8>, number: Int) throws(MalformedBytes) {
    constants = try TensorFlowConstants(nodesOf: bytes, number: number, origin: origin)
    if constants.isCut {
      observe(.limit, "expected at most \(TensorFlowConstants.limit) constants in a graph, found more", 0)
    }
    var names: Set<Int> = []
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == number, let node = field.bytes else { continue }
      let name = try readNode(node, at: field.offset)
      if names.count < Self.nameLimit, !names.insert(name.stableHash).inserted {
        observe(
          .duplicateName, "expected nodes of different names, found \(name.quoted()) twice", field.offset)
      }
    }
  }

  // MARK: - Objects of Keras

  /// The objects of a model saved by TensorFlow 2; those of Keras up to 2.4 carry their configuration.
  private mutating func readObjects(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == 1, let object = field.bytes else { continue }
      var parts = ProtobufReader(object, origin: origin)
      while let part = try parts.next() {
        if part.number == 4, let user = part.bytes { try readConfiguration(user, number: 3) }
      }
    }
  }

  /// `keras_metadata.pb`: an object for each layer.
  private mutating func readKerasMetadata(_ bytes: ArraySlice<UInt8>) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 1, let object = field.bytes { try readConfiguration(object, number: 5) }
    }
  }

  private mutating func readConfiguration(_ bytes: ArraySlice<UInt8>, number: Int) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard field.number == number, let text = field.bytes, text.first == UInt8(ascii: "{") else { continue }
      guard reading.kerasConfigurations.count < Self.configurationLimit else {
        observe(
          .limit, "expected at most \(Self.configurationLimit) layers of Keras, found more", field.offset)
        return
      }
      reading.kerasConfigurations.append(text)
    }
  }

  // MARK: - What is said

  mutating func observe(
    _ kind: TensorFlowObservation.Kind, _ detail: @autoclosure () -> String, _ offset: Int
  ) {
    guard observed[kind, default: 0] < Self.observationLimit else { return }
    observed[kind, default: 0] += 1
    reading.observations.append(TensorFlowObservation(kind: kind, detail: detail(), offset: offset))
  }

  /// Notes a field that a message has once and that stands there again.
  mutating func check(_ once: inout OnceOnly, _ field: ProtobufField) {
    if let problem = once.problem(field) { observe(.duplicateField, problem, field.offset) }
  }

  /// Looks at the calls of all functions together.
  private mutating func judgeCalls() {
    var waiting = Array(openers)
    while let function = waiting.popLast() {
      for caller in callers[function] ?? [] where openers.insert(caller).inserted { waiting.append(caller) }
    }
    for handover in handovers where openers.contains(handover.callee) {
      observe(.path, handover.detail, handover.offset)
    }
    if functions.isCut {
      observe(.limit, "expected at most \(CallGraph.functionLimit) functions, found more", 0)
    }
    switch functions.fault(limit: Self.expansionLimit) {
    case (.circle, let name)?:
      observe(.cycle, "expected functions that call others, found \(name), which comes back to itself", 0)
    case (.expansion, let name)?:
      observe(
        .expansion,
        "expected functions of at most \(Self.expansionLimit) operations, found \(name), whose calls"
          + " multiply to more", 0)
    case nil: break
    }
  }
}
