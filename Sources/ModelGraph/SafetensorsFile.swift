import Domain
import Encoding

/// Named tensors in the safetensors format: the length of a JSON header in 8 bytes, least significant
/// first, the header, then the elements of all tensors end to end.
///
/// Written in one order only, by width of element and then by name, so that all elements lie aligned;
/// the header is filled up with spaces to a multiple of 8. Source: the format's description in
/// huggingface/safetensors.
enum SafetensorsFile {
  /// Writes every tensor that is not text.
  static func encode(_ tensors: [String: Tensor]) -> [UInt8] {
    let entries = tensors.compactMap { name, tensor in
      StoredType(tensor.elements.datatype).map { (name: name, tensor: tensor, type: $0) }
    }.sorted { ($1.type.width, $0.name) < ($0.type.width, $1.name) }
    var header: [String: JSON] = [:]
    var end = 0
    for entry in entries {
      let start = end
      end += entry.tensor.elements.count * entry.type.width
      header[entry.name] = [
        "dtype": .string(entry.type.rawValue), "shape": .array(entry.tensor.shape.map { JSON($0) }),
        "data_offsets": [JSON(start), JSON(end)],
      ]
    }
    var headerBytes = JSON.object(header).canonicalBytes
    headerBytes += repeatElement(UInt8(ascii: " "), count: (8 - headerBytes.count % 8) % 8)
    var bytes = UInt64(headerBytes.count).littleEndianBytes
    bytes.reserveCapacity(8 + headerBytes.count + end)
    bytes += headerBytes
    for entry in entries { entry.tensor.elements.append(to: &bytes) }
    return bytes
  }

  /// Reads what `encode` writes; refuses whatever leaves a byte unread, reads one twice, or comes in
  /// another order.
  static func decode(_ bytes: ArraySlice<UInt8>) throws(Problem) -> [String: Tensor] {
    var reader = ByteReader(bytes)
    let header: JSON
    do {
      let length = try reader.readLittleEndian(UInt64.self, "the length of the header")
      guard length <= UInt64(GraphLimits.weightsHeaderBytes) else {
        throw malformed("a header of at most \(GraphLimits.weightsHeaderBytes) bytes", "\(length)", at: 0)
      }
      let text = try reader.read(Int(length), "header")
      header = try JSON(parsing: text, limits: JSONLimits(depth: 4, values: GraphLimits.tensors * 16))
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(.badInput, "weights.malformed", "\(error)", position: "byte \(reader.offset)")
    }
    guard let members = header.object else {
      throw malformed("an object as header", header.kind, at: 8)
    }
    guard members.count <= GraphLimits.tensors else {
      throw malformed("at most \(GraphLimits.tensors) tensors", "\(members.count)", at: 8)
    }
    var entries: [Entry] = []
    for (name, member) in members { entries.append(try Entry(name: name, member)) }
    entries.sort {
      ($0.start, $0.end, $1.type.width, $0.name) < ($1.start, $1.end, $0.type.width, $1.name)
    }
    return try read(entries, from: &reader)
  }

  private static func read(
    _ entries: [Entry], from reader: inout ByteReader
  ) throws(Problem) -> [String: Tensor] {
    let data = reader.offset
    let sorted = entries.sorted { ($1.type.width, $0.name) < ($0.type.width, $1.name) }
    var tensors: [String: Tensor] = [:]
    for (entry, expected) in zip(entries, sorted) {
      guard entry.name == expected.name else {
        throw malformed("'\(expected.name)' next", "'\(entry.name)'", at: reader.offset)
      }
      guard entry.start == reader.offset - data else {
        throw malformed(
          "'\(entry.name)' to start at \(reader.offset - data) of the data", "\(entry.start)",
          at: reader.offset)
      }
      guard entry.end - entry.start <= reader.remaining else {
        throw malformed(
          "\(entry.end - entry.start) bytes of '\(entry.name)'", "\(reader.remaining)", at: reader.offset)
      }
      let offset = reader.offset
      do {
        let bytes = try reader.read(entry.end - entry.start, "'\(entry.name)'")
        guard let elements = Tensor.Elements(bytes, entry.type),
          let tensor = Tensor(shape: entry.shape, elements: elements)
        else { throw malformed("0 or 1 in each byte of '\(entry.name)'", "another", at: offset) }
        tensors[entry.name] = tensor
      } catch let problem as Problem {
        throw problem
      } catch {
        throw malformed("'\(entry.name)'", "\(error)", at: offset)
      }
    }
    guard reader.isAtEnd else {
      throw malformed("the end of the data", "\(reader.remaining) bytes more", at: reader.offset)
    }
    return tensors
  }

