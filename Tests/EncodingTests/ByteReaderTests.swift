import Encoding
import TestKit
import Testing

@Suite struct ByteReaderTests {
  private func error<Value>(_ body: () throws(MalformedBytes) -> Value) -> MalformedBytes? {
    do {
      _ = try body()
      return nil
    } catch { return error }
  }

  @Test func `reads follow one another to the end`() throws {
    var reader = ByteReader([1, 2, 3, 4, 5])
    #expect(try reader.readByte("a tag") == 1)
    #expect(try reader.read(3, "a body") == [2, 3, 4])
    #expect(reader.offset == 4)
    #expect(reader.remaining == 1)
    #expect(!reader.isAtEnd)
    #expect(try reader.readByte("a tag") == 5)
    #expect(reader.isAtEnd)
  }

  @Test func `offsets count from the start of a slice, not of what it was cut from`() throws {
    let whole: [UInt8] = [9, 9, 9, 1, 2, 9]
    var reader = ByteReader(whole[3..<5])
    #expect(reader.offset == 0)
    #expect(reader.peek() == 1)
    #expect(try reader.readByte("a tag") == 1)
    #expect(try reader.readByte("a tag") == 2)
    #expect(
      error { () throws(MalformedBytes) in try reader.readByte("a tag") }
        == MalformedBytes(offset: 2, expected: "a tag", found: "the end of the input"))
  }

  @Test func `a read beyond the end says how many bytes were left`() {
    var reader = ByteReader([1, 2])
    let problem = error { () throws(MalformedBytes) in try reader.read(3, "a header") }
    #expect(problem?.description == "expected 3 bytes of a header at byte 0, found 2 bytes before the end")
  }

  @Test func `a read at the end says that it is the end`() {
    var reader = ByteReader([])
    let problem = error { () throws(MalformedBytes) in try reader.read(1, "a header") }
    #expect(problem?.description == "expected 1 bytes of a header at byte 0, found the end of the input")
  }

  @Test(arguments: [-1, Int.min, 3, Int.max])
  func `a count out of range is refused and moves nothing`(count: Int) throws {
    var reader = ByteReader([7, 8, 9])
    _ = try reader.readByte("a tag")
    #expect(throws: MalformedBytes.self) { try reader.read(count, "a body") }
    #expect(reader.offset == 1)
    #expect(try reader.read(2, "a body") == [8, 9])
  }

  @Test func `nothing can be read anywhere, also at the end`() throws {
    var reader = ByteReader([1])
    #expect(try reader.read(0, "nothing").isEmpty)
    _ = try reader.readByte("a tag")
    #expect(try reader.read(0, "nothing").isEmpty)
  }

  @Test func `peeking reads nothing`() {
    let reader = ByteReader([5])
    #expect(reader.peek() == 5)
    #expect(reader.peek() == 5)
    #expect(reader.offset == 0)
    #expect(ByteReader([]).peek() == nil)
  }

  @Test func `integers come in both byte orders`() throws {
    let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88]
    var reader = ByteReader(bytes)
    #expect(try reader.readLittleEndian(UInt64.self, "a count") == 0x8807_0605_0403_0201)
    reader = ByteReader(bytes)
    #expect(try reader.readBigEndian(UInt64.self, "a count") == 0x0102_0304_0506_0788)
    reader = ByteReader(bytes)
    #expect(try reader.readLittleEndian(UInt16.self, "a count") == 0x0201)
    #expect(try reader.readBigEndian(UInt16.self, "a count") == 0x0304)
    #expect(reader.offset == 4)
  }

  @Test func `signed integers keep their sign`() throws {
    var reader = ByteReader([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0x80])
    #expect(try reader.readLittleEndian(Int32.self, "a count") == -2)
    #expect(try reader.readBigEndian(Int16.self, "a count") == -2)
    #expect(try reader.readLittleEndian(Int8.self, "a count") == -128)
  }

  @Test func `an integer that is cut off moves nothing`() throws {
    var reader = ByteReader([1, 2, 3])
    let problem = error { () throws(MalformedBytes) in try reader.readLittleEndian(UInt32.self, "a size") }
    #expect(problem?.description == "expected 4 bytes of a size at byte 0, found 3 bytes before the end")
    #expect(throws: MalformedBytes.self) { try reader.readBigEndian(UInt64.self, "a size") }
    #expect(reader.offset == 0)
    #expect(try reader.readByte("a tag") == 1)
  }

  @Test func `a line ends at its line feed, which is not part of it`() throws {
    var reader = ByteReader(Array("one\n\ntwo\n".utf8))
    #expect(try reader.readLine(limit: 10, "a name").elementsEqual("one".utf8))
    #expect(try reader.readLine(limit: 10, "a name").isEmpty)
    #expect(try reader.readLine(limit: 10, "a name").elementsEqual("two".utf8))
    #expect(reader.isAtEnd)
  }

  @Test func `a line feed must stand within the limit`() throws {
    var reader = ByteReader(Array("abcd\n".utf8))
    let problem = error { () throws(MalformedBytes) in try reader.readLine(limit: 4, "a name") }
    #expect(
      problem?.description
        == "expected a name ending in a line feed at byte 0, found no line feed within 4 bytes")
    #expect(reader.offset == 0)
    #expect(try reader.readLine(limit: 5, "a name").elementsEqual("abcd".utf8))
  }

  @Test func `a line without an end is refused and moves nothing`() throws {
    var reader = ByteReader(Array("x\nabcd".utf8))
    _ = try reader.readLine(limit: .max, "a name")
    let problem = error { () throws(MalformedBytes) in try reader.readLine(limit: .max, "a name") }
    #expect(
      problem?.description == "expected a name ending in a line feed at byte 2, found the end of the input")
    #expect(reader.offset == 2)
  }

  @Test(arguments: [0, -1, Int.min])
  func `a limit of nothing finds no line`(limit: Int) {
    var reader = ByteReader(Array("\n".utf8))
    #expect(throws: MalformedBytes.self) { try reader.readLine(limit: limit, "a name") }
    #expect(reader.offset == 0)
  }

  @Test func `what an integer is written as reads back as it`() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let value = Int64.random(in: .min ... .max, using: &generator)
      #expect(Int64(littleEndianBytes: value.littleEndianBytes) == value)
      let short = UInt16.random(in: 0 ... .max, using: &generator)
      #expect(UInt16(littleEndianBytes: short.littleEndianBytes) == short)
    }
    #expect(UInt32(0x0102_0304).littleEndianBytes == [4, 3, 2, 1])
  }

  @Test func `no sequence of reads leaves the input`() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<300 {
      let bytes = generator.bytes(Int.random(in: 0...40, using: &generator))
      var reader = ByteReader(bytes)
      for _ in 0..<20 {
        let before = reader.offset
        let count = Int.random(in: -2...12, using: &generator)
        let result: Result<[UInt8], MalformedBytes>
        do {
          result = .success(Array(try reader.read(count, "bytes")))
        } catch { result = .failure(error) }
        switch result {
        case .success(let read):
          #expect(read == Array(bytes[before..<(before + count)]))
          #expect(reader.offset == before + count)
        case .failure(let problem):
          #expect(problem.offset == before)
          #expect(reader.offset == before)
        }
      }
    }
  }
}
