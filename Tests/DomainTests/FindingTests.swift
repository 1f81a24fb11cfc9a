import Domain
import Encoding
import Testing

@Suite struct FindingTests {
  private static let full = Finding(
    rule: "pickle.call", severity: .critical, member: "a/b.pkl", offset: 12, opcode: "REDUCE",
    message: "expected no call, found os.system", remedy: "retrain it")
  private static let bare = Finding(rule: "a.b", severity: .note, message: "m", remedy: "r")

  @Test func `severities are ordered, least first`() {
    #expect(Severity.allCases.map(\.rawValue) == ["note", "low", "medium", "high", "critical"])
    #expect(Severity.allCases.sorted() == Severity.allCases)
    #expect(Severity.low < .medium)
    #expect(!(Severity.high < .high))
    #expect([Severity.low, .critical, .note].max() == .critical)
  }

  @Test func `verdicts keep their names`() {
    #expect(
      InspectionVerdict.allCases.map(\.rawValue) == ["liftable", "not-liftable", "dangerous", "malformed"])
  }

  @Test func `reports carry every part of a finding`() {
    #expect(
      Self.full.json.canonicalText
        == #"{"member":"a/b.pkl","message":"expected no call, found os.system","offset":12,"#
        + #""opcode":"REDUCE","remedy":"retrain it","rule":"pickle.call","severity":"critical"}"#)
    #expect(
      Self.bare.json.canonicalText
        == #"{"member":"","message":"m","offset":null,"opcode":null,"remedy":"r","rule":"a.b","severity":"note"}"#
    )
  }

  @Test(arguments: [full, bare])
  func `a finding reads back from a report`(finding: Finding) throws {
    #expect(Finding(json: try JSON(parsing: finding.json.canonicalBytes)) == finding)
  }

  @Test(arguments: ["rule", "severity", "message", "remedy"])
  func `a finding without one of its parts is none`(name: String) throws {
    var members = try #require(Self.full.json.object)
    members[name] = nil
    #expect(Finding(json: .object(members)) == nil)
  }

  @Test func `an unknown severity is refused`() throws {
    var members = try #require(Self.full.json.object)
    members["severity"] = "grave"
    #expect(Finding(json: .object(members)) == nil)
  }
}
