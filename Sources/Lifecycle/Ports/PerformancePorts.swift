public import Domain
public import Encoding

/// What is known of how good a version is beside what it was, as it is kept.
public struct KeptPerformance: Sendable, Equatable {
  /// Which version.
  public let version: VersionReference
  /// How far its watch has come.
  public let state: JSON
  /// The sentence of the alarm that stands; nil where none does.
  public let alarm: String?
  /// Whether the ledger has yet to be told of anything.
  public let hasNews: Bool

  /// States what is known.
  public init(version: VersionReference, state: JSON, alarm: String?, hasNews: Bool) {
    self.version = version
    self.state = state
    self.alarm = alarm
    self.hasNews = hasNews
  }
}

/// What is kept of how good versions are beside what they were.
///
/// Every change is one step: durable when it returns, and where it throws made whole or not at all.
public protocol PerformanceStore: Sendable {
  /// How many labels the days of a deployment have that are not settled, and how many were put right: another number says that
  /// another label came.
  func labels(of name: ModelName) async throws(Problem) -> [FeedbackWindow: Int]
  /// How far the watch of a version has come; nil where nothing is kept of it.
  func performance(of version: VersionReference) async throws(Problem) -> JSON?
  /// Keeps how far a watch has come.
  func keep(_ performance: KeptPerformance, at now: Timestamp) async throws(Problem)
  /// The sentences of the alarms that stand.
  func performanceAlarms() async throws(Problem) -> [VersionReference: String]
  /// The versions of which the ledger has yet to be told of anything.
  func versionsWithNews() async throws(Problem) -> [VersionReference]
}

extension NoFeedback {
  /// None.
  public func labels(of name: ModelName) -> [FeedbackWindow: Int] { [:] }
  /// Nothing is kept.
  public func performance(of version: VersionReference) -> JSON? { nil }
  /// Nothing is kept.
  public func keep(_ performance: KeptPerformance, at now: Timestamp) {}
  /// None.
  public func performanceAlarms() -> [VersionReference: String] { [:] }
  /// None.
  public func versionsWithNews() -> [VersionReference] { [] }
}
