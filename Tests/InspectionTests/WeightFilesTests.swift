import Artifacts
import Domain
import Testing

@testable import Inspection

@Suite struct WeightFilesTests {
  private static let index =
    [UInt8](repeating: 0, count: 40) + [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  private static func inspect(_ weights: [UInt8]) -> InspectionReport {
    let files = [
      ArtifactFile(path: "variables/variables.data-00000-of-00001", bytes: weights[...]),
      ArtifactFile(path: "variables/variables.index", bytes: index[...]),
    ]
    return Inspector.inspect(Artifact(files: files), path: "model")
  }

  @Test func `weights that begin like a pickle or a zlib stream are weights`() {
    for start: [UInt8] in [
      Array("L\u{1}\u{2}".utf8), [0x78, 0x9C, 1, 2], [0x80, 4, 1, 2], [0x1F, 0x8B, 8, 0],
    ] {
      let report = Self.inspect(start + [UInt8](repeating: 0x81, count: 40))
      #expect(report.findings.map(\.rule).contains("artifact.no-model"), "\(report.text)")
      #expect(report.verdict == .notLiftable, "\(report.text)")
    }
  }

  @Test func `a pickle that calls in place of the weights is found`() {
    let report = Self.inspect([0x80, 2] + Array("cposix\nsystem\n(S'true'\ntR.".utf8))
    #expect(report.verdict == .dangerous)
    #expect(report.findings.first?.rule == "pickle.call")
  }

  @Test func `a lone file has no weights beside it`() {
    #expect(WeightFiles.paths(in: ["": Self.index[...]]).isEmpty)
  }
}
