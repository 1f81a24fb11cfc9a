import Domain
import Encoding
import NIOConcurrencyHelpers
import Synchronization

/// What every connection of a data plane shares: the table of what is served, the bounds and the counts.
final class DataPlane: Sendable {
  let limits: PlaneLimits
  let version: String
  let startedAt = Clock.now()
  private let start = Clock.monotonic()
  /// Where records of requests go; nil where none are kept.
  let spool: RecordSpool?
  /// What connections are secured by; nil where they are in the clear.
  let tls: TLSIdentity?
  private let traces: TraceNumbers
  /// Replaced whole by `publish`; a request takes the table once, at its head.
  private let current: NIOLockedValueBox<RoutingTable>
  private let answered = Atomic<Int>(0)
  /// How requests were answered that came to no model.
  let unserved = RequestMetrics()
  /// Who asked a deployment and came to none of its versions.
  let turnedAway = TurnedAway()
  let recent = RecentRequests()
  /// Where versions are asked what others answered.
  let shadowThread = ShadowThread()
  /// Where what event loops saw of models is put when its time is over.
  let shelf: WatchShelf
  private let draining = Atomic<Bool>(false)
  /// The loops whose connections can be looked at; set while a server runs.
  let loops = NIOLockedValueBox<[ObservedLoop]>([])
  /// Connections that were closed unanswered because there were too many.
  let refusedConnections = Gauge()
  /// What became of snapshots of the control plane.
  let applications = ApplicationCounts()
  /// Where spans go; nil where nobody takes any.
  let tracing: Tracing?
  /// Where failures and slow requests are told; nil where nobody listens.
  let log: RequestLog?
  let connections = Gauge()
  let streams = Gauge()
  let bufferedBytes = Gauge()
  let postponedBytes = Gauge()
  let unreadBytes = Gauge()
  let queuedPredictions = Gauge()
  let watches = Gauge()

  init(
    limits: PlaneLimits, version: String, table: RoutingTable, instance: String = "0000000000000000",
    spool: RecordSpool? = nil, tls: TLSIdentity? = nil, tracing: Tracing? = nil, log: RequestLog? = nil
  ) {
    self.tls = tls
    self.tracing = tracing
    self.log = log
    self.spool = spool
    self.traces = TraceNumbers(process: instance)
    self.limits = limits
    shelf = WatchShelf(limits)
    self.version = version
    table.hideMaskedFields()
    self.current = NIOLockedValueBox(table)
  }

  var table: RoutingTable { current.withLockedValue { $0 } }

  func publish(_ table: RoutingTable) {
    // Before the first request by the new policy: its window is masked, whichever of both the others came by.
    table.hideMaskedFields()
    table.settleDefences()
    current.withLockedValue { $0 = table }
  }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func startDraining() { draining.store(true, ordering: .relaxed) }

  func nextTrace() -> String { traces.next() }

  func nextSpan() -> UInt64 { traces.nextSpan() }

  /// How many requests were answered.
  var requests: Int { answered.load(ordering: .relaxed) }

  /// For how many nanoseconds it has been there, whoever sets the clock meanwhile.
  var age: Int { Clock.monotonic() - start }

  /// Counts a request that is answered.
  func countAnswer() { answered.wrappingAdd(1, ordering: .relaxed) }

  /// Takes a request into the metrics, as what went out says it was answered.
  func note(_ request: CountedRequest, _ answer: Answer) {
    request.metrics.count(
      request.record, by: request.transport.wire, isShared: request.isShared,
      stages: request.stages(answer.times))
    if request.metrics === unserved || request.record.code == ModelDefences.heldCaller,
      let name = request.record.deployment, table.deployments[name.description] != nil
    {
      turnedAway.count(request.record)
    }
    recent.note(request.record, answer.times, request.transport)
    log?.note(request.record, fault: answer.fault)
  }
}

/// What metrics are told of a request that is answered; one that asks for health is in none.
struct CountedRequest {
  var record: AccessRecord
  /// Those of the model that it came to, or of what came to none.
  let metrics: RequestMetrics
  let transport: RequestTransport
  /// Whether its caller left it to the deployment which version answers.
  let isShared: Bool
  /// From its head until its body was whole, in nanoseconds.
  var received = 0

  /// What its time went by with, the parts of its answer given; what is in none of them is the rest.
  func stages(_ times: ModelStatistics.Times) -> StageTimes {
    var stages = StageTimes()
    stages[.receive] = received
    stages[.queue] = times.queue
    stages[.decode] = times.input
    stages[.infer] = times.inference
    stages[.encode] = times.output
    stages[.rest] = max(0, record.nanoseconds - stages.total)
    return stages
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
