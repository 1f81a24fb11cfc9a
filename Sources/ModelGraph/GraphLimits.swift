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
  /// Rows or columns of a constant: more than memory holds elements.
  static let matrixAxis = 1 << 40
  /// Features of models that take each as a tensor of its own, because not all are numbers that are read.
  static let mixedFeatures = 1 << 18
  /// Steps that one operator takes for a row.
  static let work = 1 << 34
  /// Steps that all operators take for a row.
  static let graphWork = 1 << 36
  /// UTF-8 bytes of what a mapping's names and texts are joined by.
  static let separatorLength = 1024
  /// UTF-8 bytes of any name.
  static let nameLength = 1024
  /// Bytes of `graph.json`.
  static let graphBytes = 256 << 20
  /// Bytes of the header of `weights.safetensors`.
  static let weightsHeaderBytes = 64 << 20
}
