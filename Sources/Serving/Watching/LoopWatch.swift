import Domain
import Inference
import Monitoring
import NIOCore

/// What the models look like from one event loop: windows of each, fed once answers are on their way.
///
/// Used on its event loop alone, and shared with nobody: windows that are over go to the shelf.
final class LoopWatch {
  /// Answers and rows that wait to be looked at; beyond it they are not.
  private static let waitingAnswers = 1024
  private static let waitingRows = 8192
  /// Of a request of more rows as many are looked at.
  private static let requestRows = 1024
  /// Of a request's values as many are looked at, of rows evenly spaced, and in one turn of the loop four times as many.
  static let requestValues = 1 << 16
  private static let waitingValues = 4 * requestValues
  /// Of a window's rows so many are all looked at, on each event loop; then one answer of five, then of seventeen.
  static let fullRows = 16_384
  /// How long after a window's end rows are taken that came before it: predictions that took long.
  static let lateness: Int64 = 2000

  /// By reference, so that nothing of its windows is copied to change them.
  private final class Watched {
    let watch: ModelWatch
    var windows: EventWindows
    /// The number of the window of the row that came last, and how many rows came in it.
    var span: Int64 = .min
    var spanRows = 0
    /// How many answers came, to take one of several.
    var answers = 0
    /// What of the windows' own counts was passed on.
    var misplaced = 0
    var unclaimed = 0

    init(_ watch: ModelWatch, _ windows: EventWindows) {
      self.watch = watch
      self.windows = windows
    }

    /// Whether an answer of so many rows is looked at: all while a window is young, one of several when it has seen many.
    ///
    /// Steps that nothing comes in by itself, so that callers who take turns are all seen.
    func takes(_ rows: Int, in span: Int64) -> Bool {
      if span != self.span { (self.span, spanRows) = (span, 0) }
      let step = spanRows < LoopWatch.fullRows ? 1 : spanRows < 8 * LoopWatch.fullRows ? 5 : 17
      spanRows += rows
      answers &+= 1
      return answers % step == 0
    }

    func observe(_ rows: WatchedRows, at moment: Timestamp, now: Timestamp) throws(Problem) {
      try windows.observe(
        rows: rows.count, numbers: rows.numbers.span, texts: rows.texts, at: moment, now: now)
    }
  }

  private let shelf: WatchShelf
  private let eventLoop: any EventLoop
  private var watched: [ObjectIdentifier: Watched] = [:]
  private var waiting: [(answer: WatchedAnswer, moment: Timestamp, caller: String?)] = []
  private var waitingRows = 0
  private var waitingValues = 0
  private var rows = WatchedRows()
  /// The rows of one answer, for who watches its caller.
  private var asked = WatchedRows()
  private var budget: WatchBudget
  private var isTicking = false

  init(_ shelf: WatchShelf, on eventLoop: any EventLoop) {
    self.shelf = shelf
    self.eventLoop = eventLoop
    // The loop's thread has done next to nothing yet.
    budget = WatchBudget(share: shelf.share, now: Clock.monotonic(), used: 0)
  }

  /// Takes an answer that is on its way, to a request that came at `moment` of a caller; looks at it in a turn of its own.
  func add(_ answer: WatchedAnswer, at moment: Timestamp, by caller: String? = nil) {
    let count = min(answer.rows.rowCount, Self.requestRows)
    let width = max(1, answer.watch.columns.rowWidth)
    let values = min(count * width, max(Self.requestValues, width))
    guard waiting.count < Self.waitingAnswers, waitingRows + count <= Self.waitingRows,
      waitingValues + values <= Self.waitingValues
    else { return answer.watch.countUnseen(answer.rows.rowCount) }
    waiting.append((answer, moment, caller))
    waitingRows += count
    waitingValues += values
    guard waiting.count == 1 else { return }
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { loopBound.value.look() }
  }

  private func look() {
    let start = Clock.monotonic()
    defer {
      waiting.removeAll(keepingCapacity: true)
      (waitingRows, waitingValues) = (0, 0)
    }
    guard budget.allows(at: start, used: Clock.threadTime) else {
      for (answer, _, _) in waiting { answer.watch.countUnseen(answer.rows.rowCount) }
      return
    }
    let now = Clock.now()
    var first = 0
    while first < waiting.count {
      // Those of one model and one window together: each of them is a few rows, mostly one.
      var next = first + 1
      let watch = waiting[first].answer.watch
      let window = waiting[first].moment.milliseconds / shelf.length
      while next < waiting.count, waiting[next].answer.watch === watch,
        waiting[next].moment.milliseconds / shelf.length == window
      { next += 1 }
      look(at: first..<next, of: watch, now: now)
      first = next
    }
    budget.spend(Clock.monotonic() - start)
    tickLater()
  }

