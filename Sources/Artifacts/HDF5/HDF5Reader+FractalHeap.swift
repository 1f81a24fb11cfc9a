import Encoding

/// The header of a fractal heap, as far as it is needed to find an object in it.
private struct FractalHeap {
  /// A direct block: where it stands in the space of the heap and in the file.
  struct Block {
    let offset: Int
    let size: Int
    let address: Int
  }

  var identifierSize = 0
  var offsetWidth = 0
  var lengthWidth = 0
  var hugeTree: Int?
  var width = 0
  var startSize = 0
  var maximumDirectSize = 0
  var blocks: [Block] = []

  /// The direct block that an offset falls into.
  func block(at offset: Int) -> Block? {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0, offset - blocks[low - 1].offset < blocks[low - 1].size else { return nil }
    return blocks[low - 1]
  }

  /// How large the blocks of a row are.
  func blockSize(row: Int) -> Int? {
    let shift = max(0, row - 1)
    guard shift < 62 else { return nil }
    let (size, overflow) = startSize.multipliedReportingOverflow(by: 1 << shift)
    return overflow ? nil : size
  }
}

// Objects in a fractal heap, which a tree of version 2 names (specification, sections III.A.2 and III.G).
extension HDF5Reader {
  /// Where the objects of a heap stand that a tree's records name; the place in the heap stands `identifier`
  /// bytes into a record.
  mutating func readDense(heap: Int, tree: Int, type: Int, identifier: Int) throws(MalformedBytes)
    -> [Range<Int>]
  {
    let (header, isFiltered) = try readHeap(at: heap)
    guard !isFiltered else {
      observe(.notRead("a compressed heap of links or attributes"), at: heap)
      return []
    }
    var objects: [Range<Int>] = []
    var huge: [UInt64: Range<Int>]?
    for record in try readRecords(tree: tree, type: type) {
      try step()
      do throws(MalformedBytes) {
        var cursor = HDF5Cursor(file, at: record)
        try cursor.skip(identifier, "a record")
        if let object = try place(of: &cursor, in: header, &huge) { objects.append(object) }
      } catch {
        observe(error)
      }
    }
    return objects
  }

  /// Where the object of a heap identifier stands.
  private mutating func place(
    of cursor: inout HDF5Cursor, in heap: FractalHeap, _ huge: inout [UInt64: Range<Int>]?
  ) throws(MalformedBytes) -> Range<Int>? {
    let start = cursor.address
    switch try cursor.number(1, "a heap identifier") >> 4 & 3 {
    case 0:
      let offset = try cursor.count(heap.offsetWidth, "an offset in a heap")
      let length = try cursor.count(heap.lengthWidth, "a length")
      guard let block = heap.block(at: offset), length <= block.size - (offset - block.offset),
        block.address <= file.count
      else {
        throw MalformedBytes(
          offset: start, expected: "an object in a block of its heap", found: "the offset \(offset)")
      }
      return try range(block.address + (offset - block.offset), length)
    case 1 where heap.identifierSize > offsetSize + lengthSize:
      guard let address = try cursor.address(offsetSize, "an object's address") else { return nil }
      return try range(address, try cursor.count(lengthSize, "a length"))
    case 1:
      if huge == nil { huge = try readHuge(heap) }
      return huge?[try cursor.number(min(8, max(1, heap.identifierSize - 1)), "an object's number")]
    default:
      observe(.notRead("an object inside its heap identifier"), at: start)
      return nil
    }
  }

  private func range(_ address: Int, _ count: Int) throws(MalformedBytes) -> Range<Int> {
    let part = try part(address, count, "an object of a heap")
    return part.address..<part.end
  }

  /// The objects that are too large for the blocks, by their number.
  private mutating func readHuge(_ header: FractalHeap) throws(MalformedBytes) -> [UInt64: Range<Int>] {
    guard let tree = header.hugeTree else { return [:] }
    var objects: [UInt64: Range<Int>] = [:]
    for record in try readRecords(tree: tree, type: 1) {
      try step()
      var cursor = HDF5Cursor(file, at: record)
      guard let address = try cursor.address(offsetSize, "an object's address") else { continue }
      let length = try cursor.count(lengthSize, "a length")
      objects[try cursor.number(lengthSize, "an object's number")] = try range(address, length)
    }
    return objects
  }

  private mutating func readHeap(at address: Int) throws(MalformedBytes) -> (FractalHeap, Bool) {
    var cursor = HDF5Cursor(file, at: address)
    try cursor.expect("FRHP")
    try cursor.skip(1, "a version")
    var heap = FractalHeap()
    heap.identifierSize = try cursor.count(2, "the size of identifiers")
    let filters = try cursor.count(2, "the size of filters")
    try cursor.skip(1, "flags")
    let largest = try cursor.count(4, "the size of the largest object")
    try cursor.skip(lengthSize, "the next number")
    heap.hugeTree = try cursor.address(offsetSize, "the tree of large objects")
    try cursor.skip(lengthSize + offsetSize + 8 * lengthSize, "counts")
    heap.width = try cursor.count(2, "a table's width")
    heap.startSize = try cursor.count(lengthSize, "a block's size")
    heap.maximumDirectSize = try cursor.count(lengthSize, "the largest block's size")
    let bits = try cursor.count(2, "a heap's size")
    try cursor.skip(2, "a count of rows")
    let root = try cursor.address(offsetSize, "the root block")
    let rows = try cursor.count(2, "a count of rows")
    guard filters == 0 else { return (heap, true) }
    guard heap.width > 0, heap.width <= 1_024, heap.startSize > 0, bits <= 64, rows <= 64,
      heap.maximumDirectSize >= heap.startSize, heap.startSize.nonzeroBitCount == 1,
      heap.maximumDirectSize.nonzeroBitCount == 1, heap.width.nonzeroBitCount == 1
    else {
      throw MalformedBytes(
        offset: address, expected: "a heap with blocks of a power of two", found: "other sizes")
    }
    heap.offsetWidth = (bits + 7) / 8
    heap.lengthWidth = min(
      (heap.maximumDirectSize.trailingZeroBitCount + 7) / 8, Self.encodedSize(largest))
    guard let root else { return (heap, false) }
    if rows == 0 {
      heap.blocks.append(FractalHeap.Block(offset: 0, size: heap.startSize, address: root))
    } else {
      try readBlocks(root, rows: rows, &heap)
      heap.blocks.sort { $0.offset < $1.offset }
    }
    return (heap, false)
  }

