import CKernels
import ModelGraph

/// Lays checked trees out as `CKernels` describes: to be walked, and small ones to be tested whole as well.
///
/// Whatever a kernel relies on holds because of the graph's check: a child comes after its parent, in its tree.
struct TreePacker {
  private let ensemble: TreeEnsemble
  /// Whether nodes and columns have 8 bytes for a number.
  private(set) var isWide = false
  private(set) var columns = [gatehouse_column(feature: 0, kind: UInt32(GATEHOUSE_COLUMN_ZERO))]
  private(set) var trees: [gatehouse_tree] = []
  private(set) var nodes: [UInt64] = []
  private(set) var sets: [UInt64] = []
  private(set) var values: [Double] = []
  private(set) var tests32: [gatehouse_test32] = []
  private(set) var tests64: [gatehouse_test64] = []
  private(set) var leaves: [Double] = []
  private(set) var leafPlaces = 0
  private(set) var leafLimit = 0
  let leafOutputs: Int

  /// The place of the column for each feature that is looked at, by its kind, `ColumnKind`.
  private var columnPlaces: [ColumnPlaces]
  /// What stands at the place of the threshold for each set of categories, by where missing elements go.
  private var setPlaces: [[UInt64]]
  private var distinctValues: DistinctValues
  /// The row of the ensemble's leaves for each node of the tree at hand.
  private var leafRows: [Int] = []
  private var leafCount = 0

  /// The most sums that are kept column by column while trees are tested.
  private static let mostTestedOutputs = 64
  private static let mostNarrowColumn = 8191
  private static let mostNarrowNodes = 65_536

  private enum ColumnKind: Int {
    case missingRight, missingLeft, category
  }

  init(_ ensemble: TreeEnsemble, makesTests: Bool) {
    self.ensemble = ensemble
    self.leafOutputs = ensemble.leaves.columns
    let features = Int(ensemble.feature.max() ?? 0) + 1
    self.columnPlaces = Array(
      repeating: ColumnPlaces(features: features, nodes: ensemble.left.count), count: 3)
    self.setPlaces = Array(
      repeating: Array(repeating: 0, count: ensemble.categories?.starts.count ?? 0), count: 2)
    self.distinctValues = DistinctValues(width: ensemble.leaves.columns)
    makeColumns()
    let largest = ensemble.roots.indices.reduce(0) { max($0, nodeRange($1).count) }
    self.isWide =
      !ensemble.comparesSingles || ensemble.categories != nil || columns.count - 1 > Self.mostNarrowColumn
      || largest > Self.mostNarrowNodes
    // A tree of n leaves has 2n − 1 nodes.
    if makesTests { decideOnTests(mostLeaves: (largest + 1) / 2) }
    pack()
  }

  private mutating func decideOnTests(mostLeaves: Int) {
    guard ensemble.outputs <= Self.mostTestedOutputs, mostLeaves <= 64, ensemble.categories == nil,
      ensemble.aggregate == .sum || ensemble.aggregate == .sumOfSingles
    else { return }
    let limit = mostLeaves <= 16 ? 16 : mostLeaves <= 32 ? 32 : 64
    // Where most trees are much smaller than the largest, the table would be mostly empty.
    guard limit * ensemble.roots.count <= 8 * ensemble.leaves.rows + 4096,
      limit * ensemble.roots.count <= UInt32.max
    else { return }
    leafLimit = limit
    leafPlaces = limit * ensemble.roots.count
    leaves = Array(repeating: 0, count: leafPlaces * leafOutputs)
  }

  private func nodeRange(_ tree: Int) -> Range<Int> {
    let end = tree + 1 < ensemble.roots.count ? Int(ensemble.roots[tree + 1]) : ensemble.left.count
    return Int(ensemble.roots[tree])..<end
  }

  // MARK: - Columns

  private mutating func makeColumns() {
    for node in ensemble.left.indices where ensemble.left[node] >= 0 {
      let kind = columnKind(node)
      let feature = Int(ensemble.feature[node])
      guard columnPlaces[kind.rawValue][feature] == 0 else { continue }
      columnPlaces[kind.rawValue].set(feature, to: UInt32(columns.count))
      let number =
        switch kind {
        case .missingRight: GATEHOUSE_COLUMN_MISSING_RIGHT
        case .missingLeft: GATEHOUSE_COLUMN_MISSING_LEFT
        case .category:
          ensemble.categories?.truncates ?? false
            ? GATEHOUSE_COLUMN_CATEGORY : GATEHOUSE_COLUMN_WHOLE_CATEGORY
        }
      columns.append(gatehouse_column(feature: UInt32(feature), kind: UInt32(number)))
    }
  }

  private func columnKind(_ node: Int) -> ColumnKind {
    if set(of: node) != nil { return .category }
    return ensemble.missingLeft[node] ? .missingLeft : .missingRight
  }

