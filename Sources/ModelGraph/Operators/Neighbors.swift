public import Domain

/// What the nearest of some points say about each row: votes for classes, means of targets, or how far out it is.
///
/// Which of several points at one distance count depends on how they are sought, so a search is part of what the
/// operator says. It follows scikit-learn's step by step.
public struct Neighbors: Operator {
  /// How many points count.
  public enum Extent: Equatable, Sendable {
    /// The nearest ones.
    case count(Int)
    /// Those that are no further away.
    case radius(Double)
  }

  /// How points are sought.
  public enum Search: String, Sendable, CaseIterable {
    /// All in order, the nearest kept in a heap from which a nearer one pushes the farthest.
    case heap
    /// All, of which the nearest are selected as `numpy.argpartition` selects.
    case selection
    /// A tree of boxes or balls, depth first, with a heap.
    case tree
  }

  /// How much a point counts.
  public enum Weighting: String, Sendable, CaseIterable {
    /// Each the same.
    case uniform
    /// 1 ÷ distance; where points are at no distance, they alone.
    case distance
  }

  /// The name of the kind.
  public static let kind = "neighbors"

  /// `[points, columns]`.
  public var points: ConstantMatrix
  /// How far is far.
  public var metric: DistanceMetric
  /// How many points count.
  public var extent: Extent
  /// How they are sought.
  public var search: Search
  /// The tree, where one is searched.
  public var tree: NeighborTree?
  /// How much a point counts.
  public var weighting: Weighting
  /// What they say.
  public var answer: NeighborAnswer

  /// Puts points, search and answer together.
  public init(
    points: ConstantMatrix, metric: DistanceMetric, extent: Extent, search: Search, tree: NeighborTree?,
    weighting: Weighting, answer: NeighborAnswer
  ) {
    self.points = points
    self.metric = metric
    self.extent = extent
    self.search = search
    self.tree = tree
    self.weighting = weighting
    self.answer = answer
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.points = try reader.matrix("points")
    self.metric = try DistanceMetric(from: &reader)
    let count = try reader.integer("count")
    if let radius = try reader.numberIfPresent("radius") {
      guard count == 0 else { throw reader.malformed("count", "0 beside a radius") }
      self.extent = .radius(radius)
    } else {
      self.extent = .count(count)
    }
    self.search = try reader.choice("search")
    self.tree = try NeighborTree(from: &reader)
    self.weighting = try reader.choice("weighting")
    self.answer = try NeighborAnswer(from: &reader)
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(points.tensor, "points")
    metric.write(to: &writer)
    switch extent {
    case .count(let count):
      writer.write(count, "count")
      writer.write(nil as Double?, "radius")
    case .radius(let radius):
      writer.write(0, "count")
      writer.write(radius, "radius")
    }
    writer.write(search, "search")
    NeighborTree.write(tree, to: &writer)
    writer.write(weighting, "weighting")
    answer.write(to: &writer)
  }

  /// A distance to each point, which is then compared, and what the neighbours say.
  public func work(on operands: [ValueType]) -> Work {
    let count = if case .count(let count) = extent { count } else { points.rows }
    return metric.work(points: points.rows, columns: operands[0].columns)
      + .product(points.rows, Work.search(among: count)) + .product(count, answer.targetCount)
  }

  /// Gives a column for each class of each target, or for each target, or one.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expectPoints(points, columns: columns)
    try metric.check(columns: columns, operands)
    switch extent {
    case .count(let count):
      guard 1...points.rows ~= count else {
        throw operands.problem(
          "neighbors", "expected 1 to \(points.rows) neighbours in '\(operands.node)', found \(count)")
      }
    case .radius(let radius):
      guard radius >= 0 else {
        throw operands.problem(
          "neighbors", "expected a radius of 0 or more in '\(operands.node)', found \(radius)")
      }
    }
    guard (search == .tree) == (tree != nil) else {
      throw operands.problem("neighbors", "expected a tree in '\(operands.node)' where one is searched")
    }
    try tree?.check(points: points, metric, operands)
    return .numbers(try answer.check(points: points.rows, extent, operands))
  }
}

