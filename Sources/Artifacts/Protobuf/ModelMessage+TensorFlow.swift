import Encoding

// TensorFlow's messages, each of which has texts and messages where the others have something else.
extension ModelMessage {
  /// How many of the outermost fields are looked at.
  private static let fieldLimit = 256

  static func tensorFlow(_ bytes: ArraySlice<UInt8>) -> ModelMessage? {
    // The first field of a graph is a node, of a meta graph a message, of metadata a layer, of a SavedModel a number
    // or, where that is left out, a meta graph.
    let fields = start(of: bytes)
    guard let first = fields.all.first else { return nil }
    let whole = !fields.breaksOff
    if first.number == 1, first.varint != nil {
      if let graph = fields.all.first(where: { $0.number == 2 }) {
        if graph.varint != nil {
          let isFingerprint = fields.all.allSatisfy {
            $0.number <= 5 && $0.varint != nil || $0.number > 5 && $0.bytes != nil
          }
          return isFingerprint && whole ? .fingerprint : nil
        }
        guard fields.all.allSatisfy({ $0.number != 1 || $0.varint != nil }), let meta = graph.bytes else {
          return nil
        }
        return isMetaGraph(meta) ? .savedModel(isWhole: whole) : nil
      }
      // The one meta graph breaks off.
      return fields.breaksOff && first.varint == 1 && bytes.dropFirst(2).first == 0x12
        ? .savedModel(isWhole: false) : nil
    }
    if first.number == 2, fields.all.allSatisfy({ $0.number == 2 }), let meta = first.bytes,
      isMetaGraph(meta), holdsNodes(meta)
    {
      return .savedModel(isWhole: whole)
    }
    if fields.all.contains(where: { $0.number == 1 && isNode($0) }) {
      let fits = fields.all.allSatisfy {
        switch ($0.number, $0.value) {
        case (1, .bytes), (2, .bytes), (3, .varint), (4, .bytes), (5, .bytes), (_, .group): true
        default: $0.number > 5
        }
      }
      return fits ? .graph(isWhole: whole) : nil
    }
    if first.number == 1, isKerasObject(first) { return .kerasMetadata(isWhole: whole) }
    if fields.all.allSatisfy({ $0.number <= 7 && $0.bytes != nil }), isMetaGraph(bytes) {
      return .metaGraph(isWhole: whole)
    }
    if [2, 4].contains(first.number), fields.all.allSatisfy({ [2, 4].contains($0.number) }),
      let library = first.bytes,
      first.number == 2, let function = start(of: library).all.first, isFunction(function)
    {
      return .graph(isWhole: whole)
    }
    return nil
  }

  private static func start(of bytes: ArraySlice<UInt8>, limit: Int = fieldLimit) -> (
    all: [ProtobufField], breaksOff: Bool
  ) {
    var fields: [ProtobufField] = []
    var reader = ProtobufReader(bytes, origin: bytes.startIndex)
    while fields.count < limit {
      do throws(MalformedBytes) {
        guard let field = try reader.next() else { return (fields, false) }
        fields.append(field)
      } catch {
        return (fields, true)
      }
    }
    return (fields, false)
  }

  /// A meta graph: a message about it, which may be left out, and a graph.
  private static func isMetaGraph(_ bytes: ArraySlice<UInt8>) -> Bool {
    let fields = start(of: bytes)
    guard !fields.all.isEmpty, fields.all.allSatisfy({ $0.bytes != nil || $0.number > 7 }) else {
      return false
    }
    guard let graph = fields.all.first(where: { $0.number == 2 })?.bytes else {
      return fields.all.first?.number == 1 && fields.breaksOff
    }
    // A graph begins with a node, or with its library where it has none.
    let inside = start(of: graph, limit: 8)
    return inside.all.contains {
      isNode($0) || $0.number == 2 && $0.bytes != nil || $0.number == 4 && $0.bytes != nil
    }
  }

  /// Whether the graph of a meta graph has operations.
  private static func holdsNodes(_ meta: ArraySlice<UInt8>) -> Bool {
    start(of: meta).all.contains { field in
      field.number == 2 && field.bytes.map { start(of: $0, limit: 8).all.contains(where: isNode) } ?? false
    }
  }

  private static func isNode(_ field: ProtobufField) -> Bool {
    guard field.number == 1, let bytes = field.bytes else { return false }
    let fields = start(of: bytes, limit: 8).all
    guard let operation = fields.first(where: { $0.number == 2 })?.bytes, !operation.isEmpty,
      operation.count < 200
    else { return false }
    let isName = operation.allSatisfy {
      0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x5F || $0 == 0x3E || $0 == 0x2E
    }
    return isName && fields.allSatisfy { $0.bytes != nil }
  }

  private static func isFunction(_ field: ProtobufField) -> Bool {
    guard field.number == 1, let bytes = field.bytes else { return false }
    let fields = start(of: bytes, limit: 8).all
    return fields.first?.number == 1 && fields.allSatisfy { $0.bytes != nil }
  }

  private static func isKerasObject(_ field: ProtobufField) -> Bool {
    guard let bytes = field.bytes else { return false }
    let fields = start(of: bytes, limit: 8).all
    return fields.contains { $0.number == 5 && $0.bytes?.first == UInt8(ascii: "{") }
      || fields.contains { $0.number == 4 && $0.bytes?.starts(with: "_tf_keras".utf8) == true }
  }
}
