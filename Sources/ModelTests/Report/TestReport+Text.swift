import Encoding

extension TestReport {
  /// The report for a terminal: each test in a line with its place, what failed with its reason, then the numbers.
  public func lines(plan file: String) -> [String] {
    var lines: [String] = []
    for result in results {
      lines.append(
        "\(result.isPassed ? "passed" : "failed")  \(result.kind.rawValue)  \(result.name.excerpt(200))")
      guard let objection = result.objection else { continue }
      lines.append("  --> \(file.excerpt()):\(result.line)")
      lines.append("  \(objection.excerpt(600))")
      lines += (result.counterExample?.lines ?? []).map { "    \($0)" }
    }
    for slice in quality {
      lines.append("\(slice.slice.map { "[\($0.excerpt())]" } ?? "all rows"): \(slice.rows) rows")
      for estimate in slice.metrics {
        let interval = estimate.interval.map {
          " [\(Self.short($0.lowerBound)), \(Self.short($0.upperBound))]"
        }
        let difference = slice.differences.first { $0.metric == estimate.metric }.map {
          ", champion \($0.value < 0 ? "" : "+")\(Self.short($0.value))"
        }
        lines.append(
          "  \(estimate.metric.rawValue) \(Self.short(estimate.value))\(interval ?? "")\(difference ?? "")")
      }
    }
    return lines
  }

  /// A number to four places, for people.
  private static func short(_ value: Double) -> String {
    guard abs(value) < 1e11 else { return JSON.shortestText(of: value) }
    return JSON.shortestText(of: (value * 10_000).rounded() / 10_000)
  }
}
