import Documents
import Domain
import Gates
import Testing

/// What is wrong with a policy file is told, all of it, with its place.
@Suite struct PolicyFaultTests {
  static let faulty: [(String, String)] = [
    (
      "format: [joblib]",
      "4:5 policy.unknown-gate: expected a gate, found 'format' (use 'formats')"
    ),
    ("formats: [onnx]", "4:15 policy.unknown-format: expected a format, found 'onnx' (use 'ONNX')"),
    (
      "frameworks: [\"scikit-lern >= 1\"]",
      "4:18 policy.unknown-framework: expected a framework, found 'scikit-lern' (use 'scikit-learn')"
    ),
    (
      "frameworks: [\"xgboost => 1\"]",
      "4:18 policy.requirement: expected a framework, perhaps with versions such as 'scikit-learn >= 1.2, < 2', found 'xgboost => 1'"
    ),
    (
      "findings: {at-most: lo}",
      "4:25 policy.unknown-word: expected a severity, found 'lo' (use 'low')"
    ),
    (
      "findings: {atmost: low}",
      "4:16 policy.unknown-member: expected a member of the gate 'findings', found 'atmost' (use 'at-most')"
    ),
    ("findings: {}", "4:15 policy.missing-member: expected 'at-most' in the gate 'findings', found none"),
    ("findings: low", "4:15 policy.type: expected the gate 'findings' as a mapping, found 'low'"),
    (
      "model-size: {at-most: 1 GIB}",
      "4:27 policy.size: expected a size such as '20 MiB', found '1 GIB' (use a whole number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB)"
    ),
    (
      "image-size: {at-most: 99999999999999999999 B}",
      "4:27 policy.size: expected a size such as '20 MiB', found '99999999999999999999 B' (use a whole number with B, kB, MB, GB, TB, KiB, MiB, GiB or TiB)"
    ),
    (
      "seals: {by: []}",
      "4:17 policy.type: expected the name of a key or the beginning of its hint, found an empty list"
    ),
    (
      "seals: {by: [a], at-least: 0}",
      "4:32 policy.type: expected 'at-least' as a whole number from 1 to 20, found '0'"
    ),
    (
      "approvals: {at-least: 2, roles: [aprover]}",
      "4:38 policy.unknown-role: expected a role, found 'aprover' (use 'approver')"
    ),
    (
      "approvals: {at-least: 2, roles: [approver], not-by-author: maybe}",
      "4:64 policy.type: expected 'not-by-author' as true or false, found 'maybe'"
    ),
    (
      "advisories: {at-most: low, older-than: 14 days}",
      "4:44 policy.time-span: expected a length of time such as '14d', found '14 days' (use a whole number with ms, s, m, h, d or w)"
    ),
    (
      "exposure: {platinum: [internal, external]}",
      "4:26 policy.platinum-external: expected no external exposure of platinum data, found 'external' (leave 'external' out: no policy can allow it)"
    ),
    (
      "tests: {passed: false}",
      "4:21 policy.type: expected 'passed' to be true, found 'false' (leave the gate out where tests may fail)"
    ),
    (
      "metrics: [\"accuracy => 0.9\"]",
      "4:15 policy.comparison: expected a comparison such as 'accuracy >= 0.92' or 'auc >= champion - 0.01', found 'accuracy => 0.9' (use one of '>=', '<=', '==', '!=', '>' or '<')"
    ),
    (
      "threats: {open-at-most: {hight: 0, low: 1}}",
      "4:30 policy.unknown-member: expected a member of 'open-at-most', found 'hight' (use 'high')"
    ),
    (
      "change-window: {days: [mon], from: \"8:00\", to: \"24:00\"}",
      "4:40 policy.time: expected a time of day such as '08:00', found '8:00'"
    ),
    (
      "ask: {url: \"http://opa.internal/v1\"}",
      "4:16 policy.url: expected an https URL of at most 255 characters, found 'http://opa.internal/v1' (plain http is for this machine alone)"
    ),
    (
      "ask: {url: \"https://o/\", within: 1h}",
      "4:38 policy.type: expected a time from 1ms to 30s, found '1h'"
    ),
    (
      "tests: {passed: true}\n    at: later",
      "5:9 policy.unknown-word: expected when the gate is asked, found 'later' (there are 'admission', 'roll-out')"
    ),
    (
      "formats: [ONNX]\n    at: roll-out",
      "5:9 policy.type: expected 'admission' for the gate 'formats', found 'roll-out'"
    ),
    (
      "tests: {passed: true}\n    when: {model: [\"********\", \"*********\"]}",
      "5:32 policy.type: expected a model of 1 to 200 bytes with at most 8 '*', found '*********'"
    ),
    (
      "tests: {passed: true}\n    findings: {at-most: low}",
      "5:5 policy.several-gates: expected one gate an entry, found 'findings' too (begin a line of its own with '- findings:')"
    ),
    ("when: {model: a}", "4:5 policy.type: expected a gate beside 'when' and 'at', found a mapping"),
    (
      "tests",
      "4:5 policy.type: expected a gate as a mapping, found 'tests' (write it like '- findings: {at-most: low}')"
    ),
  ]

  @Test(arguments: faulty)
  func `a fault is told with its place and what was meant`(gate: String, fault: String) {
    #expect(Example.faults(gate) == [fault])
  }

