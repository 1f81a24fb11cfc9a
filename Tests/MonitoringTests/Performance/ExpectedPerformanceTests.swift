import Domain
import TestKit
import Testing

@testable import Monitoring

/// Rows of one feature whose truth is a logistic function of it, and what a model says of them that is too sure of itself.
private struct Shifting {
  var draws: Draws
  var probabilities: [Double] = []
  var outcomes: [Bool] = []

  /// Rows around `middle`; the truth turns at `turn`, which the model believes to be 0.
  init(_ rows: Int, around middle: Double, turn: Double = 0, seed: UInt64) {
    draws = Draws(seed: seed)
    for _ in 0..<rows {
      let x = middle + draws.normal()
      probabilities.append(1 / (1 + exponential(-3 * x)))
      outcomes.append(draws.uniform() < 1 / (1 + exponential(-1.2 * (x - turn))))
    }
  }

  var accuracy: Double {
    Double(zip(probabilities, outcomes).count { ($0 >= 0.5) == $1 }) / Double(outcomes.count)
  }

  var counts: (hits: Double, f1: Double) {
    let pairs = zip(probabilities, outcomes)
    let right = Double(pairs.count { $0 >= 0.5 && $1 })
    let wrong = Double(pairs.count { ($0 >= 0.5) != $1 })
    return (right, 2 * right / (2 * right + wrong))
  }

  var area: Double {
    var classes = LabelledClasses()
    for (probability, outcome) in zip(probabilities, outcomes) {
      classes.take(probability >= 0.5 ? 1 : 0, truth: outcome ? 1 : 0, second: probability)
    }
    return classes.estimates.first { $0.metric == .auc }?.value ?? .nan
  }
}

@Suite struct ExpectedPerformanceTests {
  private func calibration(_ seed: UInt64) throws -> CalibrationMap {
    let held = Shifting(4_000, around: 0, seed: 100 + seed)
    return try CalibrationMap(probabilities: held.probabilities, outcomes: held.outcomes)
  }

  @Test(arguments: 1...4, [-1.0, -0.5, 0, 0.8, 1.5])
  func `of rows that moved the estimate is within three hundredths of the truth`(seed: UInt64, middle: Double)
    throws
  {
    let live = Shifting(4_000, around: middle, seed: seed)
    let expected = try ExpectedPerformance(
      probabilities: live.probabilities, calibration: try calibration(seed))
    #expect(abs(expected.accuracy - live.accuracy) < 0.03)
    #expect(abs(try #require(expected.f1) - live.counts.f1) < 0.04)
    #expect(abs(try #require(expected.auc) - live.area) < 0.04)
    let total =
      expected.truePositives + expected.falsePositives + expected.trueNegatives + expected.falseNegatives
    #expect(abs(total - 4_000) < 1e-6)
  }

  @Test func `probabilities that are too sure of themselves promise too much without a calibration`() throws {
    let live = Shifting(4_000, around: 0, seed: 1)
    #expect(try ExpectedPerformance(probabilities: live.probabilities).accuracy > live.accuracy + 0.05)
  }

  @Test(arguments: 1...4) func `where the concept changes the estimate is wrong, as its assumption says`(
    seed: UInt64
  ) throws {
    let live = Shifting(4_000, around: 0, turn: 1.5, seed: seed)
    let expected = try ExpectedPerformance(
      probabilities: live.probabilities, calibration: try calibration(seed))
    #expect(expected.accuracy > live.accuracy + 0.05)
    #expect(!expected.accuracyInterval.contains(live.accuracy))
    #expect(
      ExpectedPerformance.assumption
        == "holds where probabilities are calibrated and the concept has not changed; labels alone show whether it has"
    )
  }

  @Test func `the interval holds the truth in 95 of 100 cases where probabilities are calibrated`() throws {
    var draws = Draws(seed: 3)
    var held = 0
    for _ in 0..<400 {
      let probabilities = (0..<200).map { _ in draws.uniform() }
      let right = probabilities.count { (draws.uniform() < $0) == ($0 >= 0.5) }
      let expected = try ExpectedPerformance(probabilities: probabilities)
      if expected.accuracyInterval.contains(Double(right) / 200) { held += 1 }
    }
    #expect((365...398).contains(held))
  }

  @Test func `rows that are certain have a certain performance`() throws {
    let expected = try ExpectedPerformance(probabilities: [0, 0, 1])
    #expect(expected.accuracy == 1)
    #expect(expected.f1 == 1)
    #expect(expected.auc == 1)
    #expect(try ExpectedPerformance(probabilities: [0, 0]).auc == nil)
    #expect(try ExpectedPerformance(probabilities: [0, 0]).f1 == nil)
    #expect(try ExpectedPerformance(probabilities: [0.5, 0.5]).auc == 0.5)
  }

  @Test func `what is no probability is refused with its row`() {
    do throws(Problem) {
      _ = try ExpectedPerformance(probabilities: [0.5, .nan])
      Issue.record("expected a refusal")
    } catch {
      #expect(error.code == "monitoring.probability")
      #expect(error.position == "row 1")
    }
    #expect(throws: Problem.self) { try ExpectedPerformance(probabilities: []) }
  }
}

@Suite struct CalibrationMapTests {
  @Test func `a calibration never falls, and keeps the mean`() throws {
    let held = Shifting(2_000, around: 0.3, seed: 1)
    let map = try CalibrationMap(probabilities: held.probabilities, outcomes: held.outcomes)
    #expect(zip(map.seen, map.seen.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(zip(map.said, map.said.dropFirst()).allSatisfy { $0 < $1 })
    #expect(map.said.count <= CalibrationMap.blockLimit)
    let mean = held.probabilities.map { map($0) }.reduce(0, +) / 2_000
    #expect(abs(mean - Double(held.outcomes.count { $0 }) / 2_000) < 0.01)
  }

  @Test func `pools are those of the method`() throws {
    // Four values, 25 rows each, of which 10, 5, 20 and 25 are so: the first two have to be one.
    var (probabilities, outcomes): ([Double], [Bool]) = ([], [])
    for (said, seen) in [(0.1, 10), (0.3, 5), (0.6, 20), (0.9, 25)] {
      for row in 0..<25 {
        probabilities.append(said)
        outcomes.append(row < seen)
      }
    }
    let map = try CalibrationMap(probabilities: probabilities, outcomes: outcomes)
    #expect(map.seen == [0.3, 0.8, 1])
    #expect(abs(map.said[0] - 0.2) < 1e-12)
    #expect(abs(map(0.4) - 0.55) < 1e-12)
    #expect((map(0), map(1)) == (0.3, 1))
  }

  @Test func `too few rows, and rows without outcomes, are refused`() {
    #expect(throws: Problem.self) { try CalibrationMap(probabilities: [0.5], outcomes: [true]) }
    #expect(throws: Problem.self) { try CalibrationMap(probabilities: [0.5], outcomes: []) }
  }
}
