import Encoding
import Testing

@testable import Artifacts

@Suite struct HDF5FileTests {
  /// A file of superblock 2 whose root group has the given links, each a message of version 1.
  static func file(links: [[UInt8]]) -> [UInt8] {
    var header: [UInt8] = Array("OHDR".utf8) + [2, 2]
    var messages: [UInt8] = []
    for link in links { messages += [6] + UInt16(link.count).littleEndianBytes + [0] + link }
    header += UInt32(messages.count).littleEndianBytes
    header += messages + [0, 0, 0, 0]
    let end = 48 + header.count
    var bytes = HDF5File.signature + [2, 8, 8, 0]
    for address in [0, UInt64.max, UInt64(end), 48] { bytes += address.littleEndianBytes }
    return bytes + [0, 0, 0, 0] + header
  }

  static func link(_ name: String, type: UInt8, _ value: [UInt8]) -> [UInt8] {
    [1, 8, type, UInt8(name.utf8.count)] + Array(name.utf8)
      + (type == 0 ? [] : UInt16(value.count).littleEndianBytes) + value
  }

  static func read(_ bytes: [UInt8]) throws -> HDF5File { try #require(HDF5File.read(bytes[...])) }

  @Test func `an external link is seen with its file and its object`() throws {
    let value = [0] + Array("/tmp/a.h5".utf8) + [0] + Array("/w".utf8) + [0]
    let file = try Self.read(Self.file(links: [Self.link("evil", type: 64, value)]))
    guard case .externalLink(let name, let object)? = file.observations.first?.kind else {
      Issue.record("\(file.observations)")
      return
    }
    #expect(name == "/tmp/a.h5")
    #expect(object == "/w")
    #expect(file.observations.first?.path == "/evil")
  }

  @Test func `a group that is linked from inside itself is a cycle`() throws {
    let bytes = Self.file(links: [Self.link("self", type: 0, UInt64(48).littleEndianBytes)])
    let kinds = try Self.read(bytes).observations.map(\.kind)
    guard case .cycle? = kinds.first else {
      Issue.record("\(kinds)")
      return
    }
  }

  @Test func `a file that is shorter than it says is malformed`() throws {
    let bytes = Self.file(links: [Self.link("a", type: 1, Array("/b".utf8))]).dropLast()
    let kinds = try #require(HDF5File.read(bytes)).observations.map(\.kind)
    #expect(kinds.contains { if case .malformed = $0 { true } else { false } })
  }

  @Test func `a superblock behind a user block is found at a power of two`() {
    let bytes = [UInt8](repeating: 0, count: 2_048) + Self.file(links: [])
    #expect(HDF5File.superblock(in: bytes[...]) == 2_048)
    #expect(HDF5File.read(bytes[...])?.userBlockCount == 2_048)
    #expect(HDF5File.superblock(in: [0] + Self.file(links: [])) == nil)
  }

  @Test func `every cut of a file ends in an answer`() {
    let value = [0] + Array("/tmp/a.h5".utf8) + [0] + Array("/w".utf8) + [0]
    let bytes = Self.file(links: [Self.link("evil", type: 64, value), Self.link("s", type: 1, [47])])
    for count in bytes.indices { _ = HDF5File.read(bytes.prefix(count)) }
  }

  @Test func `every changed byte of a file ends in an answer`() {
    let bytes = Self.file(links: [Self.link("self", type: 0, UInt64(48).littleEndianBytes)])
    for index in bytes.indices {
      for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[index] = value
        _ = HDF5File.read(changed[...])
      }
    }
  }
}
