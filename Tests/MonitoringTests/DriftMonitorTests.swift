import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct DriftMonitorTests {
  /// A moment so many requests after the start, at a thousand an hour.
  private func moment(_ requests: Int) -> Timestamp {
    Timestamp(milliseconds: 1_790_000_000_000 + Int64(requests) * 3_600)
  }

  /// A monitor of normal features, and a year's budget of a hundredth of a false alert.
  private func monitor(features: Int, rows: Int, _ draws: inout Draws) throws -> DriftMonitor {
    var columns: [TrainingColumn] = []
    for feature in 0..<features {
      columns.append(
        TrainingColumn(name: "f\(feature)", values: .numbers((0..<rows).map { _ in draws.normal() })))
    }
    return DriftMonitor(try Reference(training: columns))
  }

  /// Sends requests in spans of fifty from request `start` on until something is told of; the request by which it was.
  private func firstAlert(
    _ monitor: inout DriftMonitor, from start: Int, requests: Int, _ draws: inout Draws, shift: Double = 0
  ) throws -> (request: Int, alert: Alert)? {
    let width = monitor.reference.shape.columns.count
    for first in stride(from: start, to: start + requests, by: 50) {
      var profile = ModelProfile(shape: monitor.reference.shape)
      var values: [Double] = []
      for _ in 0..<50 {
        for feature in 0..<width { values.append(draws.normal() + (feature == 0 ? shift : 0)) }
      }
      try profile.observe(rows: 50, numbers: values.span)
      if let alert = try monitor.observe(profile, until: moment(first + 50)).first {
        return (first + 50, alert)
      }
    }
    return nil
  }

  @Test(arguments: 1...3)
  func `half a deviation in one of a hundred features is found within a thousand requests`(
    seed: UInt64
  ) throws {
    var draws = Draws(seed: seed)
    var monitor = try monitor(features: 100, rows: 1_000, &draws)
    #expect(monitor.streamCount == 200)
    #expect(try firstAlert(&monitor, from: 0, requests: 600, &draws) == nil)
    let found = try #require(try firstAlert(&monitor, from: 600, requests: 1_000, &draws, shift: 0.5))
    #expect(found.alert.column == "f0")
    #expect(found.alert.aspect == .values)
    #expect(try #require(found.alert.change).distance > 0.1)
  }

  /// A detector of one feature among a hundred, and where its values fall when they have moved.
  private func detector(shift: Double, _ draws: inout Draws) -> (
    ShareDetector, quiet: [Double], moved: [Double]
  ) {
    let values = (0..<1_000).map { _ in draws.normal() }
    let shape = NumberShape(training: values)
    func counts(_ values: [Double]) -> [Double] {
      var counts = [Double](repeating: 0, count: shape.edges.count + 1)
      for value in values { counts[shape.bin(of: value)] += 1 }
      return counts
    }
    // Shares of twenty thousand values are near enough to the truth.
    let quiet = counts((0..<20_000).map { _ in draws.normal() }).map { $0 / 20_000 }
    let moved = counts((0..<20_000).map { _ in draws.normal() + shift }).map { $0 / 20_000 }
    return (
      ShareDetector(ShareReference(counts: counts(values), isOrdered: true, isContinuous: true)), quiet, moved
    )
  }

  @Test(arguments: 1...4) func `after long quiet a change is found as fast as after a short one`(seed: UInt64)
  {
    var draws = Draws(seed: seed)
    var (detector, quiet, moved) = detector(shift: 0.5, &draws)
    let threshold = naturalLogarithm(AlertBudget().threshold(streams: 200))
    for hour in 0..<150 {
      let turn = detector.observe(
        draws.counts(1_000, shares: quiet), until: moment(1_000 * hour), threshold: threshold)
      #expect(turn == nil)
    }
    var requests = 0
    while !detector.isRaised, requests < 1_000 {
      requests += 50
      _ = detector.observe(
        draws.counts(50, shares: moved), until: moment(150_000 + requests), threshold: threshold)
    }
    #expect(detector.isRaised)
  }

  @Test(arguments: 1...3) func `a category whose share doubles is found`(seed: UInt64) {
    var draws = Draws(seed: seed)
    let training = draws.counts(1_000, shares: [0.5, 0.4, 0.1])
    var detector = ShareDetector(ShareReference(counts: training + [0], isOrdered: false))
    let threshold = naturalLogarithm(AlertBudget().threshold(streams: 200))
    var requests = 0
    while requests < 4_000 {
      requests += 100
      _ = detector.observe(
        draws.counts(100, shares: [0.5, 0.4, 0.1]) + [0], until: moment(requests), threshold: threshold)
    }
    #expect(!detector.isRaised)
    while !detector.isRaised, requests < 10_000 {
      requests += 100
      _ = detector.observe(
        draws.counts(100, shares: [0.44, 0.36, 0.2]) + [0], until: moment(requests), threshold: threshold)
    }
    #expect(requests <= 7_000)
  }

  @Test func `missing values where training had none are found within two hundred requests`() throws {
    var draws = Draws(seed: 8)
    var monitor = try monitor(features: 3, rows: 500, &draws)
    var found: Alert?
    for span in 0..<4 where found == nil {
      var profile = ModelProfile(shape: monitor.reference.shape)
      for row in 0..<50 {
        try profile.observe(row: [row % 5 == 0 ? .nan : draws.normal(), draws.normal(), draws.normal()])
      }
      found = try monitor.observe(profile, until: moment(50 * span + 50)).first
    }
    let alert = try #require(found)
    #expect((alert.column, alert.aspect) == ("f0", .presence))
    #expect(try #require(alert.change).detail == "missing: 20.0 % where training had 0.1 %")
  }

  @Test func `labels that are predicted otherwise than in training are found and worded`() throws {
    var draws = Draws(seed: 2)
    let labels = (0..<900).map { $0 % 3 == 0 ? "yes" : "no" }
    var monitor = DriftMonitor(
      try Reference(training: [TrainingColumn(name: "label", role: .prediction, values: .texts(labels))]))
    var found: Alert?
    for span in 0..<20 where found == nil {
      var profile = ModelProfile(shape: monitor.reference.shape)
      for _ in 0..<50 { try profile.observe(row: [], texts: [draws.uniform() < 0.8 ? "yes" : "no"]) }
      found = try monitor.observe(profile, until: moment(50 * span + 50)).first
    }
    let alert = try #require(found)
    let change = try #require(alert.change)
    #expect(change.rows <= 300)
    #expect(
      alert.message
        == "prediction 'label': total variation \(change.distance.rounded(places: 2)) against training over"
        + " \(change.rows) requests since \(change.since), \(change.detail); e-value \(change.eValue.exponentText),"
        + " needed 100 for 0.01 false alerts a year")
    #expect(monitor.standing.map(\.column) == ["label"])
  }

  @Test func `an alert stands until what comes is as in training again`() {
    var draws = Draws(seed: 5)
    var (detector, quiet, moved) = detector(shift: 1, &draws)
    let threshold = naturalLogarithm(AlertBudget().threshold(streams: 10))
    var requests = 0
    var turns: [String] = []
    for (shares, spans) in [(moved, 40), (quiet, 60)] {
      for _ in 0..<spans {
        requests += 100
        switch detector.observe(
          draws.counts(100, shares: shares), until: moment(requests), threshold: threshold)
        {
        case .raised: turns.append("raised")
        case .cleared: turns.append("cleared")
        case nil: break
        }
      }
    }
    #expect(turns == ["raised", "cleared"])
  }

  @Test func `a month of a hundred quiet features tells nothing, at a budget of one a month`() {
    var draws = Draws(seed: 11)
    let threshold = naturalLogarithm(AlertBudget(falseAlertsPerYear: 12).threshold(streams: 100))
    var alerts = 0
    for feature in 0..<100 {
      let rows = feature % 2 == 0 ? 150 : 1_000
      let cells = feature % 2 == 0 ? 10 : 16
      // Shares of training as spacings of order statistics have them.
      var shares: [Double] = []
      for _ in 0..<cells {
        shares.append(
          (0..<(rows / cells)).reduce(0) { sum, _ in sum - naturalLogarithm(1 - draws.uniform()) })
      }
      let sum = shares.reduce(0, +)
      let counts = [Double](repeating: Double(rows / cells), count: cells)
      var detector = ShareDetector(ShareReference(counts: counts, isOrdered: true, isContinuous: true))
      for hour in 0..<120 {
        // Fifty requests an hour: what matters to a detector is how often it begins anew.
        let turn = detector.observe(
          draws.counts(50, shares: shares.map { $0 / sum }), until: moment(6_000 * hour), threshold: threshold
        )
        if case .raised = turn { alerts += 1 }
      }
    }
    #expect(alerts <= 1)
  }

  @Test func `what stands out together is found at a rate of false ones`() {
    let e = [1e6, 300, 0.5, 250].map { naturalLogarithm($0) }
    #expect(AlertBudget.standingOut(e, share: 0.005) == [0])
    #expect(AlertBudget.standingOut(e, share: 0.01) == [0, 1, 3])
    #expect(AlertBudget.standingOut([], share: 0.1) == [])
  }

  @Test func `numbers in messages are short`() {
    #expect(
      [0.21, 2, 31_234_567, 0.0001, 99_999_999, 999].map(\.exponentText) == [
        "0.21", "2", "3.1e7", "1.0e-4", "1.0e8", "999",
      ])
    #expect(
      [1.52759, -0.25, 0, 123.45, 4_321.9, -2e9, 1e-7].map(\.shortText) == [
        "1.528", "-0.2500", "0.0000", "123.5", "4322", "-2.0e9", "1.0e-7",
      ])
    #expect((0.2049).rounded(places: 2) == "0.20")
    #expect((-3.05).rounded(places: 0) == "-3")
  }
}
