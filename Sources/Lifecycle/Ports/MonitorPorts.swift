public import Domain
import Encoding
public import Monitoring

/// Which file of windows it is: by the process that wrote it, and its number there, from 1.
public struct WindowName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The random name of the process.
  public let instance: String
  /// The number of the window there.
  public let number: Int

  /// Reads `INSTANCE-NUMBER`, 16 hexadecimal digits and 12 decimal ones; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == 12,
      parts[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
      parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(parts[1]), number > 0
    else { return nil }
    (instance, self.number) = (String(parts[0]), number)
  }

  /// `INSTANCE-NUMBER`.
  public var description: String {
    let digits = String(number)
    return "\(instance)-\(String(repeating: "0", count: max(0, 12 - digits.utf8.count)))\(digits)"
  }

  /// By process, then by number.
  public static func < (left: WindowName, right: WindowName) -> Bool {
    (left.instance, left.number) < (right.instance, right.number)
  }
}

/// The windows that a data plane has written down and nobody has taken yet.
public protocol WindowSource: Sendable {
  /// Their names, those of one process in order, processes by which of them wrote first.
  func waiting() async throws(Problem) -> [WindowName]
  /// The bytes of one; nil where it is there no more. Throws `watch.too-large` beyond `limit`.
  func read(_ name: WindowName, limit: Int) async throws(Problem) -> [UInt8]?
  /// Removes one; nothing where it is there no more.
  func remove(_ name: WindowName) async throws(Problem)
}

/// What was found out about a column of a version: it changed, or is again as it was.
public struct MonitoringAlert: Equatable, Sendable {
  /// The figures of a change; nil where one ended.
  public struct Change: Equatable, Sendable {
    /// From when on the rows are that show it.
    public let since: Timestamp
    /// How many they are.
    public let rows: Int
    /// How far they are from training.
    public let distance: Double
    /// The evidence.
    public let eValue: Double
    /// What it had to reach.
    public let threshold: Double

    /// States a change.
    public init(since: Timestamp, rows: Int, distance: Double, eValue: Double, threshold: Double) {
      self.since = since
      self.rows = rows
      self.distance = distance
      self.eValue = eValue
      self.threshold = threshold
    }
  }

  /// What tells it from all others: the same where it is found again after a crash.
  public let id: String
  /// Which version it is about.
  public let version: VersionReference
  /// The column; of what was found of a caller what it is known as.
  public let column: String
  /// What that is to the model.
  public let role: String
  /// What about it changed.
  public let aspect: String
  /// When it was found.
  public let at: Timestamp
  /// The sentence for a person, which may name a category or a bound of training; empty where nothing of the column may be
  /// named.
  public let message: String
  /// The figures; nil where a change that was told of has ended.
  public let change: Change?

  /// States what was found.
  public init(
    id: String, version: VersionReference, column: String, role: String, aspect: String, at: Timestamp,
    message: String, change: Change?
  ) {
    self.id = id
    self.version = version
    self.column = column
    self.role = role
    self.aspect = aspect
    self.at = at
    self.message = message
    self.change = change
  }
}

extension MonitoringAlert {
  /// The role of what is found of a caller and not of a column.
  public static let callerRole = "caller"

  /// Whether it is about a caller: something that happened, which does not stand until it ends.
  public var isAboutCaller: Bool { role == Self.callerRole }

  /// The sentence of figures alone, with no category and no value: what may be where nothing can be erased.
  public var figures: String {
    // Nothing else is in it.
    if isAboutCaller { return message }
    guard let change else {
      return
        "\(role) '\(column.excerpt(60))': \(aspect) are like those of training again, or held against it no more"
    }
    return Alert.figures(
      role: role, column: column, aspect: aspect, distance: change.distance, rows: change.rows,
      since: change.since, eValue: change.eValue, threshold: change.threshold)
  }
}

/// What one window that was taken leads to: all of it is kept, or nothing.
public struct TakenWindow: Sendable {
  /// Where it came from.
  public let name: WindowName
  /// What it says; nil for one that did not read.
  public var window: WatchedWindow?
  /// What the tests of its version have come to by now; nil where there are none.
  public var detectors: [UInt8]?
  /// What was found in it.
  public var alerts: [MonitoringAlert] = []

  /// States what a window leads to.
  public init(name: WindowName, window: WatchedWindow? = nil) {
    self.name = name
    self.window = window
  }
}

/// A window as it is kept.
public struct KeptWindow: Sendable, Equatable {
  /// Its number in the store.
  public let id: Int
  /// What it says.
  public let window: WatchedWindow

