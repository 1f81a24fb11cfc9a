public import Domain

/// Products of columns, each made of an earlier one: the terms of a polynomial.
public struct Products: Operator {
  /// The name of the kind.
  public static let kind = "products"

  /// The earlier term that each term is made of, −1 where there is none.
  public var bases: [Int64]
  /// The column that each term multiplies its base by, −1 for the constant 1 (which has no base).
  public var features: [Int64]
  /// How many terms at the start are there for later ones alone and do not come out.
  public var hidden: Int

  /// Says what terms there are.
  public init(bases: [Int64], features: [Int64], hidden: Int) {
    self.bases = bases
    self.features = features
    self.hidden = hidden
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      bases: try reader.integers("bases"), features: try reader.integers("features"),
      hidden: try reader.integer("hidden"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(bases, "bases")
    writer.write(features, "features")
    writer.write(hidden, "hidden")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(bases.count) }

  /// Gives a column for each term that is not hidden.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(features, count: bases.count, "features")
    guard hidden >= 0, hidden < bases.count else {
      throw operands.problem(
        "tensor-shape",
        "expected '\(operands.node)' to hide 0 to below \(bases.count) terms, found \(hidden)")
    }
    for (term, (base, feature)) in zip(bases, features).enumerated() {
      guard base >= -1, base < term, feature >= -1, feature < columns, feature >= 0 || base == -1 else {
        throw operands.problem(
          "index-range",
          "expected term \(term) of '\(operands.node)' to be made of an earlier term and one of \(columns)"
            + " columns, found \(base) and \(feature)")
      }
    }
    return .numbers(bases.count - hidden)
  }
}
