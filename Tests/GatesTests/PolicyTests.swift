import Documents
import Domain
import Encoding
import Gates
import TestKit
import Testing
import YAML

@Suite struct PolicyTests {
  private static let full = Example.bytes(
    gates: [
      "formats: [joblib, ONNX]", "frameworks: [\"scikit-learn >= 1.2, < 3\", xgboost]",
      "findings: {at-most: low}", "model-size: {at-most: 1 GiB}", "image-size: {at-most: 20 MiB}",
      "seals: {by: [\"release-*\", 0123456789abcdef0123], at-least: 1}",
      "approvals: {at-least: 2, roles: [approver, security], not-by-author: true}\n    when: {data-class: [gold, platinum], project: [\"retail-*\"]}",
      "advisories: {at-most: medium, older-than: 14d}",
      "exposure: {public: [external, internal], internal: [internal], gold: [internal], platinum: [internal]}",
      "tests: {passed: true}",
      "metrics: [\"accuracy >= 0.92\", \"auc >= champion - 0.01\", \"accuracy[segment=young] >= 0.85\"]",
      "threats: {open-at-most: {high: 0, medium: 3}}", "training-data: {stated: true, newest-within: 180d}",
      "change-window: {days: [mon, tue, wed, thu], from: \"08:00\", to: \"16:00\"}",
      "deployers: {roles: [operator], environments: [production]}",
      "ask: {url: \"https://opa.internal:8181/v1/data/gatehouse/admit\", expect: true, within: 2s}",
    ],
    exceptions: """
      exceptions:
        - id: EX-7
          gate: findings
          scope: {models: ["fraud-*"], versions: [3]}
          reason: "pickle.unused import is harmless, see ticket"
          approved-by: [person-id]
          until: 2027-01-31

      """)

  @Test func `the standard policy is a policy, with the gates that it always had`() throws {
    let reading = PolicyReading(Policy.standard.bytes)
    #expect(reading.faults == [])
    #expect(Policy.standard.name == "standard")
    #expect(
      Policy.standard.gates.map(\.code) == [
        "gate.formats", "gate.frameworks", "gate.findings", "gate.model-size",
      ])
    #expect(Policy.standard.gates.allSatisfy { $0.phase == .admission })
  }

  @Test func `the standard policy names what lifting knows`() {
    for format in PolicyVocabulary.standard.formats {
      let report = Policy.standard.evaluate(Example.evidence { $0.format = format })
      #expect(report.isPassed, "\(format)")
    }
  }

  @Test func `every gate of the language is read, each with its line`() throws {
    let policy = try Policy(parsing: Self.full)
    #expect(policy.gates.count == 16 && Set(policy.gates.map(\.name)).count == 16)
    #expect(policy.gates.map(\.line) == [4, 5, 6, 7, 8, 9, 10] + Array(12...20))
    #expect(policy.gates.filter { $0.phase == .admission }.count == 9)
    #expect(policy.exceptions.map(\.id) == ["EX-7"])
    #expect(policy.exceptions.first?.approvedBy == ["person-id"])
    #expect(policy.exceptions.first?.line == 22)
  }

  @Test func `every byte of the file is in the digest`() throws {
    let policy = try Policy(parsing: Self.full)
    let commented = try Policy(parsing: Self.full + Array("# a word\n".utf8))
    #expect(policy.digest != commented.digest && policy != commented)
    #expect(try Policy(parsing: Self.full) == policy)
  }

  @Test func `the same policy and evidence give the same report`() throws {
    let policy = try Policy(parsing: Self.full)
    var numbers = SeededGenerator(seed: 5)
    for _ in 0..<100 {
      let evidence = RandomEvidence.make(&numbers, for: policy)
      for phase in PolicyPhase.allCases {
        #expect(policy.evaluate(evidence, at: phase) == policy.evaluate(evidence, at: phase))
      }
    }
  }

  @Test func `any evidence has a report of every gate that is asked, with a reason`() throws {
    let policy = try Policy(parsing: Self.full)
    var numbers = SeededGenerator(seed: 6)
    var verdicts: Set<PolicyVerdict> = []
    for _ in 0..<500 {
      let evidence = RandomEvidence.make(&numbers, for: policy)
      for phase in PolicyPhase.allCases {
        let report = policy.evaluate(evidence, at: phase)
        let asked = policy.gates(for: evidence, at: phase)
        #expect(report.results.compactMap(\.line) == asked.map(\.line))
        #expect(report.results.allSatisfy { !$0.reason.isEmpty && !$0.reason.utf8.contains { $0 < 0x20 } })
        #expect((report.problem == nil) == report.isPassed)
        verdicts.insert(report.verdict)
      }
    }
    #expect(verdicts.contains(.refused))
  }

  @Test func `a fact that is taken away never lets pass what did not`() throws {
    let policy = try Policy(parsing: Self.full)
    var numbers = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let evidence = RandomEvidence.make(&numbers, for: policy)
      for phase in PolicyPhase.allCases where !policy.evaluate(evidence, at: phase).isPassed {
        for forget in RandomEvidence.forgetting {
          var less = evidence
          forget(&less)
          #expect(!policy.evaluate(less, at: phase).isPassed)
        }
      }
    }
  }

  @Test func `any bytes are a policy or have faults with a place in them`() {
    var numbers = SeededGenerator(seed: 8)
    let signs = Array("-:&*!{}[]\"'|>%@`#\n \t\\\u{0}=<0aé".utf8)
    var policies = 0
    for _ in 0..<1_500 {
      var bytes = Self.full
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let place = Int.random(in: bytes.indices, using: &numbers)
        bytes[place] = signs.randomElement(using: &numbers) ?? 0
      }
      let reading = PolicyReading(bytes)
      #expect((reading.policy == nil) == !reading.faults.isEmpty)
      #expect(
        reading.faults.allSatisfy { $0.place.line >= 1 && $0.place.column >= 1 && $0.excerpt.count == 2 })
      policies += reading.policy == nil ? 0 : 1
    }
    #expect(policies > 5)
  }
}

