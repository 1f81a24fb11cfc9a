/// What a model is asked about: rows of features, end to end.
public struct Rows: Sendable {
  /// The features, row by row.
  public let values: [Double]
  /// How many rows there are.
  public let rowCount: Int
  /// How many features each row has.
  public let featureCount: Int

  /// Takes rows laid end to end; nothing is checked here, see `ExecutionPlan.run`.
  public init(values: [Double], rowCount: Int, featureCount: Int) {
    self.values = values
    self.rowCount = rowCount
    self.featureCount = featureCount
  }
}
