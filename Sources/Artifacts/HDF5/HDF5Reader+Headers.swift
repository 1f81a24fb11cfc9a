import Encoding

/// A message of an object header.
struct HDF5Message {
  /// What a message says, by its number in the specification, section IV.A.2.
  enum Kind: Int {
    case dataspace = 1
    case linkInfo = 2
    case datatype = 3
    case link = 6
    case externalFiles = 7
    case layout = 8
    case filters = 11
    case attribute = 12
    case sharedTable = 15
    case continuation = 16
    case symbolTable = 17
    case attributeInfo = 21
  }

  let kind: Kind
  /// Whether the content stands elsewhere and is only referred to.
  let isShared: Bool
  let start: Int
  let end: Int
}

extension HDF5Reader {
  mutating func readObject(_ index: Int, at address: Int, depth: Int) throws(MalformedBytes) {
    let messages = try readHeader(at: address)
    var dataset = HDF5Dataset()
    for message in messages {
      do throws(MalformedBytes) {
        try readMessage(message, of: index, depth: depth, &dataset)
      } catch {
        observe(error)
      }
    }
    if index == 0, let (tree, heap) = cachedRoot {
      cachedRoot = nil
      if !nodes.contains(tree) { try readSymbolTable(tree: tree, heap: heap, of: index, depth: depth) }
    }
    if dataset.isDataset { objects[index].kind = .dataset(bytes: check(dataset, at: address)) }
  }

  private mutating func readMessage(
    _ message: HDF5Message, of index: Int, depth: Int, _ dataset: inout HDF5Dataset
  ) throws(MalformedBytes) {
    try step()
    var cursor = HDF5Cursor(file, at: message.start, end: message.end)
    if message.isShared {
      // A named type is an object of its own, which says nothing about where bytes come from.
      if message.kind != .datatype { observe(.notRead("a shared message"), at: message.start) }
      return
    }
    switch message.kind {
    case .dataspace: dataset.dimensions = try readDataspace(&cursor)
    case .datatype: dataset.type = try readDatatype(&cursor)
    case .layout: try readLayout(&cursor, &dataset)
    case .filters: try readFilters(&cursor)
    case .externalFiles:
      dataset.isExternal = true
      try readExternalFiles(&cursor)
    case .link:
      objects[index].kind = .group
      try readLink(&cursor, of: index, depth: depth)
    case .linkInfo:
      objects[index].kind = .group
      try readLinkInfo(&cursor, of: index, depth: depth)
    case .symbolTable:
      objects[index].kind = .group
      guard let tree = try cursor.address(offsetSize, "a tree"),
        let heap = try cursor.address(offsetSize, "a heap")
      else { return }
      try readSymbolTable(tree: tree, heap: heap, of: index, depth: depth)
    case .attribute: objects[index].attributes.append(try readAttribute(&cursor))
    case .attributeInfo: try readAttributeInfo(&cursor, of: index)
    case .sharedTable: observe(.notRead("a table of shared messages"), at: message.start)
    case .continuation: break
    }
  }

  /// The messages of the object header at an address, with those of its continuations.
  private mutating func readHeader(at address: Int) throws(MalformedBytes) -> [HDF5Message] {
    let start = HDF5Cursor(file, at: address)
    var probe = start
    guard try probe.take(4, "an object header").elementsEqual("OHDR".utf8) else {
      return try oldHeader(start)
    }
    return try newHeader(probe)
  }

