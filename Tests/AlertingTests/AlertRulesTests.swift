import Alerting
import Documents
import Domain
import Encoding
import Foundation
import Testing

/// What a file of rules says, and what is wrong with it.
struct AlertRulesTests {
  private static func read(_ text: String) -> AlertRulesReading { AlertRulesReading(Array(text.utf8)) }

  private static func rules(_ text: String) throws -> AlertRules {
    try AlertRules(parsing: Array(("alerts: gatehouse/v1\nrules:\n" + text).utf8))
  }

  private static func name(_ text: String) throws -> ModelName { try ModelName(parsing: text) }

  @Test func `entries are taken in their order, each over those before it`() throws {
    let rules = try Self.rules(
      """
        - failures: {begin: 10 %, for: 2m, runbook: "https://wiki.example/f"}
        - failures: {severity: ticket, end: 0.01}
          deployments: [fraud*, credit]
        - process-age: off
      """)
    let other = rules.terms(of: .failures, for: try Self.name("iris"))
    #expect(other.severity == .page)
    #expect(other.begin == 0.1)
    #expect(abs(other.end - 0.04) < 1e-12)
    #expect(other.holding == 120_000)
    let fraud = rules.terms(of: .failures, for: try Self.name("fraud-eu"))
    #expect(fraud.severity == .ticket)
    #expect(fraud.begin == 0.1)
    #expect(fraud.end == 0.01)
    #expect(fraud.runbook == "https://wiki.example/f")
    #expect(!rules.terms(of: .processAge, for: nil).isOn)
    #expect(rules.terms(of: .planeDown, for: nil) == AlertTerms(of: .planeDown))
  }

  @Test func `every rule has terms without a file, and its lines are in order`() {
    for rule in AlertRule.allCases {
      let terms = AlertRules.standard.terms(of: rule, for: nil)
      #expect(terms.isOn)
      #expect(terms.end <= terms.begin)
    }
    #expect(AlertRules.standard.json(for: nil).array?.count == AlertRule.allCases.count)
  }

  @Test(arguments: [
    ("- failures: {begin: 5}", "alerts.type", "3:23"),
    ("- failure: {begin: 5 %}", "alerts.unknown-rule", "3:5"),
    ("- failures: {beginn: 5 %}", "alerts.unknown-member", "3:16"),
    ("- failures: {begin: 1 %, end: 2 %}", "alerts.lines", "3:33"),
    ("- plane-down: {begin: 5}", "alerts.unknown-member", "3:18"),
    ("- failures: {severity: loud}", "alerts.unknown-word", "3:26"),
    ("- failures: {for: 8d}", "alerts.type", "3:21"),
    ("- failures: {runbook: wiki}", "alerts.runbook", "3:25"),
    ("- process-age: off\n    deployments: iris", "alerts.no-deployment", "4:18"),
    ("- deployments: iris", "alerts.type", "3:5"),
    ("- failures: off\n    latency: off", "alerts.several-rules", "4:5"),
    ("- failures: {minimum: 0}", "alerts.type", "3:25"),
  ])
  func `what is wrong is told with its line and column`(text: String, code: String, place: String) throws {
    let reading = Self.read("alerts: gatehouse/v1\nrules:\n  \(text)\n")
    #expect(reading.rules == nil)
    let fault = try #require(reading.faults.first)
    #expect(fault.code == code)
    #expect("\(fault.place)" == place)
  }

  @Test func `the example of the documentation reads without a fault`() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/examples/alerts/alerts.yaml").standardized
    let rules = try AlertRules(parsing: Array(try Data(contentsOf: file)))
    let terms = rules.terms(of: .failures, for: try Self.name("fraud-eu"))
    #expect(terms.begin == 0.02)
    #expect(terms.runbook == "https://wiki.example/runbooks/failures")
  }

  @Test func `another language and an empty file are told as such`() {
    #expect(Self.read("alerts: gatehouse/v2\nrules: []\n").faults.first?.code == "alerts.language")
    #expect(Self.read("").rules == nil)
    #expect(Self.read("alerts: gatehouse/v1\n").faults.first?.code == "alerts.missing-member")
  }
}
