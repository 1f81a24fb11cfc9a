import Domain
import Encoding
import NIOConcurrencyHelpers
import Synchronization

/// What every connection of a data plane shares: the table of what is served, the bounds and the counts.
final class DataPlane: Sendable {
  let limits: PlaneLimits
  let version: String
  /// Where records of requests go; nil where none are kept.
  let spool: RecordSpool?
  private let traces: TraceNumbers
  /// Replaced whole by `publish`; a request takes the table once, at its head.
  private let current: NIOLockedValueBox<RoutingTable>
  private let answered = Atomic<Int>(0)
  /// How requests were answered that came to no model.
  let unserved = RequestMetrics()
  let recent = RecentRequests()
  private let draining = Atomic<Bool>(false)
  let connections = Gauge()
  let bufferedBytes = Gauge()
  let queuedPredictions = Gauge()

  init(
    limits: PlaneLimits, version: String, table: RoutingTable, instance: String = "0000000000000000",
    spool: RecordSpool? = nil
  ) {
    self.spool = spool
    self.traces = TraceNumbers(process: instance)
    self.limits = limits
    self.version = version
    self.current = NIOLockedValueBox(table)
  }

  var table: RoutingTable { current.withLockedValue { $0 } }

  func publish(_ table: RoutingTable) { current.withLockedValue { $0 = table } }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func startDraining() { draining.store(true, ordering: .relaxed) }

  /// The trace that a request belongs to: the caller's, or one of its own.
  func trace(of head: RequestHead) -> String {
    head.traceParent.flatMap(TraceNumbers.trace) ?? nextTrace()
  }

  func nextTrace() -> String { traces.next() }

  /// How many requests were answered.
  var requests: Int { answered.load(ordering: .relaxed) }

  /// Counts a request that is answered; one that asks for health is in no metric.
  func count(_ draft: AccessDraft, _ record: AccessRecord) {
    answered.wrappingAdd(1, ordering: .relaxed)
    guard draft.isRecorded else { return }
    (draft.model?.metrics ?? unserved).count(record)
    recent.note(record)
  }
}

/// A count of what is in use, with a bound that is given at each taking.
final class Gauge: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .relaxed) }

  /// Takes `amount` unless that would go beyond `limit`.
  func take(_ amount: Int, limit: Int) -> Bool {
    guard value.wrappingAdd(amount, ordering: .relaxed).newValue > limit else { return true }
    release(amount)
    return false
  }

  func release(_ amount: Int) { value.wrappingSubtract(amount, ordering: .relaxed) }
}

/// What the head of a request leads to.
enum Decision: Sendable {
  /// The answer is certain; the body does not matter.
  case answer(Answer)
  case perform(Operation)
}
