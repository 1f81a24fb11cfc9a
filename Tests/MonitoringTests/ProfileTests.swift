import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct ProfileTests {
  private func reference(_ rows: Int = 300) throws -> Reference {
    var generator = SeededGenerator(seed: 3)
    let ages = (0..<rows).map { _ in Double.random(in: 20...60, using: &generator).rounded() }
    let colours = (0..<rows).map { row -> String? in ["red", "red", "green"][row % 3] }
    return try Reference(training: [
      TrainingColumn(name: "age", values: .numbers(ages)),
      TrainingColumn(name: "colour", values: .texts(colours)),
      TrainingColumn(name: "score", role: .prediction, values: .numbers(ages.map { $0 / 100 })),
    ])
  }

  @Test func `a reference has bins of equal shares, a range and what was never missing`() throws {
    let reference = try Reference(training: [
      TrainingColumn(name: "x", values: .numbers((0..<320).map(Double.init)))
    ])
    let shape = try #require(reference.shape.columns[0].number)
    #expect(shape.edges == (1..<16).map { Double($0 * 20 - 1) })
    #expect(reference.profile.numbers[0].bins == [Int](repeating: 20, count: 16))
    #expect(shape.range == 0...319)
    #expect(shape.fence == -401.0...719.0)
    #expect(reference.shape.columns[0].isNeverMissing)
  }

  @Test func `a feature that never changes has bins on both sides of its value`() {
    let shape = NumberShape(training: [5, 5, 5])
    #expect([4, 5, 6].map { shape.bin(of: $0) } == [0, 1, 2])
  }

  @Test func `ties end in one bin`() {
    let shape = NumberShape(training: (0..<300).map { Double($0 % 3) })
    #expect(shape.edges == [0, 1])
    let mostly = NumberShape(training: [0, 0] + [Double](repeating: 7, count: 98))
    #expect([0, 7, 8].map { mostly.bin(of: $0) } == [0, 1, 2])
  }

  @Test func `known categories come by their frequency`() {
    #expect(CategoryShape(training: ["b", "a", nil, "c", "b"]).labels == ["b", "a", "c"])
  }

  @Test func `rows are counted with what breaks training's bounds`() throws {
    var profile = ModelProfile(shape: try reference().shape)
    try profile.observe(row: [30, 0.3], texts: ["red"])
    try profile.observe(row: [.nan, 0.3], texts: ["red"])
    try profile.observe(row: [61, 0.3], texts: ["green"])
    try profile.observe(row: [30, 0.3], texts: ["blue"])
    try profile.observe(row: [30, 0.3], texts: [nil])
    try profile.observe(row: [5_000, 0.3], texts: ["blue"])
    try profile.observe(row: [.infinity, 9_000], texts: ["red"])
    #expect(profile.rows == 7)
    #expect(profile.violatingRows == 6)
    #expect(profile.outlierRows == 2)
    let age = profile.numbers[0]
    #expect((age.missing, age.infinite, age.outOfRange, age.moments.count) == (1, 1, 3, 5))
    #expect(profile.categories[0].counts.known == [3, 1])
    #expect(profile.categories[0].counts.unknown == 2)
    #expect(profile.categories[0].missing == 1)
    #expect(age.count == 7)
  }

  @Test(arguments: [1, 63, 64, 65, 500]) func `rows together are rows one by one`(rows: Int) throws {
    let shape = try reference().shape
    var generator = SeededGenerator(seed: UInt64(rows))
    let texts = (0..<rows).map { _ in ["red", "blue", nil].randomElement(using: &generator) ?? nil }
    let numbers = (0..<(2 * rows)).map { index -> Double in
      index % 17 == 3 ? .nan : Double.random(in: 0...80, using: &generator)
    }
    var (together, single) = (ModelProfile(shape: shape), ModelProfile(shape: shape))
    try together.observe(rows: rows, numbers: numbers.span, texts: texts)
    for row in 0..<rows {
      try single.observe(row: [numbers[2 * row], numbers[2 * row + 1]], texts: [texts[row]])
    }
    #expect(together.rows == single.rows)
    #expect(together.violatingRows == single.violatingRows)
    #expect(together.outlierRows == single.outlierRows)
    #expect(together.categories == single.categories)
    for (left, right) in zip(together.numbers, single.numbers) {
      #expect(left.quantiles == right.quantiles)
      #expect(left.distinct == right.distinct)
      #expect(left.bins == right.bins)
      #expect(
        (left.missing, left.infinite, left.outOfRange) == (right.missing, right.infinite, right.outOfRange))
      #expect(abs(left.moments.mean - right.moments.mean) < 1e-12)
      #expect(abs(left.moments.squaredDistances - right.moments.squaredDistances) < 1e-8)
    }
  }

  @Test func `every value is in the bin that its shape says`() throws {
    let reference = try reference(1_000)
    let shape = try #require(reference.shape.columns[0].number)
    var profile = ModelProfile(shape: reference.shape)
    var bins = [Int](repeating: 0, count: shape.edges.count + 1)
    for value in stride(from: 10.0, through: 70, by: 0.25) {
      try profile.observe(row: [value, 0], texts: ["red"])
      bins[shape.bin(of: value)] += 1
    }
    #expect(profile.numbers[0].bins == bins)
  }

  @Test func `profiles of two event loops merge to that of all rows`() throws {
    let shape = try reference().shape
    var (left, right, both) = (
      ModelProfile(shape: shape), ModelProfile(shape: shape), ModelProfile(shape: shape)
    )
    for row in 0..<200 {
      let (numbers, texts) = ([Double(row % 70), 0.5], [row % 9 == 0 ? "blue" : "red"] as [String?])
      if row < 120 {
        try left.observe(row: numbers, texts: texts)
      } else {
        try right.observe(row: numbers, texts: texts)
      }
      try both.observe(row: numbers, texts: texts)
    }
    try left.merge(right)
    #expect(left.rows == 200)
    #expect(left.violatingRows == both.violatingRows)
    #expect(left.categories == both.categories)
    #expect(left.numbers[0].quantiles.distribution == both.numbers[0].quantiles.distribution)
    #expect(left.numbers[0].bins == both.numbers[0].bins)
  }

  @Test func `a profile of other columns is refused`() throws {
    var profile = ModelProfile(shape: try reference().shape)
    let problem = #expect(throws: Problem.self) {
      try profile.merge(ModelProfile(shape: ModelShape(columns: [])))
    }
    #expect(problem?.code == "monitoring.unlike-profiles")
  }

  @Test func `rows of another width are refused and leave nothing behind`() throws {
    var profile = ModelProfile(shape: try reference().shape)
    let before = profile
    let problem = #expect(throws: Problem.self) { try profile.observe(row: [1], texts: ["red"]) }
    #expect(problem?.message == "expected 2 numbers and 1 categories in each of 1 rows, found 1 and 1 in all")
    #expect(profile == before)
  }

  @Test func `a reference reads back as it was written`() throws {
    let reference = try reference()
    let bytes = reference.bytes
    let again = try Reference(bytes: bytes)
    #expect(again == reference)
    #expect(again.bytes == bytes)
  }

  @Test(arguments: ["sampled", "exact"]) func `sketches of earlier builds read and write the same`(
    name: String
  ) throws {
    let bytes = try Fixtures.bytes("monitoring/\(name).sketch")
    let sketch = try QuantileSketch(bytes: bytes)
    #expect(sketch.bytes == bytes)
    #expect(sketch.count == (name == "exact" ? 3 : 10_000))
  }

  @Test func `a reference of earlier builds reads, writes the same, and is what its data make today`() throws
  {
    let bytes = try Fixtures.bytes("monitoring/small.reference")
    #expect(try Reference(bytes: bytes).bytes == bytes)
    let colours = ["red", "green", "blue"]
    let today = try Reference(training: [
      TrainingColumn(
        name: "age", values: .numbers((0..<90).map { $0 % 30 == 7 ? .nan : Double($0 * 37 % 90) })),
      TrainingColumn(
        name: "colour", values: .texts((0..<90).map { $0 % 11 == 0 ? nil : colours[$0 % 3] })),
      TrainingColumn(
        name: "label", role: .prediction, values: .texts((0..<90).map { $0 % 2 == 0 ? "yes" : "no" })),
    ])
    #expect(today.bytes == bytes)
  }

  @Test func `a damaged reference is refused, whichever byte it ends at`() throws {
    let bytes = try reference(40).bytes
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: Problem.self) { try Reference(bytes: Array(bytes.prefix(length))) }
    }
    #expect(throws: Problem.self) { try Reference(bytes: bytes + [0]) }
  }

  @Test func `columns of different lengths are no training data`() throws {
    let problem = #expect(throws: Problem.self) {
      try Reference(training: [
        TrainingColumn(name: "a", values: .numbers([1, 2])), TrainingColumn(name: "b", values: .texts(["x"])),
      ])
    }
    #expect(problem?.message == "expected 2 values in each column, found 1 in 'b'")
  }

  @Test func `a hundred features take less than a MiB however many rows there were`() throws {
    let columns = (0..<100).map { ColumnShape(name: "f\($0)", kind: .number(NumberShape(edges: [0.5]))) }
    var profile = ModelProfile(shape: ModelShape(columns: columns))
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<1_600 {
      try profile.observe(row: (0..<100).map { _ in .random(in: 0...1, using: &generator) })
    }
    #expect(profile.memory < 1 << 20)
  }
}

extension ColumnShape {
  /// What is known of its numbers.
  var number: NumberShape? {
    guard case .number(let shape) = kind else { return nil }
    return shape
  }
}
