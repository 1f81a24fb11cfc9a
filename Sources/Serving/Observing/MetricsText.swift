/// Metrics in the text format of Prometheus, version 0.0.4.
struct MetricsText {
  typealias Labels = [(name: String, value: String)]

  private(set) var text = ""

  /// One sample of a family of its own.
  mutating func gauge(_ name: String, _ help: String, _ value: Int) { gauge(name, help, String(value)) }

  mutating func gauge(_ name: String, _ help: String, _ value: String) {
    family(name, "gauge", help)
    sample(name, [], value)
  }

  mutating func counter(_ name: String, _ help: String, _ value: Int) {
    family(name, "counter", help)
    sample(name, [], String(value))
  }

  mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: Labels, _ value: Int) { sample(name, labels, String(value)) }

  mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  /// The samples of a histogram, whose values and bounds `unit` writes.
  mutating func histogram(
    _ name: String, _ labels: Labels, _ histogram: Histogram, unit: (Int) -> String
  ) {
    var count = 0
    for (bound, inBucket) in zip(histogram.bounds, histogram.counts) {
      count += inBucket
      sample("\(name)_bucket", labels + [("le", unit(bound))], count)
    }
    count += histogram.counts[histogram.bounds.count]
    sample("\(name)_bucket", labels + [("le", "+Inf")], count)
    sample("\(name)_sum", labels, unit(histogram.sum))
    sample("\(name)_count", labels, count)
  }

  /// A label's value: backslashes, quotes and line feeds are escaped.
  static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  /// Nanoseconds in seconds, exactly.
  static func seconds(_ nanoseconds: Int) -> String {
    let fraction = String(nanoseconds % 1_000_000_000)
    let padded = String(repeating: "0", count: 9 - fraction.count) + fraction
    return "\(nanoseconds / 1_000_000_000).\(padded)"
  }
}
