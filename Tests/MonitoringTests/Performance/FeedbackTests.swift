import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct FeedbackTests {
  private let hour: Int64 = 3_600_000

  private func feedback(capacity: Int = 1_000) throws -> Feedback {
    try Feedback(length: hour, patience: 2 * hour, capacity: capacity)
  }

  private func moment(_ hours: Double) -> Timestamp { Timestamp(milliseconds: Int64(hours * 3_600_000)) }

  private func value(_ report: FeedbackReport, _ metric: PerformanceEstimate.Metric) -> Double? {
    report.estimates.first { $0.metric == metric }?.value
  }

  @Test func `a label counts in the window of its prediction, however late it comes`() throws {
    var feedback = try feedback()
    feedback.keep(.binary(1, probability: 0.9), key: 1, at: moment(0.5))
    feedback.keep(.binary(0, probability: 0.2), key: 2, at: moment(1.5))
    let turn1 = feedback.learn(.classes(1), key: 1)
    #expect(turn1 == .taken)
    #expect(feedback.reports.map(\.labelled) == [1, 0])
    let settled = feedback.takeSettled(now: moment(3))
    #expect(settled.map(\.start) == [moment(0)])
    #expect(settled.first.flatMap { value($0, .accuracy) } == 1)
    let next = feedback.takeSettled(now: moment(3.99))
    #expect(next == [])
    let turn2 = feedback.learn(.classes(1), key: 1)
    #expect(turn2 == .unknown)
    #expect(feedback.unknownLabels == 1)
  }

  @Test func `a label that comes twice counts once, and another one puts it right`() throws {
    var feedback = try feedback()
    feedback.keep(.binary(1, probability: 0.9), key: 1, at: moment(0))
    let turn3 = feedback.learn(.classes(0), key: 1)
    #expect(turn3 == .taken)
    let once = feedback.reports
    let turn4 = feedback.learn(.classes(0), key: 1)
    #expect(turn4 == .repeated)
    #expect(feedback.reports == once)
    let turn5 = feedback.learn(.classes(1), key: 1)
    #expect(turn5 == .corrected)
    #expect(feedback.reports.map(\.corrections) == [1])
    #expect(feedback.reports.map(\.labelled) == [1])
    #expect(value(feedback.reports[0], .accuracy) == 1)
  }

  @Test func `labels that cannot be the truth of a prediction are counted and change nothing`() throws {
    var feedback = try feedback()
    feedback.keep(.binary(1, probability: nil), key: 1, at: moment(0))
    feedback.keep(.number(2), key: 2, at: moment(0))
    let turn6 = feedback.learn(.classes(2), key: 1)
    #expect(turn6 == .unlike)
    let turn7 = feedback.learn(.number(1), key: 1)
    #expect(turn7 == .unlike)
    let turn8 = feedback.learn(.classes(1), key: 2)
    #expect(turn8 == .unlike)
    let turn9 = feedback.learn(.number(.nan), key: 2)
    #expect(turn9 == .unlike)
    #expect(feedback.unlikeLabels == 4)
    #expect(feedback.reports.map(\.labelled) == [0])
  }

  @Test func `a report says whom it is of`() throws {
    var feedback = try feedback()
    for key in 0..<4 as Range<UInt64> {
      feedback.keep(.binary(1, probability: key == 0 ? 0.75 : 0.25), key: key, at: moment(0))
    }
    feedback.learn(.classes(1), key: 0)
    #expect(
      feedback.reports[0].selection
        == "1 of 4 predictions have labels (25.0 %); their mean score is 0.7500, that of the others 0.2500;"
        + " what is said holds for all of them only where it is chance which have labels")
  }

  @Test func `where there is no room the oldest window goes as it stands`() throws {
    var feedback = try feedback(capacity: 2)
    let kept10 = feedback.keep(.number(1), key: 1, at: moment(0))
    #expect(kept10)
    let kept11 = feedback.keep(.number(1), key: 2, at: moment(0))
    #expect(kept11)
    let kept12 = feedback.keep(.number(1), key: 3, at: moment(0))
    #expect(!kept12)
    let kept13 = feedback.keep(.number(1), key: 4, at: moment(1))
    #expect(kept13)
    let settled = feedback.takeSettled(now: moment(1))
    #expect(settled.map(\.isCutShort) == [true])
    #expect(settled.map(\.predictions) == [3])
    #expect(feedback.count == 1)
    let kept14 = feedback.keep(.number(1), key: 5, at: moment(0))
    #expect(!kept14)
    #expect(feedback.tooLatePredictions == 1)
  }

  @Test func `a key that is kept is not taken again`() throws {
    var feedback = try feedback()
    let kept15 = feedback.keep(.number(1), key: 1, at: moment(0))
    #expect(kept15)
    let kept16 = feedback.keep(.number(2), key: 1, at: moment(1))
    #expect(!kept16)
    #expect(feedback.repeatedKeys == 1)
    #expect(feedback.reports.count == 1)
  }

  @Test func `joins that cannot be are refused`() {
    #expect(throws: Problem.self) { try Feedback(length: 0, patience: 0) }
    #expect(throws: Problem.self) { try Feedback(length: 1_000, patience: -1) }
    #expect(throws: Problem.self) { try Feedback(length: 1_000, patience: 0, capacity: 0) }
  }

  @Test func `the metrics of two classes are those that scikit-learn has`() throws {
    // Of ten rows: sklearn.metrics of [1,1,0,0,1,0,1,0,0,1] and these probabilities, worked out by hand.
    let truth = [1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    let said = [0.9, 0.8, 0.7, 0.2, 0.4, 0.1, 0.6, 0.3, 0.6, 0.95]
    var feedback = try feedback()
    for (key, (label, probability)) in zip(truth, said).enumerated() {
      feedback.keep(
        .binary(probability > 0.5 ? 1 : 0, probability: probability), key: UInt64(key), at: moment(0))
      feedback.learn(.classes(label), key: UInt64(key))
    }
    let report = feedback.reports[0]
    #expect(value(report, .accuracy) == 0.7)
    #expect(value(report, .precision) == 4.0 / 6)
    #expect(value(report, .recall) == 0.8)
    #expect(value(report, .f1) == 8.0 / 11)
    // 25 pairs: 5 + 5 + 5 for 0.95, 0.9, 0.8; 3.5 for 0.6; 3 for 0.4.
    #expect(value(report, .auc) == 21.5 / 25)
    #expect(abs(try #require(value(report, .brier)) - 0.15625) < 1e-12)
    #expect(
      report.estimates.allSatisfy { $0.interval?.contains($0.value) ?? ($0.metric == .calibrationError) })
  }

  @Test func `the metrics of numbers are mean and root of the errors`() throws {
    var feedback = try feedback()
    for (key, error) in [3.0, -4, 0, 5].enumerated() {
      feedback.keep(.number(10 + error), key: UInt64(key), at: moment(0))
      feedback.learn(.number(10), key: UInt64(key))
    }
    #expect(value(feedback.reports[0], .mae) == 3)
    #expect(value(feedback.reports[0], .rmse) == 12.5.squareRoot())
  }

  @Test(arguments: [0.5, 0.9, 0.99]) func `intervals of shares hold the truth in 95 of 100 cases`(
    share: Double
  ) {
    var draws = Draws(seed: 8)
    var (accuracy, f1) = (0, 0)
    for _ in 0..<1_000 {
      var hits = 0
      for _ in 0..<80 { hits += draws.uniform() < share ? 1 : 0 }
      if let interval = Interval.share(Double(hits), of: 80), interval.contains(share) { accuracy += 1 }
      let truth = 2 * share / (1 + share)
      if let interval = Interval.f1(hits: Double(hits), misses: Double(80 - hits)), interval.contains(truth) {
        f1 += 1
      }
    }
    #expect((910...999).contains(accuracy))
    #expect(accuracy == f1)
  }

  @Test func `Wilson's interval is that of the textbook`() throws {
    let interval = try #require(Interval.share(81, of: 263))
    #expect(abs(interval.lowerBound - 0.2553) < 1e-4)
    #expect(abs(interval.upperBound - 0.3662) < 1e-4)
  }
}