  /// One member of the header.
  private struct Entry {
    let name: String
    let type: StoredType
    let shape: [Int]
    let start: Int
    let end: Int

    init(name: String, _ member: JSON) throws(Problem) {
      guard let fields = member.object, fields.count == 3, let dtype = fields["dtype"]?.string,
        let axes = fields["shape"]?.array, let offsets = fields["data_offsets"]?.array, offsets.count == 2,
        axes.count <= 8, let start = offsets[0].int, let end = offsets[1].int
      else {
        throw malformed(
          "'\(name.prefix(80))' to have dtype, shape and two data_offsets, and nothing else", "another form",
          at: 8)
      }
      guard let type = StoredType(rawValue: dtype) else {
        throw malformed(
          "'\(name.prefix(80))' to be F64, I64, F32, I32 or BOOL", "'\(dtype.prefix(20))'", at: 8)
      }
      let shape = axes.compactMap(\.int)
      guard shape.count == axes.count, let count = Tensor.elementCount(of: shape),
        case let (size, overflow) = count.multipliedReportingOverflow(by: type.width), !overflow,
        start >= 0, end >= start, end - start == size
      else {
        throw malformed(
          "the data_offsets of '\(name.prefix(80))' to be as far apart as its shape asks",
          "\(start) and \(end)", at: 8)
      }
      (self.name, self.type, self.shape, self.start, self.end) = (name, type, shape, start, end)
    }
  }

  private static func malformed(_ expected: String, _ found: String, at offset: Int) -> Problem {
    Problem(
      .badInput, "weights.malformed", "expected \(expected), found \(found)", position: "byte \(offset)")
  }
}

/// The types of elements that are stored, by the names of the format.
private enum StoredType: String {
  case float64 = "F64"
  case int64 = "I64"
  case float32 = "F32"
  case int32 = "I32"
  case bool = "BOOL"

  init?(_ datatype: Datatype) {
    switch datatype {
    case .float64: self = .float64
    case .int64: self = .int64
    case .float32: self = .float32
    case .int32: self = .int32
    case .bool: self = .bool
    case .string: return nil
    }
  }

  /// Bytes of one element.
  var width: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .bool: 1
    }
  }
}

extension Tensor.Elements {
  /// Appends the elements, least significant byte first; text has no such form and is left out.
  fileprivate func append(to bytes: inout [UInt8]) {
    switch self {
    case .float64(let elements): for element in elements { Self.append(element.bitPattern, to: &bytes) }
    case .int64(let elements): for element in elements { Self.append(element, to: &bytes) }
    case .float32(let elements): for element in elements { Self.append(element.bitPattern, to: &bytes) }
    case .int32(let elements): for element in elements { Self.append(element, to: &bytes) }
    case .bool(let elements): for element in elements { bytes.append(element ? 1 : 0) }
    case .string: break
    }
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: word.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Reads elements end to end; nil where a boolean is neither 0 nor 1.
  fileprivate init?(_ bytes: ArraySlice<UInt8>, _ type: StoredType) {
    switch type {
    case .float64: self = .float64(Self.words(bytes))
    case .int64: self = .int64(Self.words(bytes))
    case .float32: self = .float32(Self.words(bytes))
    case .int32: self = .int32(Self.words(bytes))
    case .bool:
      guard bytes.allSatisfy({ $0 <= 1 }) else { return nil }
      self = .bool(bytes.map { $0 == 1 })
    }
  }

  #if _endian(big)
    #error("weights lie least significant byte first, as the elements have to lie in memory")
  #endif

  /// The elements as they lie: every pattern of bits is one.
  private static func words<Word: BitwiseCopyable>(_ bytes: ArraySlice<UInt8>) -> [Word] {
    let count = bytes.count / MemoryLayout<Word>.stride
    return unsafe [Word](unsafeUninitializedCapacity: count) { words, initialized in
      unsafe bytes.prefix(count * MemoryLayout<Word>.stride).withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(words).copyMemory(from: bytes)
      }
      initialized = count
    }
  }
}
