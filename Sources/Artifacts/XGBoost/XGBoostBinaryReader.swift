import Encoding

/// Reads the binary form, which XGBoost wrote up to 2.x: C structures one after another, little-endian.
struct XGBoostBinaryReader {
  /// The parameters of the learner, with room for later ones.
  static let headerLength = 136
  static let boosters: Set<String> = ["gbtree", "gblinear", "dart"]
  /// The parameters of a booster of trees, of one tree, and the records of a node and its statistics.
  private static let boosterLength = 160
  private static let treeLength = 148
  private static let linearLength = 136
  private static let nodeLength = 20
  private static let statisticLength = 16

  private var reader: ByteReader
  private var faults = ModelFaults()
  private var totals = XGBoostTotals()
  private var parameters = XGBoostParameters()
  private var forest: [XGBoostNodes] = []
  private let keepsTrees: Bool
  private var hasAttributes = false

  init(_ bytes: ArraySlice<UInt8>, keepsTrees: Bool) {
    reader = ByteReader(bytes)
    self.keepsTrees = keepsTrees
  }

  /// A name with its length in 64 bits before it.
  static func name(_ reader: inout ByteReader, _ what: String) throws(MalformedBytes) -> String {
    let length = try reader.readLittleEndian(UInt64.self, "the length of \(what)")
    guard length > 0, length <= 64 else {
      throw MalformedBytes(
        offset: reader.offset - 8, expected: "the name of \(what)", found: "a length of \(length)")
    }
    let bytes = try reader.read(Int(length), what)
    guard bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw MalformedBytes(
        offset: reader.offset - Int(length), expected: "the name of \(what)", found: "other bytes")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func read() -> XGBoostModel {
    var hasBooster = false
    var isWhole = false
    do throws(MalformedBytes) {
      let booster = try learner()
      hasBooster = true
      if booster == "gblinear" {
        try linear()
      } else {
        try trees(isDropping: booster == "dart")
      }
      try attributes()
      isWhole = true
    } catch {
      faults.add(ModelFault(error))
    }
    if hasBooster { totals.check(&faults, isWhole: isWhole) }
    if faults.list.isEmpty { parameters.take(totals) }
    return XGBoostModel(
      form: .binary, hasBooster: hasBooster, treeCount: totals.treeCount, faults: faults.list,
      parameters: parameters, forest: forest)
  }

  private mutating func int32(_ what: String) throws(MalformedBytes) -> Int64 {
    Int64(try reader.readLittleEndian(Int32.self, what))
  }

  private mutating func learner() throws(MalformedBytes) -> String {
    if reader.bytes.starts(with: "binf".utf8) { _ = try reader.read(4, "the magic") }
    var header = ByteReader(try reader.read(Self.headerLength, "the parameters of the learner"))
    let baseScore = Float(bitPattern: try header.readLittleEndian(UInt32.self, "the base score"))
    totals.featureCount = Int64(try header.readLittleEndian(UInt32.self, "the number of features"))
    totals.classCount = Int64(try header.readLittleEndian(Int32.self, "the number of classes"))
    hasAttributes = try header.readLittleEndian(Int32.self, "whether attributes follow") != 0
    _ = try header.read(4, "whether metrics follow")
    let major = try header.readLittleEndian(UInt32.self, "the version")
    let minor = try header.readLittleEndian(UInt32.self, "the version")
    totals.targetCount = Int64(try header.readLittleEndian(Int32.self, "the number of targets"))
    parameters.baseScores = [baseScore]
    // Before 1.0 the place of the version is zero, and the base score is a margin already.
    parameters.version = [Int(major), Int(minor)]
    parameters.hasMargin = major == 0
    parameters.objective = try Self.name(&reader, "an objective")
    let start = reader.offset
    let booster = try Self.name(&reader, "a booster")
    guard Self.boosters.contains(booster) else {
      throw MalformedBytes(
        offset: start, expected: "the name of a booster", found: "'\(booster.escaped(limit: 40))'")
    }
    parameters.booster = booster
    return booster
  }

  /// Reads what follows the booster: names and texts, as `set_attr` took them.
  private mutating func attributes() throws(MalformedBytes) {
    guard keepsTrees, hasAttributes else { return }
    let count = try reader.readLittleEndian(UInt64.self, "the number of attributes")
    guard count <= UInt64(reader.remaining / 16) else {
      throw MalformedBytes(
        offset: reader.offset - 8, expected: "attributes in the \(reader.remaining) bytes left",
        found: "\(count)")
    }
    for _ in 0..<Int(count) {
      let name = try text("the name of an attribute")
      parameters.attributes[name] = try text("an attribute")
    }
  }

  private mutating func text(_ what: String) throws(MalformedBytes) -> String {
    let length = try reader.readLittleEndian(UInt64.self, "the length of \(what)")
    guard length <= UInt64(reader.remaining) else {
      throw MalformedBytes(
        offset: reader.offset - 8, expected: "\(what) in the \(reader.remaining) bytes left",
        found: "a length of \(length)")
    }
    return String(decoding: try reader.read(Int(length), what), as: UTF8.self)
  }

  private mutating func linear() throws(MalformedBytes) {
    _ = try reader.read(Self.linearLength, "the parameters of a linear booster")
    let start = reader.offset
    totals.weights = try floats("the weights")
    if keepsTrees { parameters.weights = singles(from: start + 8) }
  }

  /// Reads over a list of floats with its length in 64 bits before it.
  private mutating func floats(_ what: String) throws(MalformedBytes) -> XGBoostNumbers {
    var numbers = XGBoostNumbers()
    numbers.offset = reader.offset
    let length = try reader.readLittleEndian(UInt64.self, "the length of \(what)")
    guard length <= UInt64(reader.remaining / 4) else {
      throw MalformedBytes(
        offset: numbers.offset, expected: "\(what) in the \(reader.remaining) bytes left",
        found: "a length of \(length)")
    }
    _ = try reader.read(Int(length) * 4, what)
    numbers.count = Int(length)
    return numbers
  }

  /// The numbers from an offset to where reading has come.
  private func singles(from start: Int) -> [Float] {
    let bytes = reader.bytes
    let first = bytes.startIndex + start
    return stride(from: first, to: bytes.startIndex + reader.offset - 3, by: 4).map {
      Float(bitPattern: UInt32(littleEndianBytes: bytes[$0..<($0 + 4)]))
    }
  }

  private mutating func trees(isDropping: Bool) throws(MalformedBytes) {
    let start = reader.offset
    let count = try int32("the number of trees")
    _ = try reader.read(Self.boosterLength - 4, "the parameters of a booster")
    guard count >= 0, count <= Int64(reader.remaining / (Self.treeLength + Self.nodeLength)) else {
      totals.declaredTrees = nil
      throw MalformedBytes(
        offset: start, expected: "trees that fit into the \(reader.remaining) bytes left", found: "\(count)")
    }
    totals.declaredTrees = count
    for number in 0..<Int(count) { try tree(number) }
    guard count > 0 else { return }
    var groups = XGBoostNumbers()
    groups.offset = reader.offset
    for _ in 0..<count {
      let group = try int32("the output of a tree")
      groups.add(group)
      if keepsTrees { parameters.groups.append(Int32(clamping: group)) }
    }
    totals.groups = groups
    if isDropping {
      let start = reader.offset
      totals.dropped = try floats("the weights of dropped trees")
      if keepsTrees { parameters.treeWeights = singles(from: start + 8) }
    }
  }

  private mutating func tree(_ number: Int) throws(MalformedBytes) {
    let start = reader.offset
    _ = try int32("the number of roots")
    let count = try int32("the number of nodes")
    _ = try reader.read(12, "the parameters of a tree")
    let leafLength = try int32("the length of a leaf")
    _ = try reader.read(Self.treeLength - 24, "the parameters of a tree")
    guard count > 0, count <= Int64(reader.remaining / (Self.nodeLength + Self.statisticLength)) else {
      throw MalformedBytes(
        offset: start, expected: "nodes that fit into the \(reader.remaining) bytes left", found: "\(count)")
    }
    let nodes = try reader.read(Int(count) * Self.nodeLength, "the nodes")
    _ = try reader.read(Int(count) * Self.statisticLength, "the statistics of the nodes")
    // 2.x writes 1 where the leaves are plain numbers.
    if leafLength > 1 { _ = try floats("the leaf vectors") }
    totals.treeCount += 1
    let known = faults.list.count
    check(nodes, count: Int(count), number: number, at: start)
    guard keepsTrees, known == faults.list.count else { return }
    guard leafLength <= 1 else {
      // No version that writes this form makes them.
      return faults.add(
        .structure, "expected leaves of one number in tree \(number), found \(leafLength)", at: start)
    }
    forest.append(Self.nodes(nodes, count: Int(count)))
  }

  /// The fields of a tree's nodes.
  private static func nodes(_ bytes: ArraySlice<UInt8>, count: Int) -> XGBoostNodes {
    func field(_ node: Int, _ place: Int) -> UInt32 {
      let first = bytes.startIndex + node * nodeLength + place * 4
      return UInt32(littleEndianBytes: bytes[first..<(first + 4)])
    }
    var nodes = XGBoostNodes()
    for node in 0..<count {
      let isLeaf = field(node, 1) == .max
      nodes.left.append(isLeaf ? -1 : Int32(bitPattern: field(node, 1)))
      nodes.right.append(isLeaf ? -1 : Int32(bitPattern: field(node, 2)))
      nodes.feature.append(isLeaf ? 0 : Int32(bitPattern: field(node, 3) & 0x7FFF_FFFF))
      nodes.missingLeft.append(!isLeaf && field(node, 3) >> 31 != 0)
      nodes.values.append(Float(bitPattern: field(node, 4)))
    }
    return nodes
  }

  private mutating func check(_ nodes: ArraySlice<UInt8>, count: Int, number: Int, at start: Int) {
    func field(_ node: Int, _ place: Int) -> UInt32 {
      let first = nodes.startIndex + node * Self.nodeLength + place * 4
      return UInt32(littleEndianBytes: nodes[first..<(first + 4)])
    }
    var highest: Int64 = -1
    var stray: (node: Int, parent: UInt32)?
    do throws(TreeViolation) {
      try TreeStructure.check(tree: number, count: count, features: Int(Int32.max)) { node in
        let left = Int64(Int32(bitPattern: field(node, 1)))
        let right = Int64(Int32(bitPattern: field(node, 2)))
        let isDeleted = field(node, 3) == .max
        if left == -1, right == -1 || isDeleted { return isDeleted && node > 0 ? .unused : .leaf }
        // The highest bit says where rows without a value go.
        let feature = Int64(field(node, 3) & 0x7FFF_FFFF)
        highest = max(highest, feature)
        for child in [left, right] where child >= 0 && child < count {
          let parent = field(Int(child), 0) & 0x7FFF_FFFF
          if parent != UInt32(clamping: node) { stray = stray ?? (Int(child), parent) }
        }
        return .split(left: left, right: right, feature: feature)
      }
    } catch {
      return faults.add(ModelFault(error, at: start))
    }
    if highest > totals.highestFeature?.feature ?? -1 { totals.highestFeature = (highest, number) }
    if let stray {
      faults.add(
        .structure,
        "expected the parent of node \(stray.node) of tree \(number) to point at it, found parent \(stray.parent)",
        at: start)
    }
  }
}
