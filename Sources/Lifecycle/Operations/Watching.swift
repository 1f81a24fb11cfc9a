public import Domain
import Encoding
import Monitoring
import Provenance

/// What became of windows that a data plane had written down.
public struct CollectedWindows: Equatable, Sendable {
  /// How many were taken.
  public var taken = 0
  /// What was found in them.
  public var alerts: [MonitoringAlert] = []
  /// Why some were dropped, or could not be taken this time.
  public var problems: [Problem] = []

  /// Nothing was taken yet.
  public init() {}
}

/// Takes what data planes saw of models, holds it against training, and says what is no longer like it.
///
/// A window that was read leads to one commit: that it was taken, what it says, what the tests have come to, and what was found.
/// A crash before it has the window read again, one after it finds by the name that only the file is left to remove: no window
/// is lost, and none counts twice. What was found has its entry in the ledger afterwards; a crash between the two finds the
/// alert without one, and looks for it there first.
public actor Watching {
  /// For how long windows are kept.
  static let retention = Duration.seconds(35 * 86_400)
  /// How many windows of a version are kept at most.
  static let windowLimit = 10_000
  /// How many bytes the windows of a model have at most, of all its versions.
  static let byteLimit = 512 << 20
  /// After so many bytes of new windows it is looked whether there are too many, not only once an hour.
  private static let tidyBytes = 64 << 20
  /// How far ahead of this clock a window may begin, and how long it may be, in milliseconds.
  private static let (ahead, longest): (Int64, Int64) = (86_400_000, 366 * 86_400_000)
  /// How many windows are taken at one time, so that others have their turn.
  private static let turn = 256
  /// How old windows are that are made one for each hour, and one for each day, in milliseconds.
  private static let (hour, day): (Int64, Int64) = (3_600_000, 86_400_000)

  let registry: any RegistryWriter & RegistryReader & LedgerReader
  private let source: any WindowSource
  let store: any MonitorStore
  let training: TrainingReferences
  /// What may be told falsely.
  let budget: AlertBudget
  private let time: any TimeSource
  private let entropy: any Entropy
  /// The tests of versions whose windows came; as the store has them.
  private var monitors: [VersionReference: DriftMonitor] = [:]
  /// The versions whose reference does not read, which was told of.
  private var unlike: Set<VersionReference> = []
  /// The masks by which windows that were kept before were gone through.
  var hidden: [ModelName: ColumnMask] = [:]
  private var isCollecting = false
  private var tidiedAt: Timestamp?
  private var bytesSinceTidied = 0

  init(
    registry: any RegistryWriter & RegistryReader & LedgerReader, source: any WindowSource,
    store: any MonitorStore, training: TrainingReferences, budget: AlertBudget = AlertBudget(),
    time: any TimeSource, entropy: any Entropy
  ) {
    self.registry = registry
    self.source = source
    self.store = store
    self.training = training
    self.budget = budget
    self.time = time
    self.entropy = entropy
  }

  /// Takes the windows that wait; nothing while another is at it.
  public func collect() async throws(Problem) -> CollectedWindows {
    guard !isCollecting else { return CollectedWindows() }
    isCollecting = true
    defer { isCollecting = false }
    var collected = CollectedWindows()
    let masks = try await masks()
    try await hideKept(by: masks)
    var heldUp: Set<String> = []
    for name in try await source.waiting().prefix(Self.turn) where !heldUp.contains(name.instance) {
      do throws(Problem) {
        try await take(name, masks, &collected)
      } catch {
        var problem = error
        problem.subject = problem.subject ?? name.description
        collected.problems.append(problem)
        heldUp.insert(name.instance)
      }
    }
    try await record()
    try await tidy()
    return collected
  }

  private func take(
    _ name: WindowName, _ masks: [ModelName: ColumnMask], _ collected: inout CollectedWindows
  ) async throws(Problem) {
    if try await store.taken(of: name.instance) >= name.number { return try await source.remove(name) }
    var taken = TakenWindow(name: name)
    do throws(Problem) {
      guard let bytes = try await source.read(name, limit: WatchedWindow.sizeLimit) else { return }
      var window = try WatchedWindow(bytes: bytes)
      try await check(window)
      // It may have been written before its fields were masked.
      if let mask = masks[window.reference.name], window.window.profile.shows(mask) {
        window.window.hide(mask, against: try await distances(of: window.reference))
      }
      bytesSinceTidied += bytes.count
      taken.window = window
    } catch  where [.badInput, .tooLarge, .notFound].contains(error.category) {
      // Nobody can mend it; the next ones are not held up.
      var problem = error
      problem.subject = name.description
      collected.problems.append(problem)
    }
    if let window = taken.window {
      try await look(at: window, masks[window.reference.name] ?? .none, &taken, &collected)
    }
    do throws(Problem) { try await store.keep(taken) } catch {
      // What the tests have come to in memory is ahead of the store now, or not.
      if let window = taken.window { monitors[window.reference] = nil }
      throw error
    }
    try await source.remove(name)
    if taken.window != nil { collected.taken += 1 }
    collected.alerts += taken.alerts
  }

  /// Throws `watch.unknown-version` for a window of what was never admitted here, and `watch.window-time` for one of a time that
  /// cannot be: whose clock was wrong.
  private func check(_ window: WatchedWindow) async throws(Problem) {
    let versions = try await registry.versions(of: window.reference.name)
    guard versions.contains(where: { $0.reference == window.reference && $0.bundle == window.bundle }) else {
      throw Problem(
        .notFound, "watch.unknown-version",
        "expected a window of a version that is here, found one of \(window.reference)")
    }
    let (start, end) = (window.window.start.milliseconds, window.window.end.milliseconds)
    guard start >= 0, start <= time.now().milliseconds + Self.ahead, end - start <= Self.longest else {
      throw Problem(
        .badInput, "watch.window-time",
        "expected a window of at most 366 days that begins within a day from now, found one from"
          + " \(window.window.start) to \(window.window.end)",
        hint: "set the clock of the data plane")
    }
  }

  private func look(
    at window: WatchedWindow, _ mask: ColumnMask, _ taken: inout TakenWindow,
    _ collected: inout CollectedWindows
  ) async throws(Problem) {
    let reference = window.reference
    taken.alerts = window.callers.map { MonitoringAlert($0, of: reference) }
    do throws(Problem) {
      if monitors[reference] == nil { monitors[reference] = try await monitor(of: reference) }
    } catch  where TrainingReferences.isUseless(error) {
      // The window is kept all the same, and so are those that come after it.
      if unlike.insert(reference).inserted { collected.problems.append(error) }
    }
    guard var monitor = monitors[reference], window.window.profile.rows > 0,
      window.window.profile.shape == monitor.reference.shape
    else { return }
    // Out of its place, so that nothing of it is copied.
    monitors[reference] = nil
    monitor.forget(mask)
    let alerts = try monitor.observe(window.window.profile, until: window.window.end)
    let found = alerts.map { MonitoringAlert($0, of: reference, isMasked: mask.hides($0.column, $0.role)) }
    taken.alerts += found
    taken.alerts += try await endings(
      beside: found, of: reference, monitor, at: window.window.end)
    taken.detectors = monitor.state
    monitors[reference] = monitor
  }

  /// The ends of alerts that stand by the store and not by the tests, which began anew or forgot a column that is masked.
  private func endings(
    beside alerts: [MonitoringAlert], of version: VersionReference, _ monitor: DriftMonitor,
    at moment: Timestamp
  ) async throws(Problem) -> [MonitoringAlert] {
    let standing = try await store.standing(of: version.name, count: 2 * ModelShape.columnLimit)
    return standing.filter { alert in
      alert.version == version
        && !monitor.isStanding(column: alert.column, role: alert.role, aspect: alert.aspect)
        && !alerts.contains {
          ($0.column, $0.role, $0.aspect) == (alert.column, alert.role, alert.aspect)
        }
    }.map { $0.ended(at: moment) }
  }

  /// The tests of a version as far as they have come; nil where nobody said what its training looked like.
  private func monitor(of version: VersionReference) async throws(Problem) -> DriftMonitor? {
    guard let reference = try await training.reference(of: version) else { return nil }
    guard let state = try await store.detectors(of: version) else {
      return DriftMonitor(reference, budget: budget)
    }
    // Those of another release, or of a damaged file, begin anew: that costs time and no promise.
    do throws(Problem) { return try DriftMonitor(reference, budget: budget, state: state) } catch {
      return DriftMonitor(reference, budget: budget)
    }
  }

  // MARK: The ledger

  /// Gives what was found its entries in the ledger.
  private func record() async throws(Problem) {
    let alerts = try await store.unrecorded()
    guard let first = alerts.first else { return }
    // All of them are since the oldest of them was found.
    let known = try await registry.alerts(since: first.at)
    let recorder = Recorder(
      registry: registry, time: time, principal: .platform, trace: Hexadecimal.encode(entropy.bytes(8)))
    for alert in alerts {
      if !known.contains(alert.id) {
        try await recorder.note(
          .alert, of: alert.version.description, details: alert.entryDetails, changes: [])
      }
      try await store.noteRecorded([alert.id])
    }
  }

  // MARK: What is kept

  /// Once an hour: windows of minutes become one for each hour after three hours, one for each day after a week, and go after
  /// `retention`.
  private func tidy() async throws(Problem) {
    let now = time.now()
    let isDue = tidiedAt.map { abs(now.milliseconds - $0.milliseconds) >= Self.hour } ?? true
    guard isDue || bytesSinceTidied >= Self.tidyBytes else { return }
    bytesSinceTidied = 0
    tidiedAt = now
    try await prune(now)
    for version in try await store.versions(of: nil) {
      try await merge(version, into: Self.hour, olderThan: 3 * Self.hour, now)
      try await merge(version, into: Self.day, olderThan: 7 * Self.day, now)
    }
  }

  private func prune(_ now: Timestamp) async throws(Problem) {
    try await store.prune(
      before: now.advanced(by: Self.retention * -1), limit: Self.windowLimit, byteLimit: Self.byteLimit)
  }

  private func merge(
    _ version: VersionReference, into length: Int64, olderThan age: Int64, _ now: Timestamp
  ) async throws(Problem) {
    let bound = (now.milliseconds - age) / length * length
    var start = Timestamp(milliseconds: 0)
    while true {
      let windows = try await store.windows(
        of: version, after: start, before: Timestamp(milliseconds: bound), count: 128)
      guard let first = windows.first else { return }
      let span = first.window.window.start.milliseconds / length
      let same = windows.filter {
        $0.window.window.start.milliseconds / length == span && $0.window.window.end.milliseconds <= bound
      }
      if same.count > 1, let merged = try? WatchedWindow.merged(same.map(\.window), into: length) {
        try await store.replace(same.map(\.id), by: merged)
        // There may be more of the same than were read at once.
        if same.count == windows.count { continue }
      }
      start = Timestamp(milliseconds: max((span + 1) * length, start.milliseconds + 1))
    }
  }
}

