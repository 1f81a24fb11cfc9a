import Advisories
import Domain
import TestKit
import Testing

/// Names of packages in the spelling of their ecosystem.
@Suite struct PackageNameTests {
  static let spellings: [(String, String, String)] = [
    ("PyPI", "Foo__Bar.-baz", "foo-bar-baz"), ("npm", "@A/b.c", "@A/b.c"),
    ("SwiftURL", "https://GitHub.com/Apple/swift-nio.git", "github.com/apple/swift-nio"),
    ("SwiftURL", "github.com/apple/swift-nio/", "github.com/apple/swift-nio"),
    ("SwiftURL", "http://https://x/y", "x/y"), ("SwiftURL", "x/y.git.git", "x/y"),
    ("SwiftURL", "x/y.git//.git/", "x/y"), ("SwiftURL", "x/y.gitea", "x/y.gitea"),
  ]

  @Test(arguments: spellings)
  func `a package has one spelling of its name`(ecosystem: String, name: String, spelling: String) {
    #expect(PackageName(ecosystem, name).name == spelling)
  }

  @Test(arguments: [
    "PyPI", "SwiftURL", "npm", "Go", "crates.io", "Hex", "Pub", "GitHub Actions", "Debian:12", "Maven",
  ])
  func `the spelling of a spelling is itself`(ecosystem: String) {
    var numbers = SeededGenerator(seed: 503)
    let parts = [
      "https://", "http://", "HTTP", ":", "/", "//", ".git", ".GIT", "x", "Y", "-", "_", ".", "İ", "é",
    ]
    for _ in 0..<2_000 {
      let count = Int.random(in: 1...7, using: &numbers)
      let text = (0..<count).compactMap { _ in parts.randomElement(using: &numbers) }.joined()
      let name = PackageName(ecosystem, text).name
      #expect(PackageName(ecosystem, name).name.utf8.elementsEqual(name.utf8), "\(text)")
    }
  }

  @Test(arguments: ["https://", "/", ".git", "http://https:///.git/"])
  func `an address of which nothing is left names no package`(name: String) throws {
    let text = """
      {"id":"X-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"SwiftURL","name":"\(name)"}}]}
      """
    let problem = #expect(throws: Problem.self) { _ = try AdvisoryRecord.records(parsing: text.utf8) }
    #expect(problem?.code == "advisory.malformed" && problem?.position == "/affected/0/package/name")
  }
}