  private func column(_ node: Int) -> UInt64 {
    UInt64(columnPlaces[columnKind(node).rawValue][Int(ensemble.feature[node])])
  }

  private func set(of node: Int) -> Int? {
    guard let categories = ensemble.categories, categories.nodes[node] >= 0 else { return nil }
    return Int(categories.nodes[node])
  }

  /// Where the bits of a set begin among all sets, and how many there are: the side of what is missing, a bit a
  /// category, and the right side for all else.
  ///
  /// A set that many nodes ask for is laid down once for each side.
  private mutating func place(ofSet set: Int, missingLeft: Bool, _ categories: TreeCategories) -> UInt64 {
    let side = missingLeft ? 1 : 0
    if setPlaces[side][set] != 0 { return setPlaces[side][set] }
    let words = categories.words[Int(categories.starts[set])..<Int(categories.starts[set + 1])]
    var carried: UInt64 = missingLeft ? 1 : 0
    let start = sets.count
    for word in words {
      sets.append(word << 1 | carried)
      carried = word >> 63
    }
    sets.append(carried)
    let place = UInt64(start) | UInt64(words.count * 64 + 2) << 32
    setPlaces[side][set] = place
    return place
  }

  // MARK: - Nodes

  private mutating func pack() {
    nodes.reserveCapacity(ensemble.left.count * (isWide ? 2 : 1))
    trees.reserveCapacity(ensemble.roots.count)
    var root = 0
    for tree in ensemble.roots.indices {
      let range = nodeRange(tree)
      let firstTest = isWide ? tests64.count : tests32.count
      countLeaves(range)
      let depth = packNodes(range)
      if leafLimit > 0 { packTests(range, tree: tree) }
      trees.append(
        gatehouse_tree(
          root: UInt32(root), depth: depth, target: UInt32(ensemble.targets?[tree] ?? 0),
          first_test: UInt32(firstTest),
          test_count: UInt32((isWide ? tests64.count : tests32.count) - firstTest),
          first_leaf: UInt32(tree * leafLimit)))
      root += range.count
    }
    values = distinctValues.values
  }

  private mutating func countLeaves(_ range: Range<Int>) {
    leafRows.removeAll(keepingCapacity: true)
    for node in range {
      leafRows.append(leafCount)
      if ensemble.left[node] < 0 { leafCount += 1 }
    }
  }

  /// Appends the nodes of a tree level by level, siblings side by side, and gives its depth.
  private mutating func packNodes(_ range: Range<Int>) -> UInt32 {
    // The nodes in the order of their places, and the place at which the level at hand ends.
    var order = [range.lowerBound]
    order.reserveCapacity(range.count)
    var depth: UInt32 = 0
    var levelEnd = 1
    var place = 0
    while place < order.count {
      if place == levelEnd {
        depth += 1
        levelEnd = order.count
      }
      let node = order[place]
      if ensemble.left[node] < 0 {
        let number = number(ofLeaf: leafRows[node - range.lowerBound])
        appendNode(threshold: UInt64(number), column: 0, child: UInt64(place))
      } else {
        appendInnerNode(node, child: UInt64(order.count))
        order.append(Int(ensemble.left[node]))
        order.append(Int(ensemble.right[node]))
      }
      place += 1
    }
    return depth
  }

  private mutating func appendInnerNode(_ node: Int, child: UInt64) {
    if let set = set(of: node), let categories = ensemble.categories {
      let place = place(ofSet: set, missingLeft: ensemble.missingLeft[node], categories)
      // The mark of a set is the highest of 31 + 1 bits.
      nodes.append(place)
      nodes.append(column(node) * 8 | 1 << 31 | child << 32)
    } else {
      appendNode(threshold: threshold(node), column: column(node), child: child)
    }
  }

  private mutating func appendNode(threshold: UInt64, column: UInt64, child: UInt64) {
    if isWide {
      nodes.append(threshold)
      nodes.append(column * 8 | child << 32)
    } else {
      nodes.append(threshold | column * 8 << 32 | child << 48)
    }
  }

  private mutating func number(ofLeaf row: Int) -> Int {
    distinctValues.number(of: ensemble.leaves.elements, at: row * leafOutputs, asSingles: addsSingles)
  }

  private var addsSingles: Bool { ensemble.aggregate == .sumOfSingles }

  /// The threshold in the order of the columns.
  private func threshold(_ node: Int) -> UInt64 {
    let threshold = ensemble.threshold[node]
    guard !isWide else {
      let bits = (threshold + 0).bitPattern
      return bits ^ (threshold < 0 ? .max : 1 << 63)
    }
    // The greatest single-precision number not above it decides every single-precision element the same way.
    let nearest = Float(threshold)
    let single = (Double(nearest) > threshold ? nearest.nextDown : nearest) + 0
    return UInt64(single.bitPattern ^ (single < 0 ? .max : 1 << 31))
  }

  // MARK: - Tests

