import Advisories
import Domain
import Encoding
import TestKit
import Testing

/// Reading what others publish.
@Suite struct RecordTests {
  @Test func `a record of GitHub's is read whole`() throws {
    let record = try #require(
      try AdvisoryRecord.records(parsing: Fixtures.bytes("advisories/GHSA-jw8x-6495-233v.json")).first)
    #expect(record.id == "GHSA-jw8x-6495-233v" && record.aliases == ["CVE-2024-5206"])
    #expect(record.published?.description == "2024-06-06T21:30:37.000Z")
    #expect(record.modified.description == "2024-06-17T22:31:08.000Z")
    #expect(record.severity == .medium && !record.isWithdrawn)
    #expect(record.summary == "scikit-learn sensitive data leakage vulnerability")
    let range = VersionRange(isSemantic: false, events: [.init(.introduced, "0"), .init(.fixed, "1.5.0")])
    #expect(
      record.affected == [
        AffectedPackage(PackageName("PyPI", "scikit-learn"), ranges: [range], versions: [])
      ])
  }

  @Test
  func `a record of PyPA's has its microseconds cut, its commits left out and its details for a summary`()
    throws
  {
    let record = try #require(
      try AdvisoryRecord.records(parsing: Fixtures.bytes("advisories/PYSEC-2022-288.json")).first)
    #expect(record.modified.description == "2022-10-10T13:42:48.035Z")
    #expect(record.severity == nil)
    #expect(record.affected.first?.ranges.count == 1)
    #expect(record.affected.first?.versions.count == 9)
    #expect(record.summary.hasPrefix("Versions of joblib before 1.2.0"))
  }

  /// The least that a record has, with a member more or another one.
  private static func record(_ members: [String: JSON]) -> [UInt8] {
    let least: [String: JSON] = ["id": "X-1", "modified": "2026-01-01T00:00:00Z"]
    return JSON.object(least.merging(members) { $1 }).canonicalBytes
  }

  private static func affected(_ members: [String: JSON]) -> [UInt8] {
    let package: JSON = ["ecosystem": "PyPI", "name": "demo"]
    return record(["affected": [.object(["package": package].merging(members) { $1 })]])
  }

  static let malformed: [(String, [UInt8], String, String?)] = [
    ("no JSON", Array("{\"id\":".utf8), "expected a value in an advisory, found the end", "line 1, column 7"),
    ("no object", Array("3".utf8), "expected an object in an advisory, found a number", nil),
    ("no id", record(["id": .null]), "expected a name in an advisory, found none", "/id"),
    (
      "an id of two lines", record(["id": "a\nb"]),
      "expected a name of 1 to 128 visible characters of ASCII in an advisory, found another text", "/id"
    ),
    ("no moment", record(["modified": .null]), "expected a moment in an advisory, found none", "/modified"),
    (
      "another moment", record(["published": "yesterday"]),
      "expected a moment in UTC such as 2026-11-21T09:30:00Z in an advisory, found 'yesterday'", "/published"
    ),
    (
      "another schema", record(["schema_version": "2.0.0"]),
      "expected version 1 of the schema in an advisory, found '2.0.0'", "/schema_version"
    ),
    (
      "aliases", record(["aliases": ["a", 3]]),
      "expected a name of 1 to 128 visible characters of ASCII in an advisory, found a number", "/aliases/1"
    ),
    (
      "affected", record(["affected": "all"]), "expected an array in an advisory, found a string", "/affected"
    ),
    (
      "a range of another type", affected(["ranges": [["type": "DATE", "events": []]]]),
      "expected SEMVER, ECOSYSTEM or GIT in an advisory, found 'DATE'", "/affected/0/ranges/0/type"
    ),
    (
      "an event of another kind", affected(["ranges": [["type": "SEMVER", "events": [["mended": "1"]]]]]),
      "expected one of introduced, fixed, last_affected and limit in an advisory, found other members",
      "/affected/0/ranges/0/events/0"
    ),
    (
      "an event of two kinds",
      affected(["ranges": [["type": "SEMVER", "events": [["introduced": "1", "fixed": "2"]]]]]),
      "expected one of introduced, fixed, last_affected and limit in an advisory, found other members",
      "/affected/0/ranges/0/events/0"
    ),
    (
      "versions", affected(["versions": ["1.0", [:]]]), "expected a text in an advisory, found an object",
      "/affected/0/versions/1"
    ),
    (
      "in an array", Array("[".utf8) + record([:]) + Array(",{}]".utf8),
      "expected a name in an advisory, found none", "/1/id"
    ),
  ]

  @Test(arguments: malformed)
  func `what is malformed is told with its place`(
    what: String, bytes: [UInt8], message: String, position: String?
  ) {
    let problem = #expect(throws: Problem.self) { _ = try AdvisoryRecord.records(parsing: bytes) }
    #expect(problem?.code == "advisory.malformed" && problem?.category == .badInput, "\(what)")
    #expect(problem?.message.hasPrefix(message) == true, "\(problem?.message ?? "")")
    #expect(problem?.position == position)
  }

  static let severities: [([String: JSON], Severity?)] = [
    ([:], nil),
    (["database_specific": ["severity": "moderate"]], .medium),
    (["database_specific": ["severity": "URGENT"]], nil),
    (["severity": [["type": "CVSS_V3", "score": "none"]]], nil),
    (
      [
        "severity": [["type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]],
        "database_specific": ["severity": "LOW"],
      ], .critical
    ),
    (
      ["affected": [["severity": [["type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:N/I:N/A:C"]]]]], .high
    ),
  ]

  @Test(arguments: severities)
  func `the gravest word that is known counts`(members: [String: JSON], severity: Severity?) throws {
    let record = try AdvisoryRecord.records(parsing: Self.record(members)).first
    #expect(record?.severity == severity)
  }

  @Test func `a record that was taken back says so, and an array has several`() throws {
    let bytes =
      Array("[".utf8) + Self.record(["withdrawn": "2026-02-01T00:00:00.5Z"]) + Array(",".utf8)
      + Self.record(["id": "X-2"]) + Array("]".utf8)
    let records = try AdvisoryRecord.records(parsing: bytes)
    #expect(records.map(\.id) == ["X-1", "X-2"])
    #expect(records.map(\.isWithdrawn) == [true, false])
  }
}
