import Encoding

/// A number that a test report states of a model, over all rows or over a slice of them.
public struct Metric: Hashable, Sendable {
  /// What it is called: `accuracy`.
  public let name: String
  /// The slice that it is over, `segment=young`; nil for all rows.
  public let slice: String?
  /// The number.
  public let value: Double

  /// States a metric.
  public init(name: String, slice: String? = nil, value: Double) {
    self.name = name
    self.slice = slice
    self.value = value
  }

  /// The name with its slice, `accuracy[segment=young]`.
  public var label: String { slice.map { "\(name)[\($0)]" } ?? name }
}

/// What a metric has to be: `accuracy[segment=young] >= champion - 0.01`.
package struct MetricRequirement: CustomStringConvertible, Sendable {
  package static let expected = "a comparison such as 'accuracy >= 0.92' or 'auc >= champion - 0.01'"
  /// A difference below this is none: `champion - 0.01` is computed and seldom comes out even.
  private static let tolerance = 1e-12

  package enum Limit: Sendable {
    case number(Double)
    /// The champion's number of the same metric, and what is added to it.
    case champion(Double)
  }

  package let description: String
  package let name: String
  package let slice: String?
  package let sign: Comparison
  package let limit: Limit

  package init?(parsing text: String) {
    var rest = Substring(text).trimmed
    guard let (name, slice) = Self.label(takenFrom: &rest), let sign = Comparison.taken(from: &rest) else {
      return nil
    }
    if rest.hasPrefix("champion") {
      guard let offset = Self.offset(rest.dropFirst("champion".count).trimmed) else { return nil }
      limit = .champion(offset)
    } else {
      guard let number = decimal(rest) else { return nil }
      limit = .number(number)
    }
    self.name = name
    self.slice = slice
    self.sign = sign
    description = text
  }

  /// The name with its slice.
  package var label: String { slice.map { "\(name)[\($0)]" } ?? name }

  /// Takes a name and, in brackets, a slice off the front of a text.
  package static func label(takenFrom text: inout Substring) -> (name: String, slice: String?)? {
    let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.@".contains($0)) }
    guard let first = name.first, first.isLetter, name.utf8.count <= 64 else { return nil }
    text = text[name.endIndex...]
    guard text.hasPrefix("[") else {
      text = text.trimmed
      return (String(name), nil)
    }
    guard let end = text.firstIndex(of: "]") else { return nil }
    let slice = text[text.index(after: text.startIndex)..<end].trimmed
    guard 1...128 ~= slice.utf8.count else { return nil }
    text = text[text.index(after: end)...].trimmed
    return (String(name), String(slice))
  }

  private static func offset(_ text: Substring) -> Double? {
    guard let sign = text.first else { return 0 }
    guard sign == "+" || sign == "-", let number = decimal(text.dropFirst().trimmed), number >= 0 else {
      return nil
    }
    return sign == "-" ? -number : number
  }

  /// Whether a value is what is asked for, where the limit comes to `bound`.
  package func holds(_ value: Double, _ bound: Double) -> Bool {
    guard value.isFinite, bound.isFinite else { return false }
    if case .champion = limit {
      // Compared as equal where they hardly differ, and then by the sign.
      let isEven = abs(value - bound) <= Self.tolerance * max(1, abs(bound))
      if isEven { return sign == .atLeast || sign == .atMost || sign == .equal }
    }
    return sign.holds(value, bound)
  }

  /// The metric of this name and slice; where a report has it twice none is, for nobody says which counts.
  package func find(in metrics: [Metric]) -> Metric? {
    let found = metrics.filter { $0.name == name && $0.slice == slice }
    return found.count == 1 ? found[0] : nil
  }
}
