public import Domain

/// x · y of each row with each of some points, added up as the dot product of BLAS.
///
/// `Linear` gives the same but for the last bits, which matter where large products cancel out: LIBSVM's kernels.
public struct DotProducts: Operator {
  /// The name of the kind.
  public static let kind = "dot_products"

  /// `[points, columns]`.
  public var points: ConstantMatrix

  /// Says what rows are multiplied by.
  public init(_ points: ConstantMatrix) {
    self.points = points
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.matrix("points"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(points.tensor, "points")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(points.rows, operands[0].columns) }

  /// Gives a column for each point.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expectPoints(points, columns: columns)
    return .numbers(points.rows)
  }
}
