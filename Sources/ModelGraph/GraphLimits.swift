/// How large a graph may be: far beyond honest models, and small enough that no count overflows.
enum GraphLimits {
  static let operators = 4096
  static let tensors = 16_384
  /// Columns of any value between operators, features included.
  static let columns = 1 << 24
  /// Nodes of one ensemble: two less than what fits the 32-bit indices of the plan.
  static let treeNodes = Int(Int32.max) - 2
  /// UTF-8 bytes of any name.
  static let nameLength = 1024
  /// Bytes of `graph.json`.
  static let graphBytes = 256 << 20
  /// Bytes of the header of `weights.safetensors`.
  static let weightsHeaderBytes = 16 << 20
}
