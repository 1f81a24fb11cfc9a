import Documents
import Domain
import Encoding

extension QualityClaims {
  /// Holds numbers against what is asked of them.
  func results(_ slices: [SliceQuality], hasChampion: Bool, isFirst: Bool) -> [TestResult] {
    metrics.map { claim in
      let slice = slices.first { $0.slice == claim.requirement.slice }
      return result(of: claim, slice, hasChampion: hasChampion, isFirst: isFirst)
    }
  }

  private func result(
    of claim: MetricClaim, _ slice: SliceQuality?, hasChampion: Bool, isFirst: Bool
  ) -> TestResult {
    let requirement = claim.requirement
    let name = requirement.description
    func result(_ objection: String?, _ estimate: MetricEstimate? = nil) -> TestResult {
      var result = TestResult(kind: .quality, name: name, line: claim.line, objection: objection)
      result.value = estimate?.value
      result.interval = estimate?.interval
      return result
    }
    guard let slice, slice.rows > 0 else {
      return result("expected rows of '\(requirement.label)', found none in the data")
    }
    guard let estimate = slice.metrics.first(where: { $0.metric == claim.metric }) else {
      let others = slice.metrics.map(\.metric.rawValue).joined(separator: ", ")
      return result("expected \(name), found that it is not defined here; there are \(others)")
    }
    let bound: Double
    switch requirement.limit {
    case .number(let number): bound = number
    case .champion(let offset):
      if isFirst { return result(nil, estimate) }
      guard let before = slice.champion.first(where: { $0.metric == claim.metric }) else {
        return result(
          "expected \(name), found "
            + (hasChampion ? "that the champion has no such number" : "no champion to compare with"), estimate
        )
      }
      bound = before.value + offset
    }
    let expected = "\(requirement.label) \(requirement.sign.rawValue) \(JSON.shortestText(of: bound))"
    guard requirement.holds(estimate.value, bound) else {
      return result("expected \(expected), found \(JSON.shortestText(of: estimate.value))", estimate)
    }
    guard standard == .interval else { return result(nil, estimate) }
    // Against a champion it is the difference that varies, over the same draws.
    var interval = estimate.interval
    var (bounds, what) = (bound, "")
    if case .champion(let offset) = requirement.limit {
      interval = slice.differences.first { $0.metric == claim.metric }?.interval
      (bounds, what) = (offset, " of the difference")
    }
    guard let interval else {
      return result("expected an interval for \(name), found too few rows", estimate)
    }
    guard requirement.sign.holds(interval.lowerBound, bounds),
      requirement.sign.holds(interval.upperBound, bounds)
    else {
      let ends = [interval.lowerBound, interval.upperBound].map { JSON.shortestText(of: $0) }
      return result(
        "expected \(expected) for the whole interval, found one\(what) from \(ends[0]) to \(ends[1])",
        estimate)
    }
    return result(nil, estimate)
  }
}
