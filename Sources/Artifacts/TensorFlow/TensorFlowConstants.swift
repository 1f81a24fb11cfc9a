import Encoding

/// The text constants of one graph or function, and the operations that hand text on, to tell which paths an
/// operation would open.
struct TensorFlowConstants {
  /// How many nodes are kept.
  static let limit = 500_000
  /// How many steps a value is followed back.
  private static let stepLimit = 64
  /// How many texts of one constant are looked at.
  private static let textLimit = 16

  /// Operations whose result is, or starts with, one of their inputs.
  private static let passing: Set<String> = [
    "Identity", "IdentityN", "PlaceholderWithDefault", "StringJoin", "ShardedFilename", "Select", "SelectV2",
    "ConcatV2", "Pack", "ExpandDims", "Reshape", "Squeeze", "StopGradient", "EnsureShape", "AsString", "Fill",
    "Switch", "Merge", "Enter", "Exit", "Snapshot", "Copy", "CopyHost", "DeepCopy", "GatherV2",
    "StridedSlice", "Tile",
  ]

  private enum Node {
    case texts([ArraySlice<UInt8>])
    case passes([Int])
  }

  private var nodes: [Int: Node] = [:]
  /// Whether nodes were left out because of the limit.
  private(set) var isCut = false

  init() {}

  /// Collects the constants among the nodes of a message, which stand in its fields of this number.
  init(nodesOf bytes: ArraySlice<UInt8>, number: Int, origin: Int) throws(MalformedBytes) {
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == number, let node = field.bytes { try add(node, origin: origin) }
    }
  }

  /// The name of the node in the name of one of its outputs: `save/Const:0` is of `save/Const`.
  static func node(_ input: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    input.prefix { $0 != UInt8(ascii: ":") }
  }

  private mutating func add(_ bytes: ArraySlice<UInt8>, origin: Int) throws(MalformedBytes) {
    var name = bytes.prefix(0)
    var operation = ""
    var inputs: [Int] = []
    var value: ArraySlice<UInt8>?
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      switch field.number {
      case 1: name = part
      case 2:
        guard part.count < 40 else { return }
        operation = String(decoding: part, as: UTF8.self)
        guard operation == "Const" || Self.passing.contains(operation) else { return }
      case 3:
        if inputs.count < 8, part.first != UInt8(ascii: "^") { inputs.append(Self.node(part).stableHash) }
      case 5:
        if operation == "Const" || operation.isEmpty { value = try Self.constant(part, origin) ?? value }
      default: break
      }
    }
    guard !operation.isEmpty else { return }
    guard nodes.count < Self.limit else {
      isCut = true
      return
    }
    if operation == "Const" {
      guard let value else { return }
      let texts = try Self.texts(value, origin)
      if !texts.isEmpty { nodes[name.stableHash] = .texts(texts) }
    } else {
      // What text begins with is its first part.
      nodes[name.stableHash] = .passes(operation == "StringJoin" ? Array(inputs.prefix(1)) : inputs)
    }
  }

  /// The tensor of the attribute `value`.
  private static func constant(_ entry: ArraySlice<UInt8>, _ origin: Int) throws(MalformedBytes)
    -> ArraySlice<UInt8>?
  {
    var isValue = false
    var tensor: ArraySlice<UInt8>?
    var fields = ProtobufReader(entry, origin: origin)
    while let field = try fields.next() {
      guard let part = field.bytes else { continue }
      if field.number == 1 { isValue = part.elementsEqual("value".utf8) }
      if field.number == 2 {
        var parts = ProtobufReader(part, origin: origin)
        while let inner = try parts.next() {
          if inner.number == 8, let bytes = inner.bytes { tensor = bytes }
        }
      }
    }
    return isValue ? tensor : nil
  }

  private static func texts(_ tensor: ArraySlice<UInt8>, _ origin: Int) throws(MalformedBytes) -> [ArraySlice<
    UInt8
  >] {
    var texts: [ArraySlice<UInt8>] = []
    var fields = ProtobufReader(tensor, origin: origin)
    while let field = try fields.next(), texts.count < textLimit {
      if field.number == 8, let text = field.bytes { texts.append(text) }
    }
    return texts
  }

  /// The constant texts that an input can begin with, and whether it can come from outside the graph as well.
  ///
  /// `except` are nodes that are not followed.
  func trace(_ input: ArraySlice<UInt8>, except: Set<Int>) -> (texts: [ArraySlice<UInt8>], isOpen: Bool) {
    var texts: [ArraySlice<UInt8>] = []
    var isOpen = false
    var seen: Set<Int> = []
    var waiting = [Self.node(input).stableHash]
    while let hash = waiting.popLast(), seen.count < Self.stepLimit {
      guard !except.contains(hash), seen.insert(hash).inserted else { continue }
      switch nodes[hash] {
      case .texts(let more)?: texts += more
      case .passes(let inputs)?: waiting += inputs
      case nil: isOpen = true
      }
    }
    return (texts, isOpen)
  }
}
