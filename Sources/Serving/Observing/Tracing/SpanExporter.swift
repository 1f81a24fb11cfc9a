import Encoding
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Synchronization

/// Sends the spans of a plane to a collector, from a thread of its own.
final class SpanExporter: Sendable {
  /// The bounds of what is held and sent.
  struct Limits {
    /// Spans that wait; beyond it they are dropped and counted.
    var queue = 4096
    /// Spans in one request.
    var batch = 512
    /// How long a span waits for others at most.
    var interval = TimeAmount.seconds(1)
    /// How long `stop` goes on sending.
    var ending = Duration.seconds(3)
  }

  private let queue: SpanQueue
  private let limits: Limits
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let eventLoop: any EventLoop
  private let sender: NIOLoopBoundBox<SpanSender>
  private let ticks: RepeatedTask
  private let isFinished = Atomic<Bool>(false)

  init(
    to collector: Collector, of resource: SpanBatch.Resource, limits: Limits = Limits(),
    log: RuntimeLog? = nil
  ) {
    self.limits = limits
    let (queue, eventLoop) = (SpanQueue(limit: limits.queue), group.next())
    self.queue = queue
    self.eventLoop = eventLoop
    let sender = NIOLoopBoundBox.makeBoxSendingValue(
      SpanSender(queue, resource, CollectorClient(collector, eventLoop: eventLoop), limits.batch, log),
      eventLoop: eventLoop)
    self.sender = sender
    ticks = eventLoop.scheduleRepeatedTask(initialDelay: limits.interval, delay: limits.interval) { _ in
      sender.value.due()
    }
  }

  /// What became of the spans so far.
  var counts: SpanQueue.Counts { queue.counts }

  /// Takes a span, or drops it where there is no room; never waits.
  func take(_ span: RequestSpan) {
    // Once a batch: at every span beyond it somebody was told already.
    guard let waiting = queue.append(span), waiting.isMultiple(of: limits.batch) else { return }
    let sender = sender
    eventLoop.execute { sender.value.due() }
  }

  /// Sends what waits, as long as there is time; nothing may be taken any more.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    guard !isFinished.exchange(true, ordering: .relaxed) else { return }
    ticks.cancel()
    let ended = eventLoop.makePromise(of: Void.self)
    let (sender, eventLoop) = (sender, eventLoop)
    eventLoop.execute { sender.value.finish(ended) }
    eventLoop.scheduleTask(in: TimeAmount(limits.ending)) { sender.value.abandon() }
    try? ended.futureResult.wait()
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    try? group.syncShutdownGracefully()
  }
}

/// Does what the machine says; used on the exporter's event loop alone.
private final class SpanSender {
  private let queue: SpanQueue
  private let resource: SpanBatch.Resource
  private let client: CollectorClient
  private let batchSize: Int
  private let log: RuntimeLog?
  private var machine = ExportMachine()
  private var batch: (bytes: [UInt8], count: Int) = ([], 0)
  private var ended: EventLoopPromise<Void>?

  init(
    _ queue: SpanQueue, _ resource: SpanBatch.Resource, _ client: CollectorClient, _ batchSize: Int,
    _ log: RuntimeLog?
  ) {
    self.queue = queue
    self.resource = resource
    self.client = client
    self.batchSize = batchSize
    self.log = log
  }

  func due() {
    if queue.counts.waiting > 0 { act(machine.due()) }
  }

  func finish(_ promise: EventLoopPromise<Void>) {
    ended = promise
    act(machine.finish())
  }

  /// Ends though there is more to send.
  func abandon() {
    let left = batch.count + queue.take(.max).count
    queue.count { $0.failed += left }
    batch = ([], 0)
    end()
  }

  private func act(_ action: ExportMachine.Action) {
    switch action {
    case .nothing: break
    case .sendNext:
      let spans = queue.take(batchSize)
      guard !spans.isEmpty else { return act(machine.foundNothing()) }
      batch = (SpanBatch.encode(spans, of: resource), spans.count)
      send()
    case .sendAgain: send()
    case .wait(let pause):
      let loopBound = NIOLoopBound(self, eventLoop: client.eventLoop)
      client.eventLoop.scheduleTask(in: TimeAmount(pause)) {
        let sender = loopBound.value
        sender.act(sender.machine.waited())
      }
    case .giveUp:
      let count = batch.count
      queue.count { $0.failed += count }
      batch = ([], 0)
      act(machine.gaveUp(isMoreDue: isMoreDue))
    case .end: end()
    }
  }

  private var isMoreDue: Bool { queue.counts.waiting >= batchSize }

  private func send() {
    client.post(batch.bytes) { [self] result in
      let outcome = outcome(of: result)
      if outcome == .taken { batch = ([], 0) }
      act(machine.ended(outcome, isMoreDue: isMoreDue, jitter: .random(in: 0...1)))
    }
  }

  private func outcome(of result: CollectorClient.Result) -> ExportMachine.Outcome {
    switch result {
    case .failed(let wasKept, let cause):
      if wasKept { return .stale }
      log?.limited(
        .warning, "the collector of spans did not answer", [("cause", .string(cause.excerpt(200)))])
      return .unanswered
    case .answered(let answer):
      switch answer.status {
      case 200..<300:
        let said = ExportAnswer(parsing: answer.body)
        let rejected = min(said.rejected, batch.count)
        let taken = batch.count - rejected
        queue.count { counts in
          counts.exported += taken
          counts.rejected += rejected
        }
        return .taken
      case 429, 502, 503, 504:
        return .later(answer.retryAfter)
      default:
        log?.limited(
          .warning, "the collector of spans refused them", [("status", .integer(Int64(answer.status)))])
        return .refused
      }
    }
  }

  private func end() {
    client.close()
    ended?.succeed()
    ended = nil
  }
}
