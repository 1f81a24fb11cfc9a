public import Domain

/// Where it is kept what was seen at the steps of roll-outs, for the process that comes next.
///
/// What is lost here costs time, and lets the step's part of the wager be made once more: it is no part of the registry, and the
/// ledger does not account for it.
public protocol RolloutEvidenceStore: Sendable {
  /// What was saved last of a deployment's roll-out; nil where there is nothing.
  func load(_ deployment: ModelName) async throws(Problem) -> [UInt8]?
  /// Replaces it: whole when this returns, as before when it throws.
  func save(_ bytes: [UInt8], of deployment: ModelName) async throws(Problem)
  /// Forgets it, there or not.
  func remove(_ deployment: ModelName) async throws(Problem)
}

/// Keeps nothing.
public struct NoRolloutEvidence: RolloutEvidenceStore {
  /// Keeps nothing.
  public init() {}

  /// Nothing.
  public func load(_ deployment: ModelName) async throws(Problem) -> [UInt8]? { nil }

  /// Keeps nothing.
  public func save(_ bytes: [UInt8], of deployment: ModelName) async throws(Problem) {}

  /// There is nothing.
  public func remove(_ deployment: ModelName) async throws(Problem) {}
}
