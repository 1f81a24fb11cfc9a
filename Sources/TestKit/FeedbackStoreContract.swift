import Domain
import Encoding
public import Lifecycle
import ModelGraph
import Monitoring
import Provenance
import Testing

/// What every store of predictions and their labels keeps.
public struct FeedbackStoreContract {
  private let store: any FeedbackStore
  private let iris: VersionReference
  private let price: VersionReference
  private let outputs: [VersionReference: LabelledOutput]

  /// Holds an empty store to the contract.
  public init(_ store: any FeedbackStore) throws {
    self.store = store
    iris = VersionReference(name: try ModelName(parsing: "iris"), version: .first)
    price = VersionReference(name: try ModelName(parsing: "price"), version: .first)
    let labels = Tensor(vector: .string(["no", "yes"]))
    let output = { (type: Datatype, classes: [Tensor]) in
      LabelledOutput(
        ModelSignature(
          features: FeatureList(count: 1), outputs: [.init(.predict, type, shape: [-1])], classes: classes))
    }
    outputs = [
      iris: try #require(output(.string, [labels])), price: try #require(output(.float64, [])),
    ]
  }

  /// A moment so many hours into the year 2000.
  private static func moment(_ hours: Int64) -> Timestamp {
    Timestamp(milliseconds: 946_684_800_000 + hours * 3_600_000)
  }

  private static func segment(_ number: Int) -> SegmentName {
    SegmentName(process: "0123456789abcdef", number: number)
  }

  private func made(
    _ version: VersionReference, _ line: Int, row: Int = 0, hours: Int64 = 1, key: UInt8? = nil,
    _ said: KeptPrediction = .binary(1, probability: 0.75)
  ) -> MadePrediction {
    MadePrediction(
      version: version, at: Self.moment(hours), line: line, row: row, key: key.map { Digest(of: [$0]) },
      said: said)
  }

  private func take(_ number: Int, _ made: [MadePrediction], unkept: Int = 0, rowLimit: Int = 1000)
    async throws
  {
    var segment = SegmentPredictions(segment: Self.segment(number))
    segment.predictions = made
    if unkept > 0 { segment.unkept = [FeedbackWindow(iris, of: Self.moment(1)): unkept] }
    try await store.take(segment, rowLimit: rowLimit, at: Self.moment(2), by: outputs)
  }

  private func label(_ number: Int, _ line: Int, row: Int = 0, _ label: JSON, hours: Int64 = 3) -> GivenLabel
  {
    GivenLabel(
      .receipt(Receipt(segment: Self.segment(number).description, index: line)), row: row, label: label,
      at: Self.moment(hours))
  }

  private func label(_ key: UInt8, row: Int = 0, _ label: JSON) -> GivenLabel {
    GivenLabel(.key(Digest(of: [key])), row: row, label: label, at: Self.moment(3))
  }

  private func learn(
    _ labels: [GivenLabel], of version: VersionReference? = nil, pendingLimit: Int = 100, hours: Int64 = 3
  ) async throws -> [LabelTurn] {
    try await store.learn(
      labels, of: (version ?? iris).name, pendingLimit: pendingLimit, at: Self.moment(hours), by: outputs)
  }

  private func day(_ version: VersionReference, hours: Int64 = 1) async throws -> FeedbackRows {
    try await store.rows(of: FeedbackWindow(version, of: Self.moment(hours)))
  }

  /// Runs all of it.
  public func run() async throws {
    try await joins()
    try await waits()
    try await keepsKeysApart()
    try await bounds()
    try await keepsPerformance()
    try await forgets()
  }

