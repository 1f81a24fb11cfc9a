public import Domain

/// Numbers of each column put into bins, numbered from 0, or marked by a column for each bin.
///
/// A number is in the bin after as many edges as are not above it.
public struct Bins: Operator {
  /// The name of the kind.
  public static let kind = "bins"

  /// The inner edges of the bins of all columns, one column after another, ascending in each.
  public var edges: [Double]
  /// Where the edges of each column begin, and behind the last one where they end.
  public var starts: [Int64]
  /// Whether a number so close below an edge that it may be rounded down from it counts as above: 10⁻⁸ and a
  /// hundred-thousandth of it are added first, as scikit-learn did up to 1.0.
  public var nudges: Bool
  /// Whether each bin becomes a column that is 1 for the rows in it and 0 for others.
  public var oneHot: Bool

  /// Says what bins there are.
  public init(edges: [Double], starts: [Int64], nudges: Bool, oneHot: Bool) {
    self.edges = edges
    self.starts = starts
    self.nudges = nudges
    self.oneHot = oneHot
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(
      edges: try reader.numbers("edges"), starts: try reader.integers("starts"),
      nudges: try reader.bool("nudges"), oneHot: try reader.bool("one_hot"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(edges, "edges")
    writer.write(starts, "starts")
    writer.write(nudges, "nudges")
    writer.write(oneHot, "one_hot")
  }

  /// How much a row takes beside reading and writing it.
  public func work(on operands: [ValueType]) -> Work {
    .product(operands[0].columns, Work.search(among: edges.count))
  }

  /// Gives a column for each it reads, or for each bin; afterwards the edges of each column lie among the edges and
  /// ascend.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    let columns = try operands.numbers()
    try operands.expect(starts, count: columns + 1, "starts")
    guard starts.first == 0, starts.last == Int64(edges.count),
      zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 })
    else {
      throw operands.problem(
        "tensor-shape", "expected 'starts' of '\(operands.node)' to ascend from 0 to \(edges.count)")
    }
    for column in 0..<columns {
      let own = edges[Int(starts[column])..<Int(starts[column + 1])]
      guard own.allSatisfy({ !$0.isNaN }), zip(own, own.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw operands.problem(
          "bins", "expected the edges of column \(column) of '\(operands.node)' to ascend, found others")
      }
    }
    return .numbers(oneHot ? edges.count + columns : columns)
  }
}
