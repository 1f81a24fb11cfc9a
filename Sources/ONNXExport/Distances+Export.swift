import Domain
import ModelGraph

// Distances to fixed points. Where it matters which point is nearer, coordinates are added in their order, one after
// another, as our own kernels add them: a reduction may take another order, and another of two points wins.

extension DistanceMetric {
  /// How many coordinates a metric may have that asks for each pair of them.
  private static let pairLimit = 64

  /// The reduced distance of each row to each point, nil where ONNX has no word for the metric.
  ///
  /// It is the square of a Euclidean distance and the power of a Minkowski one.
  func reduced(
    _ rows: String, to points: ConstantMatrix, into graph: inout ONNXGraphWriter
  ) -> String? {
    guard expansion == .none, name != .cosine, name != .haversine else { return nil }
    if name == .mahalanobis { return mahalanobis(rows, to: points, into: &graph) }
    var total: String?
    var sizes: String?
    for column in 0..<points.columns {
      let (x, y) = graph.coordinates(column, of: rows, points)
      let difference = graph.difference(x, y)
      let term: String
      switch name {
      case .euclidean, .squaredEuclidean: term = graph.product(difference, difference)
      case .manhattan, .chebyshev: term = graph.size(difference)
      case .minkowski:
        let power = graph.apply("Pow", [graph.size(difference), graph.number(order)])
        term = weights.map { graph.product(graph.number($0[column]), power) } ?? power
      case .standardizedEuclidean:
        let square = graph.product(difference, difference)
        term = weights.map { graph.quotient(square, graph.number($0[column])) } ?? square
      case .canberra:
        let size = graph.sum(graph.size(x), graph.size(y))
        let share = graph.quotient(graph.size(difference), size)
        term = graph.choice(graph.apply("Greater", [size, graph.number(0)]), share, graph.number(0))
      case .brayCurtis:
        let size = graph.sum(graph.size(x), graph.size(y))
        sizes = sizes.map { graph.sum($0, size) } ?? size
        term = graph.size(difference)
      case .hamming:
        term = graph.cast(graph.apply("Not", [graph.apply("Equal", [x, y])]), to: .double)
      case .mahalanobis, .cosine, .haversine: return nil
      }
      total = total.map { graph.apply(name == .chebyshev ? "Max" : "Add", [$0, term]) } ?? term
    }
    guard let total else { return nil }
    if name == .hamming { return graph.quotient(total, graph.number(Double(points.columns))) }
    guard let sizes else { return total }
    let isSome = graph.apply("Greater", [sizes, graph.number(0)])
    return graph.choice(isSome, graph.quotient(total, sizes), graph.number(0))
  }

  private func mahalanobis(
    _ rows: String, to points: ConstantMatrix, into graph: inout ONNXGraphWriter
  ) -> String? {
    guard let inverse, points.columns <= Self.pairLimit else { return nil }
    var differences: [String] = []
    for column in 0..<points.columns {
      let (x, y) = graph.coordinates(column, of: rows, points)
      differences.append(graph.difference(x, y))
    }
    var total: String?
    for row in differences.indices {
      var sum: String?
      for column in differences.indices {
        let factor = graph.number(inverse.elements[row * points.columns + column])
        let term = graph.product(factor, differences[column])
        sum = sum.map { graph.sum($0, term) } ?? term
      }
      guard let sum else { return nil }
      let term = graph.product(sum, differences[row])
      total = total.map { graph.sum($0, term) } ?? term
    }
    return total
  }

  /// The distance that a reduced one stands for.
  func distance(ofReduced reduced: String, into graph: inout ONNXGraphWriter) -> String {
    switch name {
    case .euclidean, .standardizedEuclidean, .mahalanobis: graph.apply("Sqrt", [reduced])
    case .minkowski: graph.apply("Pow", [reduced, graph.number(1 / order)])
    default: reduced
    }
  }
}

extension ONNXGraphWriter {
  /// One coordinate of the rows, a column, and of the points, a row.
  mutating func coordinates(
    _ column: Int, of rows: String, _ points: ConstantMatrix
  ) -> (String, String) {
    let own = (0..<points.rows).map { points.elements[$0 * points.columns + column] }
    let row = constant(ONNXConstant(.doubles(own), shape: [1, points.rows]))
    return (columns(rows, [column]), row)
  }
}

