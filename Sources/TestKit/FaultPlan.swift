public import Domain
import Synchronization

/// Which writes of a store fail, and how: told beforehand, counted from the first.
///
/// A write that fails either did not happen at all or did happen and only the answer was lost. Code that
/// writes must be right in both cases.
public final class FaultPlan: Sendable {
  /// How a write fails.
  public enum Fault: Sendable, CaseIterable {
    /// Nothing of it happened.
    case notPersisted
    /// All of it happened; the caller hears that it failed.
    case persisted
  }

  private struct State {
    var faults: [Int: Fault]
    var writes = 0
  }

  // Every write takes its number and its fault in one step.
  private let state: Mutex<State>

  /// Lets the writes with these numbers, from 1, fail.
  public init(_ faults: [Int: Fault] = [:]) {
    state = Mutex(State(faults: faults))
  }

  /// How many writes there were so far: as many cases as a fault matrix has.
  public var writes: Int { state.withLock { $0.writes } }

  /// Lets every write from now on succeed, as on a disk that was mended.
  public func mend() { state.withLock { $0.faults = [:] } }

  /// Does a write, or fails it as planned; throws `fault.injected`.
  public func write<Result>(_ body: () throws(Problem) -> Result) throws(Problem) -> Result {
    try strike(isBefore: true)
    let result = try body()
    try strike(isBefore: false)
    return result
  }

  /// Tells the plan that a write is about to happen, or has just happened; throws `fault.injected` where it is
  /// to fail there.
  ///
  /// For stores that write one after another: the end belongs to the latest beginning.
  public func strike(isBefore: Bool) throws(Problem) {
    let (number, fault) = state.withLock { state in
      if isBefore { state.writes += 1 }
      return (state.writes, state.faults[state.writes])
    }
    guard let fault, (fault == .notPersisted) == isBefore else { return }
    throw Problem(
      .unavailable, "fault.injected", "expected write \(number) to succeed, found a fault planned for it")
  }
}
