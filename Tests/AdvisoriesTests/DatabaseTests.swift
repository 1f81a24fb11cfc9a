import Advisories
import Domain
import Encoding
import TestKit
import Testing

/// The document that a platform keeps.
@Suite struct DatabaseTests {
  @Test func `what several publishers say of one weakness counts once`() throws {
    let database = try Example.database()
    #expect(try Example.known().count == 8)
    #expect(database.count == 5)
    #expect(database.newest?.description == "2024-11-19T16:00:00.000Z")
    let weakness = try #require(database.weakness(named: "PYSEC-2022-288"))
    #expect(weakness == database.weakness(named: "CVE-2022-21797"))
    #expect(weakness.names == ["CVE-2022-21797", "GHSA-6hrg-qmvc-2xh8", "PYSEC-2022-288"])
    #expect(weakness.severity == .critical)
    #expect(weakness.published?.description == "2022-09-26T05:15:00.000Z")
    #expect(weakness.affected.map(\.package.name) == ["joblib"])
    // Versions that a range has are left to it.
    #expect(weakness.affected.first?.versions == ["0.3.2d"])
    #expect(database.weakness(named: "CVE-2022-21798") == nil)
  }

  @Test func `what was published behind its last change is as old as can be`() throws {
    let late = Example.record("GHSA-1", aliases: ["CVE-1"], modified: 1_000, published: 1_001)
    let sound = Example.record("CVE-1", modified: 5_000, published: 900)
    #expect(try AdvisoryDatabase(of: [late]).weakness(named: "CVE-1")?.published == nil)
    #expect(try AdvisoryDatabase(of: [late, sound]).weakness(named: "CVE-1")?.published?.milliseconds == 900)
    let same = Example.record("CVE-2", modified: 1_000, published: 1_000)
    #expect(try AdvisoryDatabase(of: [same]).weakness(named: "CVE-2")?.published?.milliseconds == 1_000)
  }

  @Test func `a document that says so reads, and goes by the same`() throws {
    let text = String(
      decoding: try AdvisoryDatabase(of: [Example.record("CVE-1", modified: 1_000, published: 777)]).bytes,
      as: UTF8.self)
    let late = Array(text.split(separator: "777").joined(separator: "1001").utf8)
    let database = try AdvisoryDatabase(parsing: late)
    #expect(late != Array(text.utf8) && database.bytes == late)
    let weakness = try #require(database.weakness(named: "CVE-1"))
    #expect(weakness.published == nil && weakness.modified.milliseconds == 1_000)
  }

  @Test func `versions are left to ranges in bounded time`() throws {
    // Each event is a range of its own that has none of the versions: all of them would be compared with all.
    let versions = (0..<5_000).map { "1.\($0)" }
    func kept(_ ranges: Int) throws -> Int? {
      let events = (0..<ranges).map { ["introduced 2.\($0)"] } + [["introduced 0", "fixed 1.10"]]
      let record = Example.record("CVE-1", events: events, versions: versions)
      return try AdvisoryDatabase(of: [record]).weakness(named: "CVE-1")?.affected.first?.versions.count
    }
    #expect(try kept(10) == 4_990)
    #expect(try kept(1_000) == 5_000)
  }

  @Test
  func `records that name a third as theirs are of one weakness, and those that were taken back of none`()
    throws
  {
    let database = try AdvisoryDatabase(of: [
      Example.record("PYSEC-1", aliases: ["B-1"], severity: nil, modified: 3),
      Example.record("GHSA-1", aliases: ["B-1"], severity: .low, modified: 2),
      Example.record("PYSEC-2", aliases: ["GHSA-1"], severity: .critical, isWithdrawn: true),
      Example.record("MAL-1", severity: nil),
      // Of one id the newest counts.
      Example.record("CVE-5", severity: .low, modified: 1),
      Example.record("CVE-5", severity: .high, modified: 9),
      Example.record("CVE-6", modified: 1), Example.record("CVE-6", modified: 2, isWithdrawn: true),
    ])
    #expect(database.count == 3)
    let merged = try #require(database.weakness(named: "B-1"))
    #expect(merged.id == "GHSA-1" && merged.aliases == ["B-1", "PYSEC-1"])
    #expect(merged.severity == .low && merged.gravity == .low && merged.modified.milliseconds == 3)
    #expect(database.weakness(named: "PYSEC-2") == nil && database.weakness(named: "CVE-6") == nil)
    #expect(database.weakness(named: "CVE-5")?.severity == .high)
    // What nobody says the severity of counts as the gravest.
    #expect(database.weakness(named: "MAL-1")?.gravity == .critical)
  }

