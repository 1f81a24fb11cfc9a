import Advisories
import TestKit
import Testing

/// Versions in their orders.
@Suite struct VersionTests {
  /// PEP 440's own example of its order, and what it says of epochs and local versions; each line one version.
  static let ascending: [[String]] = [
    ["1.dev0", "1.0.DEV0", "v1-dev", "1.0.0_dev0"], ["1.0.dev456"], ["1.0a1", "1.0-alpha.1", "1.0ALPHA1"],
    ["1.0a2.dev456"], ["1.0a12.dev456"], ["1.0a12"], ["1.0b1.dev456"], ["1.0b2", "1.0_beta_2", "1.0b-2"],
    ["1.0b2.post345.dev456"], ["1.0b2.post345"], ["1.0rc1.dev456"],
    ["1.0rc1", "1.0c1", "1.0-pre1", "1.0preview1"], ["1.0", "1", " v1.0.0.0\n", "01.00"],
    ["1.0+abc.5", "1.0+ABC-5"], ["1.0+abc.7"], ["1.0+5", "1.0+05"], ["1.0+5.1"],
    ["1.0.post0", "1.0.post", "1.0-r"], ["1.0.post456.dev34"], ["1.0.post456", "1.0-456", "1.0rev456"],
    ["1.0.15"], ["1.1.dev1"], ["1.1"], ["1.10"], ["20240101123456"], ["1!0.1"], ["2!0.dev1"],
  ]

  @Test func `versions of Python are in the order of PEP 440`() throws {
    let versions = try Self.ascending.map { try $0.map { try #require(PythonVersion(parsing: $0), "\($0)") } }
    for (index, same) in versions.enumerated() {
      for version in same {
        #expect(version == same[0] && version.hashValue == same[0].hashValue, "\(version)")
        for later in versions[(index + 1)...] { #expect(version < later[0], "\(version) \(later[0])") }
      }
    }
  }

  @Test(arguments: [
    "", "1.0.x", "latest", "1.0-", "1..0", "1.0+", "1.0+a..b", "1.0+a!b", "1!", "!1", "0.3.2d", "2004-05-01",
    "1.0.post1.post2", "1.0.dev1a1", "99999999999999999999", "1.0 1", "１.0",
    String(repeating: "1", count: 129), String(repeating: "1.", count: 40) + "1",
  ])
  func `what PEP 440 takes for no version is none`(text: String) {
    #expect(PythonVersion(parsing: text) == nil)
  }

  @Test func `a version counts as its release beside one that says nothing of builds`() throws {
    let build = try #require(PythonVersion(parsing: "1.2.post1+cu121"))
    let release = try #require(PythonVersion(parsing: "1.2.post1"))
    let other = try #require(PythonVersion(parsing: "1.2.post1+cpu"))
    #expect(build > release && build.compared(with: release) == release)
    #expect(build.compared(with: other) == build && release.compared(with: other) == release)
  }

  @Test func `any two versions of Python have one order, whatever they are made of`() throws {
    var numbers = SeededGenerator(seed: 440)
    func part(_ choices: [String]) -> String { choices.randomElement(using: &numbers) ?? "" }
    let versions = try (0..<300).map { _ in
      let text =
        part(["", "1!"]) + part(["0", "1", "1.0", "1.0.1", "1.1"])
        + part(["", "", "a", "b2", "rc1", ".rc10"]) + part(["", "", ".post", ".post2", "-3"])
        + part(["", "", ".dev", ".dev2"]) + part(["", "", "+1", "+a", "+a.1"])
      return try #require(PythonVersion(parsing: text), "\(text)")
    }
    for left in versions {
      for right in versions {
        #expect([left < right, left == right, right < left].count { $0 } == 1, "\(left) \(right)")
      }
    }
    let sorted = versions.sorted()
    for index in sorted.indices.dropFirst(2) { #expect(sorted[index - 2] <= sorted[index]) }
  }

  /// The example of the specification's section 11, and what it says of identifiers.
  static let semantic: [String] = [
    "0", "1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0--", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
    "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2", "1.10.0-0a", "2",
  ]

  @Test func `semantic versions are in the order of their specification`() throws {
    let versions = try Self.semantic.map { try #require(SemanticVersion(parsing: $0), "\($0)") }
    for (index, version) in versions.enumerated() {
      for later in versions[(index + 1)...] { #expect(version < later && !(later < version)) }
    }
    #expect(SemanticVersion(parsing: "v1.2.0+build.7") == SemanticVersion(parsing: "1.2"))
  }

  @Test(arguments: [
    "", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3-a..b", "1.2.3+", "1.2.x", "-1", "1. 2",
  ])
  func `what is no semantic version is none`(text: String) {
    #expect(SemanticVersion(parsing: text) == nil)
  }
}
