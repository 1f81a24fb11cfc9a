public import Documents
public import Domain
import Encoding
import YAML

/// What came of reading a file of rules: the rules, or all that is wrong with it.
public struct AlertRulesReading: WrittenDocument, Sendable {
  /// What such a file begins with.
  public static let language = "gatehouse/v1"
  /// The most bytes of a file.
  public static let sizeLimit = 1 << 18

  /// The rules; nil where there are faults.
  public let rules: AlertRules?
  /// The same, as of any document.
  public var content: AlertRules? { rules }
  /// The faults in the order of their places, at most a hundred.
  public let faults: [DocumentFault]
  /// Whether there are more faults than are told.
  public let isCut: Bool

  /// Reads a file to its end, whatever it holds.
  public init(_ bytes: [UInt8]) {
    var reader = AlertRulesReader(reading: DocumentReading(bytes, area: "alerts"))
    let rules = reader.rules()
    faults = reader.reading.sortedFaults
    isCut = reader.reading.isCut
    self.rules = faults.isEmpty ? rules : nil
  }
}

extension AlertRules {
  /// Reads a file; throws its first fault, at its place in `file`, and `alerts.too-large`.
  public init(parsing bytes: [UInt8], file: String = "alerts.yaml") throws(Problem) {
    guard bytes.count <= AlertRulesReading.sizeLimit else {
      throw Problem(
        .tooLarge, "alerts.too-large",
        "expected at most \(AlertRulesReading.sizeLimit) bytes of rules, found \(bytes.count)")
    }
    self = try AlertRulesReading(bytes).said(in: file)
  }
}

/// Reads rules out of their document.
private struct AlertRulesReader {
  private static let names = AlertRule.allCases.sorted().map(\.rawValue)
  /// The longest time for which a condition may have to hold, or not to.
  private static let longest: Int64 = 7 * 86_400_000

  var reading: DocumentReading

  mutating func rules() -> AlertRules? {
    guard let root = reading.root() else { return nil }
    guard reading.opens(root, as: "alerts", language: AlertRulesReading.language, "rules of alerts") else {
      return nil
    }
    let fields = reading.fields(
      of: root, "rules of alerts", known: ["alerts", "rules"], required: ["rules"])
    let entries = reading.elements(of: fields["rules"], "the rules").compactMap { entry($0) }
    return reading.faults.isEmpty ? AlertRules(entries: entries) : nil
  }

  private mutating func entry(_ node: YAMLNode) -> AlertRules.Entry? {
    guard case .mapping(let members) = node.content else {
      reading.addType("a rule as a mapping", node, hint: "write it like '- failures: {begin: 5 %}'")
      return nil
    }
    var found: AlertRules.Entry?
    for member in members where member.name != "deployments" {
      guard let rule = AlertRule(rawValue: member.name) else {
        reading.addWord(
          "unknown-rule", "a rule", member.name, among: Self.names, at: member.nameRange)
        continue
      }
      if found != nil {
        reading.add(
          "several-rules", "expected one rule an entry, found '\(member.name)' too", at: member.nameRange,
          hint: "begin a line of its own with '- \(member.name):'")
      }
      found = terms(of: rule, member.value)
    }
    guard var entry = found else {
      if !members.contains(where: { $0.name != "deployments" }) {
        reading.addType("a rule beside 'deployments'", node)
      }
      return nil
    }
    if let node = members.first(where: { $0.name == "deployments" })?.value {
      if !entry.rule.isOfDeployments {
        reading.add(
          "no-deployment",
          "expected no 'deployments' for '\(entry.rule.rawValue)', which is about the platform, found some",
          at: node.range, hint: "leave it out")
      }
      entry.deployments = reading.elements(of: node, "the deployments").compactMap {
        reading.value($0, "a deployment's name, with '*' for any characters") {
          try? NamePattern(parsing: $0)
        }
      }
    }
    return entry
  }

  private mutating func terms(of rule: AlertRule, _ node: YAMLNode) -> AlertRules.Entry {
    var entry = AlertRules.Entry(rule)
    if case .scalar(let text) = node.content, text == "off" || text == "on" {
      entry.isOn = text == "on"
      return entry
    }
    var known = ["severity", "for", "end-after", "runbook"]
    if rule.measure != .fact { known += ["begin", "end"] }
    if rule.isOfRequests { known.append("minimum") }
    let fields = reading.fields(of: node, "the rule '\(rule.rawValue)'", known: known)
    entry.severity = reading.choice(fields["severity"], "a severity")
    entry.begin = line(rule, fields["begin"], "where it begins")
    entry.end = line(rule, fields["end"], "where it ends")
    entry.holding = span(fields["for"])
    entry.endAfter = span(fields["end-after"])
    entry.minimum = fields["minimum"].map {
      reading.number($0, "the least number of requests", in: 1...1_000_000, default: 1)
    }
    entry.runbook = reading.value(fields["runbook"], "an https URL", code: "runbook") {
      (try? EndpointURL(parsing: $0))?.description
    }
    var terms = AlertTerms(of: rule)
    entry.apply(to: &terms)
    if terms.end > terms.begin, let node = fields["end"] ?? fields["begin"] {
      reading.add(
        "lines",
        "expected an alert to end at or below where it begins, \(rule.words(terms.begin)), found "
          + rule.words(terms.end), at: node.range, hint: "write an 'end' that is lower, or a higher 'begin'")
    }
    return entry
  }

  private mutating func line(_ rule: AlertRule, _ node: YAMLNode?, _ what: String) -> Double? {
    switch rule.measure {
    case .fact: return nil
    case .share:
      return reading.value(node, "\(what) as a share such as '5 %'") { text in
        let isPercent = text.last == "%"
        let digits = isPercent ? Substring(text).dropLast().trimmed : Substring(text)
        guard let value = decimal(digits).map({ isPercent ? $0 / 100 : $0 }), value > 0, value <= 1 else {
          return nil
        }
        return value
      }
    case .span:
      return reading.value(node, "\(what) as \(TimeSpan.expected)", hint: TimeSpan.hint) { text in
        TimeSpan(parsing: text).flatMap { $0.milliseconds > 0 ? Double($0.milliseconds) : nil }
      }
    case .count:
      return node.map {
        Double(reading.number($0, what, in: 1...1_000_000, default: 1))
      }
    }
  }

  private mutating func span(_ node: YAMLNode?) -> Int64? {
    reading.value(node, "a length of time of at most 7d, such as '5m'", hint: TimeSpan.hint) { text in
      TimeSpan(parsing: text).flatMap { $0.milliseconds <= Self.longest ? $0.milliseconds : nil }
    }
  }
}
