import Encoding
import Testing

@testable import Artifacts

@Suite struct TensorFlowLiteReaderTests {
  @Test func `a file whose lists lead to the same place again and again is given up`() {
    // A model whose sub-graphs are all one sub-graph, whose operators are all one operator, and so on down.
    let count: UInt32 = 20_000
    var bytes = [UInt8](repeating: 0, count: 128)
    func put<Value: FixedWidthInteger>(_ value: Value, at place: Int) {
      bytes.replaceSubrange(place..<(place + MemoryLayout<Value>.size), with: value.littleEndianBytes)
    }
    bytes.replaceSubrange(4..<8, with: Array("TFL3".utf8))
    put(UInt32(32), at: 0)
    // The fields of every table: number 2 and 3 at offset 4, the rest left out.
    put(UInt16(12), at: 16)
    put(UInt16(8), at: 18)
    put(UInt16(4), at: 24)
    put(UInt16(4), at: 26)
    put(Int32(16), at: 32)
    put(UInt32(92), at: 36)
    put(count, at: 128 - 4 + 4 - 4 + 0)
    bytes.removeLast(4)
    bytes += count.littleEndianBytes
    // Each element of the list is an offset back to the table, which unsigned offsets cannot be; they lead on to a
    // second table behind the list.
    let table = bytes.count + 4 * Int(count)
    for index in 0..<Int(count) { bytes += UInt32(table - (128 + 4 * index)).littleEndianBytes }
    bytes += Int32(table - 16).littleEndianBytes
    bytes += UInt32(4).littleEndianBytes
    bytes += count.littleEndianBytes
    bytes += [UInt8](repeating: 0, count: 4 * Int(count))
    let reading = TensorFlowLiteReader.read(bytes[...])
    #expect(reading.nodeCount <= 2 * bytes.count)
    #expect(reading.damage != nil || !reading.observations.isEmpty)
  }

  @Test func `an offset out of the file is refused where it stands`() {
    let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF] + Array("TFL3".utf8) + [UInt8](repeating: 0, count: 32)
    #expect(
      TensorFlowLiteReader.read(bytes[...]).damage?.description
        == "expected a place within the file of 40 bytes at byte 40, found 4294967295")
  }
}
