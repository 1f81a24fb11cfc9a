import Artifacts
import Domain
import TestKit
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

  @Test func `bytes of two formats at once are a finding, and both are read`() throws {
    let result = Self.inspect(try Fixtures.bytes("corpus/containers/polyglot-pickle.zip"))
    let rules = Set(result.findings.map(\.rule))
    #expect(rules.isSuperset(of: ["artifact.polyglot", "pickle.call", "archive.prefix"]))
  }

  @Test func `a zip archive at the end of a tar archive is a member of it, not a polyglot`() throws {
    let bytes = try Fixtures.bytes("corpus/containers/payload-zip-in-tar-in-gzip")
    let result = Self.inspect(bytes)
    #expect(result.inspected.format == "tar+gzip")
    #expect(!result.findings.contains { $0.rule == "artifact.polyglot" })
    #expect(result.findings.contains { $0.rule == "pickle.call" && $0.member == "x/y" })
  }

  @Test func `what all members of an archive unpack to is counted together`() throws {
    let findings = Self.inspect(try Fixtures.bytes("corpus/containers/bomb-many.zip")).findings
    #expect(findings.contains { $0.rule == "compression.bomb" })
  }

  @Test func `the objects of an array in an .npz are judged`() throws {
    let bytes = try Fixtures.bytes("corpus/containers/payload.npz")
    let result = Self.inspect(bytes)
    #expect(result.inspected.format == "npz")
    #expect(result.findings.first { $0.rule == "pickle.call" }?.member == "arr_0.npy")
  }

  @Test func `a pickle that acts is found behind the end of another, whatever stands between`() {
    let payload =
      [0x80, 4, 0x8C, 5] + Array("posix".utf8) + [0x8C, 6] + Array("system".utf8)
      + [0x93, 0x8C, 4] + Array("true".utf8) + [0x85, 0x52, 0x2E]
    for between in [[0, 0, 0], Array("\n\n".utf8), [0xFE, 0xFF, 0x00, 0x41]] as [[UInt8]] {
      let bytes = [0x80, 4, 0x4E, 0x2E] + between + payload
      let findings = Self.inspect(bytes).findings
      #expect(findings.contains { $0.rule == "pickle.call" && $0.offset == bytes.count - 2 }, "\(between)")
    }
  }

  @Test func `bytes that are another format and a pickle that acts are a finding`() {
    // GGUF's magic is the first half of a float.
    let bytes = Array("GGUF".utf8) + [3, 0, 0, 0, 0] + Array("0cos\nsystem\n(S'true'\ntR.".utf8)
    let findings = Self.inspect(bytes).findings
    #expect(findings.contains { $0.rule == "artifact.polyglot" })
    #expect(findings.contains { $0.rule == "pickle.call" })
  }

  @Test(arguments: ["Please read this\nbefore use\n", "Projects\n\nfoo", "Notes\n", "Iris\nmodel\n"])
  func `text that begins with an opcode is text`(text: String) {
    let result = Self.inspect(Array(text.utf8))
    #expect(result.inspected.format == "text")
    #expect(result.findings.isEmpty)
  }

  @Test func `after a bomb nothing more is unpacked`() throws {
    let bomb = try Fixtures.bytes("malicious/bomb-zlib.joblib")
    var walk = InspectionWalk(budget: .standard)
    _ = walk.inspect(Subject(bytes: bomb[...], member: "", depth: 0))
    #expect(walk.isExhausted)
    let known = walk.findings.count
    _ = walk.inspect(Subject(bytes: bomb[...], member: "again", depth: 1))
    #expect(walk.findings.count == known)
  }

  @Test(arguments: ["]", "}", "("])
  func `containers that are opened without end are told as depth, not as size`(opcode: String) {
    var budget = ReadingBudget()
    budget.freeMemory = 1 << 20
    budget.memoryRatio = 1
    let bytes = Array(String(repeating: opcode, count: 300_000).utf8)
    let reading = PickleReading.read(bytes[...], budget: budget)
    let findings = PickleJudge.findings(of: reading, member: "")
    #expect(findings.contains { $0.rule == "pickle.budget.depth" }, "\(findings)")
  }

  @Test func `an archive inside a document that nobody reads is found`() throws {
    let archive = try Fixtures.bytes("malicious/object-array.npz")
    let findings = Self.inspect(Array("%PDF-1.4\n".utf8) + archive + Array("\n%%EOF".utf8)).findings
    #expect(findings.contains { $0.rule == "artifact.polyglot" })
    #expect(findings.contains { $0.rule == "pickle.call" })
  }

  @Test func `an attribute that stands twice in one tag of XML is malformed`() {
    let text = "<?xml version=\"1.0\"?>\n<PMML version=\"4.4\"><Header a=\"1\" a=\"2\"/></PMML>"
    #expect(Self.inspect(Array(text.utf8)).findings.map(\.rule) == ["xml.malformed"])
  }
}
