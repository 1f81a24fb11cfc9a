import Encoding

/// Which names a node may use: those of its own graph so far, and those of the graphs around it.
///
/// Keeps, for each graph that is open, which of its nodes needs which other, so that nodes in a circle are
/// told from nodes that merely stand in another order than the standard asks for.
struct ONNXScope {
  /// How many names may be in use at once.
  static let nameLimit = 1_000_000
  /// How many uses of one node's value by another are kept.
  static let edgeLimit = 4_000_000
  /// How many uses of a name that nothing has made so far are kept.
  static let missingLimit = 100_000

  /// Where a name was made.
  struct Definition {
    /// How many graphs are around the one that made it.
    let depth: Int32
    /// The node that made it; -1 for inputs and initializers.
    let node: Int32
  }

  /// A name that is used before anything makes it.
  struct Missing {
    let hash: Int
    let name: ArraySlice<UInt8>
    let node: Int32
    let offset: Int
  }

  private struct Level {
    var hidden: [(hash: Int, definition: Definition?)] = []
    var edges: [(from: Int32, to: Int32)] = []
    var missing: [Missing] = []
    var node: Int32 = -1
  }

  private var visible: [Int: Definition] = [:]
  private var levels: [Level] = []
  private var edgeCount = 0
  private var missingCount = 0
  /// Whether names or uses were left out because of the limits.
  private(set) var isCut = false

  /// Goes into a graph.
  mutating func enter() { levels.append(Level()) }

  /// Says which node of the innermost graph is being read.
  mutating func setNode(_ node: Int32) {
    guard !levels.isEmpty else { return }
    levels[levels.count - 1].node = node
  }

  /// Makes a name; what made it before in the same graph, if anything did.
  mutating func define(_ hash: Int, node: Int32) -> Definition? {
    let depth = Int32(levels.count)
    let before = visible[hash]
    if let before, before.depth == depth { return before }
    guard visible.count < Self.nameLimit, !levels.isEmpty else {
      isCut = true
      return nil
    }
    visible[hash] = Definition(depth: depth, node: node)
    levels[levels.count - 1].hidden.append((hash, before))
    return nil
  }

  /// Uses a name.
  mutating func use(_ hash: Int, _ name: ArraySlice<UInt8>, at offset: Int) {
    guard let definition = visible[hash] else {
      guard missingCount < Self.missingLimit, !levels.isEmpty else {
        isCut = true
        return
      }
      missingCount += 1
      let level = levels.count - 1
      levels[level].missing.append(
        Missing(hash: hash, name: name, node: levels[level].node, offset: offset))
      return
    }
    guard definition.node >= 0 else { return }
    guard edgeCount < Self.edgeLimit else {
      isCut = true
      return
    }
    let level = Int(definition.depth) - 1
    guard levels.indices.contains(level) else { return }
    // A node of an inner graph stands for the outer node that it belongs to.
    levels[level].edges.append((definition.node, levels[level].node))
    edgeCount += 1
  }

  /// Leaves a graph of `nodeCount` nodes: whether nodes of it wait for each other, and which of the names that
  /// it used nothing has made, where there is no graph around it that still could.
  mutating func leave(nodeCount: Int32, isTop: Bool) -> (circle: Missing?, undefined: [Missing]) {
    guard var level = levels.popLast() else { return (nil, []) }
    var late: [Missing] = []
    var undefined: [Missing] = []
    let depth = Int32(levels.count + 1)
    for missing in level.missing {
      if let definition = visible[missing.hash], definition.depth == depth {
        late.append(missing)
        if definition.node >= 0, missing.node >= 0 { level.edges.append((definition.node, missing.node)) }
      } else {
        undefined.append(missing)
      }
    }
    for (hash, before) in level.hidden.reversed() { visible[hash] = before }
    edgeCount = max(0, edgeCount - level.edges.count)
    missingCount = max(0, missingCount - late.count)
    let circle =
      late.isEmpty || Self.canBeOrdered(level.edges, nodeCount: Int(nodeCount) + 1) ? nil : late.first
    if isTop || levels.isEmpty {
      missingCount = max(0, missingCount - undefined.count)
      return (circle, undefined)
    }
    let outer = levels.count - 1
    for missing in undefined {
      levels[outer].missing.append(
        Missing(hash: missing.hash, name: missing.name, node: levels[outer].node, offset: missing.offset))
    }
    return (circle, [])
  }

  /// Whether there is an order of the nodes in which each comes after those that it needs (Kahn, 1962).
  private static func canBeOrdered(_ edges: [(from: Int32, to: Int32)], nodeCount: Int) -> Bool {
    var waiting = [Int32](repeating: 0, count: nodeCount)
    var starts = [Int32](repeating: 0, count: nodeCount + 1)
    for edge in edges {
      let (from, to) = (Int(edge.from), Int(edge.to))
      guard waiting.indices.contains(to), waiting.indices.contains(from) else { return false }
      waiting[to] += 1
      starts[from + 1] += 1
    }
    for index in 0..<nodeCount { starts[index + 1] += starts[index] }
    var next = starts
    var targets = [Int32](repeating: 0, count: edges.count)
    for edge in edges {
      targets[Int(next[Int(edge.from)])] = edge.to
      next[Int(edge.from)] += 1
    }
    var ready = waiting.indices.filter { waiting[$0] == 0 }
    var done = 0
    while let node = ready.popLast() {
      done += 1
      for target in targets[Int(starts[node])..<Int(starts[node + 1])] {
        waiting[Int(target)] -= 1
        if waiting[Int(target)] == 0 { ready.append(Int(target)) }
      }
    }
    return done == nodeCount
  }
}
