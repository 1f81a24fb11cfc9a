import Domain
import Testing

@testable import Monitoring

@Suite struct MaskedColumnsTests {
  private static let secret = 77.125

  private static func reference() throws -> Reference {
    try Reference(training: [
      TrainingColumn(name: "age", values: .numbers((0..<300).map { Double($0 % 60) })),
      TrainingColumn(name: "place", values: .texts((0..<300).map { $0 % 2 == 0 ? "rome" : "oslo" })),
      TrainingColumn(name: "size", values: .numbers((0..<300).map { Double($0 % 7) })),
      TrainingColumn(name: "predict", role: .prediction, values: .texts((0..<300).map { "\($0 % 2)" })),
    ])
  }

  private static func profile(_ reference: Reference, rows: Int) throws -> ModelProfile {
    var profile = ModelProfile(shape: reference.shape)
    for row in 0..<rows {
      try profile.observe(
        row: [row == 0 ? .nan : secret, Double(row % 7)], texts: [row % 2 == 0 ? "Bob" : "oslo", "1"])
    }
    return profile
  }

  private func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: needle) }
  }

  private func bytes(_ value: Double) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
  }

  @Test(arguments: [4, 200]) func `of a masked column no value and no category is in what is written`(
    rows: Int
  ) throws {
    let reference = try Self.reference()
    let open = try Self.profile(reference, rows: rows)
    #expect(contains(open.bytes, Array("Bob".utf8)))
    #expect(contains(open.bytes, bytes(Self.secret)))
    var masked = open
    let mask = ColumnMask(["age", "place"])
    #expect(masked.shows(mask))
    masked.hide(mask, against: ReferenceDistances(reference))
    #expect(!masked.shows(mask))
    #expect(!contains(masked.bytes, Array("Bob".utf8)))
    #expect(!contains(masked.bytes, bytes(Self.secret)))
    // What is known of training stays, and so do counts of what was missing, out of range or new.
    #expect(masked.shape == reference.shape)
    let (age, place) = (masked.numbers[0], masked.categories[0])
    #expect((age.missing, age.outOfRange, age.hidden.count, age.count) == (1, rows - 1, rows - 1, rows))
    #expect(age.bins.allSatisfy { $0 == 0 } && age.distinct.value == 0 && age.moments == Moments())
    #expect((place.unknown, place.hidden.count, place.count) == (rows / 2, rows, rows))
    #expect(place.counts.known == [0, 0] && place.counts.newcomers.isEmpty)
    #expect(masked.numbers[1] == open.numbers[1])
    #expect(masked.categories[1] == open.categories[1])
    #expect((masked.rows, masked.violatingRows) == (open.rows, open.violatingRows))
    #expect(try ModelProfile(bytes: masked.bytes, shape: reference.shape) == masked)
    #expect(throws: Problem.self) {
      try ModelProfile(bytes: Array(masked.bytes.dropLast()), shape: reference.shape)
    }
  }

  @Test func `how far masked values are is kept of a hundred and more alone, and averaged over windows`()
    throws
  {
    let reference = try Self.reference()
    let (mask, training) = (ColumnMask(["age"]), ReferenceDistances(reference))
    var few = try Self.profile(reference, rows: 50)
    few.hide(mask, against: training)
    #expect(few.numbers[0].hidden.measured == 0)
    #expect(try reference.drift(of: few)[0].maskedDistance == nil)
    var many = try Self.profile(reference, rows: 201)
    many.hide(mask, against: training)
    let distance = try #require(try reference.drift(of: many)[0].maskedDistance)
    #expect(distance > 0.9)
    try many.merge(few)
    #expect(many.numbers[0].hidden.count == 249)
    let drift = try reference.drift(of: many)[0]
    #expect(drift.maskedDistance == distance)
    #expect(drift.kolmogorovSmirnov == nil && drift.jensenShannonDistance == nil && drift.meanShift == nil)
    #expect(abs(drift.missingShift - 2.0 / 251) < 1e-9)
  }

  @Test func `what has nothing masked is written as ever, and there is one spelling`() throws {
    let reference = try Self.reference()
    let profile = try Self.profile(reference, rows: 9)
    #expect(profile.bytes.first == 1)
    var masked = profile
    masked.hide(ColumnMask(["age"]))
    #expect(masked.bytes.first == 2)
    #expect(!ModelProfile(shape: reference.shape).shows(ColumnMask(["age"])))
    // The second version with nothing masked in it.
    var bytes = ModelProfile(shape: ModelShape(columns: [])).bytes
    bytes[0] = 2
    #expect(throws: Problem.self) {
      try ModelProfile(bytes: bytes, shape: ModelShape(columns: []))
    }
  }

  @Test func `predictions are masked by their method, and what a transformer gives by any field`() {
    let confidence = ColumnShape(name: "confidence", role: .confidence, kind: .number(NumberShape()))
    let label = ColumnShape(name: "predict", role: .prediction, kind: .category(CategoryShape(labels: [])))
    let second = ColumnShape(name: "transform[1]", role: .prediction, kind: .number(NumberShape()))
    let feature = ColumnShape(name: "age", kind: .number(NumberShape()))
    let columns = [confidence, label, second, feature]
    #expect(columns.map { ColumnMask(["predict_proba"]).hides($0) } == [true, false, true, false])
    #expect(columns.map { ColumnMask(["predict"]).hides($0) } == [false, true, true, false])
    #expect(columns.map { ColumnMask(["age"]).hides($0) } == [false, false, true, true])
    #expect(columns.map { ColumnMask.none.hides($0) } == [false, false, false, false])
  }

  @Test
  func `a name that is no field of this version masks all features, one that the model does not read none`() {
    let signature = WatchedColumnsTests.signature()
    func masked(_ names: [String]) -> [String] {
      let mask = ColumnMask(names, of: signature)
      return WatchedColumns(signature).shape.columns.filter { mask.hides($0) }.map(\.name)
    }
    #expect(masked(["note"]) == [])
    #expect(masked(["city"]) == ["city"])
    #expect(masked(["years"]) == ["age", "city", "height"])
    #expect(masked(["predict_proba"]) == ["confidence"])
  }

  @Test func `tests forget the values of a column that is masked, and no alert stands about them`() throws {
    let reference = try Self.reference()
    var monitor = DriftMonitor(reference)
    for span in 1...20 {
      _ = try monitor.observe(
        Self.profile(reference, rows: 101), until: Timestamp(milliseconds: Int64(span) * 60_000))
    }
    #expect(monitor.isStanding(column: "age", role: "feature", aspect: "values"))
    #expect(monitor.isStanding(column: "place", role: "feature", aspect: "values"))
    monitor.forget(ColumnMask(["age"]))
    #expect(!monitor.isStanding(column: "age", role: "feature", aspect: "values"))
    #expect(monitor.isStanding(column: "place", role: "feature", aspect: "values"))
    var masked = try Self.profile(reference, rows: 101)
    masked.hide(ColumnMask(["age", "place"]))
    let alerts = try monitor.observe(masked, until: Timestamp(milliseconds: 21 * 60_000))
    #expect(alerts.isEmpty)
  }
}

