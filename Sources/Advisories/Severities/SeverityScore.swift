public import Domain

/// How grave a weakness is by the Common Vulnerability Scoring System: the base score of a vector.
///
/// Threat, temporal and environmental metrics of a vector are read and do not count: they are somebody else's.
/// https://www.first.org/cvss/
public struct SeverityScore: Hashable, Sendable {
  /// The version of the system that a vector is written in.
  public enum System: String, Sendable, CaseIterable {
    case second = "CVSS:2.0"
    case third = "CVSS:3.0"
    case thirdRevised = "CVSS:3.1"
    case fourth = "CVSS:4.0"
  }

  /// The system that it was computed by.
  public let system: System
  /// The score in tenths, from 0 to 100.
  public let tenths: Int

  /// Computes the base score of a vector, `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`, or one of the second version, which
  /// has no such prefix; nil where a metric is missing, stands twice, or has a value that it cannot have.
  public init?(vector: String) {
    guard let vector = SeverityVector(parsing: vector) else { return nil }
    let tenths =
      switch vector.system {
      case .second: Self.second(vector)
      case .third, .thirdRevised: Self.third(vector)
      case .fourth: Self.fourth(vector)
      }
    guard let tenths else { return nil }
    system = vector.system
    self.tenths = min(max(tenths, 0), 100)
  }

  /// How grave that is, by the scale of the system; the second version's is that of the National Vulnerability Database, which
  /// has no word beyond high.
  public var severity: Severity {
    switch tenths {
    case 0: .note
    case 1..<40: .low
    case 40..<70: .medium
    case 70..<90: .high
    default: system == .second ? .high : .critical
    }
  }
}

/// A vector taken apart: each metric with its value.
struct SeverityVector {
  let system: SeverityScore.System
  private var values: [Substring: Substring] = [:]

  init?(parsing text: String) {
    guard text.utf8.count <= 512 else { return nil }
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if let first = parts.first, let system = SeverityScore.System(rawValue: String(first)) {
      self.system = system
      parts.removeFirst()
    } else {
      guard !text.hasPrefix("CVSS:") else { return nil }
      system = .second
    }
    for part in parts {
      let words = part.split(separator: ":", omittingEmptySubsequences: false)
      guard words.count == 2, !words[0].isEmpty, !words[1].isEmpty,
        values.updateValue(words[1], forKey: words[0]) == nil
      else { return nil }
    }
  }

  /// What a metric's value counts in a table; nil where it is missing, or has a value that the table does not have.
  func callAsFunction<Value>(_ metric: Substring, _ table: KeyValuePairs<Substring, Value>) -> Value? {
    guard let value = values[metric] else { return nil }
    return table.first { $0.key == value }?.value
  }
}
