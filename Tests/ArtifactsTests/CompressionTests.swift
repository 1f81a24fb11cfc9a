import Testing

@testable import Artifacts

@Suite struct CompressionTests {
  private static let folder = "serialisations/sklearn-1.9/iris-tree"

  /// `None` as a pickle, by zlib at its default level.
  private static let zlib: [UInt8] = [0x78, 0x9C, 0xF3, 0xD3, 0x03, 0x00, 0x00, 0xCC, 0x00, 0x7D]

  @Test func `a compressed model holds the values of the plain one`() throws {
    let plain = FileReading.read(try Fixtures.bytes("\(Self.folder)/model-p4.joblib")[...])
    guard case .pickle(let expected) = plain.content else { throw Fixtures.MissingFixture(path: "plain") }
    for name in ["model-zlib.joblib", "model-gzip.joblib"] {
      let reading = FileReading.read(try Fixtures.bytes("\(Self.folder)/\(name)")[...])
      guard case .pickle(let pickle) = reading.content else { throw Fixtures.MissingFixture(path: name) }
      #expect(pickle.document?.values.count == expected.document?.values.count)
      #expect(reading.format == "joblib+\(name.dropFirst(6).dropLast(7))")
      #expect(reading.bytesAfterCompression == 0)
    }
  }

  @Test func `a stream that unpacks to too much is a bomb, and is not unpacked further`() throws {
    let reading = FileReading.read(try Fixtures.bytes("malicious/bomb-zlib.joblib")[...])
    guard case .bomb(let message, _) = reading.content else {
      Issue.record("expected a bomb, found \(reading.content)")
      return
    }
    #expect(message.contains("over 200 times"))
  }

  @Test func `bytes after a compressed stream are counted`() throws {
    let reading = FileReading.read((Self.zlib + [1, 2, 3])[...])
    #expect(reading.format == "pickle+zlib")
    #expect(reading.bytesAfterCompression == 3)
  }

  @Test func `a compressed stream cut off at any byte is malformed`() {
    for count in 2..<Self.zlib.count {
      guard case .malformed(let message, _) = FileReading.read(Self.zlib[..<count]).content else {
        Issue.record("cut to \(count)")
        continue
      }
      #expect(message.hasPrefix("expected "))
    }
  }

  @Test(arguments: ["bz2": "bzip2", "xz": "xz", "lzma": "lzma", "lz4": "lz4"])
  func `a compression that is not read is named`(suffix: String, name: String) throws {
    let reading = FileReading.read(try Fixtures.bytes("\(Self.folder)/model-\(suffix).joblib")[...])
    guard case .unsupported(name) = reading.content else {
      Issue.record("expected \(name), found \(reading.content)")
      return
    }
  }
}

@Suite struct ArtifactFormatTests {
  @Test func `a format is told by its content`() {
    let cases: [([UInt8], ArtifactFormat)] = [
      ([], .unknown("an empty file")), ([0x80, 4, 0x4E, 0x2E], .pickle), (Array("N.".utf8), .pickle),
      (Array("PK\u{3}\u{4}".utf8), .unsupported("zip")),
      (Array("<!DOCTYPE html>".utf8), .unknown("a web page or XML")),
      (Array("{\"a\": 1}".utf8), .unsupported("JSON")), ([0x1F, 0x8B, 8], .compressed(.gzip)),
      ([0x78, 0x9C, 1], .compressed(.zlib)), (Array("hello, world".utf8), .unknown("text")),
    ]
    for (bytes, expected) in cases { #expect(ArtifactFormat.detect(bytes[...]) == expected, "\(bytes)") }
  }
}
