import Domain
import Encoding
import ModelGraph
import TestKit
import Testing

@testable import Monitoring

/// How a model's rows and answers become columns, and how training data that are larger than memory become a reference.
struct WatchedColumnsTests {
  static let labels = Tensor(vector: .string(["low", "high"]))

  static func signature(classes: [Tensor] = [labels]) -> ModelSignature {
    ModelSignature(
      features: FeatureList(count: 4, names: ["age", "city", "note", "height"], texts: [1], ignored: [2]),
      outputs: [
        .init(.predict, .string, shape: [-1]), .init(.predictProbabilities, .float64, shape: [-1, 2]),
      ], classes: classes)
  }

  @Test func `columns are the features that are read, the prediction and how sure it is`() {
    let shape = WatchedColumns(Self.signature()).shape
    #expect(shape.columns.map(\.name) == ["age", "city", "height", "predict", "confidence"])
    #expect(shape.columns.map(\.role) == [.feature, .feature, .feature, .prediction, .confidence])
    #expect(shape.numberColumns == [0, 2, 4])
    #expect(shape.categoryColumns == [1, 3])
    #expect(shape.columns[3].kind == .category(CategoryShape(labels: ["low", "high"])))
  }

  @Test func `a row is what was asked and what was answered, and what was not asked for is missing`() {
    let columns = WatchedColumns(Self.signature())
    var rows = WatchedRows()
    let probabilities = Tensor(shape: [2, 2], elements: .float64([0.75, 0.25, 0.125, 0.875]))
    let answers: [PredictionMethod: [Tensor]] = [
      .predict: [Tensor(vector: .string(["low", "high"]))],
      .predictProbabilities: [probabilities].compactMap(\.self),
    ]
    let both = columns.append(
      [30, 1.5, 40, .nan], ["rome", nil], rowCount: 2, answers, limit: 9, to: &rows)
    #expect(both == 2)
    #expect(rows.numbers[..<4] == [30, 1.5, 0.75, 40])
    #expect(rows.numbers[4].isNaN && rows.numbers[5] == 0.875)
    #expect(rows.texts == ["rome", "low", nil, "high"])
    // Whoever asks for probabilities alone means the label of the largest, and whoever asks for a label no probability.
    rows.removeAll()
    _ = columns.append(
      [1, 2], ["x"], rowCount: 1, [.predict: [Tensor(vector: .string(["low"]))]], limit: 9, to: &rows)
    #expect(rows.texts == ["x", "low"])
    #expect(rows.numbers[2].isNaN)
    let alone = Tensor(shape: [1, 2], elements: .float64([0.125, 0.875]))
    _ = columns.append(
      [1, 2], ["x"], rowCount: 1, [.predictProbabilities: [alone].compactMap(\.self)], limit: 9, to: &rows)
    #expect(rows.texts == ["x", "low", "x", "high"])
  }

  @Test func `of a request of many rows as many are looked at as there may be, evenly spaced`() {
    let columns = WatchedColumns(
      ModelSignature(
        features: FeatureList(count: 1), outputs: [.init(.predict, .float64, shape: [-1])], classes: []))
    var rows = WatchedRows()
    let values = (0..<1000).map { Double($0) }
    let taken = columns.append(
      values, [], rowCount: 1000, [.predict: [Tensor(vector: .float64(values))]], limit: 300, to: &rows)
    #expect(taken == 250)
    #expect(rows.count == 250)
    let expected: [Double] = (0..<250).flatMap { (row: Int) -> [Double] in [Double(4 * row), Double(4 * row)]
    }
    #expect(rows.numbers == expected)
  }

  @Test func `rows of another form than the signature's are none`() {
    let columns = WatchedColumns(Self.signature())
    var rows = WatchedRows()
    let narrow = columns.append([1], ["x"], rowCount: 1, [:], limit: 9, to: &rows)
    let textless = columns.append([1, 2], [], rowCount: 1, [:], limit: 9, to: &rows)
    #expect((narrow, textless) == (0, 0))
    #expect(rows.count == 0)
  }

