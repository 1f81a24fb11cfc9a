import Domain
import ModelGraph
import Monitoring
import NIOConcurrencyHelpers
import Synchronization

/// What is watched of one version that is served: its columns, and counts of what no window has.
///
/// What comes in the columns is kept by each event loop for itself (`LoopWatch`).
final class ModelWatch: Sendable {
  /// What was in the window that ended last, and since the version was loaded.
  struct Seen {
    /// The rows that were looked at, of all windows so far.
    var rows = 0
    var violatingRows = 0
    var outlierRows = 0
    /// How far each column was from training in the window that ended last, the furthest first.
    var distances: [(column: ColumnShape, distance: Double)] = []
    /// When that ended; nil where none has.
    var until: Timestamp?
  }

  /// How many columns metrics tell the distance of.
  static let toldColumns = 10
  /// Of a model of more columns of numbers each sketch has the less room: a window takes as much memory as with so many.
  ///
  /// With two event loops there are four at a time, of each the one that is open and the one that is over, and once more as much
  /// while one is merged and written: of what 4 MiB hold half is left for what an allocator keeps between them.
  private static let fullColumns = 32

  let version: VersionReference
  let bundle: Digest
  let columns: WatchedColumns
  let shape: ModelShape
  /// How many values each sketch keeps.
  let capacity: Int
  private let training: ReferenceDistances?
  /// What callers are held against, and what was seen of them.
  let callers: WatchedCallers
  /// Why what training looked like is not gone by; nil where it is, or nobody said.
  let referenceProblem: Problem?
  private let signature: ModelSignature
  /// What the deployment has masked, in the names of its policy and as columns.
  private let masked = NIOLockedValueBox((names: [String](), mask: ColumnMask.none))
  private let unseen = Atomic<Int>(0)
  private let misplaced = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let dropped = Atomic<Int>(0)
  private let noted = Atomic<Int>(0)
  private let guarded = Atomic<Int>(0)
  private let held = Atomic<Int>(0)
  /// What was handed over already.
  private let told = NIOLockedValueBox(WatchedWindow.Losses())
  private let latest = NIOLockedValueBox(Seen())

  /// Watches a version.
  ///
  /// A reference that is of another model, or did not read as `problem` says, is as none, and told of: nobody goes without an
  /// answer for it.
  init(
    _ version: VersionReference, bundle: Digest, _ signature: ModelSignature, reference: Reference?,
    problem: Problem? = nil
  ) {
    self.version = version
    self.bundle = bundle
    self.signature = signature
    columns = WatchedColumns(signature)
    var (reference, problem) = (reference, problem)
    if let found = reference {
      do throws(Problem) { try columns.check(found) } catch { (reference, problem) = (nil, error) }
    }
    referenceProblem = problem
    shape = reference?.shape ?? columns.shape
    callers = WatchedCallers(reference?.callers)
    training = reference.map(ReferenceDistances.init)
    capacity = Self.capacity(columns: shape.numberColumns.count)
  }

  /// How many values each sketch keeps where there are so many columns of numbers.
  static func capacity(columns: Int) -> Int {
    let room = QuantileSketch.standardCapacity * fullColumns / max(1, columns)
    return min(QuantileSketch.standardCapacity, max(QuantileSketch.capacities.lowerBound, room))
  }

  /// Says which fields are masked from now on: no value of theirs is in a window that is written.
  func hide(_ names: [String]) {
    masked.withLockedValue { masked in
      guard masked.names != names else { return }
      masked = (names, ColumnMask(names, of: signature))
    }
  }

  /// The window as it may be written.
  func masked(_ window: EventWindow) -> EventWindow {
    var window = window
    window.hide(masked.withLockedValue { $0.mask }, against: training)
    return window
  }

  /// Whether it is known what training looked like.
  var hasReference: Bool { training != nil }

  /// Counts a request that was refused for what it sent.
  func countRefusal() { refused.wrappingAdd(1, ordering: .relaxed) }

  /// Counts rows that were answered and that nobody looks at.
  func countUnseen(_ rows: Int) { unseen.wrappingAdd(rows, ordering: .relaxed) }

  /// Counts rows that no window is there for.
  func countMisplaced(_ rows: Int) { misplaced.wrappingAdd(rows, ordering: .relaxed) }

  /// Counts windows that were dropped for want of room.
  func countDropped(_ windows: Int) { dropped.wrappingAdd(windows, ordering: .relaxed) }

  /// Counts rows that were answered although they are unlike training's.
  func countNoted(_ rows: Int) { noted.wrappingAdd(rows, ordering: .relaxed) }

  /// Counts a request that was refused for rows unlike training's.
  func countGuarded() { guarded.wrappingAdd(1, ordering: .relaxed) }

  /// Counts a request of a caller who is held back.
  func countHeld() { held.wrappingAdd(1, ordering: .relaxed) }

  /// All that was counted since the version was loaded.
  var losses: WatchedWindow.Losses {
    var losses = WatchedWindow.Losses()
    losses.unseenRows = unseen.load(ordering: .relaxed)
    losses.misplacedRows = misplaced.load(ordering: .relaxed)
    losses.refusedRequests = refused.load(ordering: .relaxed)
    losses.droppedWindows = dropped.load(ordering: .relaxed)
    losses.notedRows = noted.load(ordering: .relaxed)
    losses.guardedRequests = guarded.load(ordering: .relaxed)
    losses.heldRequests = held.load(ordering: .relaxed)
    losses.untoldAlarms = callers.untold
    return losses
  }

  /// What was counted since this was called last.
  func takeLosses() -> WatchedWindow.Losses {
    told.withLockedValue { told in
      let all = losses
      defer { told = all }
      var fresh = WatchedWindow.Losses()
      fresh.unseenRows = all.unseenRows - told.unseenRows
      fresh.misplacedRows = all.misplacedRows - told.misplacedRows
      fresh.refusedRequests = all.refusedRequests - told.refusedRequests
      fresh.droppedWindows = all.droppedWindows - told.droppedWindows
      fresh.notedRows = all.notedRows - told.notedRows
      fresh.guardedRequests = all.guardedRequests - told.guardedRequests
      fresh.heldRequests = all.heldRequests - told.heldRequests
      fresh.untoldAlarms = all.untoldAlarms - told.untoldAlarms
      return fresh
    }
  }

  /// Whether there is anything that `takeLosses` or `takeFindings` would tell of.
  var hasLosses: Bool { callers.hasFindings || told.withLockedValue { $0 != losses } }

  /// Takes rows of a caller with what was answered; whether something is told of it.
  func observe(_ rows: WatchedRows, by caller: String, at moment: Timestamp) -> Bool {
    callers.observe(rows, by: caller, at: moment)
  }

  /// What was found of callers since this was called last.
  func takeFindings() -> [CallerFinding] { callers.takeFindings() }

  /// Forgets all callers.
  func forgetCallers() { callers.forget() }

  /// Takes up a window that has ended.
  func note(_ window: EventWindow) {
    let mask = masked.withLockedValue { $0.mask }
    let isFew = window.profile.rows < HiddenValues.leastMeasured
    let distances = (training?.distances(of: window.profile) ?? [])
      .filter { !isFew || !mask.hides($0.column) }.sorted { $0.distance > $1.distance }
    latest.withLockedValue { seen in
      seen.rows += window.profile.rows
      seen.violatingRows += window.profile.violatingRows
      seen.outlierRows += window.profile.outlierRows
      seen.distances = Array(distances.prefix(Self.toldColumns))
      seen.until = window.end
    }
  }

  /// What was seen, for metrics.
  var seen: Seen { latest.withLockedValue { $0 } }
}
