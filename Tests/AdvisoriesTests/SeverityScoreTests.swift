import Advisories
import Domain
import Encoding
import Testing

/// Base scores of the Common Vulnerability Scoring System.
@Suite struct SeverityScoreTests {
  /// Vectors that NVD and GitHub publish with their scores, and examples of the specifications.
  static let known: [(String, Int, Severity)] = [
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98, .critical),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100, .critical),
    ("CVSS:3.0/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N", 53, .medium),
    ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 81, .high),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H/E:P/RL:O/RC:C", 55, .medium),
    ("CVSS:3.1/AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", 54, .medium),
    ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L", 16, .low),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, .note),
    ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 78, .high), ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 100, .high),
    ("CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C", 62, .medium), ("AV:L/AC:L/Au:N/C:N/I:N/A:N", 0, .note),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 93, .critical),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 100, .critical),
    ("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", 68, .medium),
    ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 73, .high),
    ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0, .note),
  ]

  @Test(arguments: known)
  func `a published vector has its published score`(vector: String, tenths: Int, severity: Severity) throws {
    let score = try #require(SeverityScore(vector: vector))
    #expect(score.tenths == tenths)
    #expect(score.severity == severity)
  }

  /// The hashes are those of the scores that the `cvss` package of Red Hat's product security, 3.6, computes.
  @Test func `every base vector of versions 2 and 3 has the score that others compute`() {
    let harm = ["H", "L", "N"]
    let third = Self.vectors(
      "CVSS:3.1/",
      [
        ("AV", ["N", "A", "L", "P"]), ("AC", ["L", "H"]), ("PR", ["N", "L", "H"]), ("UI", ["N", "R"]),
        ("S", ["U", "C"]), ("C", harm), ("I", harm), ("A", harm),
      ])
    #expect(third.count == 2592)
    #expect(Self.hash(third) == 0xE696_C5DE_BFFB_6F09)
    let impact = ["N", "P", "C"]
    let second = Self.vectors(
      "",
      [
        ("AV", ["L", "A", "N"]), ("AC", ["H", "M", "L"]), ("Au", ["M", "S", "N"]), ("C", impact),
        ("I", impact), ("A", impact),
      ])
    #expect(second.count == 729)
    #expect(Self.hash(second) == 0xAE1A_7022_85AE_23A8)
  }

  @Test func `base vectors of version 4 have the scores that others compute`() {
    let harm = ["H", "L", "N"]
    let vectors = Self.vectors(
      "CVSS:4.0/",
      [
        ("AV", ["N", "A", "L", "P"]), ("AC", ["L", "H"]), ("AT", ["N", "P"]), ("PR", ["N", "L", "H"]),
        ("UI", ["N", "P", "A"]), ("VC", harm), ("VI", harm), ("VA", harm), ("SC", harm), ("SI", harm),
        ("SA", harm),
      ])
    #expect(vectors.count == 104_976)
    // All of them agree, which takes half a minute in a debug build: here each 31st.
    let some = stride(from: 0, to: vectors.count, by: 31).map { vectors[$0] }
    #expect(Self.hash(some) == 0x76DB_1D96_59F8_2C48)
  }

  @Test(arguments: [
    "", "high", "CVSS:3.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X", "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:S/SA:N", "AV:N/AC:L/Au:N/C:N/I:N",
  ])
  func `a vector that is not whole has no score`(vector: String) {
    #expect(SeverityScore(vector: vector) == nil)
  }

  private static func vectors(_ start: String, _ metrics: [(String, [String])]) -> [String] {
    metrics.reduce([""]) { vectors, metric in
      vectors.flatMap { vector in
        metric.1.map { vector + (vector.isEmpty ? "" : "/") + "\(metric.0):\($0)" }
      }
    }.map { start + $0 }
  }

  private static func hash(_ vectors: [String]) -> UInt64 {
    FNV1a.hash(of: vectors.map { UInt8(SeverityScore(vector: $0)?.tenths ?? 255) })
  }
}
