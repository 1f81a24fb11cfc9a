import Domain
import Encoding
import TestKit
import Testing

@testable import Monitoring

@Suite struct InputGuardTests {
  /// A model of an age from 20 to 60 that is never missing, a height that is at times, and a colour.
  private func shape() throws -> ModelShape {
    try Reference(training: [
      TrainingColumn(name: "age", values: .numbers((0..<82).map { Double(20 + $0 % 41) })),
      TrainingColumn(name: "colour", values: .texts((0..<82).map { ["red", "green"][$0 % 2] })),
      TrainingColumn(
        name: "height", values: .numbers((0..<82).map { $0 == 0 ? .nan : 1 + Double($0) / 100 })),
      TrainingColumn(name: "score", role: .prediction, values: .numbers((0..<82).map { Double($0) })),
    ]).shape
  }

  private func found(_ row: [Double], _ rules: DefencePolicy.InputRules, colour: String? = "red") throws
    -> [String]
  {
    try InputGuard(try shape(), rules: rules)
      .objections(rows: 1, numbers: row.span, texts: [colour], limit: 9).map(\.message)
  }

  private let strict = DefencePolicy.InputRules(
    action: .refuse, tolerance: 0, categories: true, missing: true)

  @Test func `a row like training's has nothing against it`() throws {
    #expect(try found([40, 1.5, 0], strict) == [])
  }

  @Test func `each rule says which feature it was, what was expected and what was found`() throws {
    #expect(
      try found([200, 1.5, 0], strict, colour: "blue") == [
        "feature 'age': expected a number from -30 to 110, found a greater one",
        "feature 'colour': expected one of 2 categories of training, found another",
      ])
    #expect(
      try found([.nan, -.infinity, 0], strict, colour: nil) == [
        "feature 'age': expected a number, found none",
        "feature 'height': expected a finite number, found an infinity",
        "feature 'colour': expected a category, found none",
      ])
  }

  @Test func `what training had at times missing may be missing`() throws {
    #expect(try found([40, .nan, 0], strict) == [])
  }

  @Test func `a tolerance is a share of training's range beyond its fences`() throws {
    let rules = DefencePolicy.InputRules(tolerance: 0.5)
    #expect(try found([129, 1.5, 0], rules) == [])
    #expect(try found([131, 1.5, 0], rules).count == 1)
    #expect(
      try found([-51, 1.5, 0], rules) == [
        "feature 'age': expected a number from -50 to 130, found a lesser one"
      ])
  }

  @Test func `rules that are not asked for find nothing, and a prediction is no feature`() throws {
    #expect(try found([1e9, .infinity, 1e9], DefencePolicy.InputRules(), colour: "blue") == [])
    #expect(try found([40, 1.5, 1e9], strict) == [])
  }

  @Test func `a row is refused where the rules say so, and noted where they do not`() throws {
    let row: [Double] = [40, 1.5, 0, 200, 1.5, 0]
    var rules = strict
    let shape = try shape()
    do throws(Problem) {
      _ = try InputGuard(shape, rules: rules).check(rows: 2, numbers: row.span, texts: ["red", "red"])
      Issue.record("expected a refusal")
    } catch {
      #expect(error.code == "monitoring.guarded")
      #expect(error.position == "row 1")
    }
    rules.action = .note
    let noted = try InputGuard(shape, rules: rules).check(
      rows: 2, numbers: row.span, texts: ["red", "red"])
    #expect(noted.map(\.kind) == [.range])
    #expect(noted.map(\.row) == [1])
  }

  @Test func `no more objections are made than are asked for`() throws {
    let rows = [Double](repeating: 1e9, count: 300)
    let found = try InputGuard(try shape(), rules: strict).objections(
      rows: 100, numbers: rows.span, texts: [String?](repeating: nil, count: 100), limit: 3)
    #expect(found.count == 3)
  }
}

@Suite struct RoundingTests {
  @Test(arguments: [
    (0.125, 2, 0.12), (0.375, 2, 0.38), (2.675, 2, 2.68), (2.665, 2, 2.66), (-0.125, 2, -0.12), (0.5, 0, 0),
    (1.5, 0, 2),
    (1e-7, 3, 0), (0.0005, 3, 0), (0.0015, 3, 0.002), (123.4565, 3, 123.456), (0.1 + 0.2, 15, 0.3), (7, 2, 7),
    (0.99999, 3, 1), (Double.leastNonzeroMagnitude, 15, 0), (1e300, 2, 1e300),
  ]) func `a number is rounded on its decimal digits, half to even`(
    value: Double, digits: Int, rounded: Double
  ) {
    #expect(DefencePolicy.rounded(value, digits: digits) == rounded)
  }

  @Test func `what is no number stays as it is`() {
    #expect(DefencePolicy.rounded(.nan, digits: 2).isNaN)
    #expect(DefencePolicy.rounded(-.infinity, digits: 2) == -.infinity)
  }