extension WatchedWindow {
  /// One window of several of a version that lie in one span of so many milliseconds; throws where they are of different columns.
  static func merged(_ windows: [WatchedWindow], into length: Int64) throws(Problem) -> WatchedWindow? {
    guard let first = windows.first,
      let window = try EventWindow.merged(windows.map(\.window), into: length).first
    else { return nil }
    return WatchedWindow(
      reference: first.reference, bundle: first.bundle, window: window,
      losses: windows.reduce(Losses()) { $0 + $1.losses })
  }
}

extension MonitoringAlert {
  /// What a monitor found about a version.
  ///
  /// Of a masked column there are figures alone.
  init(_ alert: Alert, of version: VersionReference, isMasked: Bool = false) {
    self.init(
      version: version, column: alert.column, role: alert.role.text, aspect: alert.aspect.rawValue,
      at: alert.at, message: isMasked ? "" : alert.message,
      change: alert.change.map {
        Change(
          since: $0.since, rows: $0.rows, distance: $0.distance, eValue: $0.eValue, threshold: $0.threshold)
      })
  }

  /// What a data plane found of a caller of a version: who it is, and figures, with nothing of what it asked.
  init(_ finding: CallerFinding, of version: VersionReference) {
    self.init(
      version: version, column: finding.caller, role: Self.callerRole,
      aspect: "\(finding.attack.rawValue) by \(finding.sign)", at: finding.at, message: finding.message,
      change: Change(
        since: finding.at, rows: finding.rows, distance: finding.share, eValue: finding.eValue,
        threshold: finding.threshold))
  }

