import Domain
import Encoding
import Testing

@Suite struct RecordsPolicyTests {
  @Test func `a policy reads back from its text, and none is an empty object`() throws {
    let policy = try RecordsPolicy(
      payloadMillionths: 10_000, masked: ["ssn", "age", "age"], whenSpoolFull: .goOn)
    #expect(policy.masked == ["age", "ssn"])
    #expect(try RecordsPolicy(json: policy.json) == policy)
    #expect(RecordsPolicy.standard.json == [:])
    #expect(try RecordsPolicy(json: [:]) == .standard)
  }

  static let malformed: [JSON] = [
    [], 1, ["share": 1], ["payloadMillionths": -1], ["payloadMillionths": 1_000_001],
    ["payloadMillionths": "1%"], ["masked": "age"], ["masked": [1]], ["masked": [""]],
    ["whenSpoolFull": "wait"], ["whenSpoolFull": 1],
  ]

  @Test(arguments: malformed)
  func `another form is refused`(json: JSON) {
    let problem = #expect(throws: Problem.self) { try RecordsPolicy(json: json) }
    #expect(problem?.code == "records-policy.malformed")
  }

  @Test(arguments: [0, 10_000, 500_000, 1_000_000])
  func `the share of traces that are kept is the share that was asked for`(millionths: Int) throws {
    let policy = try RecordsPolicy(payloadMillionths: millionths, masked: [], whenSpoolFull: nil)
    let prefix = String(repeating: "4bf92f3577b34da6", count: 1)
    let kept = (0..<20_000).count { number in
      let digits = String(number, radix: 16)
      return policy.keepsPayload(of: prefix + String(repeating: "0", count: 16 - digits.count) + digits)
    }
    #expect(abs(kept - millionths * 20_000 / 1_000_000) <= 150)
  }
}
