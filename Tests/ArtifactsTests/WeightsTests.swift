import Artifacts
import Encoding
import Testing

@Suite struct WeightsTests {
  private static func safetensors(_ header: String, data: Int) -> SafetensorsHeader {
    let bytes =
      UInt64(header.utf8.count).littleEndianBytes + Array(header.utf8) + [UInt8](repeating: 0, count: data)
    return SafetensorsHeader.read(bytes[...])
  }

  private static func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    #""\#(name)":{"dtype":"F32","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
  }

  @Test func `tensors end to end are without fault`() {
    let header = "{" + Self.entry("a", "[2]", 0, 8) + "," + Self.entry("b", "[]", 8, 12) + "}   "
    let read = Self.safetensors(header, data: 12)
    #expect(read.faults.isEmpty)
    #expect(read.tensorCount == 2)
  }

  @Test func `tensors that overlap name the second and its place`() {
    let read = Self.safetensors(
      "{" + Self.entry("a", "[2]", 0, 8) + "," + Self.entry("b", "[2]", 4, 12) + "}", data: 12)
    #expect(
      read.faults == [
        .structure("expected 'b' to begin at byte 8 of the data, found 4: it overlaps another", offset: 62)
      ])
  }

  @Test func `data that breaks off is damage`() {
    let read = Self.safetensors("{" + Self.entry("a", "[64]", 0, 256) + "}", data: 100)
    #expect(
      read.faults == [
        .damage("expected 256 bytes of tensors, found the end of the file after 100", offset: 65)
      ])
  }

  @Test func `a header longer than any is refused before it is read`() {
    let read = SafetensorsHeader.read((UInt64.max.littleEndianBytes + Array("{\"".utf8))[...])
    #expect(
      read.faults == [
        .structure("expected a header of at most 100000000 bytes, found \(UInt64.max)", offset: 0)
      ])
  }

  private static func gguf(_ entries: [UInt8], count: UInt64, tensors: UInt64 = 0) -> GGUFFile {
    let head =
      Array("GGUF".utf8) + UInt32(3).littleEndianBytes + tensors.littleEndianBytes + count.littleEndianBytes
    return GGUFFile.read((head + entries)[...])
  }

  private static func text(_ text: String) -> [UInt8] {
    UInt64(text.utf8.count).littleEndianBytes + Array(text.utf8)
  }

  @Test func `texts of the metadata keep their place`() {
    let file = Self.gguf(Self.text("a.b") + UInt32(8).littleEndianBytes + Self.text("hello"), count: 1)
    #expect(file.faults.isEmpty)
    #expect(file.texts.map(\.key) == ["a.b"])
    #expect(file.texts.first?.offset == 47)
  }

  @Test func `counts past the file are structure, and a file that breaks off is damage`() {
    #expect(
      Self.gguf([], count: 1 << 61).faults == [
        .structure("expected at most 0 entries of metadata, found \(1 << 61)", offset: 16)
      ])
    guard case .damage? = Self.gguf([], count: 3).faults.first else {
      Issue.record("expected damage")
      return
    }
  }
}
