public import Domain

// Operators on runs of columns of one length: what networks compute along one axis of several.

extension Operands {
  /// How many runs of `size` columns the columns of numbers are.
  func groups(of size: Int) throws(Problem) -> Int {
    let columns = try numbers()
    guard size > 0, columns.isMultiple(of: size) else {
      throw problem(
        "group-size", "expected '\(node)' to read runs of \(size) columns, found \(columns) columns")
    }
    return columns / size
  }

  /// Refuses what takes more multiplications a row than any model that runs on one machine.
  ///
  /// The graph's check asks the same of every operator; here it keeps sizes that are reckoned with from overflowing.
  func expectWork(_ factors: [Int]) throws(Problem) {
    var work = 1
    for factor in factors {
      let (product, overflow) = work.multipliedReportingOverflow(by: factor)
      guard !overflow, product <= GraphLimits.work else {
        throw problem(
          "work", "expected '\(node)' to take at most \(GraphLimits.work) multiplications a row, found more")
      }
      work = product
    }
  }
}

/// Each run of columns becomes one number.
public struct ReduceGroups: Operator {
  /// What is made of a run.
  public enum Reduction: String, Sendable, CaseIterable {
    /// Σ x, added up as NumPy adds along the last axis.
    case sum
    /// Σ x ÷ size.
    case mean
    /// The greatest element; NaN where there is one.
    case max
    /// The least element; NaN where there is one.
    case min
    /// Π x.
    case product
    /// Σ x².
    case sumOfSquares = "sum_of_squares"
    /// Σ |x|.
    case l1
    /// √Σ x².
    case l2
    /// log Σ x.
    case logSum = "log_sum"
    /// max + log Σ exp(x − max).
    case logSumExp = "log_sum_exp"
    /// The place of the first greatest element.
    case firstGreatest = "first_greatest"
    /// The place of the last greatest element.
    case lastGreatest = "last_greatest"
    /// The place of the first least element.
    case firstLeast = "first_least"
    /// The place of the last least element.
    case lastLeast = "last_least"
  }

  /// The name of the kind.
  public static let kind = "reduce_groups"

  /// What is made of a run.
  public var reduction: Reduction
  /// How many columns a run has.
  public var size: Int

  /// Says what is made of runs of how many columns.
  public init(_ reduction: Reduction, size: Int) {
    self.reduction = reduction
    self.size = size
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.choice("reduction"), size: try reader.integer("size"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(reduction, "reduction")
    writer.write(size, "size")
  }

  /// Gives a column for each run.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.groups(of: size))
  }
}

/// Each run of columns becomes exp(x − max) ÷ Σ exp(x − max), or the logarithm of that.
public struct SoftmaxGroups: Operator {
  /// The name of the kind.
  public static let kind = "softmax_groups"

  /// How many columns a run has.
  public var size: Int
  /// Whether the logarithm is taken: x − max − log Σ exp(x − max).
  public var isLogarithm: Bool