  /// What says that this alert stands no more.
  func ended(at moment: Timestamp) -> MonitoringAlert {
    MonitoringAlert(
      version: version, column: column, role: role, aspect: aspect, at: moment, message: "", change: nil)
  }

  private init(
    version: VersionReference, column: String, role: String, aspect: String, at: Timestamp,
    message: String, change: Change?
  ) {
    let words = [
      version.description, column, role, aspect, "\(at.milliseconds)", change == nil ? "ended" : "raised",
    ]
    self.init(
      id: String(Digest(of: Array(words.joined(separator: "\n").utf8)).hexadecimal.prefix(24)),
      version: version, column: column, role: role, aspect: aspect, at: at, message: message, change: change)
  }

  /// What the ledger has of it: figures, and not the sentence, which may name a category.
  var entryDetails: [String: JSON] {
    var details: [String: JSON] = [
      "alert": .string(id), "role": .string(role), "aspect": .string(aspect),
      "state": change == nil ? "ended" : "raised", "foundAt": .integer(at.milliseconds),
    ]
    details[isAboutCaller ? "caller" : "column"] = .string(column)
    guard let change else { return details }
    details["since"] = .integer(change.since.milliseconds)
    details["rows"] = JSON(change.rows)
    details["distance"] = .number(change.distance)
    details["eValue"] = .number(change.eValue)
    details["threshold"] = .number(change.threshold)
    return details
  }
}