  private func look(at places: Range<Int>, of watch: ModelWatch, now: Timestamp) {
    rows.removeAll()
    let key = ObjectIdentifier(watch)
    endWhereClockWentBack(key, now)
    let known = watched[key]
    let span = waiting[places.lowerBound].moment.milliseconds / shelf.length
    for place in places {
      let answer = waiting[place].answer
      lookAtCaller(of: place, now)
      guard answer.isWindowed else { continue }
      guard known?.takes(answer.rows.rowCount, in: span) ?? true else {
        watch.countUnseen(answer.rows.rowCount)
        continue
      }
      let taken = watch.columns.append(
        answer.rows.numbers, answer.rows.texts, rowCount: answer.rows.rowCount, answer.answers,
        limit: Self.requestRows, valueLimit: Self.requestValues, to: &rows)
      if taken < answer.rows.rowCount { watch.countUnseen(answer.rows.rowCount - taken) }
    }
    guard rows.count > 0 else { return }
    do throws(Problem) {
      let one: Watched
      if let known { one = known } else { one = try begin(watch) }
      watched[key] = one
      try one.observe(rows, at: waiting[places.lowerBound].moment, now: now)
    } catch {
      watch.countUnseen(rows.count)
    }
  }

  /// Holds what one caller asks against what honest ones do, every answer that there is time for: nobody hides among others.
  private func lookAtCaller(of place: Int, _ now: Timestamp) {
    let (answer, _, caller) = waiting[place]
    guard let caller, let defences = answer.defences, defences.watchesCallers else { return }
    asked.removeAll()
    _ = answer.watch.columns.append(
      answer.rows.numbers, answer.rows.texts, rowCount: answer.rows.rowCount, answer.answers,
      limit: Self.requestRows, valueLimit: Self.requestValues, withLabels: true, to: &asked)
    guard asked.count > 0, answer.watch.observe(asked, by: caller, at: now) else { return }
    defences.hold(caller)
  }

  private func begin(_ watch: ModelWatch) throws(Problem) -> Watched {
    Watched(
      watch,
      try EventWindows(
        shape: watch.shape, length: shelf.length, lateness: Self.lateness, openLimit: 2,
        capacity: watch.capacity))
  }

  // MARK: Windows that are over

  /// Looks after the windows once a second, for as long as there are any.
  private func tickLater() {
    guard !isTicking, !watched.isEmpty else { return }
    isTicking = true
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: .seconds(1)) {
      let watch = loopBound.value
      watch.isTicking = false
      watch.handOver(Clock.now())
      watch.tickLater()
    }
  }

  /// Hands out windows that were begun by a clock that has been put back since; what comes begins anew by what it says now.
  ///
  /// Without this nothing would be taken until the clock is where it was.
  private func endWhereClockWentBack(_ key: ObjectIdentifier, _ now: Timestamp) {
    guard let one = watched[key], one.windows.isAhead(of: now) else { return }
    pass(one, one.windows.takeAll())
    watched[key] = nil
  }

  private func handOver(_ now: Timestamp) {
    for key in watched.keys { endWhereClockWentBack(key, now) }
    for (key, one) in watched {
      one.windows.advance(to: now)
      pass(one, one.windows.takeClosed())
      // What nobody asks any more takes no memory; what comes after all begins anew.
      if one.windows.openCount == 0, one.windows.pendingCount == 0 { watched[key] = nil }
    }
  }

  /// Hands out everything, over or not: what a plane does at its end.
  func handOverAll() {
    if !waiting.isEmpty { look() }
    for one in watched.values { pass(one, one.windows.takeAll()) }
    watched = [:]
  }

  private func pass(_ one: Watched, _ windows: [EventWindow]) {
    let misplaced = one.windows.tooLateRows + one.windows.earlyRows
    one.watch.countMisplaced(misplaced - one.misplaced)
    one.watch.countUnseen(one.windows.unclaimedRows - one.unclaimed)
    (one.misplaced, one.unclaimed) = (misplaced, one.windows.unclaimedRows)
    for window in windows { shelf.put(window, of: one.watch, from: ObjectIdentifier(self)) }
  }
}
