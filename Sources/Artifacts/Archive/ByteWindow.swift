import Encoding

extension ArraySlice<UInt8> {
  /// The `count` bytes from an offset on, counted from the first of these; nil where they are not all there.
  func window(at offset: Int, count: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return dropFirst(offset).prefix(count)
  }

  /// A cursor at an offset; at the end where there is no such offset.
  func reader(at offset: Int) -> ByteReader { ByteReader(dropFirst(Swift.max(0, offset))) }

  /// Whether `pattern` stands at an offset.
  func has(_ pattern: [UInt8], at offset: Int) -> Bool {
    offset >= 0 && dropFirst(offset).starts(with: pattern)
  }

  /// The offsets at which `PK` and two more bytes of `endings` stand, within a range of offsets.
  func zipSignatures(_ endings: [[UInt8]], within range: Range<Int>, limit: Int) -> [Int] {
    let window = dropFirst(Swift.max(0, range.lowerBound)).prefix(Swift.max(0, range.count))
    var found: [Int] = []
    var rest = window
    while found.count < limit, let index = rest.firstIndex(of: UInt8(ascii: "P")) {
      rest = rest[index...]
      let head = rest.prefix(4)
      if head.count == 4, head.dropFirst().first == UInt8(ascii: "K"),
        endings.contains(where: { $0.elementsEqual(head.dropFirst(2)) })
      {
        found.append(index - startIndex)
      }
      rest = rest.dropFirst()
    }
    return found
  }
}
