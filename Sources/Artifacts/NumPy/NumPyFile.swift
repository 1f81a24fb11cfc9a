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

  /// What a file holds behind its header.
  public enum Content: Sendable {
    /// Numbers or text.
    case array(NumPyArray)
    /// An array of Python objects is a pickle, which starts at this offset.
    case pickle(offset: Int)
  }

  /// Whether bytes begin as such a file.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: magic) }

  /// Reads an array; its bytes share the memory of the file.
  public static func read(_ bytes: ArraySlice<UInt8>) throws(NumPyFileError) -> NumPyArray {
    switch try content(bytes) {
    case .array(let array): return array
    case .pickle(let offset):
      throw NumPyFileError(
        message: "expected numbers or text, found an array of Python objects, which is a pickle",
        offset: offset)
    }
  }

  /// Reads the header, and the array where it is not one of Python objects.
  public static func content(_ bytes: ArraySlice<UInt8>) throws(NumPyFileError) -> Content {
    var reader = ByteReader(bytes)
    let header: ArraySlice<UInt8>
    let headerStart: Int
    do throws(MalformedBytes) {
      header = try self.header(&reader)
      headerStart = reader.offset - header.count
    } catch {
      throw NumPyFileError(message: "expected \(error.expected), found \(error.found)", offset: error.offset)
    }
    var parser = NumPyHeaderParser(header, offset: headerStart)
    let layout = try parser.layout()
    if layout.type.holdsObjects { return .pickle(offset: reader.offset) }
    guard let count = NumPyArray.itemCount(of: layout.shape) else {
      throw NumPyFileError(message: "expected a shape whose product fits 63 bits", offset: headerStart)
    }
    let data = bytes.dropFirst(reader.offset)
    guard
      let array = NumPyArray(
        type: layout.type, shape: layout.shape, isFortranOrder: layout.isFortranOrder, storage: .bytes(data))
    else {
      throw NumPyFileError(
        message: "expected \(count) items of \(layout.type.itemSize) bytes, found \(data.count) bytes",
        offset: reader.offset)
    }
    return .array(array)
  }

  private static func header(_ reader: inout ByteReader) throws(MalformedBytes) -> ArraySlice<UInt8> {
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
    return try reader.read(length, "a header")
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
