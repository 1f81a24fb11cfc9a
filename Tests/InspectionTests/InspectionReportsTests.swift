import Artifacts
import Domain
import Encoding
import TestKit
import Testing

@testable import Inspection

@Suite struct InspectionReportsTests {
  private static func report(_ bytes: [UInt8], path: String) -> InspectionReport {
    Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: path)
  }

  private static func reports(path: String = "a model.pkl") -> InspectionReports {
    InspectionReports([report(Array("cos\nsystem\n(S'\\x1b[2J'\ntR.".utf8), path: path)])
  }

  @Test func `the text draws the place of a finding in a line of text`() {
    #expect(
      Self.reports().text == """
        a model.pkl: dangerous (pickle)
          critical[pickle.call]: would call os.system('\\u{1b}[2J') on load
            --> byte 24, line 4, column 2, REDUCE
            4 | tR.
              |  ^
            hint: do not load this file; find out where it came from and train the model anew
            see: OWASP ML06:2023, ATLAS AML.T0011.000, CWE-502
        """)
  }

  @Test func `the text draws the place of a finding in a row of bytes`() {
    let bytes: [UInt8] =
      [0x80, 4, 0x8C, 2] + Array("os".utf8) + [0x8C, 6] + Array("system".utf8) + [0x93, 0x2E]
    let text = Self.report(bytes, path: "model").text
    #expect(
      text.contains(
        """
            --> byte 14, STACK_GLOBAL
            00000000  80 04 8c 02 6f 73 8c 06 73 79 73 74 65 6d 93 2e  |....os..system..|
                                                                ^^
        """), "\(text)")
  }

  @Test func `no control character of an artifact or its path reaches the text`() {
    let text = Self.reports(path: "a\u{1B}[31m\n.pkl").text
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(text.hasPrefix("a\\u{1b}[31m\\n.pkl: "))
    let raw = Array("cos\nsys\u{1B}[31mtem\n.".utf8)
    #expect(!Self.report(raw, path: "x").text.contains("\u{1B}"))
  }

  @Test func `the JSON of a result has the four members that scripts rely on`() throws {
    let result = try #require(Self.reports().json["results"]?.array?.first)
    #expect(result.object.map { Set($0.keys) } == ["path", "format", "verdict", "findings"])
    #expect(result["verdict"] == "dangerous")
    let finding = try #require(result["findings"]?.array?.first)
    #expect(finding["offset"] == 24)
    #expect(finding["rule"] == "pickle.call")
    #expect(finding["family"] == "code-execution")
    #expect(finding["references"] == ["OWASP ML06:2023", "ATLAS AML.T0011.000", "CWE-502"])
  }

  @Test func `the JSON holds what its published schema asks for, and nothing else`() throws {
    let schema = try Fixtures.json("../../docs/inspection.schema.json")
    let result = try #require(Self.reports().json["results"]?.array?.first)
    let resultSchema = try #require(schema["properties"]?["results"]?["items"])
    #expect(
      Set(resultSchema["required"]?.array?.compactMap(\.string) ?? []) == Set(result.object?.keys ?? [:].keys)
    )
    let finding = try #require(result["findings"]?.array?.first?.object)
    let findingSchema = try #require(resultSchema["properties"]?["findings"]?["items"])
    #expect(Set(findingSchema["required"]?.array?.compactMap(\.string) ?? []) == Set(finding.keys))
    let verdicts = resultSchema["properties"]?["verdict"]?["enum"]?.array?.compactMap(\.string)
    #expect(verdicts == InspectionVerdict.allCases.map(\.rawValue))
    let families = findingSchema["properties"]?["family"]?["enum"]?.array?.compactMap(\.string)
    #expect(families == Rule.Family.allCases.map(\.rawValue))
  }

  @Test func `SARIF names a rule for every result, by id and by index`() throws {
    let run = try #require(Self.reports().sarif(version: "1.0")["runs"]?.array?.first)
    #expect(run["tool"]?["driver"]?["version"] == "1.0")
    let rules = try #require(run["tool"]?["driver"]?["rules"]?.array)
    let results = try #require(run["results"]?.array)
    #expect(!results.isEmpty)
    for result in results {
      let index = try #require(result["ruleIndex"]?.int)
      #expect(rules[index]["id"] == result["ruleId"])
      #expect(["note", "warning", "error"].contains(result["level"]?.string ?? ""))
      #expect(result["message"]?["text"]?.string?.isEmpty == false)
      let place = try #require(result["locations"]?.array?.first?["physicalLocation"])
      #expect(place["artifactLocation"]?["uri"] == "a%20model.pkl")
      #expect(place["region"]?["startLine"] == 4)
      #expect(place["region"]?["startColumn"] == 2)
    }
    for rule in rules { #expect(rule["help"]?["text"]?.string?.isEmpty == false) }
  }

  @Test func `SARIF names the file of a directory, and the member inside it as a logical place`() throws {
    let pickle = Array("cos\nsystem\n(S'true'\ntR.".utf8)
    let report = Inspector.inspect(
      Artifact(files: [ArtifactFile(path: "a/b.pkl", bytes: pickle[...])]), path: "models")
    let result = try #require(
      InspectionReports([report]).sarif(version: "1.0")["runs"]?.array?.first?["results"]?.array?.first)
    let location = try #require(result["locations"]?.array?.first)
    #expect(location["physicalLocation"]?["artifactLocation"]?["uri"] == "models/a/b.pkl")
    #expect(location["logicalLocations"]?.array?.first?["fullyQualifiedName"] == "a/b.pkl")
  }
}

