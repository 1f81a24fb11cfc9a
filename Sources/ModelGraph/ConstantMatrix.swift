/// A constant of an operator: doubles in rows and columns, row by row.
public struct ConstantMatrix: Equatable, Sendable {
  /// The elements, row by row.
  public let elements: [Double]
  /// How many rows.
  public let rows: Int
  /// How many columns.
  public let columns: Int

  /// Puts elements into rows; nil where their number is not the product.
  public init?(_ elements: [Double], rows: Int, columns: Int) {
    guard rows >= 0, columns >= 0, !rows.multipliedReportingOverflow(by: columns).overflow,
      rows * columns == elements.count
    else { return nil }
    self.init(unchecked: elements, rows: rows, columns: columns)
  }

  init(unchecked elements: [Double], rows: Int, columns: Int) {
    self.elements = elements
    self.rows = rows
    self.columns = columns
  }

  /// A matrix without elements.
  public static let empty = ConstantMatrix(unchecked: [], rows: 0, columns: 0)

  /// Whether two are the same bit for bit; NaN is itself.
  public static func == (left: ConstantMatrix, right: ConstantMatrix) -> Bool {
    left.rows == right.rows && left.columns == right.columns
      && zip(left.elements, right.elements).allSatisfy { $0.bitPattern == $1.bitPattern }
  }

  /// The matrix as a tensor of two axes.
  public var tensor: Tensor { Tensor(unchecked: [rows, columns], .float64(elements)) }

  /// The matrix with rows and columns exchanged.
  public var transposed: ConstantMatrix {
    var result: [Double] = []
    result.reserveCapacity(elements.count)
    for column in 0..<columns {
      for row in 0..<rows { result.append(elements[row * columns + column]) }
    }
    return ConstantMatrix(unchecked: result, rows: columns, columns: rows)
  }
}