  /// Reads the indirect blocks down to where the direct ones are.
  private mutating func readBlocks(_ root: Int, rows: Int, _ heap: inout FractalHeap) throws(MalformedBytes) {
    let directRows =
      heap.maximumDirectSize.trailingZeroBitCount - heap.startSize.trailingZeroBitCount + 2
    var waiting = [(address: root, rows: rows, offset: 0)]
    while let (address, rows, start) = waiting.popLast() {
      guard nodes.insert(address).inserted else {
        observe(.cycle(detail: "a block of a heap is reached twice"), at: address)
        continue
      }
      var cursor = HDF5Cursor(file, at: address)
      try cursor.expect("FHIB")
      try cursor.skip(1 + offsetSize + heap.offsetWidth, "a block's header")
      var offset = start
      for row in 0..<rows {
        guard let size = heap.blockSize(row: row), size <= 1 << 48 else {
          throw MalformedBytes(offset: address, expected: "a block that memory holds", found: "row \(row)")
        }
        for _ in 0..<heap.width {
          try step()
          if let child = try cursor.address(offsetSize, "a block") {
            if row < directRows {
              heap.blocks.append(FractalHeap.Block(offset: offset, size: size, address: child))
            } else {
              let below = heap.startSize.trailingZeroBitCount + heap.width.trailingZeroBitCount
              waiting.append((child, max(0, size.trailingZeroBitCount - below + 1), offset))
            }
          }
          offset &+= size
        }
      }
    }
  }

  /// Where the records of a tree of version 2 stand, in no particular order.
  private mutating func readRecords(tree: Int, type: Int) throws(MalformedBytes) -> [Int] {
    var cursor = HDF5Cursor(file, at: tree)
    try cursor.expect("BTHD")
    try cursor.skip(1, "a version")
    let found = try cursor.count(1, "a tree's type")
    guard found == type else {
      throw MalformedBytes(offset: tree, expected: "a tree of type \(type)", found: "type \(found)")
    }
    let nodeSize = try cursor.count(4, "a node's size")
    let recordSize = try cursor.count(2, "a record's size")
    let depth = try cursor.count(2, "a depth")
    try cursor.skip(2, "percentages")
    guard let root = try cursor.address(offsetSize, "the root node") else { return [] }
    let rootCount = try cursor.count(2, "a count of records")
    guard recordSize > 0, nodeSize > 10 + recordSize, depth <= 16 else {
      throw MalformedBytes(
        offset: tree, expected: "a tree with records that fit its nodes", found: "other sizes")
    }
    let countWidth = Self.encodedSize((nodeSize - 10) / recordSize)
    let totalWidths = totalWidths(nodeSize, recordSize, depth, countWidth)
    var records: [Int] = []
    var waiting = [(address: root, count: rootCount, depth: depth)]
    while let (address, count, depth) = waiting.popLast() {
      try step()
      guard nodes.insert(address).inserted else {
        observe(.cycle(detail: "a node of a tree is reached twice"), at: address)
        continue
      }
      var cursor = try part(address, nodeSize, "a node")
      try cursor.expect(depth == 0 ? "BTLF" : "BTIN")
      try cursor.skip(2, "a version")
      for _ in 0..<count {
        try step()
        records.append(cursor.address)
        try cursor.skip(recordSize, "a record")
      }
      guard depth > 0 else { continue }
      for _ in 0...count {
        guard let child = try cursor.address(offsetSize, "a child") else { continue }
        let count = try cursor.count(countWidth, "a count of records")
        try cursor.skip(totalWidths[depth - 1], "a count of records")
        waiting.append((child, count, depth - 1))
      }
    }
    return records
  }

  /// How wide the count of all records below a child is, by the depth of that child.
  private func totalWidths(_ nodeSize: Int, _ recordSize: Int, _ depth: Int, _ countWidth: Int) -> [Int] {
    var widths = [0]
    var largest = (nodeSize - 10) / recordSize
    for level in 1...max(1, depth) {
      let pointer = offsetSize + countWidth + widths[level - 1]
      let records = max(0, nodeSize - 10 - pointer) / (recordSize + pointer)
      largest = min(largest, 1 << 40) * (min(records, 1 << 20) + 1) + records
      widths.append(Self.encodedSize(largest))
    }
    return widths
  }

  /// How many bytes a number up to `limit` takes.
  private static func encodedSize(_ limit: Int) -> Int {
    limit <= 0 ? 1 : (Int.bitWidth - 1 - limit.leadingZeroBitCount) / 8 + 1
  }
}