/// Evidence of any kind, for what has to hold for all of it.
enum RandomEvidence {
  static func make(_ numbers: inout SeededGenerator, for policy: Policy) -> AdmissionEvidence {
    var evidence = AdmissionEvidence()
    func chance() -> Bool { Int.random(in: 0..<4, using: &numbers) > 0 }
    func day() -> Timestamp {
      Timestamp(
        milliseconds: Example.now.milliseconds - Int64.random(in: -10...300, using: &numbers) * 86_400_000)
    }
    if chance() { evidence.model = try? ModelName(parsing: chance() ? "fraud-score" : "iris") }
    if chance() { evidence.version = VersionNumber(Int.random(in: 1...4, using: &numbers)) }
    if chance() { evidence.digest = Example.digest }
    if chance() { evidence.project = chance() ? "retail-fraud" : "other" }
    if chance() { evidence.dataClass = DataClass.allCases.randomElement(using: &numbers) }
    if chance() { evidence.exposure = Exposure.allCases.randomElement(using: &numbers) }
    if chance() { evidence.environment = try? EnvironmentName(parsing: chance() ? "production" : "test") }
    if chance() { evidence.author = Example.person("ana") }
    if chance() {
      evidence.now =
        chance() ? day() : Timestamp(milliseconds: Int64.random(in: .min ... .max, using: &numbers))
    }
    if chance() { evidence.format = chance() ? "joblib+zlib" : "a\nb" }
    if chance() { evidence.framework = chance() ? "scikit-learn" : "torch" }
    if chance() { evidence.frameworkVersion = chance() ? "1.9" : "\u{1B}x" }
    if chance() {
      evidence.verdict = chance() ? .liftable : InspectionVerdict.allCases.randomElement(using: &numbers)
    }
    if chance() { evidence.findings = chance() ? [] : [Example.finding(.high, "a\nb")] }
    if chance() { evidence.modelBytes = Int.random(in: 0...(2 << 30), using: &numbers) }
    if chance() { evidence.imageBytes = Int.random(in: .min ... .max, using: &numbers) }
    if chance() { evidence.seals = chance() ? [SealEvidence(hint: "ab", name: "release-1")] : [] }
    if chance() {
      evidence.approvals = (0..<3).map { index in
        Approval(
          by: RoleHolder(
            principal: Example.person("p\(index)"), roles: chance() ? ["approver"] : ["viewer\n"]),
          digest: chance() ? Example.digest : Example.otherDigest,
          policy: chance() ? policy.digest : Example.otherDigest)
      }
    }
    if chance() {
      evidence.advisories =
        chance()
        ? [] : [Advisory(id: "CVE", component: "c", severity: .critical, published: chance() ? day() : nil)]
    }
    if chance() {
      let metrics = [
        Metric(name: "accuracy", value: 0.95), Metric(name: "auc", value: chance() ? 0.9 : -.infinity),
      ]
      evidence.tests = TestEvidence(
        passed: chance(), metrics: metrics + [Metric(name: "accuracy", slice: "segment=young", value: 0.9)],
        champion: chance() ? .metrics(metrics) : nil)
    }
    if chance() { evidence.openThreats = chance() ? [:] : [.critical: 1] }
    if chance() { evidence.trainingData = chance() ? [TrainingDataEvidence(name: "d", newest: day())] : [] }
    if chance() {
      evidence.deployer = RoleHolder(principal: Example.person("o"), roles: chance() ? ["operator"] : [])
    }
    if chance() {
      evidence.answers = policy.questions(for: evidence).map {
        PolicyAnswer(to: $0, document: ["result": true])
      }
    }
    return evidence
  }

  static let forgetting: [@Sendable (inout AdmissionEvidence) -> Void] = [
    { $0.model = nil }, { $0.version = nil }, { $0.digest = nil }, { $0.project = nil },
    { $0.dataClass = nil }, { $0.exposure = nil }, { $0.author = nil }, { $0.now = nil }, { $0.format = nil },
    { $0.framework = nil }, { $0.frameworkVersion = nil }, { $0.verdict = nil }, { $0.findings = nil },
    { $0.modelBytes = nil }, { $0.imageBytes = nil }, { $0.seals = nil }, { $0.approvals = nil },
    { $0.advisories = nil }, { $0.tests = nil }, { $0.openThreats = nil }, { $0.trainingData = nil },
    { $0.deployer = nil }, { $0.environment = nil }, { $0.answers = [] },
  ]
}
