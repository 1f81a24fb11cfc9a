import Artifacts
import Domain
import Encoding
import TestKit
import Testing

@testable import Inspection

/// Every artifact of `Tests/Fixtures/corpus`, against what its index says of it.
@Suite struct CorpusTests {
  /// An artifact of the corpus, and the answer that it should get.
  struct Entry: Sendable, CustomTestStringConvertible {
    let folder: String
    let name: String
    let kind: String
    let verdict: String
    let rule: String?

    var testDescription: String { "\(folder)/\(name)" }
  }

  static func entries() throws -> [Entry] {
    var entries: [Entry] = []
    for folder in try Fixtures.names(in: "corpus") {
      let index = try #require(try Fixtures.json("corpus/\(folder)/index.json").object)
      for (name, entry) in index.sorted(by: { $0.key < $1.key }) {
        entries.append(
          Entry(
            folder: folder, name: name, kind: try #require(entry["kind"]?.string, "\(folder)/\(name)"),
            verdict: try #require(entry["verdict"]?.string, "\(folder)/\(name)"), rule: entry["rule"]?.string)
        )
      }
    }
    return entries
  }

  /// Reads a file, or all files of a directory of the corpus.
  static func artifact(_ entry: Entry) throws -> Artifact {
    let path = "corpus/\(entry.folder)/\(entry.name)"
    guard Fixtures.isDirectory(path) else {
      return Artifact(files: [ArtifactFile(path: "", bytes: try Fixtures.bytes(path)[...])])
    }
    var files: [ArtifactFile] = []
    var waiting = [""]
    while let folder = waiting.popLast() {
      for name in try Fixtures.names(in: "\(path)/\(folder)") {
        let member = folder.isEmpty ? name : "\(folder)/\(name)"
        if Fixtures.isDirectory("\(path)/\(member)") {
          waiting.append(member)
        } else {
          files.append(ArtifactFile(path: member, bytes: try Fixtures.bytes("\(path)/\(member)")[...]))
        }
      }
    }
    return Artifact(files: files)
  }

  @Test func `every artifact of the corpus gets the verdict and the rule that its index names`() throws {
    for entry in try Self.entries() {
      let report = Inspector.inspect(try Self.artifact(entry), path: entry.name)
      #expect(report.verdict.rawValue == entry.verdict, "\(entry.testDescription): \(report.text)")
      if let rule = entry.rule {
        #expect(report.findings.contains { $0.rule == rule }, "\(entry.testDescription): \(report.text)")
      }
    }
  }

  @Test func `the corpus is whole: attacks on every format and by most rules, and honest files`() throws {
    let entries = try Self.entries()
    let attacks = entries.filter { $0.kind == "malicious" }
    #expect(attacks.count >= 800)
    #expect(entries.count { $0.kind == "honest" } >= 350)
    #expect(entries.count { $0.kind == "damaged" } >= 40)
    for folder in ["containers", "deep", "graphs", "pickles", "texts", "trees"] {
      #expect(attacks.count { $0.folder == folder } >= 100, "\(folder)")
    }
    let shown = Set(attacks.compactMap(\.rule))
    let dangerous = Rule.all.filter { $0.verdict == .dangerous }.map(\.id)
    let unshown = dangerous.filter { !shown.contains($0) }
    #expect(unshown.count * 10 <= dangerous.count * 3, "\(unshown)")
  }

  @Test func `no honest artifact is dangerous, and no malicious one liftable`() throws {
    for entry in try Self.entries() {
      #expect(entry.kind != "honest" || ["liftable", "not-liftable"].contains(entry.verdict), "\(entry)")
      #expect(entry.kind != "malicious" || entry.verdict != "liftable", "\(entry)")
    }
  }

  @Test func `every file of the corpus is in the index of its folder`() throws {
    for folder in try Fixtures.names(in: "corpus") {
      let index = try #require(try Fixtures.json("corpus/\(folder)/index.json").object)
      let found = try Fixtures.names(in: "corpus/\(folder)").filter { $0 != "index.json" }
      #expect(Set(found) == Set(index.keys), "\(folder)")
    }
  }
}
