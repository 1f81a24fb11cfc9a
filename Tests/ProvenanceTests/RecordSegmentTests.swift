import Domain
import Encoding
import Testing

@testable import Provenance

struct RecordSegmentTests {
  private static let header = RecordSegment.Header(
    segment: "0123456789abcdef-00000001", begun: Timestamp(milliseconds: 1000), salt: "aa")

  private static func record(_ index: Int) -> [UInt8] {
    var record = AccessRecord(
      time: Timestamp(milliseconds: Int64(2000 + index)), trace: String(repeating: "0", count: 32))
    record.status = index % 3 == 0 ? 401 : 200
    record.rows = index
    var text: [UInt8] = []
    record.write(to: &text)
    return text
  }

  private static func segment(records: Int, gap: AccessGap? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    RecordSegment.append(header.json.canonicalBytes, to: &bytes)
    if let gap { RecordSegment.append(gap.json.canonicalBytes, to: &bytes) }
    for index in 0..<records { RecordSegment.append(record(index), to: &bytes) }
    return bytes
  }

  @Test func `a segment is read as it was written`() throws {
    let gap = AccessGap(count: 7, since: Timestamp(milliseconds: 1), until: Timestamp(milliseconds: 2))
    let bytes = Self.segment(records: 5, gap: gap)
    let segment = try RecordSegment(parsing: bytes, isClosed: true)
    #expect(segment.header == Self.header)
    #expect(segment.records == 5)
    #expect(segment.lost == 7)
    #expect(segment.times == Timestamp(milliseconds: 2000)...Timestamp(milliseconds: 2004))
    #expect(segment.leaves.count == 7)
    #expect(segment.wholeBytes == bytes.count)
    let text = try #require(RecordSegment.text(at: 3, in: bytes))
    #expect(text == Self.record(1))
    #expect(MerkleTree.leafHash(text) == segment.leaves[3])
  }

  @Test func `a segment that was cut off has the whole lines before the cut`() throws {
    let bytes = Self.segment(records: 3)
    let first = try #require(bytes.firstIndex(of: UInt8(ascii: "\n"))) + 1
    for end in bytes.indices {
      let cut = Array(bytes[..<end])
      guard end >= first else {
        #expect(throws: Problem.self) { try RecordSegment(parsing: cut, isClosed: false) }
        continue
      }
      let segment = try RecordSegment(parsing: cut, isClosed: false)
      #expect(segment.records == cut.count { $0 == UInt8(ascii: "\n") } - 1)
      #expect(segment.wholeBytes <= end)
    }
  }

  @Test func `a byte that was changed is found, wherever it is`() throws {
    let bytes = Self.segment(records: 3)
    for index in bytes.indices {
      for flip in [UInt8(1), 0x20, 0x80] {
        var changed = bytes
        changed[index] ^= flip
        #expect(throws: Problem.self, "byte \(index)") { try RecordSegment(parsing: changed, isClosed: true) }
      }
    }
  }

  @Test func `a closed segment ends with a whole line`() {
    let bytes = Self.segment(records: 2).dropLast()
    #expect(throws: Problem.self) { try RecordSegment(parsing: Array(bytes), isClosed: true) }
    #expect(throws: Problem.self) { try RecordSegment(parsing: [], isClosed: true) }
  }
}
