/// Why bytes are no XML that a careful reader goes on with.
public enum XMLScanError: Error, Equatable, Sendable {
  /// They only begin like XML: a web page, text in angle brackets.
  case otherText
  /// Elements nest deeper than is followed.
  case depth(limit: Int, offset: Int)
  /// They are XML up to a point.
  case malformed(expected: String, found: String, offset: Int)
}

/// What a document of XML declares and refers to; nothing is resolved, and entities are not expanded.
///
/// A linear look at the text: elements are matched, attributes are taken apart, a document type is read as far as
/// its declarations go. Source: XML 1.0, fifth edition.
public struct XMLScan: Sendable {
  /// Something that a document has its reader do.
  public struct Reference: Sendable, Equatable {
    /// What it is.
    public enum Kind: Sendable {
      /// An entity with a text of its own.
      case internalEntity
      /// An entity that is elsewhere.
      case externalEntity
      /// A document type that is elsewhere.
      case externalType
      /// An inclusion, by XInclude.
      case inclusion
      /// A style sheet.
      case styleSheet
      /// A schema at a place that is no web address.
      case schema
      /// A name space that lets a style sheet call code.
      case code
    }

    /// What it is.
    public let kind: Kind
    /// What it names: an entity, a place.
    public let text: String
    /// Where it stands.
    public let offset: Int
  }

  /// How deep elements may nest.
  public static let depthLimit = 512
  static let referenceLimit = 50

  /// The name of the outermost element, without its prefix.
  public internal(set) var root = ""
  /// What the document declares and refers to, the first fifty.
  public internal(set) var references: [Reference] = []

  /// Goes through a document to its end.
  public static func read(_ bytes: ArraySlice<UInt8>) throws(XMLScanError) -> XMLScan {
    // Readers go by the byte order mark, or by the zeros around the first bracket.
    let text = XMLText.decoded(bytes)
    var scanner = XMLScanner(text.map { $0[...] } ?? bytes)
    try scanner.run()
    return scanner.scan
  }
}

enum XMLText {
  /// How many bytes are turned into UTF-8 at the most; it takes five times their number of memory.
  private static let limit = 16 << 20

  /// UTF-16 as UTF-8; nil for anything else.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    let start = Array(bytes.prefix(4))
    guard start.count == 4, bytes.count <= limit else { return nil }
    let isLittle: Bool
    switch (start[0], start[1]) {
    case (0xFF, 0xFE): isLittle = true
    case (0xFE, 0xFF): isLittle = false
    case (UInt8(ascii: "<"), 0): isLittle = true
    case (0, UInt8(ascii: "<")): isLittle = false
    default: return nil
    }
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2)
    var rest = bytes
    while let first = rest.popFirst(), let second = rest.popFirst() {
      units.append(isLittle ? UInt16(second) << 8 | UInt16(first) : UInt16(first) << 8 | UInt16(second))
    }
    if units.first == 0xFEFF { units.removeFirst() }
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }
}