  static let exceptions: [(String, String)] = [
    (
      "exceptions: [{id: E, gate: finding, scope: {models: [a]}, reason: r, approved-by: [b], until: 2027-01-31}]",
      "5:28 policy.unknown-gate: expected a gate, found 'finding' (use 'findings')"
    ),
    (
      "exceptions: [{id: E, gate: tests, scope: {models: [a]}, reason: r, approved-by: [b], until: 2027-01-31}]",
      "5:28 policy.type: expected a gate that the policy has, found 'tests' (leave the exception out)"
    ),
    (
      "exceptions: [{id: E, gate: findings, scope: {models: [a]}, reason: r, approved-by: [b], until: 2027-02-29}]",
      "5:96 policy.day: expected a day such as '2027-01-31', found '2027-02-29'"
    ),
    (
      "exceptions: [{id: E, gate: findings, scope: {models: [a], versions: [0]}, reason: r, approved-by: [b], until: 2027-02-28}]",
      "5:70 policy.type: expected the number of a version, found '0'"
    ),
    (
      "exceptions: [{id: E, gate: findings, scope: {}, reason: r, approved-by: [b], until: 2027-02-28}]",
      "5:45 policy.missing-member: expected 'models' in the scope, found none"
    ),
    (
      "exceptions: [{id: E, gate: findings, scope: {models: [a]}, approved-by: [], until: 2027-02-28}]",
      "5:14 policy.missing-member: expected 'reason' in an exception, found none|5:73 policy.type: expected whoever approved it, found an empty list"
    ),
  ]

  @Test func `what is missing is told in one fault, and what is no mapping once`() {
    #expect(
      Example.faults("threats: {open-at-most: 3}", exceptions: "exceptions: [{id: E, gate: threats}]") == [
        "4:29 policy.type: expected 'open-at-most' as a mapping, found '3'",
        "5:14 policy.missing-member: expected 'scope', 'reason', 'approved-by' and 'until' in an exception, found none",
      ])
  }

  @Test func `a list has at most two hundred elements`() {
    let list = [String](repeating: "ONNX", count: 201).joined(separator: ",")
    #expect(
      Example.faults("formats: [\(list)]") == [
        "4:14 policy.type: expected at most 200 elements in a list, found 201"
      ])
    #expect(Example.faults("formats: [\(list.dropLast(5))]") == [])
  }

  @Test(arguments: exceptions)
  func `a fault of an exception is told`(exceptions: String, faults: String) {
    #expect(
      Example.faults("findings: {at-most: low}", exceptions: exceptions).joined(separator: "|") == faults)
  }

  static let documents: [(String, String)] = [
    ("", "1:1 policy.not-yaml: expected a document, found none"),
    (
      "- a",
      "1:1 policy.type: expected a policy as a mapping, found a list (begin with 'policy: gatehouse/v1')"
    ),
    (
      "name: p\ngates: []",
      "1:1 policy.language: expected 'policy: gatehouse/v1' first, found 'name' (begin with 'policy: gatehouse/v1')"
    ),
    (
      "policy: gatehouse/v2\nfuture: 1",
      "1:9 policy.language: expected the policy language gatehouse/v1, found 'gatehouse/v2'"
    ),
    (
      "policy: gatehouse/v1\nname: p\ngates: []",
      "3:8 policy.type: expected the gates, found an empty list"
    ),
    (
      "policy: gatehouse/v1\n  bad: [",
      "2:6 policy.not-yaml: expected YAML, found what libyaml does not read: mapping values are not allowed in this context"
    ),
    (
      "policy: gatehouse/v1\nname: ü\nnäme: p\ngates: [tests: {passed: true}]",
      "3:1 policy.unknown-member: expected a member of a policy, found 'näme' (use 'name')"
    ),
  ]

  @Test(arguments: documents)
  func `what is no policy is told as such`(text: String, fault: String) {
    #expect(Example.faults(Array(text.utf8)) == [fault])
  }

  @Test func `all faults of a file are told at once, from the top`() {
    let faults = Example.faults(
      "formats: [onnx, joblb]", "finding: {at-most: low}", "approvals: {at-least: many, roles: [boss]}",
      exceptions: "exeptions: []\n")
    #expect(
      faults.map { $0.split(separator: ":").prefix(2).joined(separator: ":") } == [
        "4:15 policy.unknown-format", "4:21 policy.unknown-format", "5:5 policy.unknown-gate",
        "6:27 policy.type", "6:41 policy.unknown-role", "7:1 policy.unknown-member",
      ])
  }

  @Test func `a hundred faults are told, and that there are more`() {
    let reading = PolicyReading(Example.bytes(gates: (0..<150).map { "gate\($0): 1" }))
    #expect(reading.faults.count == 100 && reading.isCut && reading.policy == nil)
  }

  @Test func `a fault is shown with its line and a caret under it`() throws {
    let reading = PolicyReading(
      Example.bytes(gates: ["formats: [ONNX]", "metrics: [\"acc >= 1\", \"auc ~ 0.9\"]"]))
    #expect(
      try #require(reading.faults.first).text(file: "policies/fraud.yaml") == """
        error[policy.comparison]: expected a comparison such as 'accuracy >= 0.92' or 'auc >= champion - 0.01', found 'auc ~ 0.9'
          --> policies/fraud.yaml:5:27
          5 |   - metrics: ["acc >= 1", "auc ~ 0.9"]
            |                           ^~~~~~~~~~~
          hint: use one of '>=', '<=', '==', '!=', '>' or '<'
        """)
  }

  @Test func `the problem of a faulty policy has the place of the first fault`() {
    #expect {
      try Example.policy("formats: [onnx]")
    } throws: {
      ($0 as? Problem)?.position == "p.yaml:4:15" && ($0 as? Problem)?.code == "policy.unknown-format"
    }
  }
}
