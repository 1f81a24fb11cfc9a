public import Domain

/// What is missing in a row, filled in from the rows of a table that are nearest to it.
///
/// The distance of two rows is Euclid's over the columns that both have, scaled up by the share of those; for each
/// missing element the nearest rows of the table that have that column give a mean. Troyanskaya et al. (2001), as
/// scikit-learn's KNNImputer.
public struct NearestFill: Operator {
  /// The name of the kind.
  public static let kind = "nearest_fill"

  /// The table; NaN is a missing element.
  public var table: ConstantMatrix
  /// How many rows give the mean.
  public var neighbors: Int
  /// Whether the nearer count for more: by 1 ÷ distance.
  public var byDistance: Bool

  /// Says what is filled in from where.
  public init(table: ConstantMatrix, neighbors: Int, byDistance: Bool) {
    self.table = table
    self.neighbors = neighbors
    self.byDistance = byDistance
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      table: try reader.matrix("table"), neighbors: try reader.integer("neighbors"),
      byDistance: try reader.bool("by_distance"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(table.tensor, "table")
    writer.write(neighbors, "neighbors")
    writer.write(byDistance, "by_distance")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(table.rows, operands[0].columns, 1 + Work.search(among: table.rows))
  }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    guard table.rows > 0, table.columns == columns else {
      throw operands.problem(
        "tensor-shape",
        "expected 'table' to have the shape [1 or more, \(columns)] in '\(operands.node)', found"
          + " [\(table.rows), \(table.columns)]")
    }
    guard neighbors > 0 else {
      throw operands.problem(
        "neighbors", "expected '\(operands.node)' to ask for one neighbour at least, found \(neighbors)")
    }
    guard table.elements.allSatisfy({ !$0.isInfinite }) else {
      throw operands.problem(
        "not-finite", "expected finite numbers or NaN in the table of '\(operands.node)', found an infinity")
    }
    return .numbers(columns)
  }
}
