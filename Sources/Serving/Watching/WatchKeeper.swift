import Domain
import Monitoring
import NIOConcurrencyHelpers

/// Makes one window of those of all event loops, tells metrics of it, and writes it beside the access records for the control
/// plane, on a thread of its own.
///
/// Through files and not through the control socket: a window that has ended outlives its process and waits for a control plane
/// that is away, what drains hands over by writing it down, and nothing has to fit into a line.
final class WatchKeeper: Sendable {
  /// How often the shelf is looked at, in seconds.
  private static let interval = 1.0
  /// How long after its end, and what may come late, a window waits for the loops that are held up, in milliseconds.
  private static let patience: Int64 = 2000

  private struct Key: Hashable {
    let watch: ObjectIdentifier
    let start: Timestamp
  }

  private struct Gathered {
    var windows: [Key: (watch: ModelWatch, window: EventWindow)] = [:]
    var failure: Problem?
    /// The bundles whose references were said to be of no use.
    var unlike: Set<Digest> = []
  }

  private let shelf: WatchShelf
  private let plane: DataPlane
  /// Where windows are written; nil where nobody fetches them.
  private let spool: WindowSpool?
  private let thread = RecurringThread()
  private let gathered = NIOLockedValueBox(Gathered())

  init(_ plane: DataPlane, spool: WindowSpool?) {
    shelf = plane.shelf
    self.plane = plane
    self.spool = spool
  }

  /// Why the last window could not be written; nil where it could.
  var failure: Problem? { gathered.withLockedValue { $0.failure } }

  /// Begins to take windows.
  func start() {
    thread.start(every: Self.interval) { [self] in keep(isLast: false) }
  }

  /// Writes what is there, over or not; to be called when the loops have handed over all.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    thread.finish()
    keep(isLast: true)
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    thread.end()
  }

  private func keep(isLast: Bool) {
    let now = Clock.now()
    var over: [(watch: ModelWatch, window: EventWindow)] = []
    gathered.withLockedValue { gathered in
      for (watch, window) in shelf.takeAll() {
        let key = Key(watch: ObjectIdentifier(watch), start: window.start)
        if gathered.windows[key] == nil {
          gathered.windows[key] = (watch, window)
        } else {
          // Of one version: the shapes are the same, and of one span there are never too many rows.
          try? gathered.windows[key]?.window.take(window)
        }
      }
      let wait = LoopWatch.lateness + Self.patience
      for (key, (watch, window)) in gathered.windows
      // What begins in a time to come is of a clock that was put back since: nothing more comes in it.
      where isLast || window.end.later(by: wait) <= now || window.start > now.later(by: shelf.length) {
        over.append((watch, window))
        gathered.windows[key] = nil
      }
    }
    over += refusals(beside: over, now, isLast: isLast)
    for (watch, window) in over.sorted(by: { $0.window.start < $1.window.start }) { write(window, of: watch) }
  }

  /// Windows of no row for versions that refused all that they were asked.
  private func refusals(
    beside over: [(watch: ModelWatch, window: EventWindow)], _ now: Timestamp, isLast: Bool
  ) -> [(watch: ModelWatch, window: EventWindow)] {
    let start = Timestamp(milliseconds: now.milliseconds - now.milliseconds % shelf.length)
    let isDue = isLast || now.milliseconds - start.milliseconds < 2 * Int64(Self.interval * 1000)
    guard isDue else { return [] }
    let busy = gathered.withLockedValue { Set($0.windows.keys.map(\.watch)) }
      .union(over.map { ObjectIdentifier($0.watch) })
    return plane.table.models.map(\.watch).filter { $0.hasLosses && !busy.contains(ObjectIdentifier($0)) }
      .map { watch in
        let end = isLast ? now : start
        let begin = Timestamp(milliseconds: min(start.milliseconds, end.milliseconds - shelf.length))
        return (watch, EventWindow(start: begin, end: end, profile: ModelProfile(shape: watch.shape)))
      }
  }

  private func write(_ window: EventWindow, of watch: ModelWatch) {
    watch.note(window)
    guard let spool else { return }
    tellOfReference(of: watch)
    let watched = WatchedWindow(
      reference: watch.version, bundle: watch.bundle, window: watch.masked(window),
      losses: watch.takeLosses(), callers: watch.takeFindings())
    do throws(Problem) {
      watch.countDropped(try spool.write(watched.bytes))
      gathered.withLockedValue { $0.failure = nil }
    } catch {
      watch.countDropped(1)
      let isNew = gathered.withLockedValue { gathered in
        defer { gathered.failure = error }
        return gathered.failure != error
      }
      if isNew { plane.log?.noteUnwrittenWindow(error) }
    }
  }

  /// Says once that what training looked like is not gone by.
  private func tellOfReference(of watch: ModelWatch) {
    guard let problem = watch.referenceProblem else { return }
    let isNew = gathered.withLockedValue { $0.unlike.insert(watch.bundle).inserted }
    if isNew { plane.log?.noteUselessReference(of: watch.version, problem) }
  }
}