  /// Says how many columns a run has, and what is made of it.
  public init(size: Int, isLogarithm: Bool = false) {
    self.size = size
    self.isLogarithm = isLogarithm
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(size: try reader.integer("size"), isLogarithm: try reader.bool("is_logarithm"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(size, "size")
    writer.write(isLogarithm, "is_logarithm")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    .numbers(try operands.groups(of: size) * size)
  }
}

/// Each run of columns becomes (x − mean) ÷ √(variance + ε).
public struct NormalizeGroups: Operator {
  /// The name of the kind.
  public static let kind = "normalize_groups"

  /// How many columns a run has.
  public var size: Int
  /// What is added to the variance.
  public var epsilon: Double

  /// Says how many columns a run has, and what keeps the division from one by 0.
  public init(size: Int, epsilon: Double) {
    self.size = size
    self.epsilon = epsilon
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(size: try reader.integer("size"), epsilon: try reader.number("epsilon"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(size, "size")
    writer.write(epsilon, "epsilon")
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard epsilon.isFinite else {
      throw operands.problem(
        "not-finite", "expected a finite epsilon in '\(operands.node)', found \(epsilon)")
    }
    return .numbers(try operands.groups(of: size) * size)
  }
}

/// Each run of columns times the transpose of a matrix, plus intercepts: a layer that many places share.
public struct LinearGroups: Operator {
  /// The name of the kind.
  public static let kind = "linear_groups"

  /// `[outputs, columns of a run]`.
  public var coefficients: ConstantMatrix
  /// `[outputs]`.
  public var intercepts: [Double]

  /// Says what is multiplied and added.
  public init(coefficients: ConstantMatrix, intercepts: [Double]) {
    self.coefficients = coefficients
    self.intercepts = intercepts
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      coefficients: try reader.matrix("coefficients"), intercepts: try reader.numbers("intercepts"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(coefficients.tensor, "coefficients")
    writer.write(intercepts, "intercepts")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(coefficients.rows, operands[0].columns) }

  /// Gives a run of as many columns as the coefficients have rows for each run.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let groups = try operands.groups(of: coefficients.columns)
    try operands.expect(intercepts, count: coefficients.rows, "intercepts")
    try operands.expectFinite(coefficients.elements, "coefficients")
    try operands.expectFinite(intercepts, "intercepts")
    try operands.expectWork([groups, coefficients.rows, coefficients.columns])
    let (columns, overflow) = groups.multipliedReportingOverflow(by: coefficients.rows)
    guard coefficients.rows > 0, !overflow else {
      throw operands.problem(
        "tensor-shape", "expected rows of coefficients in '\(operands.node)', found none")
    }
    return .numbers(columns)
  }
}

/// The products of the matrices that two values hold, pair by pair, all of one shape.
public struct MatrixProduct: Operator {
  /// The name of the kind.
  public static let kind = "matrix_product"

  /// How many rows each left matrix has.
  public var rows: Int
  /// How many columns each left matrix has, and rows each right one.
  public var inner: Int
  /// How many columns each right matrix has.
  public var columns: Int

  /// States the shapes.
  public init(rows: Int, inner: Int, columns: Int) {
    self.rows = rows
    self.inner = inner
    self.columns = columns
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      rows: try reader.integer("rows"), inner: try reader.integer("inner"),
      columns: try reader.integer("columns"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(rows, "rows")
    writer.write(inner, "inner")
    writer.write(columns, "columns")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(operands[0].columns, columns) }

  /// Gives a matrix for each pair.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let given = try operands.allNumbers(count: 2)
    let left = rows.multipliedReportingOverflow(by: inner)
    let right = inner.multipliedReportingOverflow(by: columns)
    guard rows > 0, inner > 0, columns > 0, !left.overflow, !right.overflow,
      given[0].isMultiple(of: left.partialValue), given[1].isMultiple(of: right.partialValue),
      given[0] / left.partialValue == given[1] / right.partialValue
    else {
      throw operands.problem(
        "operand",
        "expected '\(operands.node)' to read as many matrices of \(rows) × \(inner) as of \(inner) ×"
          + " \(columns), found \(given[0]) and \(given[1]) columns")
    }
    let pairs = given[0] / left.partialValue
    try operands.expectWork([pairs, rows, inner, columns])
    return .numbers(pairs * rows * columns)
  }
}

/// The greatest or least elements of each run of columns in order, and behind all of them their places.
///
/// Of equals the first comes first; NaN comes before every number among the greatest, and behind them among the
/// least.
public struct TopElements: Operator {
  /// The name of the kind.
  public static let kind = "top_elements"

  /// How many columns a run has.
  public var size: Int
  /// How many elements of a run are taken.
  public var count: Int
  /// Whether the greatest are taken, rather than the least.
  public var largest: Bool

  /// Says which elements are taken.
  public init(size: Int, count: Int, largest: Bool) {
    self.size = size
    self.count = count
    self.largest = largest
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      size: try reader.integer("size"), count: try reader.integer("count"),
      largest: try reader.bool("largest"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(size, "size")
    writer.write(count, "count")
    writer.write(largest, "largest")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(operands[0].columns, Work.search(among: size))
  }

  /// Gives the elements of all runs, then the places of all.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let groups = try operands.groups(of: size)
    guard 1...size ~= count else {
      throw operands.problem(
        "group-size", "expected '\(operands.node)' to take from 1 to \(size) elements, found \(count)")
    }
    return .numbers(2 * groups * count)
  }
}
