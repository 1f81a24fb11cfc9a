public import Domain

/// Each column holds the number of a category, whose row of scores is added to those of the other columns.
///
/// A number loses its fraction first. One that no category has, and a negative one, is refused.
public struct CategoryScores: Operator {
  /// The name of the kind.
  public static let kind = "category_scores"

  /// Where the categories of each column start among the rows of `scores`, and at last where they end.
  public var starts: [Int64]
  /// `[categories of all columns, outputs]`.
  public var scores: ConstantMatrix

  /// Says what each category adds.
  public init(starts: [Int64], scores: ConstantMatrix) {
    self.starts = starts
    self.scores = scores
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(starts: try reader.integers("starts"), scores: try reader.matrix("scores"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(starts, "starts")
    writer.write(scores.tensor, "scores")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work { .product(operands[0].columns, scores.columns) }

  /// Gives a column for each output.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(starts, count: columns + 1, "starts")
    let ascends = zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 }
    guard starts[0] == 0, ascends, starts[columns] == scores.rows, scores.columns > 0 else {
      throw operands.problem(
        "tensor-shape",
        "expected 'starts' of '\(operands.node)' to ascend from 0 to \(scores.rows), the rows of 'scores'")
    }
    if let wrong = scores.elements.first(where: { $0.isNaN || $0 == .infinity }) {
      throw operands.problem(
        "not-finite", "expected logarithms as 'scores' of '\(operands.node)', found \(wrong)")
    }
    return .numbers(scores.columns)
  }
}