@Suite struct RulePageTests {
  @Test func `the page of all rules in docs is the one that the program prints`() throws {
    let page = String(decoding: try Fixtures.bytes("../../docs/rules.md"), as: UTF8.self)
    #expect(page == Rule.handbook + "\n", "run: gatehouse inspect --explain all > docs/rules.md")
  }

  @Test func `a rule that refuses weighs enough to fail by default`() {
    for rule in Rule.all where rule.verdict != nil { #expect(rule.severity >= .medium, "\(rule.id)") }
  }

  @Test func `a rule says why, shows an example, and names catalogues where it is dangerous`() {
    for rule in Rule.all {
      #expect(!rule.why.isEmpty && !rule.example.isEmpty, "\(rule.id)")
      #expect(rule.verdict != .dangerous || rule.references.contains { $0.hasPrefix("CWE-") }, "\(rule.id)")
    }
  }
}

@Suite struct DirectoryTests {
  private static func report(_ oddities: [ArtifactOddity]) throws -> InspectionReport {
    let model = try Fixtures.bytes("models/sklearn-1.9/iris-tree/model.joblib")
    let files = [ArtifactFile(path: "m/model.pkl", bytes: model[...])]
    return Inspector.inspect(Artifact(files: files, oddities: oddities), path: "models")
  }

  @Test(arguments: [
    ("/etc/passwd", "artifact.link-out"), ("../../secret", "artifact.link-out"),
    ("x/../../../y", "artifact.link-out"), ("model.pkl", "artifact.link"), ("../other.pkl", "artifact.link"),
    ("../../blobs/0123456789abcdef0123456789abcdef01234567", "artifact.link"),
  ])
  func `a link in a directory is a finding, and dangerous where it leads out`(target: String, rule: String)
    throws
  {
    let report = try Self.report([ArtifactOddity(path: "m/latest", kind: .link(target: target))])
    #expect(report.findings.map(\.rule) == [rule])
    #expect(report.verdict == (rule == "artifact.link" ? .notLiftable : .dangerous))
  }

  @Test func `a pipe in a directory is dangerous, and is not opened`() throws {
    #expect(try Self.report([ArtifactOddity(path: "m/p", kind: .special)]).verdict == .dangerous)
  }
}
