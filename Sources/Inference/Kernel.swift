import Domain
import ModelGraph

/// One step of a plan, laid out for running.
protocol Kernel: Sendable {
  /// Computes a value for each row of the operands, which are of the types that the graph's check found.
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value
}

/// An operator that can run.
protocol Runnable: Operator {
  /// Lays the constants out for operands of these types.
  func kernel(_ operands: [ValueType]) -> any Kernel
}

extension Runnable where Self: Kernel {
  /// An operator whose constants need no laying out is its own kernel.
  func kernel(_ operands: [ValueType]) -> any Kernel { self }
}

/// What a kernel may have to know of the rows at hand, for the most part to name one in a refusal.
struct Batch: Sendable {
  /// How many rows the operands have.
  let rowCount: Int
  /// How many rows were asked about before them.
  let firstRow: Int
  /// What the features that are numbers are called, in the order of the value's columns, where there are names.
  let numberNames: [String]?
  /// The estimator that the step came from.
  let origin: String
}
