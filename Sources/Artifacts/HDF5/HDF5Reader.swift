import Encoding

/// Walks an HDF5 file from its root group, each object once.
///
/// Breadth first with a queue of its own: nothing here recurses over what the file says.
struct HDF5Reader {
  /// An object that a link named and that is still to be read.
  struct Waiting {
    let address: Int
    /// Where its name stands.
    let name: Range<Int>
    let parent: Int?
    let depth: Int
  }

  /// How deep groups may nest.
  static let depthLimit = 256
  /// How many messages, links, attributes and strings there may be in all.
  static let workLimit = 1_000_000
  /// How many objects are kept.
  static let objectLimit = 200_000

  /// The file from its superblock on; addresses count from there.
  let file: ArraySlice<UInt8>
  /// Where the superblock stands.
  let base: Int
  let budget: ReadingBudget
  var offsetSize = 8
  var lengthSize = 8
  var objects: [HDF5Object] = []
  private(set) var observations: [HDF5Observation] = []
  var waiting: [Waiting] = []
  /// The object that stands at an address, once it was seen.
  var indices: [Int: Int] = [:]
  /// The group that an object was first reached from.
  var parents: [Int?] = []
  /// The nodes of trees that were read.
  var nodes: Set<Int> = []
  /// The strings of a global heap collection, by their number.
  var collections: [Int: [Int: Range<Int>]] = [:]
  private var superblockExtension: Int?
  private var work = 0
  private var isFull = false
  /// The tree and the heap of the root group that the superblock keeps a copy of.
  var cachedRoot: (tree: Int, heap: Int)?
  /// The path that observations are about.
  var path = "/"

  init(_ bytes: ArraySlice<UInt8>, from start: Int, budget: ReadingBudget) {
    file = bytes.dropFirst(start)
    base = start
    self.budget = budget
  }

  /// Reads everything that can be reached.
  consuming func run() -> HDF5File {
    do throws(MalformedBytes) {
      try readSuperblock()
    } catch {
      observe(error)
    }
    var next = 0
    while next < waiting.count, work < Self.workLimit {
      let item = waiting[next]
      next += 1
      read(item)
      if next >= 4_096 {
        waiting.removeFirst(next)
        next = 0
      }
    }
    return HDF5File(objects: objects, observations: observations, userBlockCount: base)
  }

  private mutating func read(_ item: Waiting) {
    path = item.parent.map { child(name(item.name), of: objects[$0].path) } ?? "/"
    if let known = indices[item.address] {
      // A group may be reached by several paths, but not from inside itself.
      var group = item.parent
      for _ in 0...Self.depthLimit {
        guard let index = group else { return }
        if index == known {
          observe(.cycle(detail: "a group is linked from inside itself"), at: item.address)
          return
        }
        group = parents[index]
      }
      return
    }
    guard item.depth <= Self.depthLimit else {
      observe(.depth(detail: "groups nest more than \(Self.depthLimit) deep"), at: item.address)
      return
    }
    let index = objects.count
    guard index < Self.objectLimit else {
      if !isFull { observe(.budget(detail: "more than \(Self.objectLimit) objects"), at: item.address) }
      isFull = true
      return
    }
    indices[item.address] = index
    parents.append(item.parent)
    objects.append(HDF5Object(path: path, kind: .other, attributes: []))
    do throws(MalformedBytes) {
      try readObject(index, at: item.address, depth: item.depth)
    } catch {
      observe(error)
    }
  }

  /// Counts a step of work; throws past the limit, which ends the walk.
  mutating func step() throws(MalformedBytes) {
    work += 1
    guard work <= Self.workLimit else {
      if work == Self.workLimit + 1 {
        observe(
          .budget(detail: "more than \(Self.workLimit) messages, links and strings"), at: 0)
      }
      throw MalformedBytes(offset: 0, expected: "", found: "")
    }
  }

  /// Notes a link to an object of this file.
  mutating func link(_ name: ArraySlice<UInt8>, to address: Int, from parent: Int, depth: Int) {
    let range = (name.startIndex - file.startIndex)..<(name.endIndex - file.startIndex)
    waiting.append(Waiting(address: address, name: range, parent: parent, depth: depth + 1))
  }

  private func name(_ range: Range<Int>) -> ArraySlice<UInt8> {
    file[(file.startIndex + range.lowerBound)..<(file.startIndex + range.upperBound)]
  }

