public import Domain
public import Lifecycle
public import Monitoring

/// What is kept of watching in memory, with faults on request.
public actor InMemoryMonitor: MonitorStore {
  private let faults: FaultPlan
  private var cursors: [String: Int] = [:]
  private var states: [VersionReference: [UInt8]] = [:]
  private var kept: [KeptWindow] = []
  private var found: [(alert: MonitoringAlert, isRecorded: Bool)] = []
  private var next = 1

  /// An empty store; `faults` numbers the writes.
  public init(faults: FaultPlan = FaultPlan()) { self.faults = faults }

  /// The number of the last window of a process that was taken.
  public func taken(of instance: String) -> Int { cursors[instance] ?? 0 }

  /// Keeps what a window leads to and that it was taken.
  public func keep(_ taken: TakenWindow) throws(Problem) {
    guard self.taken(of: taken.name.instance) < taken.name.number else { return }
    try faults.write { () throws(Problem) in
      cursors[taken.name.instance] = taken.name.number
      guard let window = taken.window else { return }
      add(window)
      if let detectors = taken.detectors { states[window.reference] = detectors }
      for alert in taken.alerts where !found.contains(where: { $0.alert.id == alert.id }) {
        found.append((alert, false))
      }
    }
  }

  private func add(_ window: WatchedWindow) {
    kept.append(KeptWindow(id: next, window: window))
    next += 1
  }

  /// What the tests of a version have come to.
  public func detectors(of version: VersionReference) -> [UInt8]? { states[version] }

  /// The windows of a version that end after a moment and begin before another.
  public func windows(
    of version: VersionReference, after start: Timestamp, before end: Timestamp, skipping: Int, count: Int
  ) -> [KeptWindow] {
    let all = kept.filter {
      $0.window.reference == version && $0.window.window.end > start && $0.window.window.start < end
    }
    return Array(
      all.sorted { ($0.window.window.start, $0.id) < ($1.window.window.start, $1.id) }.dropFirst(skipping)
        .prefix(count))
  }

  /// The versions that there are windows of.
  public func versions(of name: ModelName?) -> [VersionReference] {
    Set(kept.map(\.window.reference)).filter { name == nil || $0.name == name }
      .sorted { ($0.name, $0.version) < ($1.name, $1.version) }
  }

  /// Puts one window in the place of several.
  public func replace(_ ids: [Int], by window: WatchedWindow) throws(Problem) {
    guard ids.allSatisfy({ id in kept.contains { $0.id == id } }) else { return }
    try faults.write { () throws(Problem) in
      kept.removeAll { ids.contains($0.id) }
      add(window)
    }
  }

  /// Removes windows that end before a moment, beyond so many of a version, and beyond so many bytes of a model the oldest.
  public func prune(before moment: Timestamp, limit: Int, byteLimit: Int) throws(Problem) {
    try faults.write { () throws(Problem) in
      kept.removeAll { $0.window.window.end < moment }
      for version in versions(of: nil) {
        let all = windows(
          of: version, after: moment, before: Timestamp(milliseconds: .max), skipping: 0, count: .max)
        let doomed = Set(all.dropLast(limit).map(\.id))
        kept.removeAll { doomed.contains($0.id) }
      }
      for name in Set(kept.map(\.window.reference.name)) {
        var bytes = 0
        let newest = kept.filter { $0.window.reference.name == name }
          .sorted { ($1.window.window.start, $1.id) < ($0.window.window.start, $0.id) }
        let doomed = newest.filter { window in
          bytes += window.window.bytes.count
          return bytes > byteLimit
        }
        kept.removeAll { window in doomed.contains { $0.id == window.id } }
      }
    }
  }

  /// What was found about a model, the newest first.
  public func alerts(of name: ModelName, count: Int) -> [MonitoringAlert] {
    let all = found.map(\.alert).filter { $0.version.name == name }
    return Array(all.sorted { ($1.at, $0.id) < ($0.at, $1.id) }.prefix(count))
  }

  /// What stands still, the newest first.
  public func standing(of name: ModelName, count: Int) -> [MonitoringAlert] {
    var last: [[String]: MonitoringAlert] = [:]
    for (alert, _) in found where alert.version.name == name && !alert.isAboutCaller {
      last[[alert.version.description, alert.column, alert.role, alert.aspect]] = alert
    }
    let standing = last.values.filter { $0.change != nil }
    return Array(standing.sorted { ($1.at, $0.id) < ($0.at, $1.id) }.prefix(count))
  }

  /// Forgets the sentences of alerts.
  public func forgetMessages(of ids: [String]) throws(Problem) {
    try faults.write { () throws(Problem) in
      for place in found.indices where ids.contains(found[place].alert.id) {
        let alert = found[place].alert
        found[place].alert = MonitoringAlert(
          id: alert.id, version: alert.version, column: alert.column, role: alert.role, aspect: alert.aspect,
          at: alert.at, message: "", change: alert.change)
      }
    }
  }

  /// What has no entry in the ledger yet, the oldest first.
  public func unrecorded() -> [MonitoringAlert] {
    found.filter { !$0.isRecorded }.map(\.alert).sorted { ($0.at, $0.id) < ($1.at, $1.id) }
  }

  /// Says that alerts have their entries.
  public func noteRecorded(_ ids: [String]) throws(Problem) {
    try faults.write { () throws(Problem) in
      for place in found.indices where ids.contains(found[place].alert.id) { found[place].isRecorded = true }
    }
  }
}

/// Windows that wait in memory, with faults on request.
public actor InMemoryWindowSource: WindowSource {
  private let faults: FaultPlan
  private var files: [WindowName: [UInt8]] = [:]

  /// None yet; `faults` numbers the removals.
  public init(faults: FaultPlan = FaultPlan()) { self.faults = faults }

  /// Puts one there, as a data plane does.
  public func put(_ name: WindowName, _ bytes: [UInt8]) { files[name] = bytes }

  /// Their names.
  public func waiting() -> [WindowName] { files.keys.sorted() }

  /// The bytes of one.
  public func read(_ name: WindowName, limit: Int) throws(Problem) -> [UInt8]? {
    guard (files[name]?.count ?? 0) <= limit else {
      throw Problem(.tooLarge, "watch.too-large", "expected a window of at most \(limit) bytes, found more")
    }
    return files[name]
  }

  /// Removes one.
  public func remove(_ name: WindowName) throws(Problem) {
    try faults.write { () throws(Problem) in files[name] = nil }
  }
}
