import Advisories
import Domain
import TestKit
import Testing

/// Which weaknesses which versions have.
@Suite struct MatchingTests {
  static let known: [(String, String?, [String])] = [
    ("scikit-learn", "1.4.1.post1", ["CVE-2024-5206"]), ("Scikit_Learn", "1.4.2", ["CVE-2024-5206"]),
    ("scikit-learn", "1.5.0rc1", ["CVE-2024-5206"]), ("scikit-learn", "1.5.0", []),
    ("scikit-learn", "1.9.1", []), ("sklearn", "1.0", []),
    ("joblib", "1.1.0", ["CVE-2022-21797"]), ("joblib", "1.1.1", ["CVE-2022-21797"]),
    ("joblib", "1.2.0", []), ("joblib", "0.3.2d", ["CVE-2022-21797"]),
    ("numpy", "1.18.5", ["CVE-2021-41496"]), ("numpy", "1.19.0", []), ("numpy", "2.4.6", []),
    ("lightgbm", "4.5.0", ["CVE-2024-43598"]), ("lightgbm", "4.6.0", []), ("lightgbm", "0.1", []),
    ("PyYAML", "5.3.1", ["CVE-2020-14343"]), ("pyyaml", "5.4b2", ["CVE-2020-14343"]), ("pyyaml", "5.4", []),
    // What nobody knows, and what cannot be compared, may be any version.
    ("lightgbm", nil, ["CVE-2024-43598"]), ("lightgbm", "unknown", ["CVE-2024-43598"]), ("requests", nil, []),
  ]

  @Test(arguments: known)
  func `well-known advisories are about the versions that they name`(
    name: String, version: String?, ids: [String]
  ) throws {
    let found = try Example.database().weaknesses(of: [Example.component(name, version)])
    #expect(found.map(\.weakness.id) == ids)
  }

  /// Events of a range of Python's versions, and which of some versions it has.
  static let ranges: [([String], [String])] = [
    (["introduced 0"], ["0.9", "1.0", "1.5", "2.0", "3.0"]),
    (["introduced 1.0", "fixed 2.0"], ["1.0", "1.5"]),
    (["introduced 1.0", "last_affected 2.0"], ["1.0", "1.5", "2.0"]),
    (["fixed 2.0", "introduced 1.5"], ["1.5"]),
    (["introduced 0", "fixed 1.0", "introduced 2.0"], ["0.9", "2.0", "3.0"]),
    (["introduced 2.0", "introduced 0", "fixed 1.0", "fixed 3.0"], ["0.9", "2.0"]),
    (["introduced 0", "limit 1.5"], ["0.9", "1.0"]),
    (["introduced 0", "limit 1.0", "limit 2.0"], ["0.9", "1.0", "1.5"]),
    (["introduced 0", "limit *"], ["0.9", "1.0", "1.5", "2.0", "3.0"]),
    (["fixed 2.0"], []), (["introduced 1.0", "fixed 1.0"], []),
    // Events at what is no version count as it is graver.
    (["introduced x", "fixed 1.0"], ["0.9"]), (["introduced 1.5", "fixed x"], ["1.5", "2.0", "3.0"]),
    (["introduced 1.5", "last_affected x"], ["1.5", "2.0", "3.0"]),
    // Nobody can say whether it was mended behind a version that has no place.
    (["introduced 0", "fixed 1.0", "introduced 2004d", "fixed 3.0"], ["0.9", "1.0", "1.5", "2.0", "3.0"]),
    (["introduced 0", "fixed 1.0", "introduced 2004d", "limit 2.0"], ["0.9", "1.0", "1.5"]),
  ]

  @Test(arguments: ranges)
  func `a range has the versions that its events leave`(events: [String], affected: [String]) throws {
    let database = try AdvisoryDatabase(of: [Example.record("CVE-1", events: [events])])
    let found = ["0.9", "1.0", "1.5", "2.0", "3.0"].filter {
      !database.weaknesses(of: [Example.component("demo", $0)]).isEmpty
    }
    #expect(found == affected)
  }

  /// What a record says of versions, and which builds of releases it is about.
  static let builds: [([String], [String], [String])] = [
    (["introduced 0", "last_affected 2.6.0"], [], ["2.6.0", "2.6.0+cu118", "2.6.0+cpu"]),
    (["introduced 2.6.0", "fixed 2.7"], [], ["2.6.0", "2.6.0+cu118", "2.6.0+cpu"]),
    (["introduced 0", "fixed 2.6.0"], [], []),
    (["introduced 0", "last_affected 2.6.0+cpu"], [], ["2.6.0", "2.6.0+cpu"]),
    ([], ["2.6.0"], ["2.6.0", "2.6.0+cu118", "2.6.0+cpu"]), ([], ["2.6+cu118"], ["2.6.0+cu118"]),
    // The range has the release, and only the list all of its builds.
    (["introduced 0", "fixed 2.6.0+cpu"], ["2.6.0"], ["2.6.0", "2.6.0+cu118", "2.6.0+cpu"]),
  ]