@Suite struct WatchedBoundsTests {
  @Test func `a request of very many values has rows looked at evenly, within its budget`() {
    let columns = WatchedColumns(WatchedColumnsTests.signature())
    let width = columns.rowWidth
    let numbers = [Double](repeating: 1, count: 1000 * columns.numberFeatures)
    let texts = [String?](
      repeating: String(repeating: "long ", count: 1000), count: 1000 * columns.textFeatures)
    var rows = WatchedRows()
    let taken = columns.append(
      numbers, texts, rowCount: 1000, [:], limit: 1024, valueLimit: 100 * width, to: &rows)
    #expect(taken == 100)
    #expect(rows.count == 100)
    #expect(rows.texts.allSatisfy { ($0?.utf8.count ?? 0) <= CategoryCounts.labelBytes })
    var one = WatchedRows()
    let least = columns.append(numbers, texts, rowCount: 1000, [:], limit: 1024, valueLimit: 1, to: &one)
    #expect(least == 1)
  }

  @Test func `a clock that went ahead and came back does not keep a change from being found`() throws {
    let reference = try Reference(training: [
      TrainingColumn(name: "x", values: .numbers((0..<1000).map { Double($0 % 500) }))
    ])
    func window(_ shift: Double) throws -> ModelProfile {
      var profile = ModelProfile(shape: reference.shape)
      for row in 0..<250 { try profile.observe(row: [Double(row * 2) + shift]) }
      return profile
    }
    func spans(jump: Bool) throws -> Int {
      var monitor = DriftMonitor(reference)
      let start: Int64 = 1_790_000_000_000
      for span in 0..<20 {
        _ = try monitor.observe(window(0), until: Timestamp(milliseconds: start + Int64(span) * 600_000))
      }
      if jump {
        let ahead = start + 300 * 86_400_000
        for span in 0..<3 {
          _ = try monitor.observe(window(0), until: Timestamp(milliseconds: ahead + Int64(span) * 600_000))
        }
      }
      for span in 20..<200 {
        let moment = Timestamp(milliseconds: start + Int64(span) * 600_000)
        if try !monitor.observe(window(150), until: moment).isEmpty { return span }
      }
      return .max
    }
    #expect(try spans(jump: false) < 40)
    #expect(try spans(jump: true) < 60)
  }

  @Test func `windows know when the clock they went by has been put back`() throws {
    let shape = ModelShape(columns: [ColumnShape(name: "x", kind: .number(NumberShape()))])
    var windows = try EventWindows(shape: shape, length: 60_000)
    windows.advance(to: Timestamp(milliseconds: 1_000_000))
    #expect(!windows.isAhead(of: Timestamp(milliseconds: 940_000)))
    #expect(windows.isAhead(of: Timestamp(milliseconds: 939_999)))
  }
}