  @Test func `a reference of another model is refused with the column where it departs`() throws {
    let columns = WatchedColumns(Self.signature())
    func problem(_ shapes: [ColumnShape]) -> String? {
      do throws(Problem) {
        try columns.check(Reference(profile: ModelProfile(shape: ModelShape(columns: shapes))))
        return nil
      } catch { return "\(error.code): \(error.message)" }
    }
    var shapes = columns.shape.columns
    #expect(problem(shapes) == nil)
    shapes[2] = ColumnShape(name: "height", kind: .category(CategoryShape(labels: [])))
    #expect(
      problem(shapes)
        == "reference.unlike-model: expected column 3 to be the feature 'height', a number as in the model's"
        + " signature, found the feature 'height', a text")
    #expect(
      problem(Array(columns.shape.columns.dropLast()))
        == "reference.unlike-model: expected column 5 to be the confidence 'confidence', a number as in the model's"
        + " signature, found 4 columns")
  }

  /// Rows of a number, a text and a prediction, some of which are missing.
  private static func training(_ count: Int) -> (
    columns: [TrainingColumn], rows: [WatchedRows], WatchedColumns
  ) {
    var draws = Draws(seed: 4)
    let watched = WatchedColumns(
      ModelSignature(
        features: FeatureList(count: 2, names: ["x", "c"], texts: [1]),
        outputs: [.init(.predict, .float64, shape: [-1])], classes: []))
    let numbers = (0..<count).map { $0 % 50 == 7 ? Double.nan : (draws.normal() * 8).rounded() / 8 }
    let texts = (0..<count).map { $0 % 3 == 0 ? "red" : $0 % 7 == 0 ? nil : "blue" }
    let answers = (0..<count).map { _ in draws.normal() }
    let rows = stride(from: 0, to: count, by: 777).map { first in
      let places = first..<min(count, first + 777)
      var rows = WatchedRows()
      _ = watched.append(
        Array(numbers[places]), Array(texts[places]), rowCount: places.count,
        [.predict: [Tensor(vector: .float64(Array(answers[places])))]], limit: .max, to: &rows)
      return rows
    }
    let columns = [
      TrainingColumn(name: "x", values: .numbers(numbers)), TrainingColumn(name: "c", values: .texts(texts)),
      TrainingColumn(name: "predict", role: .prediction, values: .numbers(answers)),
    ]
    return (columns, rows, watched)
  }

  @Test func `data that are looked at in parts give the reference of the whole`() throws {
    let (columns, rows, watched) = Self.training(10_000)
    var survey = ReferenceSurvey(watched)
    for part in rows { survey.observe(part) }
    #expect(survey.rows == 10_000)
    var count = ReferenceCount(survey.shape)
    for part in rows { try count.observe(part) }
    let whole = try Reference(training: columns)
    let parts = count.reference
    #expect(parts.profile.rows == 10_000)
    #expect(parts.profile.numbers.map(\.bins) == whole.profile.numbers.map(\.bins))
    #expect(parts.profile.categories == whole.profile.categories)
    for (one, other) in zip(parts.shape.columns, whole.shape.columns) {
      #expect(one.kind == other.kind)
      #expect(one.isNeverMissing == (other.isNeverMissing && other.role == .feature))
    }
    #expect(try Reference(bytes: parts.bytes) == parts)
  }

  @Test func `the state of a monitor goes on as the monitor does, and no other monitor takes it`() throws {
    var draws = Draws(seed: 9)
    let reference = try Reference(
      training: [TrainingColumn(name: "x", values: .numbers((0..<500).map { _ in draws.normal() }))])
    var first = DriftMonitor(reference)
    for span in 0..<20 {
      var profile = ModelProfile(shape: reference.shape)
      for _ in 0..<60 { try profile.observe(row: [draws.normal() + (span > 8 ? 0.4 : 0)]) }
      _ = try first.observe(profile, until: Timestamp(milliseconds: Int64(span) * 60_000))
    }
    var second = try DriftMonitor(reference, state: first.state)
    #expect(second.state == first.state)
    var alerts: ([Alert], [Alert]) = ([], [])
    for span in 20..<60 {
      var profile = ModelProfile(shape: reference.shape)
      for _ in 0..<60 { try profile.observe(row: [draws.normal() + 0.4]) }
      let moment = Timestamp(milliseconds: Int64(span) * 60_000)
      alerts.0 += try first.observe(profile, until: moment)
      alerts.1 += try second.observe(profile, until: moment)
    }
    #expect(alerts.0 == alerts.1)
    #expect(!alerts.0.isEmpty || !first.standing.isEmpty)
    let other = try Reference(training: [
      TrainingColumn(name: "x", values: .numbers((0..<20).map { Double($0) })),
      TrainingColumn(name: "y", values: .numbers((0..<20).map { Double($0) })),
    ])
    #expect(throws: Problem.self) { try DriftMonitor(other, state: first.state) }
    #expect(throws: Problem.self) { try DriftMonitor(reference, state: Array(first.state.dropLast())) }
  }

  @Test func `a window has one spelling, and what is cut off is refused with its place`() throws {
    var profile = ModelProfile(shape: WatchedColumns(Self.signature()).shape)
    try profile.observe(row: [1, 2, 0.5], texts: ["rome", "low"])
    var window = WatchedWindow(
      reference: VersionReference(name: try ModelName(parsing: "iris"), version: .first),
      bundle: try Digest(parsing: "sha256:" + String(repeating: "ab", count: 32)),
      window: EventWindow(
        start: Timestamp(milliseconds: 60_000), end: Timestamp(milliseconds: 120_000), profile: profile,
        lateRows: 1))
    window.losses.unseenRows = 7
    window.losses.refusedRequests = 2
    #expect(try WatchedWindow(bytes: window.bytes) == window)
    for length in [0, 5, 40, window.bytes.count - 1] {
      let problem = #expect(throws: Problem.self) {
        try WatchedWindow(bytes: Array(window.bytes.prefix(length)))
      }
      #expect(problem?.code == "monitoring.malformed")
    }
    #expect(throws: Problem.self) { try WatchedWindow(bytes: window.bytes + [0]) }
  }

  @Test func `distances by cells are those that alerts tell of`() throws {
    let reference = try Reference(training: [
      TrainingColumn(name: "x", values: .numbers((0..<160).map { Double($0) })),
      TrainingColumn(name: "c", values: .texts((0..<160).map { $0 % 2 == 0 ? "a" : "b" })),
    ])
    let distances = ReferenceDistances(reference)
    #expect(distances.distances(of: reference.profile).allSatisfy { $0.distance < 0.01 })
    var live = ModelProfile(shape: reference.shape)
    for _ in 0..<100 { try live.observe(row: [159], texts: ["b"]) }
    let found = distances.distances(of: live)
    #expect(found.map(\.column.name) == ["x", "c"])
    #expect(found[0].distance > 0.8)
    #expect(abs(found[1].distance - 0.5) < 0.01)
    #expect(distances.distances(of: ModelProfile(shape: reference.shape)).isEmpty)
  }
}
