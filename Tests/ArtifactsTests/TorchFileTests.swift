import Encoding
import Testing

@testable import Artifacts

@Suite struct TorchFileTests {
  /// A pickle of protocol 2 of what the opcodes make.
  private static func pickle(_ opcodes: [UInt8]) -> [UInt8] { [0x80, 2] + opcodes + [0x2E] }

  private static func text(_ value: String) -> [UInt8] {
    [0x58] + UInt32(value.utf8.count).littleEndianBytes + Array(value.utf8)
  }

  /// `('storage', torch.FloatStorage, key, 'cpu', count)`, and BINPERSID.
  private static func storage(_ key: String, count: UInt8) -> [UInt8] {
    [0x28] + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text(key) + text("cpu") + [
      0x4B, count, 0x74, 0x51,
    ]
  }

  /// A file of the older format with one storage of one number.
  private static func file(count: UInt8 = 1, stored: Int64 = 1) -> [UInt8] {
    var bytes = TorchLegacyFile.magic + pickle([0x4D, 0xE9, 0x03]) + pickle([0x7D])
    bytes += pickle(storage("7", count: count)) + pickle([0x5D] + text("7") + [0x61])
    return bytes + stored.littleEndianBytes + [0, 0, 0, 0]
  }

  @Test func `the storages of an older file are counted to its end`() {
    let file = TorchLegacyFile(Self.file()[...])
    #expect(file.byteCount == Self.file().count)
    #expect(file.fault == nil)
  }

  @Test func `a storage of another size than the object says is a fault`() {
    #expect(TorchLegacyFile(Self.file(stored: 2)[...]).fault != nil)
    #expect(TorchLegacyFile(Self.file(count: 2, stored: 2)[...]).fault?.expected == "8 bytes of a storage")
  }

  @Test func `every cut of an older file ends in an answer`() {
    let bytes = Self.file()
    for count in bytes.indices { #expect(TorchLegacyFile(bytes.prefix(count)).byteCount == nil) }
  }

  @Test func `a persistent id is no observation for PyTorch, and one for anybody else`() throws {
    let bytes = Self.pickle(Self.storage("0", count: 4))
    let document = try #require(PickleReading.readTorch(bytes[...]).document)
    let storages = TorchReferences(document, calls: { _ in false }).storages
    #expect(storages.map(\.key) == ["0"])
    #expect(storages.first?.byteCount == 16)
    #expect(
      PickleReading.read(bytes[...]).observations.contains {
        if case .persistentReference = $0.kind { true } else { false }
      })
  }
}
