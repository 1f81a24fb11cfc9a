import Encoding

extension HDF5Reader {
  /// Reads an attribute; of its value only strings.
  mutating func readAttribute(_ cursor: inout HDF5Cursor) throws(MalformedBytes) -> HDF5Attribute {
    let place = cursor.address
    let version = try cursor.number(1, "an attribute version")
    guard 1...3 ~= version else {
      throw MalformedBytes(
        offset: place, expected: "an attribute of version 1 to 3", found: "version \(version)")
    }
    let flags = try cursor.number(1, "flags")
    let nameSize = try cursor.count(2, "a name's size")
    let typeSize = try cursor.count(2, "a datatype's size")
    let spaceSize = try cursor.count(2, "a dataspace's size")
    if version == 3 { try cursor.skip(1, "a character set") }
    let pad = version == 1 ? 8 : 1
    let name = try cursor.take(Self.padded(nameSize, pad), "a name").prefix(nameSize).prefix { $0 != 0 }
    var type = try part(cursor.address, typeSize, "a datatype")
    try cursor.skip(Self.padded(typeSize, pad), "a datatype")
    var space = try part(cursor.address, spaceSize, "a dataspace")
    try cursor.skip(Self.padded(spaceSize, pad), "a dataspace")
    let text = String(decoding: name.prefix(1_000), as: UTF8.self)
    let other = HDF5Attribute(name: text, texts: [], offset: base + place)
    guard version == 1 || flags & 3 == 0 else {
      // A named type; the name is all that can be said.
      return other
    }
    let datatype = try readDatatype(&type)
    guard let dimensions = try readDataspace(&space) else { return other }
    let declared = declaredBytes(dimensions, datatype)
    if declared > 1 << 32 {
      observeShape(dimensions, datatype, at: place)
      return other
    }
    guard declared > 0 else { return other }
    switch datatype.kind {
    case .bytes, .other: return other
    case .text:
      guard datatype.size > 0 else { return other }
      var texts: [ArraySlice<UInt8>] = []
      for _ in 0..<(Int(clamping: declared) / datatype.size) {
        try step()
        texts.append(Self.unpadded(try cursor.take(datatype.size, "a string")))
      }
      return HDF5Attribute(name: text, texts: texts, offset: base + place)
    case .variableText:
      var texts: [ArraySlice<UInt8>] = []
      let count = Int(clamping: declared) / max(1, datatype.size)
      for _ in 0..<count {
        try step()
        let length = try cursor.count(4, "a string's length")
        let heap = try cursor.address(offsetSize, "a heap")
        let number = try cursor.count(4, "a string's number")
        guard let heap, length > 0, let range = try globalObject(heap, number) else { continue }
        let start = file.startIndex + range.lowerBound
        texts.append(Self.unpadded(file[start..<(start + min(length, range.count))]))
      }
      return HDF5Attribute(name: text, texts: texts, offset: base + place)
    }
  }

  private static func padded(_ count: Int, _ pad: Int) -> Int { (count + pad - 1) / pad * pad }

  private static func unpadded(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let last = text.lastIndex(where: { $0 != 0 }) else { return text.prefix(0) }
    return text[...last]
  }

  /// Where the object of this number stands in the collection of the global heap at an address.
  mutating func globalObject(_ address: Int, _ number: Int) throws(MalformedBytes) -> Range<Int>? {
    if let known = collections[address] { return known[number] }
    var cursor = HDF5Cursor(file, at: address)
    try cursor.expect("GCOL")
    try cursor.skip(4, "a version")
    let size = try cursor.count(lengthSize, "a collection's size")
    cursor = try part(address, size, "a collection of the global heap")
    try cursor.skip(8 + lengthSize, "a collection's header")
    var objects: [Int: Range<Int>] = [:]
    while cursor.remaining >= 8 + lengthSize {
      try step()
      let number = try cursor.count(2, "an object's number")
      try cursor.skip(6, "a reference count")
      let count = try cursor.count(lengthSize, "an object's size")
      // Number 0 is the free space at the end.
      guard number > 0, count <= cursor.remaining else { break }
      let start = cursor.address
      try cursor.skip(min((count + 7) / 8 * 8, cursor.remaining), "an object")
      objects[number] = start..<(start + count)
    }
    collections[address] = objects
    return objects[number]
  }
}