  /// Appends the tests of a tree of at most 64 leaves and the values of its leaves, from left to right.
  private mutating func packTests(_ range: Range<Int>, tree: Int) {
    let first = range.lowerBound
    var leafCounts = [Int](repeating: 1, count: range.count)
    for node in range.reversed() where ensemble.left[node] >= 0 {
      leafCounts[node - first] =
        leafCounts[Int(ensemble.left[node]) - first] + leafCounts[Int(ensemble.right[node]) - first]
    }
    var firstLeaves = [Int](repeating: 0, count: range.count)
    for node in range {
      let leaf = firstLeaves[node - first]
      guard ensemble.left[node] >= 0 else {
        for output in 0..<leafOutputs {
          let value = ensemble.leaves.elements[leafRows[node - first] * leafOutputs + output]
          leaves[output * leafPlaces + tree * leafLimit + leaf] = addsSingles ? Double(Float(value)) : value
        }
        continue
      }
      let left = Int(ensemble.left[node])
      firstLeaves[left - first] = leaf
      firstLeaves[Int(ensemble.right[node]) - first] = leaf + leafCounts[left - first]
      // Leaf 0 in the highest bit; a left side has at most 63 leaves.
      let leftLeaves: UInt64 = (1 << UInt64(leafCounts[left - first])) - 1
      let remaining = ~(leftLeaves << UInt64(64 - leaf - leafCounts[left - first]))
      let place = column(node) * UInt64(GATEHOUSE_COLUMN_BYTES)
      if isWide {
        tests64.append(gatehouse_test64(threshold: threshold(node), remaining: remaining, column: place))
      } else {
        tests32.append(
          gatehouse_test32(
            threshold: UInt32(threshold(node)), column: UInt32(place),
            remaining: (UInt32(remaining >> 32), UInt32(truncatingIfNeeded: remaining))))
      }
    }
  }
}

/// The place of a column for each feature; 0 is none.
///
/// A table where there are about as many nodes as features, and otherwise a dictionary, so that a stump of many
/// features takes little room.
private enum ColumnPlaces {
  case table([UInt32])
  case sparse([Int: UInt32])

  init(features: Int, nodes: Int) {
    self = features <= 4096 + 4 * nodes ? .table(Array(repeating: 0, count: features)) : .sparse([:])
  }

  subscript(feature: Int) -> UInt32 {
    switch self {
    case .table(let places): places[feature]
    case .sparse(let places): places[feature] ?? 0
    }
  }

  mutating func set(_ feature: Int, to place: UInt32) {
    switch self {
    case .table(var places):
      self = .sparse([:])
      places[feature] = place
      self = .table(places)
    case .sparse(var places):
      self = .sparse([:])
      places[feature] = place
      self = .sparse(places)
    }
  }
}

/// Rows of numbers, each bit pattern kept once as far as that is soon found: the leaves of classifiers repeat
/// themselves, and a small table of them stays in the cache.
private struct DistinctValues {
  let width: Int
  private(set) var values: [Double] = []
  /// The number of a row and 1, at the place of its hash or soon after; 0 is empty.
  private var places: [UInt32] = Array(repeating: 0, count: 1 << 16)
  private var count = 0

  /// After so many places a row is kept again: whoever chooses the rows cannot make this slow.
  private static let mostProbes = 8

  init(width: Int) {
    self.width = width
  }

  /// The number of the row at `start` of `elements`, rounded to single precision where the sums are.
  mutating func number(of elements: [Double], at start: Int, asSingles: Bool) -> Int {
    if count * 2 > places.count { grow() }
    let end = values.count
    for index in start..<(start + width) {
      values.append(asSingles ? Double(Float(elements[index])) : elements[index])
    }
    var place = hash(end)
    for _ in 0..<Self.mostProbes {
      let entry = Int(places[place])
      if entry == 0 { break }
      if isSame((entry - 1) * width, end) {
        values.removeLast(width)
        return entry - 1
      }
      place = (place + 1) & (places.count - 1)
    }
    count += 1
    places[place] = UInt32(count)
    return count - 1
  }

  private func isSame(_ first: Int, _ second: Int) -> Bool {
    for index in 0..<width where values[first + index].bitPattern != values[second + index].bitPattern {
      return false
    }
    return true
  }

  private func hash(_ start: Int) -> Int {
    var hash: UInt64 = 0
    for index in start..<(start + width) {
      hash = (hash ^ values[index].bitPattern) &* 0x9E37_79B9_7F4A_7C15
      hash ^= hash >> 32
    }
    return Int(truncatingIfNeeded: hash) & (places.count - 1)
  }

  private mutating func grow() {
    places = Array(repeating: 0, count: places.count * 4)
    for row in 0..<count {
      var place = hash(row * width)
      var probes = 0
      while places[place] != 0, probes < Self.mostProbes {
        place = (place + 1) & (places.count - 1)
        probes += 1
      }
      places[place] = UInt32(row + 1)
    }
  }
}
