public import Domain
public import Lifecycle
import Synchronization

/// What witnesses said, in memory, with faults on request.
public final class InMemoryCosignatures: CosignatureStore {
  private struct State {
    var kept: [KeptCosignature] = []
    var alarms: [String: Problem] = [:]
  }

  private let faults: FaultPlan
  // A cosignature and the end of an alarm are one.
  private let state = Mutex(State())

  /// Keeps nothing yet; `faults` numbers the calls of `keep`.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// All cosignatures, by witness and size.
  public func cosignatures() -> [KeptCosignature] { state.withLock { $0.kept } }

  /// What is the matter with witnesses, by name.
  public func alarms() -> [String: Problem] { state.withLock { $0.alarms } }

  /// Keeps a cosignature.
  public func keep(_ cosignature: KeptCosignature, beside served: Int?) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        state.alarms[cosignature.witness] = nil
        let others = state.kept.filter { $0.witness != cosignature.witness }
        let own =
          state.kept.filter { $0.witness == cosignature.witness && $0.size != cosignature.size }
          + [cosignature]
        let newest = own.sorted { $0.size < $1.size }.suffix(Self.cosignatureLimit)
        let beside = own.filter { $0.size == served && !newest.contains($0) }
        state.kept = (others + beside + newest).sorted { ($0.witness, $0.size) < ($1.witness, $1.size) }
      }
    }
  }

  /// Keeps what is the matter with a witness.
  public func alarm(_ problem: Problem, of witness: String) {
    state.withLock { $0.alarms[witness] = problem }
  }

  /// Erases all that is kept of a witness.
  public func forget(_ witness: String) {
    state.withLock { state in
      state.kept.removeAll { $0.witness == witness }
      state.alarms[witness] = nil
    }
  }
}
