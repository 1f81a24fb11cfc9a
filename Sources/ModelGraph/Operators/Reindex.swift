public import Domain

/// Each index becomes the index at that place of another list.
public struct Reindex: Operator {
  /// The name of the kind.
  public static let kind = "reindex"

  /// What each index becomes.
  public var indices: [Int64]
  /// What the new indices are below.
  public var bound: Int

  /// Says what becomes of each index.
  public init(_ indices: [Int64], bound: Int) {
    self.indices = indices
    self.bound = bound
  }

  /// Reads what `write` wrote.
  public init(from reader: inout AttributeReader) throws(Problem) {
    self.init(try reader.integers("indices"), bound: try reader.integer("bound"))
  }

  /// Writes every attribute down.
  public func write(to writer: inout AttributeWriter) {
    writer.write(indices, "indices")
    writer.write(bound, "bound")
  }

  /// Gives one column of indices.
  public func check(_ operands: Operands) throws(Problem) -> ValueType {
    try operands.expect(indices, count: try operands.indices(), "indices")
    try operands.expectIndices(indices, below: bound, "indices")
    return ValueType(.indices(bound: bound), columns: 1)
  }
}
