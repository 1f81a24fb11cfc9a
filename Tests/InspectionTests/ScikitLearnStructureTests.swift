import Artifacts
import Domain
import TestKit
import Testing

@testable import Inspection

@Suite struct ScikitLearnStructureTests {
  @Test(arguments: ["sklearn-sparse-width.pkl", "sklearn-svc-rows.pkl"])
  func `a size of the least number there is is named, not counted down from`(file: String) throws {
    let bytes = try Fixtures.bytes("corpus/trees/\(file)")
    let report = Inspector.inspect(Artifact(files: [ArtifactFile(path: "", bytes: bytes[...])]), path: file)
    let finding = try #require(report.findings.first)
    #expect(finding.rule == "sklearn.index-structure")
    #expect(finding.message.contains("below -9223372036854775808"))
  }
}