  /// The path of a child, cut where it is absurdly long.
  func child(_ name: ArraySlice<UInt8>, of parent: String) -> String {
    let parent = parent.utf8.count > 120 ? String(parent.prefix(120)) + "…" : parent
    let text = String(decoding: name.prefix(60), as: UTF8.self)
    return parent == "/" ? "/" + text : "\(parent)/\(text)"
  }

  /// Notes something odd.
  mutating func observe(_ kind: HDF5Observation.Kind, at address: Int) {
    guard observations.count < budget.observations else { return }
    observations.append(HDF5Observation(kind: kind, offset: base + address, path: path))
  }

  /// Notes damage; past the limit of work there was none.
  mutating func observe(_ error: MalformedBytes) {
    guard work <= Self.workLimit else { return }
    observe(.malformed(expected: error.expected, found: error.found), at: error.offset)
  }
}

extension HDF5Reader {
  private mutating func readSuperblock() throws(MalformedBytes) {
    var cursor = HDF5Cursor(file, at: HDF5File.signature.count)
    let version = try cursor.number(1, "a superblock version")
    guard version <= 3 else {
      throw MalformedBytes(offset: 8, expected: "a superblock of version 0 to 3", found: "version \(version)")
    }
    let root = version < 2 ? try oldSuperblock(&cursor, version) : try newSuperblock(&cursor)
    guard let root else {
      throw MalformedBytes(
        offset: cursor.address, expected: "the address of the root group", found: "the undefined address")
    }
    waiting.append(Waiting(address: root, name: 0..<0, parent: nil, depth: 0))
    if let more = superblockExtension {
      waiting.append(Waiting(address: more, name: 0..<0, parent: nil, depth: 0))
    }
    // libhdf5 looks into the cached tree of the root where the header names none.
    guard version < 2 else { return }
    let cacheType = try cursor.number(4, "a cache type")
    try cursor.skip(4, "a reserved word")
    guard cacheType == 1, let tree = try cursor.address(offsetSize, "a tree"),
      let heap = try cursor.address(offsetSize, "a heap")
    else { return }
    cachedRoot = (tree, heap)
  }

  private mutating func oldSuperblock(_ cursor: inout HDF5Cursor, _ version: UInt64) throws(MalformedBytes)
    -> Int?
  {
    try cursor.skip(4, "versions")
    try readSizes(&cursor)
    try cursor.skip(1 + 4 + 4, "group sizes")
    if version == 1 { try cursor.skip(4, "index sizes") }
    let stated = try cursor.address(offsetSize, "a base address") ?? 0
    try cursor.skip(offsetSize, "the free space's address")
    try checkEnd(try cursor.address(offsetSize, "the end of the file"), stated)
    try cursor.skip(offsetSize, "the driver information's address")
    try cursor.skip(offsetSize, "the root's name")
    return try cursor.address(offsetSize, "the root's address")
  }

  private mutating func newSuperblock(_ cursor: inout HDF5Cursor) throws(MalformedBytes) -> Int? {
    try readSizes(&cursor)
    try cursor.skip(1, "flags")
    let stated = try cursor.address(offsetSize, "a base address") ?? 0
    let more = try cursor.address(offsetSize, "the superblock extension's address")
    try checkEnd(try cursor.address(offsetSize, "the end of the file"), stated)
    let root = try cursor.address(offsetSize, "the root's address")
    superblockExtension = more
    return root
  }

  private mutating func readSizes(_ cursor: inout HDF5Cursor) throws(MalformedBytes) {
    let start = cursor.address
    offsetSize = try cursor.count(1, "the size of addresses")
    lengthSize = try cursor.count(1, "the size of lengths")
    for size in [offsetSize, lengthSize] where ![2, 4, 8].contains(size) {
      throw MalformedBytes(offset: start, expected: "a size of 2, 4 or 8 bytes", found: "\(size)")
    }
  }

  /// The library takes the place of the superblock for the base address, whatever the file states.
  private mutating func checkEnd(_ stated: Int?, _ statedBase: Int) throws(MalformedBytes) {
    if statedBase != base {
      observe(.notRead("a base address of \(statedBase) with the superblock at byte \(base)"), at: 0)
    }
    guard let stated, stated >= statedBase else {
      throw MalformedBytes(
        offset: 0, expected: "the address of the end of the file", found: "none after the superblock")
    }
    let count = stated - statedBase
    if count > file.count {
      observe(
        .malformed(expected: "a file of \(count) bytes", found: "\(file.count) bytes"), at: file.count)
    } else if count < file.count {
      observe(.trailingBytes(count: file.count - count), at: count)
    }
  }
}
