import Documents
import Encoding

extension MetricRequirement {
  /// What is wrong with the metrics of a report; nil where nothing is.
  func objection(to metrics: [Metric], champion: Champion?) -> String? {
    guard let found = find(in: metrics) else {
      let others = Set(metrics.map(\.label)).sorted().prefix(10).joined(separator: ", ")
      return "expected \(description.excerpt(120)), found that '\(label)' is not known"
        + (others.isEmpty ? "" : "; the report has \(others.excerpt(200))")
    }
    let bound: Double
    switch limit {
    case .number(let number): bound = number
    case .champion(let offset):
      guard champion != Champion.none else { return nil }
      guard case .metrics(let known)? = champion, let before = find(in: known) else {
        return "expected \(description.excerpt(120)), found that the champion's '\(label)' is not known"
      }
      bound = before.value + offset
    }
    guard !holds(found.value, bound) else { return nil }
    let text = JSON.shortestText(of: bound)
    let expected = "\(label) \(sign.rawValue) \(text)"
    return
      "expected \(expected), found \(found.value.isFinite ? JSON.shortestText(of: found.value) : "no number")"
  }
}
