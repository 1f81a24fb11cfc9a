import Domain
import Inference
import Testing

/// Comma-separated values in pieces: cut where a line ends, and nowhere else.
struct CSVPiecesTests {
  private static func parts(_ text: String, pieces length: Int) throws -> [String] {
    var pieces = CSVPieces()
    var parts: [String] = []
    let bytes = Array(text.utf8)
    for first in stride(from: 0, to: bytes.count, by: length) {
      let part = try pieces.take(bytes[first..<min(bytes.count, first + length)])
      if !part.isEmpty { parts.append(String(decoding: part, as: UTF8.self)) }
    }
    let rest = pieces.finish()
    if !rest.isEmpty { parts.append(String(decoding: rest, as: UTF8.self)) }
    return parts
  }

  @Test(arguments: 1...20)
  func `the parts are the whole, and each is of whole lines, whatever the pieces`(length: Int) throws {
    let text = "a,b\r\n1,\"x\ny\"\n\"q\"\"\n,\"\"\",2\n5\" pipe,\"\"\n3,4"
    let parts = try Self.parts(text, pieces: length)
    #expect(parts.joined() == text)
    let whole = try CSVRecords(Array(text.utf8)).all
    let apart = try parts.flatMap { try CSVRecords(Array($0.utf8)).all }
    #expect(apart.map { $0.fields.map(\.text) } == whole.map { $0.fields.map(\.text) })
    #expect(whole.map(\.fields.count) == [2, 2, 2, 2, 2])
  }

  @Test func `a line that does not end is refused before it fills the memory`() throws {
    var pieces = CSVPieces()
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    _ = try pieces.take([UInt8(ascii: "\"")])
    for _ in 0..<15 { _ = try pieces.take(piece[...]) }
    let problem = #expect(throws: Problem.self) { for _ in 0..<2 { _ = try pieces.take(piece[...]) } }
    #expect(problem?.message == "expected lines of at most 16777216 bytes, found a longer one")
  }
}