  /// Numbers a window.
  public init(id: Int, window: WatchedWindow) {
    self.id = id
    self.window = window
  }
}

/// What is kept of watching: windows, how far tests have come, alerts.
///
/// It is no part of what the ledger accounts for; of each alert there is an entry.
public protocol MonitorStore: Sendable {
  /// The number of the last window of a process that was taken; 0 where there was none.
  func taken(of instance: String) async throws(Problem) -> Int
  /// Keeps what a window leads to and that it was taken, in one step, durable when this returns; nothing where it was taken
  /// before. Its alerts have no entry in the ledger yet.
  func keep(_ taken: TakenWindow) async throws(Problem)
  /// What the tests of a version have come to; nil where none were kept.
  func detectors(of version: VersionReference) async throws(Problem) -> [UInt8]?
  /// The windows of a version that end after a moment and begin before another, in the order of their starts: behind the first
  /// so many of them at most so many.
  func windows(
    of version: VersionReference, after start: Timestamp, before end: Timestamp, skipping: Int, count: Int
  ) async throws(Problem) -> [KeptWindow]
  /// The versions of a model that there are windows of, or of all models for nil.
  func versions(of name: ModelName?) async throws(Problem) -> [VersionReference]
  /// Puts one window in the place of several, in one step; nothing where one of those is there no more.
  func replace(_ ids: [Int], by window: WatchedWindow) async throws(Problem)
  /// Removes windows that end before a moment, beyond so many of a version the oldest, and beyond so many bytes of a model's the
  /// oldest of all its versions.
  func prune(before moment: Timestamp, limit: Int, byteLimit: Int) async throws(Problem)
  /// What was found about a model, the newest first, at most so many.
  func alerts(of name: ModelName, count: Int) async throws(Problem) -> [MonitoringAlert]
  /// What was found last about each aspect of each column of a model's versions, where that has not ended: the newest first, at
  /// most so many. A column that is told of often takes no other's place, and nothing that is about a caller is among them.
  func standing(of name: ModelName, count: Int) async throws(Problem) -> [MonitoringAlert]
  /// Forgets the sentences of alerts, whose figures stay.
  func forgetMessages(of ids: [String]) async throws(Problem)
  /// What has no entry in the ledger yet, the oldest first.
  func unrecorded() async throws(Problem) -> [MonitoringAlert]
  /// Says that alerts have their entries.
  func noteRecorded(_ ids: [String]) async throws(Problem)
}

extension MonitorStore {
  /// The first windows of a version that end after a moment and begin before another, at most so many.
  public func windows(
    of version: VersionReference, after start: Timestamp, before end: Timestamp, count: Int
  ) async throws(Problem) -> [KeptWindow] {
    try await windows(of: version, after: start, before: end, skipping: 0, count: count)
  }
}

/// Nothing is watched.
public struct NoMonitoring: WindowSource, MonitorStore {
  /// Makes the store that keeps nothing.
  public init() {}

  /// None.
  public func waiting() -> [WindowName] { [] }
  /// Nothing.
  public func read(_ name: WindowName, limit: Int) -> [UInt8]? { nil }
  /// There is nothing to remove.
  public func remove(_ name: WindowName) {}
  /// None.
  public func taken(of instance: String) -> Int { 0 }
  /// Nothing is kept.
  public func keep(_ taken: TakenWindow) {}
  /// None.
  public func detectors(of version: VersionReference) -> [UInt8]? { nil }
  /// None.
  public func windows(
    of version: VersionReference, after start: Timestamp, before end: Timestamp, skipping: Int, count: Int
  ) -> [KeptWindow] { [] }
  /// None.
  public func versions(of name: ModelName?) -> [VersionReference] { [] }
  /// There is nothing to replace.
  public func replace(_ ids: [Int], by window: WatchedWindow) {}
  /// There is nothing to remove.
  public func prune(before moment: Timestamp, limit: Int, byteLimit: Int) {}
  /// None.
  public func alerts(of name: ModelName, count: Int) -> [MonitoringAlert] { [] }
  /// None.
  public func standing(of name: ModelName, count: Int) -> [MonitoringAlert] { [] }
  /// There is nothing to forget.
  public func forgetMessages(of ids: [String]) {}
  /// None.
  public func unrecorded() -> [MonitoringAlert] { [] }
  /// There is nothing to note.
  public func noteRecorded(_ ids: [String]) {}
}