  private mutating func oldHeader(_ start: HDF5Cursor) throws(MalformedBytes) -> [HDF5Message] {
    var cursor = start
    let version = try cursor.number(1, "a header version")
    guard version == 1 else {
      throw MalformedBytes(
        offset: start.address, expected: "an object header of version 1 or the letters OHDR",
        found: "version \(version)")
    }
    try cursor.skip(1, "a reserved byte")
    let total = try cursor.count(2, "a count of messages")
    try cursor.skip(4, "a reference count")
    let size = try cursor.count(4, "a header's size")
    try cursor.skip(4, "padding")
    var messages: [HDF5Message] = []
    var chunks = [(start: cursor.address, count: size)]
    var next = 0
    var count = 0
    while next < chunks.count {
      let chunk = chunks[next]
      next += 1
      var cursor = try part(chunk.start, chunk.count, "an object header's messages")
      while cursor.remaining >= 8, count < total {
        try step()
        count += 1
        let type = try cursor.count(2, "a message type")
        let size = try cursor.count(2, "a message's size")
        let flags = try cursor.number(1, "flags")
        try cursor.skip(3, "reserved bytes")
        let start = cursor.address
        try cursor.skip(size, "a message")
        try add(type, flags, start, cursor.address, to: &messages, &chunks)
      }
    }
    return messages
  }

  private mutating func newHeader(_ start: HDF5Cursor) throws(MalformedBytes) -> [HDF5Message] {
    var cursor = start
    let version = try cursor.number(1, "a header version")
    guard version == 2 else {
      throw MalformedBytes(
        offset: start.address, expected: "an object header of version 2", found: "version \(version)")
    }
    let flags = try cursor.number(1, "flags")
    if flags & 0x20 != 0 { try cursor.skip(16, "times") }
    if flags & 0x10 != 0 { try cursor.skip(4, "attribute limits") }
    let size = try cursor.count(1 << Int(flags & 3), "a header's size")
    let hasOrder = flags & 4 != 0
    var messages: [HDF5Message] = []
    var chunks = [(start: cursor.address, count: size)]
    var next = 0
    while next < chunks.count {
      var chunk = chunks[next]
      if next > 0 {
        // A continuation has letters before its messages and a checksum behind them.
        var letters = HDF5Cursor(file, at: chunk.start)
        try letters.expect("OCHK")
        chunk = (chunk.start + 4, max(0, chunk.count - 8))
      }
      next += 1
      var cursor = try part(chunk.start, chunk.count, "an object header's messages")
      while cursor.remaining >= (hasOrder ? 6 : 4) {
        try step()
        let type = try cursor.count(1, "a message type")
        let size = try cursor.count(2, "a message's size")
        let flags = try cursor.number(1, "flags")
        if hasOrder { try cursor.skip(2, "a creation order") }
        let start = cursor.address
        try cursor.skip(size, "a message")
        try add(type, flags, start, cursor.address, to: &messages, &chunks)
      }
    }
    return messages
  }

  private mutating func add(
    _ type: Int, _ flags: UInt64, _ start: Int, _ end: Int, to messages: inout [HDF5Message],
    _ chunks: inout [(start: Int, count: Int)]
  ) throws(MalformedBytes) {
    guard let kind = HDF5Message.Kind(rawValue: type) else { return }
    guard kind == .continuation else {
      messages.append(HDF5Message(kind: kind, isShared: flags & 2 != 0, start: start, end: end))
      return
    }
    var cursor = HDF5Cursor(file, at: start, end: end)
    guard let address = try cursor.address(offsetSize, "a continuation's address") else { return }
    let count = try cursor.count(lengthSize, "a continuation's length")
    guard !chunks.contains(where: { $0.start == address }) else {
      observe(.cycle(detail: "an object header continues where it has been before"), at: start)
      return
    }
    guard chunks.count < 4_096 else {
      observe(.budget(detail: "an object header has more than 4096 continuations"), at: start)
      return
    }
    chunks.append((address, count))
  }

  /// A cursor over `count` bytes at an address, which have to be in the file.
  func part(_ address: Int, _ count: Int, _ what: StaticString) throws(MalformedBytes) -> HDF5Cursor {
    let (end, overflow) = address.addingReportingOverflow(count)
    guard !overflow, end <= file.count else {
      throw MalformedBytes(
        offset: min(address, file.count), expected: "\(count) bytes of \(what) at address \(address)",
        found: "a file of \(file.count) bytes")
    }
    return HDF5Cursor(file, at: address, end: end)
  }
}
