import Encoding
import Testing

@Suite struct ProtobufReaderTests {
  private static func fields(_ bytes: [UInt8]) throws(MalformedBytes) -> [ProtobufField] {
    var reader = ProtobufReader(bytes[...], origin: 0)
    var fields: [ProtobufField] = []
    while let field = try reader.next() { fields.append(field) }
    return fields
  }

  private static func damage(_ bytes: [UInt8]) -> String? {
    do throws(MalformedBytes) {
      _ = try fields(bytes)
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `fields of each wire type are read with number and place`() throws {
    let fields = try Self.fields(
      [0x08, 0x96, 0x01, 0x12, 2, 0x68, 0x69, 0x1D, 0, 0, 0x80, 0x3F, 0x21, 1, 0, 0, 0, 0, 0, 0, 0])
    #expect(fields.map(\.number) == [1, 2, 3, 4])
    #expect(fields.map(\.offset) == [0, 3, 7, 12])
    #expect(fields[0].varint == 150)
    #expect(fields[1].bytes.map(Array.init) == Array("hi".utf8))
    guard case .fixed32(0x3F80_0000) = fields[2].value, case .fixed64(1) = fields[3].value else {
      Issue.record("expected 1.0 and 1, found \(fields[2].value) and \(fields[3].value)")
      return
    }
  }

  @Test func `a negative integer takes ten bytes`() throws {
    let fields = try Self.fields([0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
    #expect(fields.first?.integer == -1)
  }

  @Test func `an integer of more than ten bytes is refused`() {
    #expect(
      Self.damage([0x08] + [UInt8](repeating: 0xFF, count: 11))
        == "expected an integer of at most 10 bytes at byte 1, found one that goes on")
  }

  @Test func `a length past the end of the message is refused`() {
    #expect(
      Self.damage([0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        == "expected a length within the message, which has 0 bytes more at byte 1, found 18446744073709551615"
    )
    #expect(Self.damage([0x12, 3, 1]) != nil)
  }

  @Test func `field number 0 and wire types 6 and 7 are refused`() {
    for tag: UInt8 in [0x00, 0x02, 0x0E, 0x0F] { #expect(Self.damage([tag, 0]) != nil, "\(tag)") }
  }

  @Test func `a group is stepped over, and one that does not end is refused`() throws {
    let fields = try Self.fields([0x0B, 0x10, 1, 0x13, 0x14, 0x0C, 0x18, 7])
    #expect(fields.map(\.number) == [1, 3])
    #expect(Self.damage([0x0B, 0x10, 1]) != nil)
    #expect(Self.damage([0x0B, 0x14]) != nil)
    #expect(Self.damage([0x0C]) != nil)
    #expect(Self.damage([UInt8](repeating: 0x0B, count: 500)) != nil)
  }

  @Test func `repeated integers are read packed and one to a field`() throws {
    var values: [Int64] = []
    for field in try Self.fields([0x08, 1, 0x0A, 3, 2, 0x80, 0x01]) {
      try field.forEachInteger { values.append($0) }
    }
    #expect(values == [1, 2, 128])
    let cut = try #require(try Self.fields([0x0A, 1, 0x80]).first)
    #expect(throws: MalformedBytes.self) { try cut.forEachInteger { _ in } }
  }

  @Test func `words of 64 and 32 bits are read as they were written`() throws {
    var writer = ProtobufWriter()
    writer.fixed64(1, 0x0123_4567_89AB_CDEF)
    writer.fixed32(2, 0x89AB_CDEF)
    let fields = try Self.fields(writer.bytes)
    guard case .fixed64(0x0123_4567_89AB_CDEF) = fields[0].value, case .fixed32(0x89AB_CDEF) = fields[1].value
    else {
      Issue.record("expected what was written, found \(fields)")
      return
    }
  }
}
