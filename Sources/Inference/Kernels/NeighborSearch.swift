import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.pow
#elseif canImport(Musl)
  import func Musl.pow
#else
  import func Darwin.pow
#endif
import ModelGraph

/// The points near a row, with their distances.
struct NeighborList {
  var indices: [Int] = []
  var distances: [Double] = []

  /// In ascending order of distance, as the library sorts what it found.
  func sorted() -> NeighborList {
    let order = indices.indices.sorted {
      distances[$0] < distances[$1] || (distances[$0] == distances[$1] && $0 < $1)
    }
    return NeighborList(indices: order.map { indices[$0] }, distances: order.map { distances[$0] })
  }
}

/// Seeks the points near a row, all of them or down a tree.
struct NeighborSearch: Sendable {
  private let function: DistanceFunction
  private let count: Int
  private let search: Neighbors.Search
  private let extent: Neighbors.Extent
  private let tree: NeighborTree?
  private let ranges: [Range<Int>]

  init(_ neighbors: Neighbors) {
    self.function = DistanceFunction(neighbors.metric, to: neighbors.points)
    self.count = neighbors.points.rows
    self.search = neighbors.search
    self.extent = neighbors.extent
    self.tree = neighbors.tree
    self.ranges =
      neighbors.tree.map { NeighborTree.ranges(points: neighbors.points.rows, nodes: $0.nodeCount) } ?? []
  }

  /// The points near each row of a matrix, given to `body` with the row's index.
  func forEachRow(
    of matrix: Matrix, _ body: (Int, NeighborList) throws(Problem) -> Void
  ) throws(Problem) {
    for start in stride(from: 0, to: matrix.rows, by: function.blockRows) {
      let range = start..<min(start + function.blockRows, matrix.rows)
      for (row, index) in zip(function.rows(matrix, range), range) { try body(index, neighbors(of: row)) }
    }
  }

  private func neighbors(of row: DistanceFunction.Row) -> NeighborList {
    switch extent {
    case .count(let wanted): return nearest(wanted, to: row)
    case .radius(let radius):
      guard search == .tree else { return within(radius, of: row) }
      var list = NeighborList()
      collect(within: radius, of: row, node: 0, into: &list)
      return list
    }
  }

  // MARK: All points

  private func nearest(_ wanted: Int, to row: DistanceFunction.Row) -> NeighborList {
    switch search {
    case .heap:
      var heap = NeighborHeap(count: wanted, farthest: .greatestFiniteMagnitude)
      for point in 0..<count { heap.push(function.reduced(row, point), point) }
      return list(of: heap)
    case .selection:
      let isReduced = function.isSquared
      let measures = (0..<count).map { point in
        let reduced = function.reduced(row, point)
        return isReduced ? reduced : function.distance(ofReduced: reduced)
      }
      let indices = Array(Selection.least(wanted, of: measures))
      let distances = indices.map { index in
        isReduced ? function.distance(ofReduced: measures[index]) : measures[index]
      }
      return NeighborList(indices: indices, distances: distances).sorted()
    case .tree:
      var heap = NeighborHeap(count: wanted, farthest: .infinity)
      descend(to: row, node: 0, bound: lowerBound(of: 0, row), into: &heap)
      return list(of: heap)
    }
  }

  private func list(of heap: NeighborHeap) -> NeighborList {
    NeighborList(
      indices: heap.indices,
      distances: heap.distances.map { function.distance(ofReduced: max($0, 0)) }
    ).sorted()
  }

  private func within(_ radius: Double, of row: DistanceFunction.Row) -> NeighborList {
    // Selection compares distances but for Euclidean ones, heaps what they keep.
    let isReduced = search == .heap || function.isSquared
    let limit = isReduced ? function.reduced(ofDistance: radius) : radius
    var list = NeighborList()
    for point in 0..<count {
      let reduced = function.reduced(row, point)
      let distance = function.distance(ofReduced: reduced)
      if (isReduced ? reduced : distance) <= limit {
        list.indices.append(point)
        list.distances.append(distance)
      }
    }
    return list
  }

  // MARK: Trees