  @Test func `the same records make the same bytes in whatever order they come`() throws {
    let records = try Example.known()
    let bytes = try AdvisoryDatabase(of: records).bytes
    var numbers = SeededGenerator(seed: 7)
    for _ in 0..<20 { #expect(try AdvisoryDatabase(of: records.shuffled(using: &numbers)).bytes == bytes) }
    #expect(try AdvisoryDatabase(of: records + records).bytes == bytes)
  }

  @Test func `a document that was read has the same bytes and answers the same`() throws {
    let written = try Example.database()
    let read = try AdvisoryDatabase(parsing: written.bytes)
    #expect(read.bytes == written.bytes && read.count == written.count && read.newest == written.newest)
    for name in ["CVE-2021-41496", "PYSEC-2021-857", "GHSA-8q59-q68h-6hv4", "none"] {
      #expect(read.weakness(named: name) == written.weakness(named: name))
    }
    let component = Example.component("joblib", "1.1.1")
    #expect(read.weaknesses(of: [component]) == written.weaknesses(of: [component]))
  }

  @Test func `no advisories at all are a document too`() throws {
    let empty = try AdvisoryDatabase(of: [])
    #expect(empty.count == 0 && empty.newest == nil)
    #expect(try AdvisoryDatabase(parsing: empty.bytes).count == 0)
  }

  private static func lines() throws -> [String] {
    String(decoding: try Example.database().bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  static let faults: [(String, @Sendable ([String]) -> [String], String)] = [
    ("nothing", { _ in [] }, "line 1"),
    ("no header", { Array($0.dropFirst()) }, "line 1"),
    ("a line less", { Array($0.dropLast()) }, "line 1"),
    ("a line twice", { $0 + [$0[$0.count - 1]] }, "line 7"),
    ("another order", { [$0[0], $0[2], $0[1]] + $0[3...] }, "line 3"),
    ("blanks", { [$0[0], " " + $0[1]] + $0[2...] }, "line 2"),
    ("no JSON", { [$0[0], $0[1].dropLast() + "]"] + $0[2...] }, "line 2"),
    ("no weakness", { [$0[0], "{\"id\":\"CVE-0\"}"] + $0[2...] }, "line 2"),
    (
      "a member more", { [$0[0], "{\"a\":1," + $0[1].dropFirst()] + $0[2...] }, "line 2"
    ),
    (
      "another severity",
      { lines in
        lines.map {
          $0.hasPrefix("{\"affected\"") ? $0.split(separator: "critical").joined(separator: "dire") : $0
        }
      },
      "line 2"
    ),
  ]

  @Test(arguments: faults)
  func `a document of other bytes than these is refused with the line`(
    what: String, change: @Sendable ([String]) -> [String], position: String
  ) throws {
    let text = change(try Self.lines()).map { $0 + "\n" }.joined()
    let problem = #expect(throws: Problem.self) { _ = try AdvisoryDatabase(parsing: Array(text.utf8)) }
    #expect(
      problem?.code == "advisories.malformed" && problem?.position == position,
      "\(what): \(problem?.message ?? "")")
  }

  @Test func `a document without its last end of line is cut off`() throws {
    let bytes = try Example.database().bytes.dropLast()
    let problem = #expect(throws: Problem.self) { _ = try AdvisoryDatabase(parsing: Array(bytes)) }
    #expect(problem?.position == "line 6")
  }
}
