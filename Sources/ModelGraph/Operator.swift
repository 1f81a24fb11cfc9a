/// One kind of computation on rows, with the names of the constants it reads.
///
/// Values between operators are matrices of doubles, `[rows, columns]`, except the labels that
/// `label` gives. The constants are tensors of the graph, by name.
public enum Operator: Equatable, Sendable {
  /// Refuses an infinity, and NaN unless `allowsNaN`; with `asFloat32` each element is first rounded to
  /// single precision, as scikit-learn's trees do, and must be finite after that too.
  case checkFinite(allowsNaN: Bool, asFloat32: Bool)

  /// (x − offset) ÷ divisor, column by column; either may be absent. Constants: FP64 `[columns]`.
  case scale(offset: String?, divisor: String?)

  /// x · coefficientsᵀ + intercepts. Constants: FP64 `[outputs, columns]` and FP64 `[outputs]`.
  case linear(coefficients: String, intercepts: String)

  /// Decision trees, their leaf values added in the order of the trees and divided by `divisor`.
  case treeEnsemble(TreeEnsemble)

  /// Each row becomes exp(x − max) ÷ Σ exp(x − max).
  case softmax

  /// 1 ÷ (1 + exp(−x)), element by element.
  case logistic

  /// Each row divided by its sum, added up as NumPy does; a row whose sum is 0 as `zeroSum` says.
  case normalizeRows(zeroSum: ZeroSum)

  /// One column x becomes two, −x and x: the logits of a binary softmax.
  case mirror

  /// One column p becomes two, 1 − p and p.
  case complement

  /// The index of the first greatest element of each row, `[rows, 1]`.
  case argMax

  /// 1 where x > 0, else 0, for one column.
  case positive

  /// Each whole-number element becomes the label at that index of the constant `labels`, any datatype.
  case label(labels: String)
}

/// What becomes of a row that cannot be divided by its sum, because that is 0; scikit-learn has both.
public enum ZeroSum: String, Sendable, CaseIterable {
  /// The division is made all the same, and gives NaN.
  case divide
  /// The row stays as it is.
  case keep
}

/// The trees of an ensemble laid end to end.
///
/// Node `i` sends a row left where `Float(x[feature[i]]) <= threshold[i]`, or where the element is NaN and
/// `missingLeft[i]`; a leaf has no children (−1). Children come after their parents and in the same tree, and
/// whatever nothing reads is 0, so that one ensemble has one form.
public struct TreeEnsemble: Equatable, Sendable {
  /// INT64 `[trees]`: the index of each tree's root; children are indices into the same arrays.
  public var roots: String
  /// INT64 `[nodes]`: the left child, −1 at a leaf.
  public var left: String
  /// INT64 `[nodes]`: the right child, −1 at a leaf.
  public var right: String
  /// INT64 `[nodes]`: the column that a node looks at; 0 at a leaf.
  public var feature: String
  /// FP64 `[nodes]`: the threshold, which may be infinite but not NaN; 0 at a leaf.
  public var threshold: String
  /// BOOL `[nodes]`: whether a missing element goes left.
  public var missingLeft: String
  /// FP64 `[nodes, outputs]`: what a leaf adds; 0 at an inner node.
  public var values: String
  /// What the sum over the trees is divided by; 1 leaves it as it is.
  public var divisor: Double

  /// Names the constants of an ensemble.
  public init(
    roots: String, left: String, right: String, feature: String, threshold: String, missingLeft: String,
    values: String, divisor: Double
  ) {
    self.roots = roots
    self.left = left
    self.right = right
    self.feature = feature
    self.threshold = threshold
    self.missingLeft = missingLeft
    self.values = values
    self.divisor = divisor
  }
}
