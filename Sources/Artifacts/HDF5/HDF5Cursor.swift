import Encoding

/// A cursor over a part of an HDF5 file, whose addresses count from the superblock.
struct HDF5Cursor {
  /// The file from its superblock on.
  let bytes: ArraySlice<UInt8>
  /// The address of the next byte.
  private(set) var address: Int
  /// The address past the last byte of the part.
  let end: Int

  /// Starts at an address; the part ends at `end`, or with the file where that is sooner or not given.
  init(_ bytes: ArraySlice<UInt8>, at address: Int, end: Int? = nil) {
    self.bytes = bytes
    self.end = min(max(end ?? bytes.count, 0), bytes.count)
    self.address = max(address, 0)
  }

  /// How many bytes are left of the part.
  var remaining: Int { max(0, end - address) }

  /// Reads `count` bytes.
  mutating func take(_ count: Int, _ what: StaticString) throws(MalformedBytes) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw MalformedBytes(
        offset: address, expected: "\(count) bytes of \(what)",
        found: remaining == 0 ? "the end" : "\(remaining) bytes before the end")
    }
    let start = bytes.startIndex + address
    address += count
    return bytes[start..<(start + count)]
  }

  /// Passes over `count` bytes.
  mutating func skip(_ count: Int, _ what: StaticString) throws(MalformedBytes) { _ = try take(count, what) }

  /// Reads an unsigned number of one to eight bytes.
  mutating func number(_ width: Int, _ what: StaticString) throws(MalformedBytes) -> UInt64 {
    var value: UInt64 = 0
    for byte in try take(min(width, 8), what).reversed() { value = value << 8 | UInt64(byte) }
    return value
  }

  /// Reads an unsigned number that has to be a count or an address in memory.
  mutating func count(_ width: Int, _ what: StaticString) throws(MalformedBytes) -> Int {
    let start = address
    let value = try number(width, what)
    guard let count = Int(exactly: value) else {
      throw MalformedBytes(offset: start, expected: "\(what)", found: "\(value)")
    }
    return count
  }

  /// Reads an address; nil for the undefined one, all of whose bits are set.
  mutating func address(_ width: Int, _ what: StaticString) throws(MalformedBytes) -> Int? {
    let start = address
    let value = try number(width, what)
    if value == (width >= 8 ? .max : 1 << UInt64(width * 8) - 1) { return nil }
    guard let address = Int(exactly: value) else {
      throw MalformedBytes(offset: start, expected: "\(what)", found: "the address \(value)")
    }
    return address
  }

  /// Reads four letters that a structure begins with.
  mutating func expect(_ letters: StaticString) throws(MalformedBytes) {
    let start = address
    let found = try take(4, letters)
    guard found.elementsEqual("\(letters)".utf8) else {
      throw MalformedBytes(
        offset: start, expected: "the letters \(letters)",
        found: "the bytes \(Hexadecimal.encode(found))")
    }
  }

  /// Reads up to the next zero byte, which is consumed and not returned.
  mutating func text(_ what: StaticString) throws(MalformedBytes) -> ArraySlice<UInt8> {
    let rest = bytes[(bytes.startIndex + min(address, end))..<(bytes.startIndex + end)]
    guard let zero = rest.firstIndex(of: 0) else {
      throw MalformedBytes(
        offset: address, expected: "\(what) ending in a zero byte", found: "the end")
    }
    let text = rest[..<zero]
    address += text.count + 1
    return text
  }
}