  @Test(arguments: builds)
  func `what is said of a release is said of each of its builds`(
    events: [String], versions: [String], affected: [String]
  ) throws {
    let record = Example.record("CVE-1", events: events.isEmpty ? [] : [events], versions: versions)
    let database = try AdvisoryDatabase(of: [record])
    let found = ["2.6.0", "2.6.0+cu118", "2.6.0+cpu", "2.7.0+cpu"].filter {
      !database.weaknesses(of: [Example.component("demo", $0)]).isEmpty
    }
    #expect(found == affected)
  }

  @Test(arguments: ["2004d", "1.0-custom-x"])
  func `a version that has no place in the order may be any that is listed`(version: String) throws {
    let database = try AdvisoryDatabase(of: [Example.record("CVE-1", events: [], versions: ["1.0"])])
    let part = database.weaknesses(of: [Example.component("demo", version)]).first?.parts.first
    #expect(part?.isCertain == false)
    let nothing = try AdvisoryDatabase(of: [Example.record("CVE-1", events: [])])
    #expect(nothing.weaknesses(of: [Example.component("demo", version)]).isEmpty)
  }

  @Test func `where nobody can say whether it was mended the later versions are told all the same`() throws {
    let events = ["introduced 0", "fixed 1.0", "introduced 2004d", "fixed 3.0"]
    let database = try AdvisoryDatabase(of: [Example.record("CVE-1", events: [events])])
    let part = database.weaknesses(of: [Example.component("demo", "2.0")]).first?.parts.first
    #expect(part?.isCertain == false && part?.fixes == ["3.0"])
  }

  @Test func `where a weakness was mended is told, the nearest version first`() throws {
    let record = Example.record(
      "CVE-1",
      events: [
        ["introduced 0", "fixed 1.0.1", "introduced 1.1", "fixed 1.1.2"], ["introduced 0", "fixed 1.10"],
      ])
    let database = try AdvisoryDatabase(of: [record])
    let part = try #require(database.weaknesses(of: [Example.component("demo", "0.5")]).first?.parts.first)
    #expect(part.fixes == ["1.0.1", "1.1.2", "1.10"] && part.isCertain)
    #expect(part.component.description == "demo 0.5 of its training environment (requirements.txt)")
    let unknown = try #require(database.weaknesses(of: [Example.component("demo", nil)]).first?.parts.first)
    #expect(unknown.fixes.isEmpty && !unknown.isCertain)
  }

  @Test func `where no order of versions is known only what is listed matches`() throws {
    let package = PackageName("Debian:12", "demo")
    let database = try AdvisoryDatabase(of: [Example.record("DSA-1", package, versions: ["1.0-2"])])
    func ids(_ version: String, _ ecosystem: String = "Debian:12") -> [String] {
      database.weaknesses(of: [Example.component("demo", version, ecosystem: ecosystem)]).map(\.weakness.id)
    }
    #expect(ids("1.0-2") == ["DSA-1"])
    #expect(ids("0.9-1").isEmpty && ids("1.0-2", "Debian:11").isEmpty && ids("1.0-2", "PyPI").isEmpty)
  }

  @Test func `a range of semantic versions is one whatever the ecosystem`() throws {
    let package = PackageName("SwiftURL", "https://github.com/apple/swift-nio.git")
    let database = try AdvisoryDatabase(of: [
      Example.record("GHSA-1", package, events: [["introduced 0", "fixed 2.29.1"]], semantic: true)
    ])
    func isAffected(_ version: String) -> Bool {
      let name = "github.com/Apple/swift-nio"
      return !database.weaknesses(of: [Example.component(name, version, ecosystem: "SwiftURL")]).isEmpty
    }
    #expect(
      isAffected("2.29.0") && isAffected("2.29.1-rc.1") && !isAffected("2.29.1") && !isAffected("2.101.2"))
  }

  @Test func `a listed version matches in any spelling`() throws {
    let database = try AdvisoryDatabase(of: [
      Example.record("CVE-1", events: [], versions: ["1.0rc1", "weird"])
    ])
    for version in ["1.0rc1", "1.0-c1", "1.0.0RC1", "weird"] {
      #expect(database.weaknesses(of: [Example.component("demo", version)]).count == 1, "\(version)")
    }
    #expect(database.weaknesses(of: [Example.component("demo", "1.0")]).isEmpty)
  }

  @Test func `a weakness of several parts is found once, and the gravest come first`() throws {
    let other = PackageName("PyPI", "other")
    let database = try AdvisoryDatabase(of: [
      Example.record("CVE-1", severity: .low), Example.record("CVE-2", severity: nil),
      Example.record("CVE-3", other, severity: .critical), Example.record("CVE-4", severity: .critical),
    ])
    let found = database.weaknesses(of: [
      Example.component("demo", "1.0"), Example.component("demo", "2.0"), Example.component("other", "1"),
    ])
    #expect(found.map(\.weakness.id) == ["CVE-2", "CVE-3", "CVE-4", "CVE-1"])
    #expect(found.map(\.parts.count) == [2, 1, 2, 2])
  }
}
