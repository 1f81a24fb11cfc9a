import Encoding

/// What is wrong with a GGUF file.
public enum GGUFFault: Error, Equatable, Sendable {
  /// Counts or places that cannot be, as no writer makes them.
  case structure(String, offset: Int)
  /// It breaks off.
  case damage(String, offset: Int)
  /// A version or type that is not known.
  case unknown(String, offset: Int)
}

/// The header of a GGUF file: versions 1 to 3, either order of bytes.
///
/// Every count is held against the bytes that are left before anything is done by it. Source: `docs/gguf.md` of
/// ggml, and what its reader `gguf.cpp` refuses.
public struct GGUFFile: Sendable {
  /// A text of the metadata.
  public struct Text: Sendable {
    /// The name of the entry.
    public let key: String
    /// The bytes of the text.
    public let bytes: ArraySlice<UInt8>
    /// Their offset in the file.
    public let offset: Int
  }

  /// A tensor, by what its entry says.
  struct Tensor {
    let name: String
    let entry: Int
    let offset: UInt64
    /// How many bytes it takes; nil where its type is not known.
    let byteCount: UInt64?
  }

  /// How many entries, tensors or bytes of text there may be, past what is left in the file, before the file is
  /// no longer only cut off.
  static let absurdCount: UInt64 = 1 << 24
  static let arrayDepth = 4

  /// The version.
  public internal(set) var version: UInt32 = 0
  /// Whether numbers stand with their most significant byte first.
  public internal(set) var isBigEndian = false
  /// Everything that is wrong, in the order of the file; reading stops at the first.
  public internal(set) var faults: [GGUFFault] = []
  /// The texts of the metadata that stand alone.
  public internal(set) var texts: [Text] = []
  /// Where metadata and tensor entries end.
  public internal(set) var headerEnd = 0
  /// How many tensors there are.
  public internal(set) var tensorCount = 0

  /// Whether bytes begin as a GGUF file does.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: "GGUF".utf8) }

  /// Reads and checks a whole file.
  public static func read(_ bytes: ArraySlice<UInt8>) -> GGUFFile {
    var reader = GGUFReader(bytes)
    do throws(GGUFFault) {
      try reader.run()
    } catch {
      reader.file.faults.append(error)
      reader.file.headerEnd = max(reader.file.headerEnd, reader.offset)
    }
    return reader.file
  }
}

/// Goes through a GGUF file once.
struct GGUFReader {
  var file = GGUFFile()
  private var input: ByteReader
  private var keys: Set<String> = []
  private var alignment: UInt64 = 32

  init(_ bytes: ArraySlice<UInt8>) {
    input = ByteReader(bytes)
  }

  var offset: Int { input.offset }

  mutating func run() throws(GGUFFault) {
    _ = try bytes(4, "the magic")
    let raw = try number(UInt32.self, "the version")
    file.isBigEndian = raw & 0xFFFF == 0 && raw != 0
    file.version = file.isBigEndian ? raw.byteSwapped : raw
    guard 1...3 ~= file.version else {
      throw .unknown("expected version 1, 2 or 3, found \(file.version)", offset: 4)
    }
    let tensorCount = try count("tensors", least: minimumTensor)
    let entryCount = try count("entries of metadata", least: minimumEntry)
    for _ in 0..<entryCount { try entry() }
    var tensors: [GGUFFile.Tensor] = []
    for _ in 0..<tensorCount { tensors.append(try tensor()) }
    file.headerEnd = offset
    file.tensorCount = tensors.count
    try place(tensors)
  }

  // MARK: Metadata

