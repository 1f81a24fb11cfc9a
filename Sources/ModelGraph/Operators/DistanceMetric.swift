public import Domain

/// How far two points are apart: a metric by the name that scikit-learn has for it, with its parameters.
public struct DistanceMetric: Equatable, Sendable {
  /// The metrics there are.
  public enum Name: String, Sendable, CaseIterable {
    /// √Σ (x − y)².
    case euclidean
    /// Σ (x − y)².
    case squaredEuclidean = "sqeuclidean"
    /// Σ |x − y|.
    case manhattan
    /// max |x − y|.
    case chebyshev
    /// (Σ w |x − y|ᵖ)¹ᐟᵖ.
    case minkowski
    /// 1 − x · y ÷ (‖x‖ ‖y‖), from 0 to 2.
    case cosine
    /// Σ |x − y| ÷ (|x| + |y|).
    case canberra
    /// Σ |x − y| ÷ Σ (|x| + |y|).
    case brayCurtis = "braycurtis"
    /// The share of coordinates that differ.
    case hamming
    /// √Σ (x − y)² ÷ w.
    case standardizedEuclidean = "seuclidean"
    /// √(x − y)ᵀ M (x − y).
    case mahalanobis
    /// The angle between two places on a sphere, in radians of latitude and longitude.
    case haversine
  }

  /// How a Euclidean distance is computed; the last bits, and with them which neighbour is nearer, depend on it.
  public enum Expansion: String, Sendable, CaseIterable {
    /// Σ (x − y)² as it stands.
    case none
    /// x · x − 2 x · y + y · y with the squares added as `numpy.einsum` adds them.
    case einsum
    /// The same with the squares added as BLAS adds them.
    case blas
  }

  /// Which metric.
  public var name: Name
  /// How a Euclidean distance, or its square, is computed.
  public var expansion: Expansion
  /// The p of a Minkowski distance; 2 otherwise.
  public var order: Double
  /// A weight or variance for each coordinate, of a Minkowski or standardised distance.
  public var weights: [Double]?
  /// The inverse of the covariance, of a Mahalanobis distance.
  public var inverse: ConstantMatrix?
  /// The norm below which a point counts as one of norm 1, of a cosine; one of norm 0 always does.
  public var leastNorm: Double

  /// Says how far is far.
  public init(
    _ name: Name, expansion: Expansion = .none, order: Double = 2, weights: [Double]? = nil,
    inverse: ConstantMatrix? = nil, leastNorm: Double = 0
  ) {
    self.name = name
    self.expansion = expansion
    self.order = order
    self.weights = weights
    self.inverse = inverse
    self.leastNorm = leastNorm
  }

  init(from reader: inout AttributeReader) throws(Problem) {
    self.name = try reader.choice("metric")
    self.expansion = try reader.choice("expansion")
    self.order = try reader.number("order")
    self.weights = try reader.numbersIfPresent("weights")
    self.leastNorm = try reader.number("least_norm")
    self.inverse = nil
    if let inverse = try reader.tensorIfPresent("inverse") {
      guard inverse.shape.count == 2, case .float64(let elements) = inverse.elements,
        let matrix = ConstantMatrix(elements, rows: inverse.shape[0], columns: inverse.shape[1])
      else { throw reader.malformed("inverse", "a matrix of numbers") }
      self.inverse = matrix
    }
  }

  func write(to writer: inout AttributeWriter) {
    writer.write(name, "metric")
    writer.write(expansion, "expansion")
    writer.write(order, "order")
    writer.write(weights, "weights")
    writer.write(leastNorm, "least_norm")
    writer.write(inverse?.tensor, "inverse")
  }

  /// How much measuring a row against so many points takes.
  func work(points: Int, columns: Int) -> Work {
    name == .mahalanobis ? .product(points, columns, columns) : .product(points, columns)
  }

  /// Refuses parameters that the metric has no use for, or that it lacks.
  func check(columns: Int, _ operands: Operands) throws(Problem) {
    func expect(_ holds: Bool, _ expected: String) throws(Problem) {
      guard !holds else { return }
      throw operands.problem(
        "metric", "expected \(expected) of the metric '\(name.rawValue)' in '\(operands.node)'")
    }
    let isEuclidean = name == .euclidean || name == .squaredEuclidean
    try expect(isEuclidean || expansion == .none, "no expansion")
    try expect(name == .minkowski ? order > 0 && order.isFinite : order == 2, "an order above 0, or just 2,")
    try expect(name == .cosine ? leastNorm >= 0 : leastNorm == 0, "a least norm of 0 or, of a cosine, more")
    switch name {
    case .standardizedEuclidean: try expect(weights != nil, "a variance for each coordinate")
    case .minkowski: break
    default: try expect(weights == nil, "no weights")
    }
    if let weights {
      try operands.expect(weights, count: columns, "weights")
      try operands.expectFinite(weights, "weights")
      try expect(weights.allSatisfy { $0 >= 0 }, "weights of 0 and above")
    }
    try expect((inverse != nil) == (name == .mahalanobis), "an inverse covariance where it has a use")
    if let inverse {
      try operands.expect(inverse.tensor, shape: [columns, columns], "inverse")
      try operands.expectFinite(inverse.elements, "inverse")
    }
    try expect(name != .haversine || columns == 2, "two coordinates")
  }
}

/// The distance of each row to each of some points.
public struct Distances: Operator {
  /// The name of the kind.
  public static let kind = "distances"

  /// `[points, columns]`.
  public var points: ConstantMatrix
  /// How far is far.
  public var metric: DistanceMetric

  /// Says what rows are measured against.
  public init(to points: ConstantMatrix, _ metric: DistanceMetric) {
    self.points = points
    self.metric = metric
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(to: try reader.matrix("points"), try DistanceMetric(from: &reader))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(points.tensor, "points")
    metric.write(to: &writer)
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    metric.work(points: points.rows, columns: operands[0].columns)
  }

  /// Gives a column for each point.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expectPoints(points, columns: columns)
    try metric.check(columns: columns, operands)
    return .numbers(points.rows)
  }
}
