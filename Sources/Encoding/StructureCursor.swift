/// One step through a document of nested values.
public enum StructureToken: Equatable, Sendable {
  case beginObject
  case endObject
  case beginArray
  case endArray
  /// The name of the member whose value comes next.
  case name(String)
  case string(String)
  /// A whole number of at most 64 bits.
  case integer(Int64)
  /// Any other number; its value is not worked out.
  case decimal
  case bool(Bool)
  case null
  /// Nothing is left.
  case end
}

/// A reader that hands out a document of nested values one token at a time and keeps nothing but its place.
///
/// For documents too large to be held as values.
public protocol StructureCursor: Sendable {
  /// Starts at the value at `offset`, counted from the first byte of `bytes`; `depth` is how deep values may nest.
  init(_ bytes: ArraySlice<UInt8>, at offset: Int, depth: Int)

  /// The offset of the token that was read last, counted from the first byte.
  var offset: Int { get }

  /// Whether the document was refused because its values nest too deep.
  var isTooDeep: Bool { get }

  /// The number that was read last, rounded once to single precision; nil where the last token was none.
  var single: Float? { get }

  /// Reads the next token.
  ///
  /// An end is only ever handed out for what began: tokens always nest.
  mutating func next() throws(MalformedBytes) -> StructureToken
}

extension StructureCursor {
  /// Reads past the value that begins with `token`.
  public mutating func skip(_ token: StructureToken) throws(MalformedBytes) {
    var open = 0
    var token = token
    while true {
      switch token {
      case .beginObject, .beginArray: open += 1
      case .endObject, .endArray: open -= 1
      default: break
      }
      if open <= 0 { guard case .name = token else { return } }
      token = try next()
    }
  }

  /// Reads past the next value.
  public mutating func skipValue() throws(MalformedBytes) { try skip(try next()) }
}