  private mutating func entry() throws(GGUFFault) {
    let start = offset
    let key = String(decoding: try text("a name"), as: UTF8.self)
    guard !key.isEmpty, keys.insert(key).inserted else {
      throw .structure("expected each name once, found '\(key.escaped(limit: 80))' again", offset: start)
    }
    let type = try number(UInt32.self, "a type")
    if key == "general.alignment", type != 4 {
      throw .structure("expected the alignment as type 4, found type \(type)", offset: offset - 4)
    }
    if type == 8 {
      let bytes = try text("the value of '\(key.escaped(limit: 40))'")
      file.texts.append(GGUFFile.Text(key: key, bytes: bytes, offset: offset - bytes.count))
    } else if type == 9 {
      try array(key, depth: 1)
    } else if key == "general.alignment" {
      let value = try number(UInt32.self, "the alignment")
      guard value > 0, value & (value - 1) == 0, value <= 1 << 20 else {
        throw .structure("expected an alignment that is a power of two, found \(value)", offset: offset - 4)
      }
      alignment = UInt64(value)
    } else {
      _ = try bytes(try width(of: type), "the value of '\(key.escaped(limit: 40))'")
    }
  }

  private mutating func array(_ key: String, depth: Int) throws(GGUFFault) {
    guard depth <= GGUFFile.arrayDepth else {
      throw .structure(
        "expected arrays at most \(GGUFFile.arrayDepth) deep, found more in '\(key.escaped(limit: 80))'",
        offset: offset
      )
    }
    let type = try number(UInt32.self, "the type of an array")
    let count = try length("elements of '\(key.escaped(limit: 80))'")
    let least: UInt64 = type == 8 ? (file.version == 1 ? 4 : 8) : type == 9 ? 4 : UInt64(try width(of: type))
    let (size, overflow) = count.multipliedReportingOverflow(by: least)
    guard !overflow, size <= UInt64(input.remaining) else {
      let message =
        "expected at most \(input.remaining) bytes of '\(key.escaped(limit: 80))', found \(count) elements"
      throw count > GGUFFile.absurdCount
        ? .structure(message, offset: offset - 8) : .damage(message, offset: offset - 8)
    }
    switch type {
    case 8: for _ in 0..<count { _ = try text("an element of '\(key.escaped(limit: 40))'") }
    case 9: for _ in 0..<count { try array(key, depth: depth + 1) }
    default: _ = try bytes(Int(size), "the elements of '\(key.escaped(limit: 40))'")
    }
  }

  private func width(of type: UInt32) throws(GGUFFault) -> Int {
    switch type {
    case 0, 1, 7: 1
    case 2, 3: 2
    case 4, 5, 6: 4
    case 10, 11, 12: 8
    default: throw .structure("expected a type of value from 0 to 12, found \(type)", offset: offset - 4)
    }
  }

  // MARK: Tensors

  private mutating func tensor() throws(GGUFFault) -> GGUFFile.Tensor {
    let start = offset
    let name = String(decoding: try text("the name of a tensor").prefix(200), as: UTF8.self)
    let axes = try number(UInt32.self, "the number of axes")
    guard axes <= 4 else {
      throw .structure(
        "expected at most 4 axes of '\(name.escaped(limit: 80))', found \(axes)", offset: offset - 4)
    }
    var elements: UInt64 = 1
    var first: UInt64 = 1
    for axis in 0..<axes {
      let length =
        file.version == 1 ? UInt64(try number(UInt32.self, "an axis")) : try number(UInt64.self, "an axis")
      if axis == 0 { first = length }
      let (product, overflow) = elements.multipliedReportingOverflow(by: length)
      guard !overflow, product < 1 << 56 else {
        throw .structure(
          "expected a shape of '\(name.escaped(limit: 80))' that fits a file, found one past it",
          offset: start)
      }
      elements = product
    }
    let type = try number(UInt32.self, "the type of a tensor")
    let place = try number(UInt64.self, "the place of a tensor")
    guard let size = GGUFTypes.sizes[type] else {
      file.faults.append(
        .unknown(
          "expected a type of tensor, found \(type) for '\(name.escaped(limit: 80))'", offset: offset - 12))
      return GGUFFile.Tensor(name: name, entry: start, offset: place, byteCount: nil)
    }
    guard first % size.block == 0 else {
      throw .structure(
        "expected rows of '\(name.escaped(limit: 80))' in blocks of \(size.block), found \(first) elements",
        offset: start)
    }
    // Below 2^56 elements of at most 292 bytes for 256 of them: no overflow past 2^61.
    return GGUFFile.Tensor(
      name: name, entry: start, offset: place, byteCount: elements / size.block * size.bytes)
  }

