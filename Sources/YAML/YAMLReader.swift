import CYAML
import Encoding

extension YAMLNode {
  /// The most bytes that are read.
  public static let sizeLimit = 1 << 20
  static let depthLimit = 32
  /// How many values there may be, those that aliases stand for counted each time.
  static let valueLimit = 50_000

  /// Reads the one document of a text, by libyaml; throws `MalformedYAML`.
  ///
  /// Refused beyond the grammar: tags of any but YAML's own plain types, names that occur twice in a mapping or are no
  /// texts, merge keys, a second document, and anything past the limits. Each would be read differently by different
  /// readers.
  public init(parsing bytes: ArraySlice<UInt8>) throws(MalformedYAML) {
    guard bytes.count <= Self.sizeLimit else {
      throw MalformedYAML(
        "expected at most \(Self.sizeLimit) bytes of YAML, found \(bytes.count)", at: Self.sizeLimit)
    }
    self = try YAMLReader.read(Array(bytes)).get()
  }
}

extension YAMLValue {
  /// Reads the one document of a text as `YAMLNode` does, and keeps nothing of where it stands.
  public init(parsing bytes: ArraySlice<UInt8>) throws(MalformedYAML) {
    self = try YAMLNode(parsing: bytes).value
  }
}

/// Goes through the events of libyaml and puts values together, without recursion and under bounds.
private struct YAMLReader {
  /// A collection that is not at its end yet.
  private struct Open {
    let isMapping: Bool
    let anchor: String?
    /// How many values there were before it.
    let first: Int
    let offset: Int
    var elements: [YAMLNode] = []
    var members: [YAMLNode.Member] = []
    var names: Set<String> = []
    /// The name whose value comes next, and where it stands.
    var name: (text: String, range: Range<Int>)?
  }

  private var open: [Open] = []
  private var anchors: [String: (value: YAMLNode, size: Int)] = [:]
  private var root: YAMLNode?
  private var values = 0
  private var cursor: CharacterCursor

  private init(_ bytes: [UInt8]) { cursor = CharacterCursor(bytes) }

  static func read(_ bytes: [UInt8]) -> Result<YAMLNode, MalformedYAML> {
    unsafe bytes.withUnsafeBufferPointer { buffer -> Result<YAMLNode, MalformedYAML> in
      let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
      defer { unsafe parser.deallocate() }
      guard unsafe yaml_parser_initialize(parser) == 1 else {
        return .failure(MalformedYAML("expected memory to read YAML, found none", at: 0))
      }
      defer { unsafe yaml_parser_delete(parser) }
      unsafe yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      // Else two zero bytes at the start would make UTF-16 of it.
      unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      var reader = YAMLReader(bytes)
      do throws(MalformedYAML) {
        while try unsafe reader.takeEvent(of: parser) {}
        guard let root = reader.root else { throw MalformedYAML("expected a document, found none", at: 0) }
        return .success(root)
      } catch {
        return .failure(error)
      }
    }
  }

