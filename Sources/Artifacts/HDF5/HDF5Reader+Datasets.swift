import Encoding

/// The type of the elements, as far as it matters here.
struct HDF5Datatype {
  /// What the elements are.
  enum Kind {
    /// A string in as many bytes as the type says.
    case text
    /// A string in the global heap.
    case variableText
    /// Single bytes, or bytes without a type.
    case bytes
    case other
  }

  let kind: Kind
  /// The size of one element.
  let size: Int
}

/// What the header of a dataset says.
struct HDF5Dataset {
  var dimensions: [UInt64]?
  var type: HDF5Datatype?
  /// Whether there is a layout, as only datasets have it.
  var isDataset = false
  /// Whether the bytes stand in other files.
  var isExternal = false
  /// Where the bytes stand in one piece.
  var contiguous: (address: Int, count: Int)?
  /// Whether the size of the one piece counts: not for chunks, nor where nothing was written.
  var isStored = false
}

extension HDF5Reader {
  /// The sizes of the dimensions; empty for a single value, nil for no value at all.
  mutating func readDataspace(_ cursor: inout HDF5Cursor) throws(MalformedBytes) -> [UInt64]? {
    let place = cursor.address
    let version = try cursor.number(1, "a dataspace version")
    let rank = try cursor.count(1, "a count of dimensions")
    try cursor.skip(1, "flags")
    switch version {
    case 1: try cursor.skip(5, "reserved bytes")
    case 2: if try cursor.number(1, "a kind") == 2 { return nil }
    default:
      throw MalformedBytes(
        offset: place, expected: "a dataspace of version 1 or 2", found: "version \(version)")
    }
    guard rank <= 32 else {
      throw MalformedBytes(offset: place, expected: "at most 32 dimensions", found: "\(rank)")
    }
    var dimensions: [UInt64] = []
    for _ in 0..<rank { dimensions.append(try cursor.number(lengthSize, "a dimension")) }
    return dimensions
  }

  mutating func readDatatype(_ cursor: inout HDF5Cursor) throws(MalformedBytes) -> HDF5Datatype {
    let kind = try cursor.number(1, "a datatype")
    let bits = try cursor.number(3, "a datatype")
    let size = try cursor.count(4, "a datatype's size")
    switch kind & 15 {
    case 3: return HDF5Datatype(kind: .text, size: size)
    case 9: return HDF5Datatype(kind: bits & 15 == 1 ? .variableText : .other, size: size)
    case 0 where size == 1, 5: return HDF5Datatype(kind: .bytes, size: size)
    default: return HDF5Datatype(kind: .other, size: size)
    }
  }

  mutating func readLayout(_ cursor: inout HDF5Cursor, _ dataset: inout HDF5Dataset) throws(MalformedBytes) {
    dataset.isDataset = true
    let place = cursor.address
    let version = try cursor.number(1, "a layout version")
    switch version {
    case 1, 2:
      let rank = try cursor.count(1, "a count of dimensions")
      let kind = try cursor.number(1, "a layout class")
      try cursor.skip(5, "reserved bytes")
      guard kind != 0 else {
        try cursor.skip(4 * rank, "dimensions")
        let count = try cursor.count(4, "a count of bytes")
        dataset.contiguous = (cursor.address, count)
        dataset.isStored = true
        return
      }
      let address = try cursor.address(offsetSize, "the data's address")
      guard kind == 1, let address else { return }
      dataset.contiguous = (address, -1)
      dataset.isStored = true
    case 3, 4, 5:
      switch try cursor.number(1, "a layout class") {
      case 0:
        let count = try cursor.count(2, "a count of bytes")
        dataset.contiguous = (cursor.address, count)
        dataset.isStored = true
      case 1:
        let address = try cursor.address(offsetSize, "the data's address")
        let count = try cursor.number(lengthSize, "a count of bytes")
        if let address {
          dataset.contiguous = (address, Int(exactly: count) ?? .max)
          dataset.isStored = true
        }
      case 2: break
      case 3: try readVirtual(&cursor)
      case let kind:
        throw MalformedBytes(offset: place, expected: "a layout of class 0 to 3", found: "class \(kind)")
      }
    default: observe(.notRead("a layout of version \(version)"), at: place)
    }
  }