/// What neighbours say.
public enum NeighborAnswer: Equatable, Sendable {
  /// What becomes of a row that has no neighbours within a radius, for each target.
  public static let refused: Int64 = -2
  /// The votes are all 0.
  public static let nobody: Int64 = -1

  /// Weights added up by class: `labels` has a row a point and a column a target, `classes` how many classes each
  /// target has, `outliers` for each target the class that a row without neighbours gets, or one of the above.
  case votes(labels: [Int64], classes: [Int64], outliers: [Int64])
  /// Weighted means of the columns, a row a point; NaN for a row without neighbours.
  case means(ConstantMatrix)
  /// The negative local outlier factor, of each point's distance to its own farthest neighbour and its density.
  case outlierFactor(reaches: [Double], densities: [Double])

  init(from reader: inout AttributeReader) throws(Problem) {
    switch try reader.string("answer") {
    case "votes":
      self = .votes(
        labels: try reader.integers("labels"), classes: try reader.integers("classes"),
        outliers: try reader.integers("outliers"))
    case "means": self = .means(try reader.matrix("targets"))
    case "outlier_factor":
      self = .outlierFactor(
        reaches: try reader.numbers("reaches"), densities: try reader.numbers("densities"))
    default: throw reader.malformed("answer", "'votes', 'means' or 'outlier_factor'")
    }
  }

  func write(to writer: inout AttributeWriter) {
    switch self {
    case .votes(let labels, let classes, let outliers):
      writer.write("votes", "answer")
      writer.write(labels, "labels")
      writer.write(classes, "classes")
      writer.write(outliers, "outliers")
    case .means(let targets):
      writer.write("means", "answer")
      writer.write(targets.tensor, "targets")
    case .outlierFactor(let reaches, let densities):
      writer.write("outlier_factor", "answer")
      writer.write(reaches, "reaches")
      writer.write(densities, "densities")
    }
  }

  /// How many numbers each neighbour has a say in.
  var targetCount: Int {
    switch self {
    case .votes(_, let classes, _): classes.count
    case .means(let targets): targets.columns
    case .outlierFactor: 1
    }
  }

  /// How many columns come out.
  func check(
    points: Int, _ extent: Neighbors.Extent, _ operands: Operands
  ) throws(Problem) -> Int {
    switch self {
    case .votes(let labels, let classes, let outliers):
      return try checkVotes(labels, classes, outliers, points: points, operands)
    case .means(let targets):
      try operands.expect(targets.tensor, shape: [points, targets.columns], "targets")
      guard targets.columns > 0 else {
        throw operands.problem("tensor-shape", "expected targets in '\(operands.node)', found none")
      }
      return targets.columns
    case .outlierFactor(let reaches, let densities):
      guard case .count = extent else {
        throw operands.problem("neighbors", "expected a count of neighbours in '\(operands.node)'")
      }
      try operands.expect(reaches, count: points, "reaches")
      try operands.expect(densities, count: points, "densities")
      return 1
    }
  }

  private func checkVotes(
    _ labels: [Int64], _ classes: [Int64], _ outliers: [Int64], points: Int, _ operands: Operands
  ) throws(Problem) -> Int {
    let (count, overflow) = points.multipliedReportingOverflow(by: classes.count)
    guard !classes.isEmpty, !overflow else {
      throw operands.problem("tensor-shape", "expected targets in '\(operands.node)', found none")
    }
    try operands.expect(labels, count: count, "labels")
    try operands.expect(outliers, count: classes.count, "outliers")
    var columns = 0
    for (target, classCount) in classes.enumerated() {
      guard 1...Int64(GraphLimits.columns) ~= classCount, columns <= GraphLimits.columns else {
        throw operands.problem(
          "tensor-shape",
          "expected a class or more for each target of '\(operands.node)', found \(classCount)")
      }
      columns += Int(classCount)
      guard Self.refused..<classCount ~= outliers[target] else {
        throw operands.problem(
          "index-range",
          "expected an outlier's class below \(classCount) in '\(operands.node)', found another")
      }
      for point in 0..<points where !(0..<classCount ~= labels[point * classes.count + target]) {
        throw operands.problem(
          "index-range",
          "expected labels from 0 to \(classCount - 1) in '\(operands.node)', found another at point \(point)"
        )
      }
    }
    return columns
  }
}
