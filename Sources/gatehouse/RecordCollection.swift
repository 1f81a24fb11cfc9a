import Dispatch
import Domain
import Lifecycle

/// Takes over access records and what was seen of models from the data plane again and again, one time after another.
actor RecordCollection {
  /// How long a closed segment waits at most before it is looked at.
  static let interval = DispatchTimeInterval.seconds(2)

  private let controlPlane: ControlPlane
  private let ticks: AsyncStream<Void>
  private let tick: AsyncStream<Void>.Continuation
  private let timer: any DispatchSourceTimer
  private var telling = TellingOnce()

  /// Collects for this control plane; nothing happens before `run`.
  init(_ controlPlane: ControlPlane) {
    self.controlPlane = controlPlane
    // A time that comes while another is not over yet is one more at most.
    let (ticks, tick) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    (self.ticks, self.tick) = (ticks, tick)
    timer = DispatchSource.makeTimerSource(queue: .global())
    timer.setEventHandler { tick.yield() }
    timer.schedule(deadline: .now(), repeating: Self.interval)
    timer.resume()
  }

  /// Collects every few seconds, at once for the first time, until `stop`.
  ///
  /// Not by a pause in a task: a cancellation would cut a commit off.
  func run() async {
    for await _ in ticks { await collect() }
  }

  /// Lets `run` return after what it is at.
  func stop() {
    timer.cancel()
    tick.finish()
  }

  /// Collects once, and tells what went wrong.
  func collect() async {
    do throws(Problem) {
      let collected = try await controlPlane.collectRecords()
      for problem in collected.damaged { Console.prose(problem.description) }
      let watched = try await controlPlane.watching.collect()
      for alert in watched.alerts { Console.prose("\(alert.version): \(alert.figures)") }
      telling.tell(collected.failures + watched.problems)
    } catch {
      telling.tell([error])
    }
  }
}
