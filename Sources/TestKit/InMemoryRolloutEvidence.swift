public import Domain
public import Lifecycle
import Synchronization

/// What was seen of roll-outs, in memory, with faults on request.
public final class InMemoryRolloutEvidence: RolloutEvidenceStore {
  private let faults: FaultPlan
  // Replaced whole.
  private let documents = Mutex<[ModelName: [UInt8]]>([:])
  // Taken by whoever saves next.
  private let following = Mutex<(@Sendable () async -> Void)?>(nil)

  /// Keeps nothing yet; `faults` numbers what is saved.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// What was saved last.
  public func load(_ deployment: ModelName) -> [UInt8]? { documents.withLock { $0[deployment] } }

  /// Replaces it.
  public func save(_ bytes: [UInt8], of deployment: ModelName) async throws(Problem) {
    try faults.write { () throws(Problem) in documents.withLock { $0[deployment] = bytes } }
    if let event = following.withLock({ $0.take() }) { await event() }
  }

  /// Has something happen once, between the next save and what its caller does then.
  public func afterNextSave(_ event: @escaping @Sendable () async -> Void) {
    following.withLock { $0 = event }
  }

  /// Forgets it.
  public func remove(_ deployment: ModelName) { documents.withLock { $0[deployment] = nil } }
}
