import Encoding

// Links, in the groups of both kinds.
extension HDF5Reader {
  /// A group of the old kind: a tree of nodes, a heap with the names.
  mutating func readSymbolTable(tree: Int, heap: Int, of index: Int, depth: Int) throws(MalformedBytes) {
    let names = try readLocalHeap(at: heap)
    var trail = [tree]
    while let address = trail.popLast() {
      try step()
      guard nodes.insert(address).inserted else {
        observe(.cycle(detail: "a node of a group's tree is reached twice"), at: address)
        continue
      }
      do throws(MalformedBytes) {
        var cursor = HDF5Cursor(file, at: address)
        var letters = cursor
        if try letters.take(4, "a node").elementsEqual("SNOD".utf8) {
          try readSymbols(letters, names, of: index, depth: depth)
          continue
        }
        try cursor.expect("TREE")
        let type = try cursor.number(1, "a node type")
        guard type == 0 else {
          throw MalformedBytes(offset: address, expected: "a node of a group's tree", found: "type \(type)")
        }
        try cursor.skip(1, "a level")
        let count = try cursor.count(2, "a count of children")
        try cursor.skip(2 * offsetSize, "siblings")
        for _ in 0..<count {
          try cursor.skip(lengthSize, "a key")
          if let child = try cursor.address(offsetSize, "a child") { trail.append(child) }
        }
      } catch {
        observe(error)
      }
    }
  }

  private mutating func readSymbols(
    _ start: HDF5Cursor, _ names: HDF5Cursor, of index: Int, depth: Int
  ) throws(MalformedBytes) {
    var cursor = start
    try cursor.skip(2, "a version")
    for _ in 0..<(try cursor.count(2, "a count of symbols")) {
      try step()
      let place = cursor.address
      let name = try text(at: try cursor.count(offsetSize, "a name's offset"), in: names)
      let target = try cursor.address(offsetSize, "an object's address")
      let cacheType = try cursor.number(4, "a cache type")
      try cursor.skip(4, "a reserved word")
      var scratch = HDF5Cursor(file, at: cursor.address, end: cursor.address + 16)
      try cursor.skip(16, "scratch space")
      if cacheType == 2 {
        let value = try text(at: try scratch.count(4, "a link's offset"), in: names)
        observeSoftLink(name, value, at: place)
      } else if let target {
        link(name, to: target, from: index, depth: depth)
      }
    }
  }

  private mutating func observeSoftLink(
    _ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, at address: Int
  ) {
    let group = path
    path = child(name, of: group)
    observe(.softLink(String(decoding: value.prefix(1_000), as: UTF8.self)), at: address)
    path = group
  }

  /// The data segment of a local heap.
  func readLocalHeap(at address: Int) throws(MalformedBytes) -> HDF5Cursor {
    var cursor = HDF5Cursor(file, at: address)
    try cursor.expect("HEAP")
    try cursor.skip(4, "a version")
    let size = try cursor.count(lengthSize, "a heap's size")
    try cursor.skip(lengthSize, "the free list")
    guard let data = try cursor.address(offsetSize, "a heap's data") else {
      throw MalformedBytes(offset: address, expected: "a heap's data", found: "the undefined address")
    }
    return try part(data, size, "a heap's data")
  }

  /// The text at an offset into a local heap.
  func text(at offset: Int, in heap: HDF5Cursor) throws(MalformedBytes) -> ArraySlice<UInt8> {
    guard offset <= heap.remaining else {
      throw MalformedBytes(
        offset: heap.address, expected: "a name in a heap of \(heap.remaining) bytes",
        found: "the offset \(offset)")
    }
    var cursor = HDF5Cursor(file, at: heap.address + offset, end: heap.end)
    return try cursor.text("a name")
  }