  /// Takes one event; false at the end.
  private mutating func takeEvent(
    of parser: UnsafeMutablePointer<yaml_parser_t>
  ) throws(MalformedYAML) -> Bool {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(parser, &event) == 1 else {
      let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "a fault"
      // What is no UTF-8 is told by its byte, all else by its character.
      let byte = unsafe parser.pointee.problem_offset
      let offset = unsafe byte > 0 ? byte : cursor.offset(of: parser.pointee.problem_mark.index)
      throw MalformedYAML(
        "expected YAML, found what libyaml does not read: \(problem.excerpt(120))", at: offset)
    }
    defer { unsafe yaml_event_delete(&event) }
    let offset = unsafe cursor.offset(of: event.start_mark.index)
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT: return false
    case YAML_DOCUMENT_START_EVENT where root != nil:
      throw MalformedYAML("expected one document, found another", at: offset)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      try unsafe check(tag: scalar.tag, at: offset)
      let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      // A long text is many: aliases multiply its bytes as well.
      let end = unsafe cursor.offset(of: event.end_mark.index)
      let node = unsafe YAMLNode(
        .scalar(String(decoding: text, as: UTF8.self)), at: offset..<max(offset, end))
      try unsafe put(node, size: 1 + text.count / 64, anchor: name(scalar.anchor), at: offset)
    case YAML_ALIAS_EVENT:
      guard let known = unsafe name(event.data.alias.anchor).flatMap({ anchors[$0] }) else {
        throw MalformedYAML("expected an alias of what came before, found another", at: offset)
      }
      try put(known.value, size: known.size, anchor: nil, at: offset)
    case YAML_SEQUENCE_START_EVENT:
      try unsafe check(tag: event.data.sequence_start.tag, at: offset)
      try begin(isMapping: false, anchor: unsafe name(event.data.sequence_start.anchor), at: offset)
    case YAML_MAPPING_START_EVENT:
      try unsafe check(tag: event.data.mapping_start.tag, at: offset)
      try begin(isMapping: true, anchor: unsafe name(event.data.mapping_start.anchor), at: offset)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      try end(at: unsafe cursor.offset(of: event.end_mark.index))
    default: break
    }
    return true
  }

  private mutating func begin(isMapping: Bool, anchor: String?, at offset: Int) throws(MalformedYAML) {
    guard open.count < YAMLNode.depthLimit else {
      throw MalformedYAML("expected at most \(YAMLNode.depthLimit) levels, found more", at: offset)
    }
    if let last = open.last, last.isMapping, last.name == nil {
      throw MalformedYAML("expected a text as the name of a member, found a collection", at: offset)
    }
    open.append(Open(isMapping: isMapping, anchor: anchor, first: values, offset: offset))
    try count(1, at: offset)
  }

  private mutating func end(at offset: Int) throws(MalformedYAML) {
    guard let last = open.popLast() else { return }
    let size = values - last.first
    // Counted already, member by member.
    values = last.first
    let node = YAMLNode(
      last.isMapping ? .mapping(last.members) : .sequence(last.elements),
      at: last.offset..<max(last.offset, offset))
    try put(node, size: size, anchor: last.anchor, at: last.offset)
  }

  private mutating func put(
    _ value: YAMLNode, size: Int, anchor: String?, at offset: Int
  ) throws(MalformedYAML) {
    try count(size, at: offset)
    if let anchor { anchors[anchor] = (value, size) }
    guard let place = open.indices.last else {
      root = value
      return
    }
    guard open[place].isMapping else {
      open[place].elements.append(value)
      return
    }
    if let name = open[place].name {
      open[place].members.append(YAMLNode.Member(name: name.text, nameRange: name.range, value: value))
      open[place].name = nil
      return
    }
    guard case .scalar(let name) = value.content else {
      throw MalformedYAML("expected a text as the name of a member, found a collection", at: offset)
    }
    guard name != "<<", open[place].names.insert(name).inserted else {
      throw MalformedYAML(
        "expected each name of a mapping once and none merged, found '\(name.excerpt(60))'", at: offset)
    }
    open[place].name = (name, value.range)
  }

  private mutating func count(_ more: Int, at offset: Int) throws(MalformedYAML) {
    values += more
    guard values <= YAMLNode.valueLimit else {
      throw MalformedYAML(
        "expected at most \(YAMLNode.valueLimit) values with all aliases followed, found more", at: offset)
    }
  }

  private func name(_ anchor: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    unsafe anchor.map { unsafe String(cString: $0) }
  }

  private static let plainTags: Set<String> = [
    "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq",
  ]

  private func check(tag: UnsafeMutablePointer<yaml_char_t>?, at offset: Int) throws(MalformedYAML) {
    guard let tag = unsafe name(tag), !Self.plainTags.contains(tag) else { return }
    throw MalformedYAML("expected YAML's plain types, found the tag '\(tag.excerpt(80))'", at: offset)
  }
}

/// Finds the byte of a character of UTF-8, quickly where it is near the one before: libyaml counts characters.
private struct CharacterCursor {
  private let bytes: [UInt8]
  private var index = 0
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func offset(of wanted: Int) -> Int {
    while index < wanted, offset < bytes.count {
      repeat { offset += 1 } while offset < bytes.count && isInside(offset)
      index += 1
    }
    while index > wanted, offset > 0 {
      repeat { offset -= 1 } while offset > 0 && isInside(offset)
      index -= 1
    }
    return offset
  }

  private func isInside(_ place: Int) -> Bool { bytes[place] & 0xC0 == 0x80 }
}
