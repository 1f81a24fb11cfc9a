import Domain
import Encoding
import Gates
import Testing

/// The record of advisories in force.
@Suite struct ImportedAdvisoriesTests {
  private static func imported(_ number: UInt64, newest: Timestamp?) -> ImportedAdvisories {
    ImportedAdvisories(
      digest: Digest(words: number, 0, 0, 0), count: 5, newest: newest,
      by: Principal(kind: .person, name: "ana"), at: Example.now)
  }

  @Test(arguments: [Example.moment("2026-11-20T00:00:00Z"), nil])
  func `an import reads back from the ledger's form of it`(newest: Timestamp?) throws {
    let change = GovernanceChange.importAdvisories(Self.imported(1, newest: newest))
    #expect(GovernanceChange(json: change.json) == change)
    #expect(change.moment == Example.now)
    #expect(
      try ImportedAdvisories(json: Self.imported(1, newest: newest).json) == Self.imported(1, newest: newest))
  }

  @Test func `what is imported takes the place of what was`() throws {
    var state = GovernanceState()
    for number in [1, 2] as [UInt64] {
      try state.apply(.importAdvisories(Self.imported(number, newest: nil)))
    }
    let records = state.records(.advisories)
    #expect(records.map(\.value) == [Self.imported(2, newest: nil).json])
  }

  @Test(arguments: ["digest", "advisories", "by", "at"])
  func `a record without one of its parts is none`(name: String) throws {
    var members = try #require(Self.imported(1, newest: nil).json.object)
    members[name] = nil
    #expect(throws: Problem.self) { _ = try ImportedAdvisories(json: .object(members)) }
    members[name] = .integer(-1)
    #expect(name == "at" || (try? ImportedAdvisories(json: .object(members))) == nil)
  }
}
