import Domain
import ModelGraph
import Testing

/// What a graph from anybody must not get past.
@Suite struct NeighborsTests {
  private static let points = ConstantMatrix([0, 0, 1, 0, 0, 1, 1, 1], rows: 4, columns: 2) ?? .empty
  private static let answer = NeighborAnswer.votes(labels: [0, 1, 0, 1], classes: [2], outliers: [-1])
  private static let tree = NeighborTree(
    order: [0, 2, 1, 3],
    bounds: .balls(
      centers: ConstantMatrix([0.5, 0.5, 0, 0.5, 1, 0.5], rows: 3, columns: 2) ?? .empty,
      radii: [1, 0.5, 0.5]))

  private static func neighbors(
    count: Int = 2, tree: NeighborTree? = nil, answer: NeighborAnswer = answer,
    metric: DistanceMetric = DistanceMetric(.euclidean)
  ) -> Neighbors {
    Neighbors(
      points: points, metric: metric, extent: .count(count), search: tree == nil ? .heap : .tree, tree: tree,
      weighting: .uniform, answer: answer)
  }

  private static func check(_ neighbors: Neighbors) throws(Problem) -> ValueType {
    try neighbors.check(Operands([.numbers(2)], node: "votes"))
  }

  @Test func `votes have a column for each class`() throws {
    #expect(try Self.check(Self.neighbors()) == .numbers(2))
    #expect(try Self.check(Self.neighbors(tree: Self.tree)) == .numbers(2))
  }

  @Test(arguments: [0, 5, -1]) func `no more neighbours than there are points`(_ count: Int) {
    #expect(throws: Problem.self) { try Self.check(Self.neighbors(count: count)) }
  }

  @Test func `a label beyond the classes is refused`() {
    for label: Int64 in [2, -1, .max] {
      let answer = NeighborAnswer.votes(labels: [0, 1, label, 1], classes: [2], outliers: [-1])
      #expect(throws: Problem.self) { try Self.check(Self.neighbors(answer: answer)) }
    }
  }

  @Test func `an outlier's class beyond the classes is refused`() {
    for outlier: Int64 in [2, -3, .min] {
      let answer = NeighborAnswer.votes(labels: [0, 1, 0, 1], classes: [2], outliers: [outlier])
      #expect(throws: Problem.self) { try Self.check(Self.neighbors(answer: answer)) }
    }
  }

  @Test func `more classes than columns may be are refused`() {
    let answer = NeighborAnswer.votes(
      labels: [0, 0, 0, 0, 0, 0, 0, 0], classes: [.max, .max], outliers: [-1, -1])
    #expect(throws: Problem.self) { try Self.check(Self.neighbors(answer: answer)) }
  }

  @Test(arguments: [[0, 2, 1, 1], [0, 2, 1, 4], [0, 2, 1], [0, -1, 1, 3]] as [[Int64]])
  func `an order that is none of all points is refused`(_ order: [Int64]) {
    var tree = Self.tree
    tree.order = order
    #expect(throws: Problem.self) { try Self.check(Self.neighbors(tree: tree)) }
  }

  @Test func `a tree of another size than its levels give is refused`() {
    var tree = Self.tree
    tree.bounds = .balls(
      centers: ConstantMatrix([0, 0, 0, 0], rows: 2, columns: 2) ?? .empty, radii: [1, 1])
    #expect(throws: Problem.self) { try Self.check(Self.neighbors(tree: tree)) }
  }

  @Test func `boxes go with Minkowski's metrics alone`() {
    var tree = Self.tree
    let corners = ConstantMatrix([0, 0, 0, 0, 0, 0], rows: 3, columns: 2) ?? .empty
    tree.bounds = .boxes(least: corners, greatest: corners)
    #expect(throws: Never.self) { try Self.check(Self.neighbors(tree: tree)) }
    #expect(throws: Problem.self) {
      try Self.check(Self.neighbors(tree: tree, metric: DistanceMetric(.canberra)))
    }
  }

  @Test(arguments: [
    DistanceMetric(.mahalanobis), DistanceMetric(.standardizedEuclidean),
    DistanceMetric(.minkowski, order: 0),
    DistanceMetric(.euclidean, weights: [1, 1]), DistanceMetric(.manhattan, expansion: .blas),
    DistanceMetric(.minkowski, weights: [1]), DistanceMetric(.euclidean, leastNorm: 1),
  ])
  func `a metric without its parameters, or with others, is refused`(_ metric: DistanceMetric) {
    #expect(throws: Problem.self) { try Self.check(Self.neighbors(metric: metric)) }
  }

  @Test func `a tree gives each node half of what its parent has`() {
    #expect(NeighborTree.ranges(points: 5, nodes: 7) == [0..<5, 0..<2, 2..<5, 0..<1, 1..<2, 2..<3, 3..<5])
    #expect(NeighborTree.ranges(points: 1, nodes: 3) == [0..<1, 0..<0, 0..<0])
  }
}
