/// One operator of a checked graph with its constants in hand: what a plan is made from.
///
/// Only `ValidatedGraph` makes these, so whoever holds one may rely on what its checks establish.
package struct Step: Sendable {
  /// What it computes.
  package let computation: Computation
  /// The value it reads: 0 for the rows, n for the output of step n − 1.
  package let input: Int
  /// How many columns its input has.
  package let inputColumns: Int
  /// How many columns its output has.
  package let columns: Int
  /// The estimator it came from.
  package let origin: String
}

/// `Operator` with the elements of its constants in the place of their names.
package enum Computation: Sendable {
  case checkFinite(allowsNaN: Bool, asFloat32: Bool)
  case scale(offset: [Double]?, divisor: [Double]?)
  /// `coefficients` are `[outputs, inputColumns]`.
  case linear(coefficients: [Double], intercepts: [Double])
  case trees(Trees)
  case softmax
  case logistic
  case normalizeRows(zeroSum: ZeroSum)
  case mirror
  case complement
  case argMax
  case positive
  /// More labels than any index that the input can hold.
  case label(Tensor.Elements)
}

/// The constants of a checked tree ensemble; see `TreeEnsemble` for their meaning.
///
/// Checked: all arrays have a place per node (`values` a row), every tree's nodes stand together behind its
/// root, children come after their parent and in its tree, each node but the roots has one parent, inner
/// nodes look at columns that there are, no threshold is NaN, all values are finite.
package struct Trees: Sendable {
  package let roots: [Int64]
  package let left: [Int64]
  package let right: [Int64]
  package let feature: [Int64]
  package let threshold: [Double]
  package let missingLeft: [Bool]
  /// `[nodes, outputs]`.
  package let values: [Double]
  package let outputs: Int
  package let divisor: Double
}
