import Artifacts
import Domain
import Testing

@testable import Inspection

@Suite struct FormatTests {
  private static func inspect(_ bytes: [UInt8]) -> (inspected: Inspected, findings: [Finding]) {
    var walk = InspectionWalk(budget: .standard)
    let inspected = walk.inspect(Subject(bytes: bytes[...], member: "", depth: 0))
    return (inspected, walk.findings)
  }

  @Test func `a format is told by its content`() {
    let cases: [([UInt8], String)] = [
      ([], "unknown"), ([0x80, 4, 0x4E, 0x2E], "pickle"), (Array("N.".utf8), "pickle"),
      (Array("<!DOCTYPE html>".utf8), "text"), (Array("hello, world".utf8), "text"),
      ([0, 1, 2, 3], "unknown"), (Array("cloudpickle==3.1\nnumpy\n".utf8), "text"),
      ([0x78, 0x9C, 0xF3, 0xD3, 0x03, 0x00, 0x00, 0xCC, 0x00, 0x7D], "pickle+zlib"),
    ]
    for (bytes, expected) in cases { #expect(Self.inspect(bytes).inspected.format == expected, "\(bytes)") }
  }

  @Test func `bytes after a compressed stream are a finding`() {
    let bytes: [UInt8] = [0x78, 0x9C, 0xF3, 0xD3, 0x03, 0x00, 0x00, 0xCC, 0x00, 0x7D, 1, 2, 3]
    let findings = Self.inspect(bytes).findings
    #expect(findings.map(\.rule) == ["compression.trailing-bytes"])
    #expect(findings.first?.offset == 10)
  }

  @Test func `text that begins like a pickle and does something before it breaks off is a pickle`() {
    let result = Self.inspect(Array("cos\nsystem\n(S'true'\ntR and so on".utf8))
    #expect(result.inspected.format == "pickle")
    #expect(result.findings.first?.rule == "pickle.call")
  }

  @Test func `bytes of two formats at once are a finding, and both are read`() {
    let padding = [UInt8](repeating: 0x4E, count: 257)
    // PROTO 2, a string of 250 bytes and more; a tar header's magic in the midst of it.
    var bytes: [UInt8] = [0x80, 2] + Array("cos\nsystem\n(S'true'\ntR".utf8) + padding
    bytes.replaceSubrange(257..<262, with: Array("ustar".utf8))
    let findings = Self.inspect(bytes).findings
    #expect(findings.contains { $0.rule == "artifact.polyglot" })
    #expect(findings.contains { $0.rule == "pickle.call" })
  }
}