  private func joins() async throws {
    #expect(try await !store.hasTaken(Self.segment(1)))
    #expect(try await store.names() == [])
    let first = [
      made(iris, 1, key: 1), made(iris, 1, row: 1, key: 1, .binary(0, probability: nil)),
      made(price, 2, .number(2.5)), made(iris, 3, key: 1, .binary(0, probability: 0.25)),
    ]
    try await take(1, first, unkept: 2)
    // However often it comes, it counts once.
    try await take(1, first, unkept: 2)
    #expect(try await store.hasTaken(Self.segment(1)))
    #expect(try await store.names() == [iris.name, price.name])
    #expect(
      try await store.windows(of: iris.name).map(\.window) == [FeedbackWindow(iris, of: Self.moment(1))])
    #expect(try await store.windows(of: iris.name).map(\.rows) == [3])
    #expect(try await day(iris).unkept == 2)

    #expect(
      try await learn([label(1, 1, "yes"), label(1, 1, row: 1, "no"), label(1, 1, "yes"), label(1, 9, "yes")])
        == [.taken, .taken, .repeated, .unknown])
    // By key it is the first that came under it; the other has its receipt alone.
    #expect(
      try await learn([label(1, "no"), label(1, 3, "perhaps"), label(1, 3, "no", hours: 40)])
        == [.corrected, .unlike, .taken])
    #expect(try await learn([label(1, 2, 2), label(1, 1, 2)], of: price) == [.taken, .unknown])
    let kept = try await day(iris)
    #expect(
      kept.rows == [
        LabelledPrediction(.binary(1, probability: 0.75), .classes(0)),
        LabelledPrediction(.binary(0, probability: nil), .classes(0)),
        LabelledPrediction(.binary(0, probability: 0.25), .classes(0)),
      ])
    #expect((kept.corrections, kept.late, kept.unkept) == (1, 1, 2))
    #expect(try await day(price).rows == [LabelledPrediction(.number(2.5), .number(2))])
    let counts = try await store.counts(of: iris.name)
    #expect((counts.repeated, counts.unknown, counts.unlike, counts.pending) == (1, 1, 1, 0))
  }

  private func waits() async throws {
    // Before their predictions they wait, and the last that was said is what counts.
    #expect(
      try await learn([
        label(2, 1, "yes"), label(2, 1, "no"), label(2, 7, "yes"), label(9, "yes"), label(3, 1, "yes"),
      ]) == [.pending, .pending, .pending, .pending, .pending])
    #expect(try await store.counts(of: iris.name).pending == 4)
    try await take(2, [made(iris, 1, hours: 25), made(iris, 2, hours: 25, key: 9)])
    #expect(
      try await day(iris, hours: 25).rows == [
        LabelledPrediction(.binary(1, probability: 0.75), .classes(0)),
        LabelledPrediction(.binary(1, probability: 0.75), .classes(1)),
      ])
    let counts = try await store.counts(of: iris.name)
    #expect((counts.unknown, counts.pending) == (2, 1))
    // Where there is no room nothing more waits, and what waits is put right all the same.
    #expect(
      try await learn([label(4, 1, "yes"), label(3, 1, "no"), label(3, 1, "yes")], pendingLimit: 1)
        == [.unknown, .pending, .pending])
    #expect(try await store.counts(of: iris.name).pending == 1)
    #expect(
      try await learn([label(3, 1, "no"), label(4, 1, "yes")], pendingLimit: 2) == [.pending, .pending])
    #expect(try await learn([label(4, 2, "yes")], pendingLimit: 2) == [.unknown])
    try await take(4, [made(price, 9, hours: 25, .number(1))])
    #expect(try await store.counts(of: iris.name).pending == 1)
  }

  private func keepsKeysApart() async throws {
    // Two requests under one key: it is the first one's for all rows, of those too that only the other has.
    try await take(
      8,
      [
        made(price, 1, key: 8, .number(1)), made(price, 2, key: 8, .number(2)),
        made(price, 2, row: 1, key: 8, .number(3)),
      ])
    #expect(
      try await learn([label(8, 4), label(8, row: 1, 4), label(8, 2, row: 1, 5)], of: price)
        == [.taken, .pending, .taken])
    #expect(
      try await day(price).rows.suffix(3) == [
        LabelledPrediction(.number(1), .number(4)), LabelledPrediction(.number(2)),
        LabelledPrediction(.number(3), .number(5)),
      ])
  }

  private func bounds() async throws {
    // Where there is no room predictions are counted.
    try await take(5, [made(iris, 1, hours: 49), made(iris, 2, hours: 49)], rowLimit: 6)
    let full = try await day(iris, hours: 49)
    #expect((full.rows.count, full.unkept) == (1, 1))
    // A day that is settled has its figures, and takes no more.
    let first = FeedbackWindow(iris, of: Self.moment(1))
    try await store.settle(SettledFeedback(window: first, figures: ["labelled": 3]))
    #expect(try await day(iris) == FeedbackRows())
    try await take(6, [made(iris, 1)], unkept: 5)
    #expect(try await day(iris) == FeedbackRows())
    #expect(try await learn([label(1, 1, "yes")]) == [.unknown])
    #expect(
      try await store.settled(of: iris.name, after: Self.moment(0)) == [
        SettledFeedback(window: first, figures: ["labelled": 3])
      ])
    #expect(try await store.settled(of: iris.name, after: first.end) == [])
  }

  private func keepsPerformance() async throws {
    // Two labels and no correction.
    #expect(
      try await store.labels(of: iris.name) == [
        FeedbackWindow(iris, of: Self.moment(25)): 2, FeedbackWindow(iris, of: Self.moment(49)): 0,
      ])
    #expect(try await store.performance(of: iris) == nil)
    func keep(_ version: VersionReference, _ state: JSON, alarm: String?, hasNews: Bool) async throws {
      try await store.keep(
        KeptPerformance(version: version, state: state, alarm: alarm, hasNews: hasNews), at: Self.moment(50))
    }
    try await keep(iris, ["a": 1], alarm: nil, hasNews: true)
    try await keep(price, ["b": [1, 2.5]], alarm: "worse", hasNews: false)
    #expect(try await store.performance(of: price) == ["b": [1, 2.5]])
    #expect(try await store.performanceAlarms() == [price: "worse"])
    #expect(try await store.versionsWithNews() == [iris])
    try await keep(iris, ["a": 2], alarm: "worse", hasNews: false)
    #expect(try await store.performance(of: iris) == ["a": 2])
    #expect(try await store.performanceAlarms().count == 2)
    #expect(try await store.versionsWithNews() == [])
  }

  private func forgets() async throws {
    try await store.hide(iris.name, scoresAlone: true)
    #expect(
      try await day(iris, hours: 25).rows.map(\.prediction) == [
        .binary(1, probability: nil), .binary(1, probability: nil),
      ])
    #expect(try await day(iris, hours: 25).rows.map(\.label) == [.classes(0), .classes(1)])
    #expect(try await store.counts(of: iris.name).pending == 1)
    try await store.hide(iris.name, scoresAlone: false)
    #expect(try await day(iris, hours: 25).rows == [])
    #expect(try await store.performanceAlarms() == [price: "worse"])
    // What labels say is what was masked.
    #expect(try await store.counts(of: iris.name).pending == 0)
    #expect(try await learn([label(7, 1, "yes")]) == [.pending])
    #expect(try await day(price).rows.count == 4)
    let before = try await store.counts(of: iris.name).unknown
    try await store.prune(
      pendingBefore: Self.moment(4), settledBefore: Self.moment(48), segmentsBefore: Self.moment(48))
    let counts = try await store.counts(of: iris.name)
    #expect((counts.pending, counts.unknown - before) == (0, 1))
    #expect(try await store.settled(of: iris.name, after: Self.moment(0)) == [])
    // A segment is forgotten when nothing is kept of it any more.
    #expect(try await store.hasTaken(Self.segment(1)))
    #expect(try await !store.hasTaken(Self.segment(6)))
  }
}