  /// A link of the new kind.
  mutating func readLink(_ cursor: inout HDF5Cursor, of index: Int, depth: Int) throws(MalformedBytes) {
    let place = cursor.address
    let version = try cursor.number(1, "a link version")
    guard version == 1 else {
      throw MalformedBytes(offset: place, expected: "a link of version 1", found: "version \(version)")
    }
    let flags = try cursor.number(1, "flags")
    let type = flags & 8 != 0 ? try cursor.count(1, "a link type") : 0
    if flags & 4 != 0 { try cursor.skip(8, "a creation order") }
    if flags & 0x10 != 0 { try cursor.skip(1, "a character set") }
    let count = try cursor.count(1 << Int(flags & 3), "a name's length")
    let name = try cursor.take(count, "a name")
    switch type {
    case 0:
      if let target = try cursor.address(offsetSize, "an object's address") {
        link(name, to: target, from: index, depth: depth)
      }
    case 1:
      let value = try cursor.take(try cursor.count(2, "a link's length"), "a link")
      observeSoftLink(name, value, at: place)
    default:
      let group = path
      path = child(name, of: group)
      defer { path = group }
      let count = try cursor.count(2, "a link's length")
      guard type == 64 else {
        observe(.userDefinedLink(type: type), at: place)
        return
      }
      var value = try part(cursor.address, count, "a link")
      try value.skip(1, "flags")
      let file = try value.text("a file's name")
      let object = try value.text("an object's path")
      observe(
        .externalLink(
          file: String(decoding: file.prefix(1_000), as: UTF8.self),
          object: String(decoding: object.prefix(1_000), as: UTF8.self)), at: place)
    }
  }

  /// Where the links of a group stand that has too many for its header.
  mutating func readLinkInfo(_ cursor: inout HDF5Cursor, of index: Int, depth: Int) throws(MalformedBytes) {
    // A record is the hash of the name, four bytes, and the place in the heap.
    let records = DenseRecords(
      orderBytes: 8, type: 5, identifier: 4, missing: "a group without a tree of names")
    for object in try readInfo(&cursor, records) {
      var cursor = HDF5Cursor(file, at: object.lowerBound, end: object.upperBound)
      do throws(MalformedBytes) {
        try readLink(&cursor, of: index, depth: depth)
      } catch {
        observe(error)
      }
    }
  }

  /// Where the attributes of an object stand that has too many for its header.
  mutating func readAttributeInfo(_ cursor: inout HDF5Cursor, of index: Int) throws(MalformedBytes) {
    let records = DenseRecords(
      orderBytes: 2, type: 8, identifier: 0, missing: "attributes without a tree of names")
    for object in try readInfo(&cursor, records) {
      var cursor = HDF5Cursor(file, at: object.lowerBound, end: object.upperBound)
      do throws(MalformedBytes) {
        objects[index].attributes.append(try readAttribute(&cursor))
      } catch {
        observe(error)
      }
    }
  }

  /// How the records are written that an info message leads to.
  private struct DenseRecords {
    /// How many bytes the largest creation order takes, where there is one.
    let orderBytes: Int
    /// The kind of tree, and how many bytes come before the place in the heap.
    let type: Int
    let identifier: Int
    /// What to say where there is no tree.
    let missing: String
  }

  /// Reads a link info or attribute info message: where each object stands that its tree names.
  private mutating func readInfo(_ cursor: inout HDF5Cursor, _ records: DenseRecords) throws(MalformedBytes)
    -> [Range<Int>]
  {
    try cursor.skip(1, "a version")
    let flags = try cursor.number(1, "flags")
    if flags & 1 != 0 { try cursor.skip(records.orderBytes, "a creation order") }
    guard let heap = try cursor.address(offsetSize, "a heap") else { return [] }
    guard let tree = try cursor.address(offsetSize, "a tree") else {
      observe(.notRead(records.missing), at: cursor.address)
      return []
    }
    return try readDense(heap: heap, tree: tree, type: records.type, identifier: records.identifier)
  }
}