extension Distances: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let rows = operands[0].name
    // Here the last bits decide nothing, so an expanded square is computed as it stands.
    var plain = metric
    plain.expansion = .none
    if metric.name == .cosine { return cosines(rows, into: &graph) }
    guard let reduced = plain.reduced(rows, to: points, into: &graph) else {
      throw inexpressible("the metric '\(metric.name.rawValue)'")
    }
    return plain.distance(ofReduced: reduced, into: &graph)
  }

  private func cosines(_ rows: String, into graph: inout ONNXGraphWriter) -> String {
    func normalized(_ value: String) -> String {
      let norm = graph.apply("ReduceL2", [value, graph.integers([1])])
      let isSmall = graph.apply(
        "Or",
        [
          graph.apply("Equal", [norm, graph.number(0)]),
          graph.apply("Less", [norm, graph.number(metric.leastNorm)]),
        ])
      return graph.quotient(value, graph.choice(isSmall, graph.number(1), norm))
    }
    let others = graph.apply("Transpose", [normalized(graph.constant(ONNXConstant(points)))])
    let product = graph.matrixProduct(normalized(rows), others)
    let distance = graph.difference(graph.number(1), product)
    return graph.apply("Min", [graph.apply("Max", [distance, graph.number(0)]), graph.number(2)])
  }
}

extension ChiSquared: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var total: String?
    for column in 0..<points.columns {
      let (x, y) = graph.coordinates(column, of: operands[0].name, points)
      let (difference, sum) = (graph.difference(x, y), graph.sum(x, y))
      let isNone = graph.apply("Equal", [sum, graph.number(0)])
      let share = graph.quotient(graph.product(difference, difference), sum)
      let term = graph.choice(isNone, graph.number(0), share)
      total = total.map { graph.sum($0, term) } ?? term
    }
    guard let total else { throw inexpressible("no columns") }
    return graph.negative(total)
  }
}

extension NearestFill: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let rows = operands[0].name
    let distances = distances(rows, into: &graph)
    var parts: [String] = []
    for column in 0..<table.columns {
      let x = graph.columns(rows, [column])
      let donors = (0..<table.rows).filter { !table.elements[$0 * table.columns + column].isNaN }
      guard !donors.isEmpty else {
        parts.append(x)
        continue
      }
      let given = donors.map { table.elements[$0 * table.columns + column] }
      let mean = graph.number(given.reduce(0, +) / Double(given.count))
      let near = graph.columns(distances, donors)
      let fill = nearest(near, given, into: &graph)
      let isKnown = graph.apply("Not", [graph.isMissing(near)])
      let isSome = graph.apply("Greater", [graph.count(isKnown), graph.number(0)])
      parts.append(graph.choice(graph.isMissing(x), graph.choice(isSome, fill, mean), x))
    }
    return graph.sideBySide(parts)
  }

  /// The distance of each row to each row of the table, NaN where they have no column in common.
  private func distances(_ rows: String, into graph: inout ONNXGraphWriter) -> String {
    var total = graph.rows(of: .doubles([Double](repeating: 0, count: table.rows)), like: rows)
    var present = total
    for column in 0..<table.columns {
      let (x, y) = graph.coordinates(column, of: rows, table)
      let difference = graph.difference(x, y)
      let isMissing = graph.isMissing(difference)
      let square = graph.product(difference, difference)
      total = graph.sum(total, graph.choice(isMissing, graph.number(0), square))
      present = graph.sum(present, graph.cast(graph.apply("Not", [isMissing]), to: .double))
    }
    let mean = graph.quotient(total, present)
    return graph.apply("Sqrt", [graph.product(mean, graph.number(Double(table.columns)))])
  }

  /// The mean of what the nearest give; of equally near ones the first counts.
  private func nearest(_ near: String, _ given: [Double], into graph: inout ONNXGraphWriter) -> String {
    let count = min(neighbors, given.count)
    let bounded = graph.apply("Min", [near, graph.number(.greatestFiniteMagnitude)])
    let keys = graph.choice(graph.isMissing(near), graph.number(.infinity), bounded)
    let (_, places) = graph.applyForTwo(
      "TopK", [keys, graph.integers([count])], [("axis", .integer(1)), ("largest", .integer(0))])
    let distance = graph.rowElements(near, at: places)
    let isUnknown = graph.isMissing(distance)
    var weight = graph.number(1)
    if byDistance {
      let isHit = graph.apply("Equal", [distance, graph.number(0)])
      let hits = graph.cast(isHit, to: .double)
      let isAny = graph.apply("Greater", [graph.count(isHit), graph.number(0)])
      weight = graph.choice(isAny, hits, graph.quotient(graph.number(1), distance))
    }
    let weights = graph.choice(isUnknown, graph.number(0), weight)
    let products = graph.product(graph.elements(graph.numbers(given), at: places), weights)
    return graph.quotient(
      graph.orderedSum(products, count: count), graph.orderedSum(weights, count: count))
  }
}
