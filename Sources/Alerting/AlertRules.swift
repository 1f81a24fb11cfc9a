public import Domain
public import Encoding

/// Which alerts there are, and on which terms: the standard ones, and what a file says otherwise.
public struct AlertRules: Equatable, Sendable {
  /// What a file says of a rule, for some deployments or for all.
  struct Entry: Equatable, Sendable {
    var rule: AlertRule
    var deployments: [NamePattern] = []
    var isOn: Bool?
    var severity: AlertSeverity?
    var begin: Double?
    var end: Double?
    var holding: Int64?
    var endAfter: Int64?
    var minimum: Int?
    var runbook: String?

    init(_ rule: AlertRule) { self.rule = rule }
  }

  /// The rules that need no file.
  public static let standard = AlertRules(entries: [])

  /// In the order of the file.
  let entries: [Entry]

  /// The terms of a rule for a deployment; nil for what is about none.
  ///
  /// Entries are taken in their order, each over what those before it said.
  public func terms(of rule: AlertRule, for deployment: ModelName?) -> AlertTerms {
    var terms = AlertTerms(of: rule)
    for entry in entries where entry.rule == rule && entry.isMeant(for: deployment) {
      entry.apply(to: &terms)
    }
    // Each entry has its lines in order; together they may not.
    terms.end = min(terms.end, terms.begin)
    return terms
  }

  /// The terms of every rule for a deployment, or of the platform and of deployments that no pattern is about.
  public func json(for deployment: ModelName?) -> JSON {
    .array(
      AlertRule.allCases.sorted().map { rule in
        let terms = terms(of: rule, for: deployment)
        return [
          "rule": .string(rule.rawValue), "summary": .string(rule.summary), "on": .bool(terms.isOn),
          "severity": .string(terms.severity.rawValue),
          "begin": .string(rule.words(terms.begin)), "end": .string(rule.words(terms.end)),
          "for": .string(AlertRule.span(terms.holding)), "endAfter": .string(AlertRule.span(terms.endAfter)),
          "minimum": rule.isOfRequests ? JSON(terms.minimum) : .null,
          "runbook": terms.runbook.map { .string($0) } ?? .null,
        ]
      })
  }
}

extension AlertRules.Entry {
  fileprivate func isMeant(for deployment: ModelName?) -> Bool {
    guard !deployments.isEmpty else { return true }
    guard let deployment else { return false }
    return deployments.contains { $0.matches(deployment.description) }
  }

  func apply(to terms: inout AlertTerms) {
    if let isOn { terms.isOn = isOn }
    if let severity { terms.severity = severity }
    if let begin {
      // The distance between both lines stays what it was, where nobody says where it ends.
      let share = terms.begin > 0 ? terms.end / terms.begin : 1
      terms.begin = begin
      terms.end = begin * min(1, share)
    }
    if let end { terms.end = end }
    if let holding { terms.holding = holding }
    if let endAfter { terms.endAfter = endAfter }
    if let minimum { terms.minimum = minimum }
    if let runbook { terms.runbook = runbook }
  }
}

extension AlertRule {
  /// A value of what the rule measures, for people: `5 %`, `200ms`, `3`.
  public func words(_ value: Double) -> String {
    switch measure {
    case .fact: value >= 1 ? "yes" : "no"
    case .share: "\(Self.rounded(value * 100)) %"
    case .span: Self.span(Int64(max(0, min(value, 9e15))))
    case .count: Self.rounded(value)
    }
  }

  /// Two digits behind the point at most, and none that are zero.
  public static func rounded(_ value: Double) -> String {
    let hundredths = (value * 100).rounded() / 100
    return hundredths == hundredths.rounded() && abs(hundredths) < 9e15
      ? String(Int64(hundredths)) : String(hundredths)
  }

  /// A length of time in milliseconds, in the largest unit that it is a whole number of.
  public static func span(_ milliseconds: Int64) -> String {
    let units: [(String, Int64)] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
    guard milliseconds > 0 else { return "0s" }
    for (name, size) in units where milliseconds % size == 0 { return "\(milliseconds / size)\(name)" }
    return "\(milliseconds)ms"
  }

  /// A length of time in milliseconds, in one unit and rounded down, for people: `3d`, `26h`.
  public static func age(_ milliseconds: Int64) -> String {
    switch max(0, milliseconds) {
    case let value where value < 10_000: "\(value)ms"
    case let value where value < 120_000: "\(value / 1000)s"
    case let value where value < 7_200_000: "\(value / 60_000)m"
    case let value where value < 172_800_000: "\(value / 3_600_000)h"
    case let value: "\(value / 86_400_000)d"
    }
  }
}
