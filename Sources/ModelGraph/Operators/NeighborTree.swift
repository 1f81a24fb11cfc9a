import Domain

/// A binary tree over points, every level of which halves them: what a k-d tree and a ball tree have in common.
///
/// Node `i` has the children `2 i + 1` and `2 i + 2`, of which the first takes the lesser half of its points. A node
/// without places for children, and one of a single point, is a leaf.
public struct NeighborTree: Equatable, Sendable {
  /// What encloses the points of each node.
  public enum Bounds: Equatable, Sendable {
    /// A box, by its least and greatest corner, a row a node.
    case boxes(least: ConstantMatrix, greatest: ConstantMatrix)
    /// A ball, by its centre, a row a node, and its radius.
    case balls(centers: ConstantMatrix, radii: [Double])
  }

  /// The points in the order in which nodes take them.
  public var order: [Int64]
  /// What encloses the points of each node.
  public var bounds: Bounds

  /// Puts order and bounds together.
  public init(order: [Int64], bounds: Bounds) {
    self.order = order
    self.bounds = bounds
  }

  /// How many nodes there are.
  public var nodeCount: Int {
    switch bounds {
    case .boxes(let least, _): least.rows
    case .balls(let centers, _): centers.rows
    }
  }

  /// The places in `order` that each node of a tree takes; empty ones for nodes below a leaf.
  public static func ranges(points: Int, nodes: Int) -> [Range<Int>] {
    var ranges = [Range<Int>](repeating: 0..<0, count: nodes)
    if nodes > 0 { ranges[0] = 0..<points }
    for node in ranges.indices where !isLeaf(node, ranges) {
      let range = ranges[node]
      let middle = range.lowerBound + range.count / 2
      ranges[2 * node + 1] = range.lowerBound..<middle
      ranges[2 * node + 2] = middle..<range.upperBound
    }
    return ranges
  }

  /// Whether a node has no children.
  public static func isLeaf(_ node: Int, _ ranges: [Range<Int>]) -> Bool {
    2 * node + 2 >= ranges.count || ranges[node].count < 2
  }

  init?(from reader: inout AttributeReader) throws(Problem) {
    switch try reader.stringIfPresent("tree") {
    case nil: return nil
    case "boxes":
      self.init(
        order: try reader.integers("places"),
        bounds: .boxes(least: try reader.matrix("least"), greatest: try reader.matrix("greatest")))
    case "balls":
      self.init(
        order: try reader.integers("places"),
        bounds: .balls(centers: try reader.matrix("centers"), radii: try reader.numbers("radii")))
    default: throw reader.malformed("tree", "'boxes', 'balls' or null")
    }
  }

  static func write(_ tree: NeighborTree?, to writer: inout AttributeWriter) {
    guard let tree else {
      writer.write(nil as String?, "tree")
      return
    }
    writer.write(tree.order, "places")
    switch tree.bounds {
    case .boxes(let least, let greatest):
      writer.write("boxes" as String?, "tree")
      writer.write(least.tensor, "least")
      writer.write(greatest.tensor, "greatest")
    case .balls(let centers, let radii):
      writer.write("balls" as String?, "tree")
      writer.write(centers.tensor, "centers")
      writer.write(radii, "radii")
    }
  }

  /// Establishes that each point has one place, and that there are bounds for each node.
  func check(
    points: ConstantMatrix, _ metric: DistanceMetric, _ operands: Operands
  ) throws(Problem) {
    try operands.expect(order, count: points.rows, "places")
    try operands.expectIndices(order, below: points.rows, "places")
    guard Set(order).count == order.count else {
      throw operands.problem("tree", "expected each point once in 'places' of '\(operands.node)'")
    }
    let shape = [nodeCount, points.columns]
    // A full tree, of not more nodes than leave half the leaves a point: asked first, since bounds without columns may
    // claim any number of rows.
    guard nodeCount > 0, nodeCount <= 4 * points.rows, (nodeCount + 1) & nodeCount == 0 else {
      throw operands.problem(
        "tree", "expected as many nodes as a full tree has in '\(operands.node)', found \(nodeCount)")
    }
    switch bounds {
    case .boxes(let least, let greatest):
      try operands.expect(least.tensor, shape: shape, "least")
      try operands.expect(greatest.tensor, shape: shape, "greatest")
      guard [.euclidean, .manhattan, .chebyshev, .minkowski].contains(metric.name) else {
        throw operands.problem(
          "tree", "expected a Minkowski metric for the boxes of '\(operands.node)', found another")
      }
    case .balls(let centers, let radii):
      try operands.expect(centers.tensor, shape: shape, "centers")
      try operands.expect(radii, count: nodeCount, "radii")
    }
    guard metric.expansion == .none else {
      throw operands.problem("tree", "expected no expansion beside the tree of '\(operands.node)'")
    }
  }
}
