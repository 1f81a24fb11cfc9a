import Domain
import ModelGraph

// Which of several points at one distance counts is decided by the search, so the search itself is written: the heap
// that points pass through one after another, and the order in which a tree is gone down.

extension Neighbors: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard metric.expansion == .none, metric.name != .cosine else {
      throw inexpressible("distances by a product of matrices, whose last bits decide who is near")
    }
    let rows = operands[0].name
    guard let reduced = metric.reduced(rows, to: points, into: &graph) else {
      throw inexpressible("the metric '\(metric.name.rawValue)'")
    }
    switch extent {
    case .radius(let radius): return try within(radius, reduced, into: &graph)
    case .count(let count):
      guard search != .selection || count == points.rows else {
        throw inexpressible("a partial sort, whose order decides between points at one distance")
      }
      let found = try nearest(count, rows, reduced, into: &graph)
      return try answer(to: found, count: count, into: &graph)
    }
  }

  /// Neighbours of each row in ascending order of distance: what they are at, and how far they are.
  private struct Found {
    let indices: String
    let distances: String
  }

  // MARK: - The nearest

  private func nearest(
    _ count: Int, _ rows: String, _ reduced: String, into graph: inout ONNXGraphWriter
  ) throws(Problem) -> Found {
    var distances = reduced
    var order: String?
    if let tree, search == .tree {
      let places = try visits(of: tree, rows, into: &graph)
      distances = graph.rowElements(
        graph.columns(reduced, tree.order.map { Int($0) }), at: places)
      order = graph.elements(graph.constant(ONNXConstant(.integers(tree.order))), at: places)
    }
    let farthest = search == .tree ? Double.infinity : .greatestFiniteMagnitude
    let kept = graph.rows(of: .doubles([Double](repeating: farthest, count: count)), like: rows)
    let none = graph.rows(of: .integers([Int64](repeating: 0, count: count)), like: rows)
    let heap = try graph.loop(count: points.rows, [(kept, .double), (none, .int64)]) {
      graph, turn, heap throws(Problem) in
      func own(_ value: String) -> String {
        graph.reshaped(graph.apply("Gather", [value, turn], [("axis", .integer(1))]), [-1, 1])
      }
      let distance = own(distances)
      let index = order.map(own) ?? turn
      return (nil, Self.push(distance, index, heap[0], heap[1], count: count, into: &graph))
    }
    return sorted(heap[0], heap[1], count: count, into: &graph)
  }

  /// Lets a point into the heap of each row, as `NeighborHeap` of our kernels does.
  private static func push(
    _ distance: String, _ index: String, _ distances: String, _ indices: String, count: Int,
    into graph: inout ONNXGraphWriter
  ) -> [String] {
    var (distances, indices) = (distances, indices)
    let isFar = graph.apply("GreaterOrEqual", [distance, graph.columns(distances, [0])])
    var isMoving = graph.apply("Not", [isFar])
    let enters = isMoving
    // The top is at 0.
    var place = graph.cast(graph.apply("And", [isMoving, isFar]), to: .int64)
    func put(_ value: String, into values: String, where test: String) -> String {
      let before = graph.rowElements(values, at: place)
      let updates = graph.choice(test, value, before)
      return graph.apply("ScatterElements", [values, place, updates], [("axis", .integer(1))])
    }
    var reach = 1
    while reach < count {
      let left = graph.sum(graph.product(place, graph.integers([2])), graph.integers([1]))
      let right = graph.sum(left, graph.integers([1]))
      let last = graph.integers([count - 1])
      let (safeLeft, safeRight) = (graph.apply("Min", [left, last]), graph.apply("Min", [right, last]))
      let atLeft = graph.rowElements(distances, at: safeLeft)
      let atRight = graph.rowElements(distances, at: safeRight)
      let isRight = graph.apply(
        "And",
        [
          graph.apply("LessOrEqual", [right, last]),
          graph.apply("Not", [graph.apply("GreaterOrEqual", [atLeft, atRight])]),
        ])
      let child = graph.choice(isRight, safeRight, safeLeft)
      let atChild = graph.choice(isRight, atRight, atLeft)
      let isNearer = graph.apply(
        "And", [graph.apply("LessOrEqual", [left, last]), graph.apply("Less", [distance, atChild])])
      isMoving = graph.apply("And", [isMoving, isNearer])
      distances = put(atChild, into: distances, where: isMoving)
      indices = put(graph.rowElements(indices, at: child), into: indices, where: isMoving)
      place = graph.choice(isMoving, child, place)
      reach = 2 * reach + 1
    }
    return [put(distance, into: distances, where: enters), put(index, into: indices, where: enters)]
  }

  /// In ascending order of distance, and where that is the same, of index.
  private func sorted(
    _ reduced: String, _ indices: String, count: Int, into graph: inout ONNXGraphWriter
  ) -> Found {
    let least: [(String, ONNXParameter)] = [("axis", .integer(1)), ("largest", .integer(0))]
    let all = graph.integers([count])
    let (ordered, byIndex) = graph.applyForTwo("TopK", [indices, all], least)
    let positive = graph.apply("Max", [graph.rowElements(reduced, at: byIndex), graph.number(0)])
    let distances = metric.distance(ofReduced: positive, into: &graph)
    let (ascending, byDistance) = graph.applyForTwo("TopK", [distances, all], least)
    return Found(indices: graph.rowElements(ordered, at: byDistance), distances: ascending)
  }

  // MARK: - Trees

  /// For each row the places of the tree's order in which its points are met: the nearer of two children first.
  private func visits(
    of tree: NeighborTree, _ rows: String, into graph: inout ONNXGraphWriter
  ) throws(Problem) -> String {
    let bounds = try lowerBounds(of: tree, rows, into: &graph)
    let ranges = NeighborTree.ranges(points: points.rows, nodes: tree.nodeCount)
    var keys = graph.rows(of: .doubles([0]), like: rows)
    var width = 1
    while 2 * width - 1 < tree.nodeCount {
      let nodes = (width - 1)..<(2 * width - 1)
      let near = graph.columns(bounds, nodes.map { 2 * $0 + 1 })
      let far = graph.columns(bounds, nodes.map { 2 * $0 + 2 })
      let isSecond = graph.cast(graph.apply("Greater", [near, far]), to: .double)
      let twice = graph.product(keys, graph.number(2))
      let other = graph.difference(graph.number(1), isSecond)
      let pairs = [graph.sum(twice, isSecond), graph.sum(twice, other)].map {
        graph.reshaped($0, [-1, width, 1])
      }
      keys = graph.reshaped(graph.apply("Concat", pairs, [("axis", .integer(2))]), [-1, 2 * width])
      width *= 2
    }
    // A place belongs to the leaf that has it, or to the first below that in the last row.
    var leaves = [Int](repeating: 0, count: points.rows)
    for node in ranges.indices where NeighborTree.isLeaf(node, ranges) {
      var first = node
      while first < width - 1 { first = 2 * first + 1 }
      for place in ranges[node] { leaves[place] = first - (width - 1) }
    }
    let own = graph.product(graph.columns(keys, leaves), graph.number(Double(points.rows)))
    let all = graph.sum(own, graph.numbers((0..<points.rows).map { Double($0) }))
    return graph.applyForTwo(
      "TopK", [all, graph.integers([points.rows])], [("axis", .integer(1)), ("largest", .integer(0))]
    ).1
  }

  /// A reduced distance for each node that none of its points is nearer than.
  private func lowerBounds(
    of tree: NeighborTree, _ rows: String, into graph: inout ONNXGraphWriter
  ) throws(Problem) -> String {
    let exponent = metric.name == .manhattan ? 1 : metric.order
    switch tree.bounds {
    case .boxes(let least, let greatest):
      var bound: String?
      for column in 0..<least.columns {
        let (x, low) = graph.coordinates(column, of: rows, least)
        let (_, high) = graph.coordinates(column, of: rows, greatest)
        let (below, above) = (graph.difference(low, x), graph.difference(x, high))
        let doubled = graph.sum(graph.sum(below, graph.size(below)), graph.sum(above, graph.size(above)))
        let half = graph.product(graph.number(0.5), doubled)
        guard metric.name != .chebyshev else {
          bound = bound.map { graph.apply("Max", [$0, half]) } ?? half
          continue
        }
        let power = exponent == 1 ? half : graph.apply("Pow", [half, graph.number(exponent)])
        bound = bound.map { graph.sum($0, power) } ?? power
      }
      guard let bound else { throw inexpressible("no columns") }
      return bound
    case .balls(let centers, let radii):
      guard let reduced = metric.reduced(rows, to: centers, into: &graph) else {
        throw inexpressible("the metric '\(metric.name.rawValue)'")
      }
      let distance = metric.distance(ofReduced: reduced, into: &graph)
      let least = graph.apply("Max", [graph.difference(distance, graph.numbers(radii)), graph.number(0)])
      switch metric.name {
      case .euclidean, .standardizedEuclidean, .mahalanobis: return graph.product(least, least)
      case .minkowski: return graph.apply("Pow", [least, graph.number(metric.order)])
      default: return least
      }
    }
  }

  // MARK: - Answers

  /// 1 ÷ distance; where some are infinite, these count 1 and the others 0.
  ///
  /// nil where all count the same.
  private func weights(_ distances: String, into graph: inout ONNXGraphWriter) -> String? {
    guard weighting == .distance else { return nil }
    let weights = graph.quotient(graph.number(1), distances)
    let isInfinite = graph.apply("IsInf", [weights])
    let isAny = graph.apply("Greater", [graph.count(isInfinite), graph.number(0)])
    return graph.choice(isAny, graph.cast(isInfinite, to: .double), weights)
  }

  private func answer(
    to found: Found, count: Int, into graph: inout ONNXGraphWriter
  ) throws(Problem) -> String {
    let weights = weights(found.distances, into: &graph)
    switch answer {
    case .votes(let labels, let classes, _):
      var parts: [String] = []
      for (target, classCount) in classes.enumerated() {
        let own = (0..<points.rows).map { labels[$0 * classes.count + target] }
        let given = graph.elements(graph.constant(ONNXConstant(.integers(own))), at: found.indices)
        for label in 0..<Int(classCount) {
          let isOwn = graph.apply("Equal", [given, graph.integers([label])])
          let votes = graph.cast(isOwn, to: .double)
          let weighed = weights.map { graph.choice(isOwn, $0, graph.number(0)) } ?? votes
          parts.append(graph.orderedSum(weighed, count: count))
        }
      }
      return graph.sideBySide(parts)
    case .means(let targets):
      var parts: [String] = []
      for column in 0..<targets.columns {
        let own = (0..<points.rows).map { targets.elements[$0 * targets.columns + column] }
        var terms = graph.elements(graph.numbers(own), at: found.indices)
        var total = graph.number(Double(count))
        if let weights {
          terms = graph.product(terms, weights)
          total = graph.orderedSum(weights, count: count)
        }
        parts.append(graph.quotient(graph.orderedSum(terms, count: count), total))
      }
      return graph.sideBySide(parts)
    case .outlierFactor(let reaches, let densities):
      let size = graph.number(Double(count))
      let reach = graph.elements(graph.numbers(reaches), at: found.indices)
      let reached = graph.apply("Max", [found.distances, reach])
      let mean = graph.quotient(graph.orderedSum(reached, count: count), size)
      let density = graph.quotient(graph.number(1), graph.sum(mean, graph.number(1e-10)))
      let ratios = graph.quotient(graph.elements(graph.numbers(densities), at: found.indices), density)
      return graph.negative(graph.quotient(graph.orderedSum(ratios, count: count), size))
    }
  }

  /// What all points within a radius say, in their own order.
  private func within(
    _ radius: Double, _ reduced: String, into graph: inout ONNXGraphWriter
  ) throws(Problem) -> String {
    let distances = metric.distance(ofReduced: reduced, into: &graph)
    let limit: Double
    switch metric.name {
    case .euclidean, .standardizedEuclidean, .mahalanobis: limit = radius * radius
    case .minkowski: throw inexpressible("a radius of the metric 'minkowski', which a power stands for")
    default: limit = radius
    }
    let measured = search == .selection ? distances : reduced
    let bound = graph.number(search == .selection ? radius : limit)
    let isNear = graph.apply("LessOrEqual", [measured, bound])
    let zero = graph.number(0)
    var weight = graph.cast(isNear, to: .double)
    if weighting == .distance {
      let inverse = graph.choice(isNear, graph.quotient(graph.number(1), distances), zero)
      let isInfinite = graph.apply("IsInf", [inverse])
      let isAny = graph.apply("Greater", [graph.count(isInfinite), zero])
      weight = graph.choice(isAny, graph.cast(isInfinite, to: .double), inverse)
    }
    let isEmpty = graph.apply("Equal", [graph.count(isNear), zero])
    let size = points.rows
    var parts: [String] = []
    switch answer {
    case .votes(let labels, let classes, let outliers):
      for (target, classCount) in classes.enumerated() {
        for label in 0..<classCount {
          let own = graph.numbers((0..<size).map { labels[$0 * classes.count + target] == label ? 1 : 0 })
          let votes = graph.orderedSum(graph.product(weight, own), count: size)
          // What would be refused becomes NaN.
          let outlier = outliers[target]
          let other = outlier == NeighborAnswer.refused ? Double.nan : outlier == label ? 1 : 0
          parts.append(graph.choice(isEmpty, graph.number(other), votes))
        }
      }
    case .means(let targets):
      let total = graph.orderedSum(weight, count: size)
      for column in 0..<targets.columns {
        let own = (0..<size).map { targets.elements[$0 * targets.columns + column] }
        let sum = graph.orderedSum(graph.product(weight, graph.numbers(own)), count: size)
        parts.append(graph.choice(isEmpty, graph.number(.nan), graph.quotient(sum, total)))
      }
    case .outlierFactor: throw inexpressible("outliers within a radius")
    }
    return graph.sideBySide(parts)
  }
}