  private func descend(
    to row: DistanceFunction.Row, node: Int, bound: Double, into heap: inout NeighborHeap
  ) {
    guard !(bound > heap.farthest) else { return }
    guard !NeighborTree.isLeaf(node, ranges) else {
      for place in ranges[node] {
        let point = point(at: place)
        heap.push(function.reduced(row, point), point)
      }
      return
    }
    let (first, second) = (2 * node + 1, 2 * node + 2)
    let (near, far) = (lowerBound(of: first, row), lowerBound(of: second, row))
    if near <= far {
      descend(to: row, node: first, bound: near, into: &heap)
      descend(to: row, node: second, bound: far, into: &heap)
    } else {
      descend(to: row, node: second, bound: far, into: &heap)
      descend(to: row, node: first, bound: near, into: &heap)
    }
  }

  private func collect(
    within radius: Double, of row: DistanceFunction.Row, node: Int, into list: inout NeighborList
  ) {
    let (least, greatest) = bounds(of: node, row)
    if least > radius { return }
    if greatest <= radius || NeighborTree.isLeaf(node, ranges) {
      let limit = function.reduced(ofDistance: radius)
      for place in ranges[node] {
        let point = point(at: place)
        let reduced = function.reduced(row, point)
        guard greatest <= radius || reduced <= limit else { continue }
        list.indices.append(point)
        list.distances.append(function.distance(ofReduced: reduced))
      }
      return
    }
    collect(within: radius, of: row, node: 2 * node + 1, into: &list)
    collect(within: radius, of: row, node: 2 * node + 2, into: &list)
  }

  private func point(at place: Int) -> Int { tree.map { Int($0.order[place]) } ?? 0 }

  /// A reduced distance that no point of a node is nearer than.
  private func lowerBound(of node: Int, _ row: DistanceFunction.Row) -> Double {
    switch tree?.bounds {
    case .boxes(let least, let greatest):
      let isMaximum = function.metric.name == .chebyshev
      var bound = 0.0
      for column in 0..<least.columns {
        let place = node * least.columns + column
        let below = least.elements[place] - row.elements[column]
        let above = row.elements[column] - greatest.elements[place]
        // x + |x| is twice the greater of x and 0.
        let half = 0.5 * ((below + abs(below)) + (above + abs(above)))
        if isMaximum { bound = .maximum(bound, half) } else { bound += pow(half, function.exponent) }
      }
      return bound
    case .balls(_, let radii):
      return function.reduced(ofDistance: .maximum(0, distanceToCenter(of: node, row) - radii[node]))
    case nil: return 0
    }
  }

  /// Distances between which all points of a node lie.
  private func bounds(of node: Int, _ row: DistanceFunction.Row) -> (least: Double, greatest: Double) {
    switch tree?.bounds {
    case .boxes(let least, let greatest):
      let isMaximum = function.metric.name == .chebyshev
      let exponent = function.exponent
      var (low, high) = (0.0, 0.0)
      for column in 0..<least.columns {
        let place = node * least.columns + column
        let below = least.elements[place] - row.elements[column]
        let above = row.elements[column] - greatest.elements[place]
        let half = 0.5 * ((below + abs(below)) + (above + abs(above)))
        let far = Double.maximum(abs(below), abs(above))
        if isMaximum {
          (low, high) = (.maximum(low, half), .maximum(high, far))
        } else {
          low += pow(half, exponent)
          high += pow(far, exponent)
        }
      }
      return isMaximum ? (low, high) : (pow(low, 1 / exponent), pow(high, 1 / exponent))
    case .balls(_, let radii):
      let distance = distanceToCenter(of: node, row)
      return (.maximum(0, distance - radii[node]), distance + radii[node])
    case nil: return (0, .infinity)
    }
  }

  private func distanceToCenter(of node: Int, _ row: DistanceFunction.Row) -> Double {
    guard case .balls(let centers, _)? = tree?.bounds else { return 0 }
    let center = centers.elements.span.extracting(
      (node * centers.columns)..<((node + 1) * centers.columns))
    return function.distance(ofReduced: function.reduced(row.elements.span, center))
  }
}
