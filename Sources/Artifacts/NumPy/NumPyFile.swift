import Encoding

/// Why a `.npy` file could not be read: what was expected, what was found, and where.
public struct NumPyFileError: Error, Equatable, Sendable {
  /// What was expected and what was found, one line.
  public let message: String
  /// The offset of the offending bytes.
  public let offset: Int
}

/// NumPy's file format for one array, versions 1 to 3 (`numpy/lib/format.py`, NEP 1).
public enum NumPyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// NumPy's own limit is 10,000 characters, past which it asks for trust.
  private static let maximumHeader = 10_000

  /// Reads an array; its bytes share the memory of the file.
  public static func read(_ bytes: ArraySlice<UInt8>) throws(NumPyFileError) -> NumPyArray {
    var reader = ByteReader(bytes)
    let header: ArraySlice<UInt8>
    let headerStart: Int
    do throws(MalformedBytes) {
      guard try reader.read(6, "the magic of a .npy file").elementsEqual(magic) else {
        throw MalformedBytes(offset: 0, expected: "the magic of a .npy file", found: "something else")
      }
      let version = try reader.readByte("the version of the format")
      guard 1...3 ~= version, try reader.readByte("the minor version") == 0 else {
        throw MalformedBytes(offset: 6, expected: "version 1.0, 2.0 or 3.0 of the format", found: "another")
      }
      let length =
        version == 1
        ? Int(try reader.readLittleEndian(UInt16.self, "the length of the header"))
        : Int(try reader.readLittleEndian(UInt32.self, "the length of the header"))
      guard length <= maximumHeader else {
        throw MalformedBytes(
          offset: 8, expected: "a header of at most \(maximumHeader) bytes", found: "one of \(length)")
      }
      headerStart = reader.offset
      header = try reader.read(length, "a header")
    } catch {
      throw NumPyFileError(message: "expected \(error.expected), found \(error.found)", offset: error.offset)
    }
    var parser = NumPyHeaderParser(header, offset: headerStart)
    let layout = try parser.layout()
    guard layout.type != .object else {
      throw NumPyFileError(
        message: "expected numbers or text, found an array of Python objects, which is a pickle",
        offset: headerStart)
    }
    guard let count = NumPyArray.itemCount(of: layout.shape) else {
      throw NumPyFileError(message: "expected a shape whose product fits 63 bits", offset: headerStart)
    }
    let (length, overflow) = count.multipliedReportingOverflow(by: layout.type.itemSize)
    let data = bytes.dropFirst(reader.offset)
    guard !overflow, length == data.count,
      let array = NumPyArray(
        type: layout.type, shape: layout.shape, isFortranOrder: layout.isFortranOrder, storage: .bytes(data))
    else {
      throw NumPyFileError(
        message: "expected \(count) items of \(layout.type.itemSize) bytes, found \(data.count) bytes",
        offset: reader.offset)
    }
    return array
  }

  /// Writes an array in row-major order, as version 1.0 of the format, its items aligned to 64 bytes.
  ///
  /// Nil where shape × item size is not the number of bytes, or the type is one that a file cannot name.
  public static func write(type: NumPyType, shape: [Int], bytes: some Collection<UInt8>) -> [UInt8]? {
    switch type {
    case .object, .structured: return nil
    default: break
    }
    guard let count = NumPyArray.itemCount(of: shape) else { return nil }
    let (length, overflow) = count.multipliedReportingOverflow(by: type.itemSize)
    guard !overflow, length == bytes.count else { return nil }
    let axes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(axes)), }"
    let prefix = magic.count + 4
    let unpadded = prefix + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    guard let headerLength = UInt16(exactly: header.utf8.count) else { return nil }
    var file = magic
    file.reserveCapacity(prefix + header.utf8.count + length)
    file += [1, 0]
    file += headerLength.littleEndianBytes
    file += header.utf8
    file += bytes
    return file
  }
}

/// Reads the header's Python literal: a dict of strings, bools, integers, tuples and lists of those.
private struct NumPyHeaderParser {
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
        guard case .sequence(let parts) = member, parts.count == 2, case .string(let name) = parts[0],
          case .string(let text) = parts[1], let type = NumPyType(typeString: text), type != .object
        else { throw expected("a name and a simple data type for each field", at: start) }
        // The unnamed fields are the gaps of an aligned record.
        if !name.isEmpty { fields.append(NumPyType.Field(name: name, type: type, offset: offset)) }
        offset += type.itemSize
      }
      guard let type = NumPyType(fields: fields, itemSize: offset) else {
        throw expected("at most \(NumPyType.maximumFields) fields", at: start)
      }
      return type
    default: throw expected("a data type", at: start)
    }
  }

  private mutating func literal(depth: Int) throws(NumPyFileError) -> Literal {
    guard depth < 4 else { throw expected("at most 4 levels", at: index) }
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
    guard let end = bytes[index...].firstIndex(of: quote),
      let text = String(validating: bytes[index..<end], as: UTF8.self), !text.contains("\\")
    else { throw expected("a string without escapes", at: start) }
    index = end + 1
    return text
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
