public import Domain

/// Each index becomes the row of a table at that place.
public struct PickRows: Operator {
  /// The name of the kind.
  public static let kind = "pick_rows"

  /// The table.
  public var table: ConstantMatrix

  /// Says what is picked from.
  public init(_ table: ConstantMatrix) {
    self.table = table
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.matrix("table"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(table.tensor, "table")
  }

  /// Gives as many columns as the table has.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let bound = try operands.indices()
    guard table.rows == bound, table.columns > 0 else {
      throw operands.problem(
        "tensor-shape",
        "expected 'table' to have \(bound) rows in '\(operands.node)', found \(table.rows) of"
          + " \(table.columns) columns")
    }
    return .numbers(table.columns)
  }
}

/// 0 and then one value after another, added element by element.
public struct AddValues: PlainOperator {
  /// The name of the kind.
  public static let kind = "add_values"

  /// There is nothing to say.
  public init() {}

  /// Gives as many columns as each of the values has.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.allNumbers()
    guard let other = columns.first(where: { $0 != columns[0] }) else { return .numbers(columns[0]) }
    throw operands.problem(
      "operand",
      "expected '\(operands.node)' to read values of \(columns[0]) columns, found one of \(other)")
  }
}

/// Each row becomes its median by weights.
///
/// Of its elements in ascending order it is the first at which the weights so far
/// reach half of all. Drucker, Improving regressors using boosting techniques (1997).
public struct WeightedMedian: Operator {
  /// The name of the kind.
  public static let kind = "weighted_median"

  /// The weight of each column, none of them negative.
  public var weights: [Double]

  /// Says what columns weigh.
  public init(weights: [Double]) {
    self.weights = weights
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(weights: try reader.numbers("weights"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(weights, "weights")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(operands[0].columns, Work.search(among: operands[0].columns))
  }

  /// Gives one column.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(weights, count: columns, "weights")
    try operands.expectFinite(weights, "weights")
    guard let wrong = weights.first(where: { $0 < 0 }) else { return .numbers(1) }
    throw operands.problem(
      "weights", "expected no weight below 0 in '\(operands.node)', found \(wrong)")
  }
}
