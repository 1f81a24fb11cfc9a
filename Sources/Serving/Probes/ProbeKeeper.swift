import Domain
import Encoding
import Inference
import ModelGraph

/// Asks every version rows of its bundle's check for as long as a plane runs, on the way that callers' requests take: an event
/// loop, then the threads that predict.
///
/// Apart from callers in everything else: what it asks is in no record, counts in no metric of theirs, and is watched,
/// sampled and judged by nobody.
final class ProbeKeeper: Sendable {
  private let plane: DataPlane
  private let server: PlaneServer
  private let interval: Int
  private let log: RuntimeLog?
  private let thread = RecurringThread()

  init(_ plane: DataPlane, _ server: PlaneServer, every interval: Duration, log: RuntimeLog?) {
    self.plane = plane
    self.server = server
    self.interval = Int(interval.nanoseconds)
    self.log = log
  }

  /// Begins to ask, once an interval, give or take a tenth: planes that were started together do not ask together.
  func start() {
    thread.start(every: Double(self.interval) / 1e9 * .random(in: 0.9...1.1)) { [self] in ask() }
  }

  /// Asks no more.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    thread.finish()
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    thread.end()
  }

  /// Asks every version once, where it is time for it.
  func ask(at now: Int = Clock.monotonic()) {
    for model in plane.table.probed {
      let (question, number, change) = model.probe.ask(model.plan, every: interval, at: now)
      tell(change, of: model)
      guard let question else { continue }
      server.predict(model.plan, question.methods, on: question.rows) { [self] result in
        let change = model.probe.take(
          result, to: number, of: model.plan, every: interval, at: Clock.monotonic())
        tell(change, of: model)
      }
    }
  }

  private func tell(_ change: ModelProbe.Change?, of model: ServedModel) {
    let fields: [RuntimeLog.Field] = [("model", .string(model.reference.description))]
    switch change {
    case nil: break
    case .failed(let problem):
      log?.write(.error, "a version does not answer its check right while it serves", problem, fields)
    case .recovered: log?.write(.info, "a version answers its check right again", fields)
    }
  }
}

extension RoutingTable {
  /// The versions that are asked: those that answer callers, and those that stand by to.
  fileprivate var probed: [ServedModel] {
    var seen: Set<ObjectIdentifier> = []
    return (models + deployments.values.compactMap(\.standby)).filter {
      seen.insert(ObjectIdentifier($0)).inserted
    }
  }
}
