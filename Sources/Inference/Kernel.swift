import Domain
import ModelGraph

/// One step of a plan, laid out for running.
protocol Kernel: Sendable {
  /// How many rows at a time are worth more than values that stay in the cache: those of a kernel whose constants do
  /// not stay there.
  var worthwhileRows: Int { get }

  /// Computes a value for each row of the operands, which are of the types that the graph's check found.
  ///
  /// The operands are the kernel's own: what nothing else reads it may take out of them (`takeMatrix`) and change
  /// without a copy.
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value
}

extension Kernel {
  var worthwhileRows: Int { 1 }
}

/// An operator that can run.
protocol Runnable: Operator {
  /// Lays the constants out for operands of these types.
  func kernel(_ operands: [ValueType]) -> any Kernel

  /// What the kernel does with operands of which these are sparse, so that nothing large is written out.
  func sparsity(_ areSparse: [Bool]) -> Sparsity
}

/// How a kernel stands to values that are mostly 0.
struct Sparsity {
  /// Whether it takes sparse operands as they are, rather than with their zeros written out.
  let reads: Bool
  /// Whether what it gives is sparse.
  let gives: Bool

  /// Neither.
  static let none = Sparsity(reads: false, gives: false)
}

extension Runnable {
  func sparsity(_ areSparse: [Bool]) -> Sparsity { .none }
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
  /// Whether nobody waits for the answer any more: for kernels that take long over a few rows.
  var isCancelled: @Sendable () -> Bool = { false }
}
