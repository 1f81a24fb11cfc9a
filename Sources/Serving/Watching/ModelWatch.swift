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
  private static let fullColumns = 100

  let version: VersionReference
  let bundle: Digest
  let columns: WatchedColumns
  let shape: ModelShape
  /// How many values each sketch keeps.
  let capacity: Int
  private let training: ReferenceDistances?
  private let unseen = Atomic<Int>(0)
  private let misplaced = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let dropped = Atomic<Int>(0)
  /// What was handed over already.
  private let told = NIOLockedValueBox(WatchedWindow.Losses())
  private let latest = NIOLockedValueBox(Seen())

  /// Watches a version; throws `reference.unlike-model` where the reference is of another model.
  init(
    _ version: VersionReference, bundle: Digest, _ signature: ModelSignature, reference: Reference?
  ) throws(Problem) {
    self.version = version
    self.bundle = bundle
    columns = WatchedColumns(signature)
    if let reference { try columns.check(reference) }
    shape = reference?.shape ?? columns.shape
    training = reference.map(ReferenceDistances.init)
    let room = QuantileSketch.standardCapacity * Self.fullColumns / max(1, shape.numberColumns.count)
    capacity = min(QuantileSketch.standardCapacity, max(QuantileSketch.capacities.lowerBound, room))
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

  /// All that was counted since the version was loaded.
  var losses: WatchedWindow.Losses {
    var losses = WatchedWindow.Losses()
    losses.unseenRows = unseen.load(ordering: .relaxed)
    losses.misplacedRows = misplaced.load(ordering: .relaxed)
    losses.refusedRequests = refused.load(ordering: .relaxed)
    losses.droppedWindows = dropped.load(ordering: .relaxed)
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
      return fresh
    }
  }

  /// Whether there is anything that `takeLosses` would tell of.
  var hasLosses: Bool { told.withLockedValue { $0 != losses } }

  /// Takes up a window that has ended.
  func note(_ window: EventWindow) {
    let distances = training?.distances(of: window.profile).sorted { $0.distance > $1.distance } ?? []
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
