import Domain
import Encoding
import Monitoring
import Provenance
import TestKit
import Synchronization
import Testing

@testable import Lifecycle

/// What comes while something else touches what is kept for labels.
@Suite struct FeedbackTurnTests {
  private static let day: Int64 = 86_400_000
  private let version = VersionReference(name: Sample.name(), version: .first)
  private let bench: Bench
  private let store: HookedFeedback
  private let feedback: Feedback

  init() throws {
    bench = try Bench()
    store = HookedFeedback()
    feedback = Feedback(
      registry: bench.registry, store: store, records: bench.records,
      said: BundleFacts(
        bundles: bench.bundles,
        seals: Seals(
          registry: bench.registry, bundles: bench.bundles, present: bench.sealingKey, store: bench.sealKeys)),
      time: bench.time)
  }

  private func take(_ number: Int, daysAgo: Int64) async throws {
    var segment = SegmentPredictions(segment: Sample.segmentName(number))
    let at = Timestamp(milliseconds: bench.time.now().milliseconds - daysAgo * Self.day)
    segment.predictions = [
      MadePrediction(version: version, at: at, line: 1, row: 0, key: nil, said: .classes(0, confidence: 0.9))
    ]
    try await feedback.take(segment)
  }

  /// Begins something else and gives it every chance to come between.
  private static func begin(_ body: @escaping @Sendable () async throws(Problem) -> Void) async -> Task<
    Void, any Error
  > {
    let task = Task { try await body() }
    for _ in 0..<200 { await Task.yield() }
    return task
  }

  @Test func `a label that comes while its day becomes figures is in them, or unknown`() async throws {
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await take(1, daysAgo: 89)
      bench.time.advance(by: .seconds(2 * 86_400))
      let (turns, learning) = (Box<[LabelTurn]>([]), Box<Task<Void, any Error>?>(nil))
      let label = SentLabel.receipt(Sample.segmentName(1), 1, of: Sample.name(), 0)
      await store.onRows { [feedback] in
        learning.value = await Self.begin { () async throws(Problem) in
          turns.value = try await feedback.learn([label], of: Sample.name())
        }
      }
      try await feedback.tidy()
      try await learning.value?.value
      let settled = await store.settled(of: Sample.name(), after: Timestamp(milliseconds: 0))
      #expect(settled.map { $0.figures["labelled"] } == [0])
      #expect(turns.value == [.unknown])
    }
  }

  @Test func `labels and segments do not wait for who works out figures`() async throws {
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await take(1, daysAgo: 1)
      let label = SentLabel.receipt(Sample.segmentName(1), 1, of: Sample.name(), 0)
      let turns = try await feedback.readers.perform { () async throws(Problem) in
        try await feedback.learn([label], of: Sample.name())
      }
      #expect(turns == [.taken])
    }
  }

  @Test func `a mask that is set while a segment is taken leaves none of its rows`() async throws {
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      let hiding = Box<Task<Void, any Error>?>(nil)
      await store.onWindows { [feedback] in
        try await control.setRecords(
          try RecordsPolicy(payloadMillionths: 0, masked: ["predict"], whenSpoolFull: nil), of: Sample.name(),
          by: Sample.actor)
        hiding.value = await Self.begin { () async throws(Problem) in try await feedback.hide() }
      }
      try await take(1, daysAgo: 1)
      try await hiding.value?.value
      try await feedback.hide()
      #expect(await store.inner.windows(of: Sample.name()).isEmpty)
    }
  }
}

extension SentLabel {
  /// A label for the first row of a record.
  fileprivate static func receipt(
    _ segment: SegmentName, _ line: Int, of name: ModelName, _ label: JSON
  ) -> SentLabel {
    let sent: JSON = [
      ["deployment": .string(name.description), "receipt": .string("\(segment)-\(line)"), "label": label]
    ]
    guard let batch = try? LabelBatch(parsing: sent.canonicalBytes, isKey: { _ in true }) else {
      preconditionFailure("a label that does not read")
    }
    return batch.labels[0]
  }
}

/// A value that closures of a test share.
private final class Box<Value: Sendable>: Sendable {
  private let kept: Mutex<Value>
  init(_ value: Value) { kept = Mutex(value) }
  var value: Value {
    get { kept.withLock { $0 } }
    set { kept.withLock { $0 = newValue } }
  }
}

/// A store in memory that does something else first, once, where it is asked.
private actor HookedFeedback: FeedbackStore {
  typealias Hook = @Sendable () async throws -> Void
  let inner = InMemoryFeedback()
  private var rowsHook: Hook?
  private var windowsHook: Hook?

  func onRows(_ hook: @escaping Hook) { rowsHook = hook }
  func onWindows(_ hook: @escaping Hook) { windowsHook = hook }

  func hasTaken(_ segment: SegmentName) async -> Bool { await inner.hasTaken(segment) }
  func take(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem) {
    try await inner.take(segment, rowLimit: rowLimit, at: now, by: outputs)
  }
  func learn(
    _ labels: [GivenLabel], of name: ModelName, pendingLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem) -> [LabelTurn] {
    try await inner.learn(labels, of: name, pendingLimit: pendingLimit, at: now, by: outputs)
  }
  func names() async -> [ModelName] { await inner.names() }
  func windows(of name: ModelName) async -> [(window: FeedbackWindow, rows: Int)] {
    let hook = windowsHook
    windowsHook = nil
    let windows = await inner.windows(of: name)
    try? await hook?()
    return windows
  }
  func rows(of window: FeedbackWindow) async -> FeedbackRows {
    let hook = rowsHook
    rowsHook = nil
    let rows = await inner.rows(of: window)
    try? await hook?()
    return rows
  }
  func settled(of name: ModelName, after moment: Timestamp) async -> [SettledFeedback] {
    await inner.settled(of: name, after: moment)
  }
  func settle(_ day: SettledFeedback) async throws(Problem) { try await inner.settle(day) }
  func labels(of name: ModelName) async -> [FeedbackWindow: Int] { await inner.labels(of: name) }
  func performance(of version: VersionReference) async -> JSON? { await inner.performance(of: version) }
  func keep(_ performance: KeptPerformance, at now: Timestamp) async throws(Problem) {
    try await inner.keep(performance, at: now)
  }
  func performanceAlarms() async -> [VersionReference: String] { await inner.performanceAlarms() }
  func versionsWithNews() async -> [VersionReference] { await inner.versionsWithNews() }
  func counts(of name: ModelName) async -> FeedbackCounts { await inner.counts(of: name) }
  func hide(_ name: ModelName, scoresAlone: Bool) async throws(Problem) {
    try await inner.hide(name, scoresAlone: scoresAlone)
  }
  func prune(pendingBefore: Timestamp, settledBefore: Timestamp, segmentsBefore: Timestamp)
    async throws(Problem)
  {
    try await inner.prune(
      pendingBefore: pendingBefore, settledBefore: settledBefore, segmentsBefore: segmentsBefore)
  }
}