  /// Checks that the tensors lie end to end, as the format's own reader asks.
  private mutating func place(_ tensors: [GGUFFile.Tensor]) throws(GGUFFault) {
    var names: Set<String> = []
    var end: UInt64 = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .structure(
          "expected each tensor once, found '\(tensor.name.escaped(limit: 80))' again", offset: tensor.entry)
      }
      // Where a size is not known, neither is where the next one begins.
      guard let size = tensor.byteCount else { return }
      guard tensor.offset % alignment == 0, tensor.offset == end else {
        throw .structure(
          "expected '\(tensor.name.escaped(limit: 80))' at byte \(end) of the data, found \(tensor.offset)",
          offset: tensor.entry)
      }
      guard let next = padded(end, by: size) else {
        throw .structure(
          "expected tensors that fit a file, found more than 64 bits count", offset: tensor.entry)
      }
      end = next
    }
    guard !tensors.isEmpty else { return }
    let (start, overflow) = UInt64(offset).addingReportingOverflow(
      (alignment - UInt64(offset) % alignment) % alignment)
    let whole = UInt64(input.bytes.count)
    // The last tensor needs no padding behind it.
    let last = tensors.last?.byteCount ?? 0
    let needed = (tensors.last?.offset ?? 0) + last
    guard !overflow, start <= whole, needed <= whole - start else {
      throw .damage(
        "expected \(needed) bytes of tensors, found the end of the file after \(whole < start ? 0 : whole - start)",
        offset: Int(min(start, whole)))
    }
    if whole - start > end {
      throw .unknown(
        "expected the end of the file after the tensors, found \(whole - start - end) bytes more",
        offset: Int(start + end))
    }
  }

  private func padded(_ end: UInt64, by size: UInt64) -> UInt64? {
    let (sum, overflow) = end.addingReportingOverflow(size)
    guard !overflow, sum < 1 << 62 else { return nil }
    return sum + (alignment - sum % alignment) % alignment
  }

  // MARK: Numbers

  private var minimumEntry: UInt64 { file.version == 1 ? 9 : 13 }
  private var minimumTensor: UInt64 { file.version == 1 ? 20 : 24 }

  private mutating func count(_ what: String, least: UInt64) throws(GGUFFault) -> UInt64 {
    let count = try length(what)
    if count > UInt64(input.remaining) / least, count > 1 << 16 {
      throw .structure(
        "expected at most \(UInt64(input.remaining) / least) \(what), found \(count)", offset: offset - 8)
    }
    return count
  }

  private mutating func length(_ what: String) throws(GGUFFault) -> UInt64 {
    file.version == 1 ? UInt64(try number(UInt32.self, what)) : try number(UInt64.self, what)
  }

  private mutating func text(_ what: @autoclosure () -> String) throws(GGUFFault) -> ArraySlice<UInt8> {
    let count = try length("the length of \(what())")
    guard count <= UInt64(input.remaining) else {
      let message = "expected \(count) bytes of \(what()), found \(input.remaining) before the end"
      throw count > GGUFFile.absurdCount
        ? .structure(message, offset: offset - 8) : .damage(message, offset: offset)
    }
    return try bytes(Int(count), what())
  }

  private mutating func number<Value: FixedWidthInteger>(
    _ type: Value.Type, _ what: @autoclosure () -> String
  ) throws(GGUFFault) -> Value {
    let value = Value(littleEndianBytes: try bytes(MemoryLayout<Value>.size, what()))
    return file.isBigEndian ? value.byteSwapped : value
  }

  private mutating func bytes(_ count: Int, _ what: @autoclosure () -> String) throws(GGUFFault)
    -> ArraySlice<UInt8>
  {
    do throws(MalformedBytes) {
      return try input.read(count, what())
    } catch {
      throw .damage("expected \(error.expected), found \(error.found)", offset: error.offset)
    }
  }
}

/// The types of tensors, by their numbers in ggml: how many elements make a block, and how many bytes it takes.
enum GGUFTypes {
  static let sizes: [UInt32: (block: UInt64, bytes: UInt64)] = [
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
  ]
}
