/// Goes through a document of XML once.
struct XMLScanner {
  private(set) var scan = XMLScan()
  private let bytes: ArraySlice<UInt8>
  private var index: Int
  /// The names of open elements, by where they stand.
  private var open: [Range<Int>] = []

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index += 3 }
  }

  mutating func run() throws(XMLScanError) {
    skipSpace()
    guard starts("<") else { throw .otherText }
    while index < bytes.endIndex {
      guard bytes[index] == UInt8(ascii: "<") else {
        let next = bytes[index...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.endIndex
        if open.isEmpty, bytes[index..<next].contains(where: { $0 > 0x20 }) {
          throw scan.root.isEmpty ? .otherText : malformed("nothing behind the outermost element", "text")
        }
        index = next
        continue
      }
      if starts("<!--") {
        try skip(past: "-->", "the end of a comment")
      } else if starts("<![CDATA[") {
        try skip(past: "]]>", "the end of a CDATA section")
      } else if starts("<?") {
        try instruction()
      } else if starts("<!DOCTYPE") || starts("<!doctype") {
        try documentType()
      } else if starts("</") {
        try close()
      } else {
        try element()
      }
    }
    guard !scan.root.isEmpty else { throw .otherText }
    if let last = open.last { throw malformed("the end of '\(text(last))'", "the end of the document") }
  }

  // MARK: Elements

  private mutating func element() throws(XMLScanError) {
    let start = index
    index += 1
    let name = self.name()
    guard !name.isEmpty else { throw malformed("the name of an element", found) }
    if scan.root.isEmpty {
      scan.root = localName(name)
      if scan.root.lowercased() == "html" { throw .otherText }
    } else if open.isEmpty {
      throw malformed("one outermost element", "'\(text(name))' too")
    }
    guard open.count < XMLScan.depthLimit else {
      throw .depth(limit: XMLScan.depthLimit, offset: start - bytes.startIndex)
    }
    let isInclusion = localName(name) == "include"
    var attributes: Set<ArraySlice<UInt8>> = []
    while true {
      skipSpace()
      if starts("/>") {
        index += 2
        return
      }
      if starts(">") {
        index += 1
        open.append(name)
        return
      }
      let attribute = self.name()
      guard !attribute.isEmpty else { throw malformed("an attribute, or the end of the tag", found) }
      // XML 1.0, section 3.1: no name twice in one tag. Readers that do not look keep one or the other.
      guard attributes.count >= 1_000 || attributes.insert(bytes[attribute]).inserted else {
        throw malformed("each attribute once in a tag", "'\(text(attribute))' again")
      }
      skipSpace()
      guard starts("=") else { throw malformed("'=' after an attribute's name", found) }
      index += 1
      skipSpace()
      let value = try quoted()
      judge(text(attribute), value, isInclusion: isInclusion, at: start)
    }
  }

  private mutating func judge(
    _ attribute: String, _ value: ArraySlice<UInt8>, isInclusion: Bool, at start: Int
  ) {
    let text = String(decoding: value.prefix(1_024), as: UTF8.self)
    if attribute.hasPrefix("xmlns") {
      if text.contains("xalan/java") || text.contains("xslt/java") || text.contains("microsoft-com:xslt")
        || text.hasPrefix("java:")
      {
        add(.code, text, at: start)
      }
    } else if isInclusion, attribute == "href" {
      add(.inclusion, text, at: start)
    } else if attribute.hasSuffix("chemaLocation") {
      let places = text.split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }
      if let place = places.first(where: Self.isElsewhere) { add(.schema, String(place), at: start) }
    }
  }

  /// Whether a schema is at a place that only the reader's own machine has.
  private static func isElsewhere(_ place: Substring) -> Bool {
    let isAddress = ["http://", "https://", "urn:"].contains { place.hasPrefix($0) }
    return !isAddress
      && (place.contains(":") || place.hasPrefix("/") || place.hasPrefix("\\") || place.hasPrefix(".."))
  }

  private mutating func close() throws(XMLScanError) {
    index += 2
    let name = self.name()
    skipSpace()
    guard let last = open.popLast() else {
      throw malformed("the start of an element", "the end of '\(text(name))'")
    }
    guard bytes[last].elementsEqual(bytes[name]), starts(">") else {
      throw malformed("the end of '\(text(last))'", "the end of '\(text(name))'")
    }
    index += 1
  }

  // MARK: Declarations

  private mutating func instruction() throws(XMLScanError) {
    let start = index
    try skip(past: "?>", "the end of a processing instruction")
    let instruction = bytes[start..<index].prefix(2_048)
    guard instruction.starts(with: "<?xml-stylesheet".utf8) else { return }
    let text = String(decoding: instruction, as: UTF8.self)
    guard let place = text.firstRange(of: "href") else { return }
    let value = text[place.upperBound...].drop { $0 != "\"" && $0 != "'" }.dropFirst()
      .prefix { $0 != "\"" && $0 != "'" }
    add(.styleSheet, String(value), at: start)
  }

  private mutating func documentType() throws(XMLScanError) {
    let start = index
    index += 9
    skipSpace()
    let name = self.name()
    if text(name).lowercased() == "html" { throw .otherText }
    skipSpace()
    if let place = try externalPlace() { add(.externalType, place, at: start) }
    skipSpace()
    if starts("[") {
      index += 1
      try declarations()
      skipSpace()
    }
    guard starts(">") else { throw malformed("the end of the document type", found) }
    index += 1
  }

  private mutating func declarations() throws(XMLScanError) {
    while true {
      skipSpace()
      if starts("]") {
        index += 1
        return
      }
      if starts("<!--") {
        try skip(past: "-->", "the end of a comment")
      } else if starts("<?") {
        try skip(past: "?>", "the end of a processing instruction")
      } else if starts("%") {
        let end = bytes[index...].firstIndex(of: UInt8(ascii: ";")) ?? bytes.endIndex
        index = min(end + 1, bytes.endIndex)
      } else if starts("<!ENTITY") {
        try entity()
      } else if starts("<!") {
        try declaration()
      } else {
        throw malformed("a declaration, or ']'", found)
      }
    }
  }

  /// Skips the declaration of an element, its attributes or a notation; their quotes may hold a bracket.
  private mutating func declaration() throws(XMLScanError) {
    while index < bytes.endIndex, bytes[index] != UInt8(ascii: ">") {
      if bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'") {
        _ = try quoted()
      } else {
        index += 1
      }
    }
    index = min(index + 1, bytes.endIndex)
  }

  private mutating func entity() throws(XMLScanError) {
    let start = index
    index += 8
    skipSpace()
    var title = ""
    if starts("%") {
      index += 1
      title = "%"
      skipSpace()
    }
    title += text(name())
    skipSpace()
    if let place = try externalPlace() {
      add(.externalEntity, "\(title)' of '\(place)", at: start)
    } else {
      _ = try quoted()
      add(.internalEntity, title, at: start)
    }
    index = bytes[index...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? bytes.endIndex
  }

  /// Reads `SYSTEM "place"` or `PUBLIC "name" "place"`; nil where neither stands here.
  private mutating func externalPlace() throws(XMLScanError) -> String? {
    let isPublic = starts("PUBLIC")
    guard isPublic || starts("SYSTEM") else { return nil }
    index += 6
    skipSpace()
    var place = try quoted()
    skipSpace()
    if isPublic, starts("\"") || starts("'") { place = try quoted() }
    return String(decoding: place.prefix(1_024), as: UTF8.self)
  }

  private mutating func add(_ kind: XMLScan.Reference.Kind, _ text: String, at start: Int) {
    guard scan.references.count < XMLScan.referenceLimit else { return }
    scan.references.append(XMLScan.Reference(kind: kind, text: text, offset: start - bytes.startIndex))
  }

  // MARK: Bytes

  private mutating func name() -> Range<Int> {
    let start = index
    while index < bytes.endIndex {
      switch bytes[index] {
      case 0...0x20, UInt8(ascii: "/"), UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "="),
        UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "["), UInt8(ascii: "&"):
        return start..<index
      default: index += 1
      }
    }
    return start..<index
  }

  private func localName(_ range: Range<Int>) -> String {
    let name = bytes[range]
    let local = name.lastIndex(of: UInt8(ascii: ":")).map { name[($0 + 1)...] } ?? name
    return String(decoding: local.prefix(200), as: UTF8.self)
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range].prefix(80), as: UTF8.self).escaped(limit: 80)
  }

  private mutating func quoted() throws(XMLScanError) -> ArraySlice<UInt8> {
    guard index < bytes.endIndex, bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "'")
    else {
      throw malformed("a value in quotes", found)
    }
    let quote = bytes[index]
    let start = index + 1
    guard let end = bytes[start...].firstIndex(of: quote) else {
      throw malformed("a closing quote", "the end of the document")
    }
    index = end + 1
    return bytes[start..<end]
  }

  private mutating func skip(past text: StaticString, _ what: String) throws(XMLScanError) {
    let text = Array("\(text)".utf8)
    while let found = bytes[index...].firstIndex(of: text[0]) {
      index = found
      if bytes[index...].starts(with: text) {
        index += text.count
        return
      }
      index += 1
    }
    index = bytes.endIndex
    throw malformed(what, "the end of the document")
  }

  private mutating func skipSpace() {
    while index < bytes.endIndex, bytes[index] <= 0x20 { index += 1 }
  }

  private func starts(_ text: StaticString) -> Bool { bytes[index...].starts(with: "\(text)".utf8) }

  private var found: String {
    guard index < bytes.endIndex else { return "the end of the document" }
    let byte = bytes[index]
    return 0x21..<0x7F ~= byte ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private func malformed(_ expected: String, _ found: String) -> XMLScanError {
    // Angle brackets in prose.
    if scan.root.isEmpty, scan.references.isEmpty { return .otherText }
    return .malformed(expected: expected, found: found, offset: index - bytes.startIndex)
  }
}
