import Encoding

/// What kind of model a protocol buffer is, told by its outermost fields.
///
/// Protocol buffers have no magic number: the same bytes are a message of any schema that does not forbid it,
/// so each kind asks for fields that the others do not have.
public enum ModelMessage: Equatable, Sendable {
  /// ONNX's `ModelProto`; whether its graph is there from start to end.
  case onnx(isWhole: Bool)
  /// TensorFlow's `SavedModel`.
  case savedModel(isWhole: Bool)
  /// TensorFlow's `MetaGraphDef`, which stands beside a checkpoint.
  case metaGraph(isWhole: Bool)
  /// TensorFlow's `GraphDef`.
  case graph(isWhole: Bool)
  /// The metadata that Keras puts beside a SavedModel.
  case kerasMetadata(isWhole: Bool)
  /// The digests that TensorFlow puts beside a SavedModel.
  case fingerprint

  /// How many of the outermost fields are looked at.
  private static let fieldLimit = 4_096

  /// Looks at the outermost fields and a few inside them.
  public static func recognise(_ bytes: ArraySlice<UInt8>) -> ModelMessage? {
    // The field numbers below 16 that any of the schemas has, in wire types 0 and 2; field 20 and 25 never come
    // first.
    guard let first = bytes.first, first & 7 == 0 || first & 7 == 2, first >> 3 > 0, first < 0x80,
      bytes.count > 4
    else { return nil }
    return onnx(bytes) ?? tensorFlow(bytes)
  }

  // MARK: - ONNX

  private static func onnx(_ bytes: ArraySlice<UInt8>) -> ModelMessage? {
    var fields = ProtobufReader(bytes, origin: bytes.startIndex)
    var hasVersion = false
    var hasOperatorSet = false
    var hasGraph = false
    for _ in 0..<fieldLimit {
      let field: ProtobufField?
      do throws(MalformedBytes) { field = try fields.next() } catch {
        return broken(bytes, after: hasVersion, hasOperatorSet || hasGraph, hasGraph)
      }
      guard let field else { break }
      switch (field.number, field.value) {
      case (1, .varint(let version)):
        // The newest version of the format is 14.
        guard version < 256 else { return nil }
        hasVersion = true
      case (7, .bytes(let graph)):
        guard looksLikeGraph(graph) else { return nil }
        hasGraph = true
      case (8, .bytes(let set)):
        guard looksLikeOperatorSet(set) else { return nil }
        hasOperatorSet = true
      case (2...4, .bytes(let text)), (6, .bytes(let text)):
        // The name of a producer is text; a SavedModel has a message there.
        if field.number == 2, !hasGraph, !hasOperatorSet, !isName(text, limit: 1_000) { return nil }
      case (5, .varint), (14, .bytes), (20, .bytes), (25, .bytes), (26, .bytes): break
      case (1...8, _): return nil
      default: break
      }
    }
    guard hasGraph || hasOperatorSet && hasVersion else { return nil }
    return hasVersion || hasOperatorSet ? .onnx(isWhole: true) : nil
  }

  /// A model that breaks off, if enough of it is there to tell.
  private static func broken(
    _ bytes: ArraySlice<UInt8>, after hasVersion: Bool, _ hasMore: Bool, _ hasGraph: Bool
  ) -> ModelMessage? {
    if hasVersion, hasMore { return .onnx(isWhole: hasGraph) }
    // The graph itself breaks off: version, producer, and the graph's tag with a length past the end.
    guard hasVersion, bytes.first == 0x08 else { return nil }
    let rest = bytes.dropFirst(2)
    return rest.first == 0x12 || rest.first == 0x3A || rest.first == 0x42 ? .onnx(isWhole: false) : nil
  }

  private static func looksLikeGraph(_ bytes: ArraySlice<UInt8>) -> Bool {
    var fields = ProtobufReader(bytes, origin: bytes.startIndex)
    for _ in 0..<8 {
      let field: ProtobufField?
      do throws(MalformedBytes) { field = try fields.next() } catch { return true }
      guard let field else { return true }
      // Every field of a graph is a message or a text.
      switch (field.number, field.value) {
      case (1, .bytes), (2, .bytes), (5, .bytes), (10...16, .bytes), (17..., _): continue
      case (_, .group): continue
      default: return false
      }
    }
    return true
  }

  private static func looksLikeOperatorSet(_ bytes: ArraySlice<UInt8>) -> Bool {
    var fields = ProtobufReader(bytes, origin: bytes.startIndex)
    var count = 0
    while count < 8 {
      let field: ProtobufField?
      do throws(MalformedBytes) { field = try fields.next() } catch { return false }
      guard let field else { return count > 0 }
      switch (field.number, field.value) {
      case (1, .bytes(let domain)): if !isName(domain, limit: 1_000) { return false }
      case (2, .varint): break
      default: return false
      }
      count += 1
    }
    return true
  }

  private static func isName(_ bytes: ArraySlice<UInt8>, limit: Int) -> Bool {
    bytes.count <= limit && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }
}
