/// Reads the header's Python literal: a dict of strings, bools, integers, tuples and lists of those.
struct NumPyHeaderParser {
  /// What the header says.
  struct Layout {
    var type: NumPyType
    var shape: [Int]
    var isFortranOrder: Bool
  }

  private indirect enum Literal {
    case string(String)
    case bool(Bool)
    case integer(Int)
    case sequence([Literal])
    case dictionary([String: Literal])
  }

  private let bytes: ArraySlice<UInt8>
  private var index: Int
  private let base: Int

  init(_ bytes: ArraySlice<UInt8>, offset: Int) {
    self.bytes = bytes
    self.index = bytes.startIndex
    self.base = offset
  }

  mutating func layout() throws(NumPyFileError) -> Layout {
    let start = index
    guard case .dictionary(let members) = try literal(depth: 0) else { throw expected("a dict", at: start) }
    skipSpace()
    guard index == bytes.endIndex else { throw expected("the end of the header", at: index) }
    guard members.count == 3, case .bool(let isFortranOrder)? = members["fortran_order"],
      case .sequence(let axes)? = members["shape"], axes.count <= 64, let descr = members["descr"]
    else { throw expected("the keys 'descr', 'fortran_order' and 'shape' and no others", at: start) }
    var shape: [Int] = []
    for axis in axes {
      guard case .integer(let length) = axis, length >= 0 else {
        throw expected("a shape of whole numbers from 0", at: start)
      }
      shape.append(length)
    }
    return Layout(type: try type(descr, at: start), shape: shape, isFortranOrder: isFortranOrder)
  }

  private func type(_ descr: Literal, at start: Int) throws(NumPyFileError) -> NumPyType {
    switch descr {
    case .string(let text):
      guard let type = NumPyType(typeString: text) else {
        throw expected("a data type such as '<f8', found '\(text.escaped(limit: 40))'", at: start)
      }
      return type
    case .sequence(let members):
      var fields: [NumPyType.Field] = []
      var offset = 0
      for member in members {
        guard case .sequence(let parts) = member, 2...3 ~= parts.count, let name = Self.name(parts[0]) else {
          throw expected("a name and a data type for each field", at: start)
        }
        let type = try fieldType(parts[1], shape: parts.count == 3 ? parts[2] : nil, at: start)
        // The unnamed fields are the gaps of an aligned record.
        if !name.isEmpty { fields.append(NumPyType.Field(name: name, type: type, offset: offset)) }
        let (end, overflow) = offset.addingReportingOverflow(type.itemSize)
        guard !overflow else { throw expected("fields whose sizes can be added up", at: start) }
        offset = end
      }
      guard let type = NumPyType(fields: fields, itemSize: offset) else {
        throw expected("at most \(NumPyType.maximumFields) fields", at: start)
      }
      return type
    default: throw expected("a data type", at: start)
    }
  }

  /// A field's name; one with a title is a pair of title and name.
  private static func name(_ literal: Literal) -> String? {
    switch literal {
    case .string(let name): return name
    case .sequence(let pair):
      guard pair.count == 2, case .string(let name) = pair[1] else { return nil }
      return name
    default: return nil
    }
  }

  /// The type of a field.
  ///
  /// A record or an array in a field counts as so many bytes, or as Python objects where it holds one.
  private func fieldType(_ descr: Literal, shape: Literal?, at start: Int) throws(NumPyFileError) -> NumPyType
  {
    let item = try type(descr, at: start)
    if item.holdsObjects { return .object }
    var count = 1
    if let shape {
      let axes: [Literal]
      switch shape {
      case .integer: axes = [shape]
      case .sequence(let items): axes = items
      default: throw expected("the shape of a field", at: start)
      }
      for axis in axes {
        guard case .integer(let length) = axis, length >= 0 else {
          throw expected("a shape of whole numbers from 0", at: start)
        }
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow else { throw expected("a field whose items can be counted", at: start) }
        count = product
      }
    } else if case .string = descr {
      return item
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: item.itemSize)
    guard !overflow, bytes <= Int(Int32.max) else { throw expected("a field of at most 2 GiB", at: start) }
    return .void(length: bytes)
  }

  private mutating func literal(depth: Int) throws(NumPyFileError) -> Literal {
    guard depth < 16 else { throw expected("at most 16 levels", at: index) }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try dictionary(depth: depth + 1)
    case UInt8(ascii: "("): return .sequence(try sequence(until: UInt8(ascii: ")"), depth: depth + 1))
    case UInt8(ascii: "["): return .sequence(try sequence(until: UInt8(ascii: "]"), depth: depth + 1))
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
    case .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return .integer(try integer())
    default:
      if take("True") { return .bool(true) }
      if take("False") { return .bool(false) }
      throw expected("a dict, tuple, list, string, integer or bool", at: index)
    }
  }

  private mutating func dictionary(depth: Int) throws(NumPyFileError) -> Literal {
    index += 1
    var members: [String: Literal] = [:]
    while true {
      skipSpace()
      if take("}") { return .dictionary(members) }
      guard peek == UInt8(ascii: "'") || peek == UInt8(ascii: "\"") else {
        throw expected("a key in quotes", at: index)
      }
      let key = try string()
      skipSpace()
      guard take(":") else { throw expected("':'", at: index) }
      members[key] = try literal(depth: depth)
      skipSpace()
      guard take(",") || peek == UInt8(ascii: "}") else { throw expected("',' or '}'", at: index) }
    }
  }

  private mutating func sequence(until end: UInt8, depth: Int) throws(NumPyFileError) -> [Literal] {
    index += 1
    var items: [Literal] = []
    while true {
      skipSpace()
      if peek == end {
        index += 1
        return items
      }
      items.append(try literal(depth: depth))
      skipSpace()
      guard take(",") || peek == end else { throw expected("',' or the end of the sequence", at: index) }
    }
  }

  private mutating func string() throws(NumPyFileError) -> String {
    let start = index
    let quote = bytes[index]
    index += 1
    while let byte = peek, byte != quote {
      // A backslash and what it escapes; the text itself is only ever shown.
      index += byte == UInt8(ascii: "\\") ? 2 : 1
    }
    guard index < bytes.endIndex else { throw expected("a string and its closing quote", at: start) }
    let content = bytes[(start + 1)..<index]
    index += 1
    // Headers are in Latin-1 before version 3 of the format, and in UTF-8 from then on.
    return String(validating: content, as: UTF8.self)
      ?? String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
  }

  private mutating func integer() throws(NumPyFileError) -> Int {
    let start = index
    while let byte = peek, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { index += 1 }
    guard let value = Int(String(decoding: bytes[start..<index], as: UTF8.self)) else {
      throw expected("an integer of 63 bits", at: start)
    }
    // What Python 2 appended to its long integers.
    _ = take("L")
    return value
  }

  private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  private mutating func take(_ text: StaticString) -> Bool {
    let expected = Array("\(text)".utf8)
    guard bytes[index...].starts(with: expected) else { return false }
    index += expected.count
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || 0x09...0x0D ~= byte { index += 1 }
  }

  private func expected(_ what: String, at place: Int) -> NumPyFileError {
    NumPyFileError(
      message: "expected \(what) in the header of a .npy file", offset: base + place - bytes.startIndex)
  }
}
