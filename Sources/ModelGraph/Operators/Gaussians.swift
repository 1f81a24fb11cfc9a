public import Domain

/// For each row b the x with L x = b, L being lower triangular: b is substituted forward.
public struct SolveTriangular: Operator {
  /// The name of the kind.
  public static let kind = "solve_triangular"

  /// L, `[columns, columns]`; nothing above its diagonal, and nothing on it is 0.
  public var factor: ConstantMatrix

  /// Says what is solved for.
  public init(_ factor: ConstantMatrix) {
    self.factor = factor
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.matrix("factor"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(factor.tensor, "factor")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(operands[0].columns, operands[0].columns) }

  /// Gives as many columns as it reads.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(factor.tensor, shape: [columns, columns], "factor")
    try operands.expectFinite(factor.elements, "factor")
    for row in 0..<columns {
      let start = row * columns
      guard factor.elements[start + row] != 0,
        factor.elements[(start + row + 1)..<(start + columns)].allSatisfy({ $0 == 0 })
      else {
        throw operands.problem(
          "factor",
          "expected a lower triangular matrix with a diagonal other than 0 in '\(operands.node)', found"
            + " another in row \(row)")
      }
    }
    return .numbers(columns)
  }
}

/// The expectation of 1 ÷ (1 + e⁻ᶠ) where f is normally distributed: of a column of means and one of variances.
///
/// The logistic curve is taken for five error functions. Source: Williams and Barber, "Bayesian Classification with
/// Gaussian Processes", appendix A, with the numbers of scikit-learn.
public struct LogisticOfGaussian: PlainOperator {
  /// The name of the kind.
  public static let kind = "logistic_of_gaussian"

  /// There is nothing to say.
  public init() {}

  /// Gives one column of two.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    guard try operands.allNumbers(count: 2) == [1, 1] else {
      throw operands.problem("operand", "expected '\(operands.node)' to read two values of one column each")
    }
    return .numbers(1)
  }
}
