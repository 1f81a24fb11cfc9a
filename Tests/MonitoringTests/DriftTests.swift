import Domain
import Encoding
import TestKit
import Testing

@testable import Monitoring

@Suite struct DriftTests {
  private let answers: JSON

  init() throws { answers = try Fixtures.json("monitoring/scipy.json") }

  private func cases(_ name: String) throws -> [JSON] {
    let cases = try #require(answers[name]?.array)
    try #require(!cases.isEmpty)
    return cases
  }

  private func numbers(_ json: JSON, _ name: String) throws -> [Double] {
    try #require(json[name]?.array).compactMap(\.double)
  }

  private func expect(
    _ found: Double?, _ json: JSON, _ name: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let (found, wanted) = (try #require(found), try #require(json[name]?.double))
    #expect(abs(found - wanted) <= 1e-9 * max(1, abs(wanted)), "\(name)", sourceLocation: location)
  }

  @Test func `two samples of numbers measure as SciPy measures them`() throws {
    for json in try cases("numbers") {
      let left = WeightedValues(try numbers(json, "left"))
      let right = WeightedValues(try numbers(json, "right"))
      let test = KolmogorovSmirnov(left, right)
      try expect(test?.statistic, json, "ks")
      try expect(test?.pValue, json, "ksP")
      try expect(left.wassersteinDistance(to: right), json, "wasserstein")
    }
  }

  @Test func `two samples of counts measure as SciPy measures them`() throws {
    for json in try cases("counts") {
      let (left, right) = (try numbers(json, "left"), try numbers(json, "right"))
      let test = try #require(ChiSquared(left, right))
      try expect(test.statistic, json, "chi2")
      try expect(test.pValue, json, "chi2P")
      #expect(test.degreesOfFreedom == json["freedom"]?.int)
      let scale = left.reduce(0, +) / right.reduce(0, +)
      let single = ChiSquared(observed: left, expected: right.map { $0 * scale })
      try expect(single?.statistic, json, "single")
      try expect(single?.pValue, json, "singleP")
      try expect(ShareDistance.jensenShannon(left, right), json, "jensenShannon")
      try expect(ShareDistance.stabilityIndex(live: left, training: right), json, "psi")
    }
  }

  @Test func `the one-sample distribution is that of SciPy`() throws {
    for json in try cases("kstwo") {
      let parts = try #require(json.array).compactMap(\.double)
      let found = KolmogorovDistribution.survival(of: parts[1], values: Int(parts[0]))
      #expect(abs(found - parts[2]) < 1e-9, "\(parts)")
    }
  }

  @Test func `nothing is measured of nothing`() {
    let none = WeightedValues([Double]())
    #expect(KolmogorovSmirnov(none, WeightedValues([1])) == nil)
    #expect(none.wassersteinDistance(to: none) == nil)
    #expect(ShareDistance.jensenShannon([0, 0], [1, 2]) == nil)
    #expect(ShareDistance.stabilityIndex(live: [0, 0], training: [1, 2]) == nil)
    #expect(ChiSquared([1, 0], [2, 0]) == nil)
    #expect(ChiSquared(observed: [1, 2], expected: [3, 0]) == nil)
  }

  @Test func `a report says of each column how far it is from training`() throws {
    var draws = Draws(seed: 4)
    let ages = (0..<500).map { _ in 40 + 10 * draws.normal() }
    let reference = try Reference(training: [
      TrainingColumn(name: "colour", values: .texts((0..<500).map { $0 % 4 == 0 ? "red" : "green" })),
      TrainingColumn(name: "age", values: .numbers(ages)),
    ])
    var live = ModelProfile(shape: reference.shape)
    for age in ages.prefix(400) { try live.observe(row: [age + 5], texts: ["red"]) }
    for _ in 0..<100 { try live.observe(row: [.nan], texts: ["blue"]) }
    let report = try reference.drift(of: live)
    #expect(report.map(\.column.name) == ["colour", "age"])
    let (colour, age) = (report[0], report[1])
    #expect(abs(colour.strangeShare - 0.2) < 1e-12)
    #expect(colour.kolmogorovSmirnov == nil)
    #expect(try #require(colour.chiSquared).pValue < 1e-50)
    #expect(abs(age.missingShift - 0.2) < 1e-12)
    #expect(age.count == 400)
    #expect(abs(try #require(age.meanShift) - 0.5) < 0.1)
    #expect(abs(try #require(age.wassersteinDistance) - 5) < 1)
    #expect(age.statisticError == 0)
    #expect(try #require(age.stabilityIndex) > 0.1)
  }

  @Test func `training data have not drifted from themselves`() throws {
    let values = (0..<300).map { Double($0 % 37) }
    let reference = try Reference(training: [TrainingColumn(name: "x", values: .numbers(values))])
    let drift = try #require(try reference.drift(of: reference.profile).first)
    #expect(drift.kolmogorovSmirnov == KolmogorovSmirnov(WeightedValues([1]), WeightedValues([1])))
    #expect((drift.wassersteinDistance, drift.stabilityIndex, drift.meanShift) == (0, 0, 0))
  }

  @Test func `where sketches forget, the statistic is within the bound that the report has`() throws {
    var draws = Draws(seed: 9)
    let training = (0..<3_000).map { _ in draws.normal() }
    let now = (0..<5_000).map { _ in draws.normal() + 0.2 }
    let reference = try Reference(training: [TrainingColumn(name: "x", values: .numbers(training))])
    var live = ModelProfile(shape: reference.shape)
    try live.observe(rows: 5_000, numbers: now.span)
    let drift = try #require(try reference.drift(of: live).first)
    let exact = try #require(KolmogorovSmirnov(WeightedValues(now), WeightedValues(training)))
    #expect(drift.statisticError > 0)
    #expect(abs(try #require(drift.kolmogorovSmirnov).statistic - exact.statistic) <= drift.statisticError)
  }
}
