import Domain
import Encoding
import Gates
import Testing

/// Gates whose answer somebody else gives.
@Suite struct QuestionTests {
  private static func answered(
    _ gate: String, _ document: JSON, then change: (inout AdmissionEvidence) -> Void = { _ in }
  ) throws -> String? {
    let policy = try Example.policy("ask: \(gate)")
    var evidence = Example.evidence()
    evidence.answers = policy.questions(for: evidence).map { PolicyAnswer(to: $0, document: document) }
    change(&evidence)
    return policy.evaluate(evidence).results.last.map { "\($0.outcome.rawValue): \($0.reason)" }
  }

  private static let gate = "{url: \"https://opa.internal:8181/v1/data/gatehouse/admit\"}"
  private static let place = "from https://opa.internal:8181/v1/data/gatehouse/admit"

  @Test func `the question has its place, its time and what is known as canonical JSON`() throws {
    let policy = try Example.policy("ask: {url: \"https://o/x\", within: 500ms}")
    var evidence = AdmissionEvidence()
    evidence.model = try ModelName(parsing: "iris")
    evidence.openThreats = [.high: 1]
    evidence.now = Example.now
    let questions = policy.questions(for: evidence)
    #expect(questions.map(\.url) == ["https://o/x"])
    #expect(questions.map(\.milliseconds) == [500])
    #expect(questions.map(\.line) == [4])
    #expect(
      questions.map { String(decoding: $0.body, as: UTF8.self) } == [
        #"{"input":{"model":"iris","openThreats":{"high":1}}}"#
      ])
    #expect(policy.questions(for: evidence, at: .rollOut).isEmpty)
  }

  @Test func `the same question is put once`() throws {
    let policy = try Example.policy(
      "ask: \(Self.gate)", "ask: \(Self.gate)", "ask: {url: \"https://other/\"}")
    #expect(policy.questions(for: Example.evidence()).count == 2)
  }

  static let answers: [(String, JSON, String)] = [
    (gate, ["result": true], "passed: found true \(place)"),
    (gate, ["result": false], "failed: expected true \(place), found false"),
    (gate, ["result": "true"], "failed: expected true \(place), found \"true\""),
    (gate, [:], "failed: expected true \(place), found no result"),
    (gate, .null, "failed: expected true \(place), found no result"),
    (gate.dropLast() + ", expect: 3}", ["result": 3.0], "passed: found 3 \(place)"),
    (gate.dropLast() + ", expect: allow}", ["result": "allow"], "passed: found \"allow\" \(place)"),
  ]

  @Test(arguments: answers)
  func `the answer has to be what the policy expects`(gate: String, document: JSON, answer: String) throws {
    #expect(try Self.answered(gate, document) == answer)
  }

  @Test func `an answer about other facts does not count`() throws {
    let found = try Self.answered(Self.gate, ["result": true]) { $0.modelBytes = 5 }
    #expect(
      found == "failed: expected true \(Self.place), found that the answer to what is asked now is not known")
  }

  @Test func `no answer, and two of them, are none`() throws {
    let missing =
      "failed: expected true \(Self.place), found that the answer to what is asked now is not known"
    #expect(try Self.answered(Self.gate, ["result": true]) { $0.answers = [] } == missing)
    #expect(try Self.answered(Self.gate, ["result": true]) { $0.answers += $0.answers } == missing)
  }

  @Test func `time that passes makes no other question`() throws {
    let found = try Self.answered(Self.gate, ["result": true]) {
      $0.now = Timestamp(milliseconds: Example.now.milliseconds + 1000)
    }
    #expect(found == "passed: found true \(Self.place)")
  }
}
