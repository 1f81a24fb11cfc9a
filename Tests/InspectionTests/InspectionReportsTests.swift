import Artifacts
import Domain
import Encoding
import Testing

@testable import Inspection

@Suite struct InspectionReportsTests {
  private static func reports(path: String = "a model.pkl") -> InspectionReports {
    let bytes = Array("cos\nsystem\n(S'\\x1b[2J'\ntR.".utf8)
    return InspectionReports([
      Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: path)
    ])
  }

  @Test func `the text has a line for the artifact and one for each finding`() {
    let lines = Self.reports().text.split(separator: "\n")
    #expect(lines.first == "a model.pkl: dangerous (pickle)")
    #expect(lines.count == 2)
    #expect(
      lines[1]
        == "  critical[pickle.call] at byte 24, REDUCE: would call os.system('\\u{1b}[2J') on load; do not load"
        + " this file; find out where it came from and train the model anew")
  }

  @Test func `no control character of an artifact or its path reaches the text`() {
    let text = Self.reports(path: "a\u{1B}[31m\n.pkl").text
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(text.hasPrefix("a\\u{1b}[31m\\n.pkl: "))
  }

  @Test func `the JSON of a result has the four members that scripts rely on`() throws {
    let result = try #require(Self.reports().json["results"]?.array?.first)
    #expect(result.object.map { Set($0.keys) } == ["path", "format", "verdict", "findings"])
    #expect(result["verdict"] == "dangerous")
    let finding = try #require(result["findings"]?.array?.first)
    #expect(finding["offset"] == 24)
    #expect(finding["rule"] == "pickle.call")
  }

  @Test func `SARIF names a rule for every result, by id and by index`() throws {
    let run = try #require(Self.reports().sarif["runs"]?.array?.first)
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
      #expect(place["region"]?["byteOffset"]?.int ?? 0 >= 0)
    }
    for rule in rules { #expect(rule["help"]?["text"]?.string?.isEmpty == false) }
  }
}
