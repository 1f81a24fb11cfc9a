/// How large a graph may be: far beyond honest models, and small enough that no count overflows.
package enum GraphLimits {
  package static let operators = 65_536
  static let tensors = 262_144
  /// Values that one operator reads, or one method gives.
  package static let operands = 8192
  /// Columns of any value between operators, features included.
  package static let columns = 1 << 24
  /// Nodes of one ensemble: two less than what fits the 32-bit indices of the plan.
  static let treeNodes = Int(Int32.max) - 2
  /// Words of one set of categories, so that the place of a bit has 32 bits.
  static let setWords: Int32 = 1 << 24
  /// Multiplications that one operator makes of a row.
  static let work = 1 << 34
  /// UTF-8 bytes of any name.
  static let nameLength = 1024
  /// Bytes of `graph.json`.
  static let graphBytes = 256 << 20
  /// Bytes of the header of `weights.safetensors`.
  static let weightsHeaderBytes = 64 << 20
}