  @Test func `what was rounded once stays as it is, and moves by half a digit at most`() {
    var draws = Draws(seed: 5)
    for _ in 0..<5_000 {
      let value = 20 * draws.uniform() - 10
      let digits = Int(draws.uniform() * 15)
      let once = DefencePolicy.rounded(value, digits: digits)
      #expect(DefencePolicy.rounded(once, digits: digits) == once)
      var unit = 1.0
      for _ in 0..<digits { unit /= 10 }
      #expect(abs(once - value) <= unit / 2 * (1 + 1e-9) + 4 * value.ulp)
    }
  }

  @Test func `probabilities still add up to one, keep their order and move by less than a digit`() {
    var draws = Draws(seed: 6)
    for _ in 0..<2_000 {
      let raw = (0..<(2 + Int(draws.uniform() * 8))).map { _ in -naturalLogarithm(draws.uniform() + 1e-12) }
      let row = raw.map { $0 / raw.reduce(0, +) }
      let rounded = DefencePolicy.roundedProbabilities(row, digits: 2)
      #expect(rounded.map { Int(($0 * 100).rounded()) }.reduce(0, +) == 100)
      for (left, right) in zip(row, rounded) { #expect(abs(left - right) < 0.01) }
      for one in row.indices {
        for other in row.indices where row[one] > row[other] { #expect(rounded[one] >= rounded[other]) }
      }
    }
    #expect(
      DefencePolicy.roundedProbabilities([1.0 / 3, 1.0 / 3, 1.0 / 3], digits: 2) == [0.34, 0.33, 0.33])
    #expect(DefencePolicy.roundedProbabilities([0.996, 0.004], digits: 2) == [1, 0])
  }

  @Test func `scores that are no probabilities are rounded one by one`() {
    #expect(DefencePolicy.roundedProbabilities([-1.25, 3.14159], digits: 1) == [-1.2, 3.1])
    #expect(DefencePolicy.roundedProbabilities([], digits: 1) == [])
  }
}

@Suite struct DefencePolicyTests {
  @Test(arguments: [
    DefencePolicy(), DefencePolicy(disclosure: .labels),
    DefencePolicy(
      inputs: DefencePolicy.InputRules(action: .refuse, tolerance: 0.25, categories: true, missing: true),
      disclosure: .digits(3)),
    DefencePolicy(inputs: DefencePolicy.InputRules(tolerance: 0)), DefencePolicy(callers: .refuse),
  ]) func `settings are read as they are written`(policy: DefencePolicy) throws {
    #expect(try DefencePolicy(json: policy.json.canonicalBytes) == policy)
  }

  @Test func `settings have one spelling`() {
    let policy = DefencePolicy(
      inputs: DefencePolicy.InputRules(action: .refuse, tolerance: 0.5, missing: true), disclosure: .digits(2)
    )
    #expect(
      policy.json.canonicalText
        == #"{"answers":{"digits":2},"format":"gatehouse/defences/v1","inputs":{"action":"refuse","missing":true,"tolerance":0.5}}"#
    )
  }

  private static let head = #"{"format":"gatehouse/defences/v1","#

  @Test(arguments: [
    ("[]", "expected an object, found an array", "/"),
    (#"{"format":"v2"}"#, "expected 'gatehouse/defences/v1', found 'v2'", "/format"),
    (
      head + #""answers":{"digits":16}}"#, "expected a whole number from 0 to 15, found 16", "/answers/digits"
    ),
    (
      head + #""answers":{"digits":2,"labels-only":true}}"#, "expected digits or labels alone, found both",
      "/answers"
    ),
    (
      head + #""inputs":{"tolerance":-1}}"#, "expected a number from 0 to 1000, found -1", "/inputs/tolerance"
    ),
    (head + #""inputs":{"action":"drop"}}"#, "expected 'note' or 'refuse', found 'drop'", "/inputs/action"),
    (head + #""callers":"watch"}"#, "expected 'off' or 'tell' or 'refuse', found 'watch'", "/callers"),
    (head + #""inputs":{"categories":1}}"#, "expected true or false, found a number", "/inputs/categories"),
    (head + #""digits":2}"#, "expected no member of this name, found 'digits'", "/digits"),
  ]) func `what is wrong with settings is said with its place`(text: String, message: String, place: String) {
    do throws(Problem) {
      _ = try DefencePolicy(json: Array(text.utf8))
      Issue.record("expected a refusal")
    } catch {
      #expect(error.code == "monitoring.defences")
      #expect(error.message == message)
      #expect(error.position == place)
    }
  }

  @Test func `more bytes than settings have are not read`() {
    let text = [UInt8](repeating: UInt8(ascii: " "), count: DefencePolicy.byteLimit + 1)
    #expect(throws: Problem.self) { try DefencePolicy(json: text) }
  }
}