  /// The names of the files in whose datasets the bytes of a virtual dataset stand.
  private mutating func readVirtual(_ cursor: inout HDF5Cursor) throws(MalformedBytes) {
    let place = cursor.address
    guard let heap = try cursor.address(offsetSize, "a heap") else { return }
    let number = try cursor.count(4, "an object's number")
    guard let range = try globalObject(heap, number) else {
      observe(.notRead("the sources of a virtual dataset"), at: place)
      return
    }
    var mapping = HDF5Cursor(file, at: range.lowerBound, end: range.upperBound)
    try mapping.skip(1, "a version")
    let count = try mapping.count(lengthSize, "a count of sources")
    guard count > 0 else { return }
    let source = try mapping.text("a file's name")
    // Behind the first source stand selections of several forms; what they leave open is no reason to trust it.
    let isHere = source.elementsEqual(".".utf8)
    if isHere, count == 1 {
      observe(.notRead("a virtual dataset"), at: place)
    } else {
      let name = String(decoding: source.prefix(1_000), as: UTF8.self)
      observe(.virtualSource(isHere ? "\(count) sources" : name), at: place)
    }
  }

  mutating func readFilters(_ cursor: inout HDF5Cursor) throws(MalformedBytes) {
    let place = cursor.address
    let version = try cursor.number(1, "a version")
    let count = try cursor.count(1, "a count of filters")
    if version == 1 { try cursor.skip(6, "reserved bytes") }
    for _ in 0..<count {
      try step()
      let id = try cursor.count(2, "a filter's number")
      let nameCount = version == 1 || id >= 256 ? try cursor.count(2, "a name's length") : 0
      try cursor.skip(2, "flags")
      let values = try cursor.count(2, "a count of values")
      let name = try cursor.take(version == 1 ? (nameCount + 7) / 8 * 8 : nameCount, "a filter's name")
      try cursor.skip(4 * values, "a filter's values")
      if version == 1, !values.isMultiple(of: 2) { try cursor.skip(4, "padding") }
      // Deflate, shuffle, Fletcher's checksum, szip, n-bit and scale-offset; h5py brings LZF along.
      guard !(1...6).contains(id), id != 32_000 else { continue }
      let text = String(decoding: name.prefix { $0 != 0 }.prefix(200), as: UTF8.self)
      observe(.filter(id: id, name: text), at: place)
    }
  }

  mutating func readExternalFiles(_ cursor: inout HDF5Cursor) throws(MalformedBytes) {
    let place = cursor.address
    try cursor.skip(4, "a version")
    try cursor.skip(2, "a count of slots")
    let count = try cursor.count(2, "a count of slots")
    guard let heap = try cursor.address(offsetSize, "a heap") else { return }
    var names: [String] = []
    do throws(MalformedBytes) {
      let heap = try readLocalHeap(at: heap)
      for _ in 0..<count {
        try step()
        let name = try text(at: try cursor.count(lengthSize, "a name's offset"), in: heap)
        try cursor.skip(2 * lengthSize, "a slot")
        if names.count < 4 { names.append(String(decoding: name.prefix(300), as: UTF8.self)) }
      }
    } catch {
      observe(error)
    }
    // That there are such files counts, also where their names cannot be read.
    observe(.externalFile(names.isEmpty ? "?" : names.joined(separator: ", ")), at: place)
  }

  /// Checks the size of a dataset against the file; gives its bytes where they are text or bytes in one piece.
  mutating func check(_ dataset: HDF5Dataset, at address: Int) -> ArraySlice<UInt8>? {
    guard let dimensions = dataset.dimensions, let type = dataset.type else { return nil }
    let declared = declaredBytes(dimensions, type)
    if declared > 1 << 40 || declared > 256 << 20 && declared / 200 > UInt64(file.count) {
      observeShape(dimensions, type, at: address)
      return nil
    }
    guard dataset.isStored, !dataset.isExternal, let (start, stated) = dataset.contiguous else { return nil }
    let count = stated < 0 ? Int(clamping: declared) : stated
    guard start <= file.count, count <= file.count - start, declared <= UInt64(count) else {
      observe(
        .malformed(
          expected: "\(declared) bytes of data at address \(start)",
          found: "\(count) bytes in a file of \(file.count)"), at: address)
      return nil
    }
    switch type.kind {
    case .text, .bytes:
      let first = file.startIndex + start
      return file[first..<(first + Int(clamping: declared))]
    case .variableText, .other: return nil
    }
  }

  /// How many bytes a shape stands for, as far as the numbers go.
  func declaredBytes(_ dimensions: [UInt64], _ type: HDF5Datatype) -> UInt64 {
    if dimensions.contains(0) { return dimensions.contains { $0 > 1 << 40 } ? .max : 0 }
    var bytes = UInt64(max(1, type.size))
    for dimension in dimensions {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
      if overflow { return .max }
      bytes = product
    }
    return bytes
  }

  mutating func observeShape(_ dimensions: [UInt64], _ type: HDF5Datatype, at address: Int) {
    let shape = dimensions.prefix(8).map(String.init).joined(separator: " × ")
    observe(
      .dimensions(detail: "\(shape) elements of \(type.size) bytes in a file of \(file.count) bytes"),
      at: address)
  }
}
