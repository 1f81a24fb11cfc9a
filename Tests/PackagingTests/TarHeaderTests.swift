import Testing

@testable import Packaging

/// Layers as `tar` and `gzip` find them.
struct TarHeaderTests {
  /// Runs `tar` over an archive.
  private func tar(_ arguments: [String], _ archive: [UInt8]) throws -> String {
    String(decoding: try Tool.run("tar", arguments + ["-f"], archive), as: UTF8.self)
  }

  private func archive(_ files: [(path: String, bytes: [UInt8])]) -> [UInt8] {
    files.flatMap { file in
      TarHeader.bytes(of: .file, path: file.path, mode: 0o444, size: file.bytes.count) + file.bytes
        + TarHeader.padding(after: file.bytes.count)
    } + TarHeader.end
  }

  @Test func `nobody owns an entry, and it is as old as all others`() throws {
    let directory = TarHeader.bytes(of: .directory, path: "bundles", mode: 0o555)
    let listing = try tar(
      ["-t", "-v", "--numeric-owner", "--full-time"], directory + archive([("bundles/a", [1, 2, 3])]))
    #expect(
      listing == """
        dr-xr-xr-x 0/0               0 1970-01-01 00:00:00 bundles/
        -r--r--r-- 0/0               3 1970-01-01 00:00:00 bundles/a

        """)
  }

  @Test(arguments: [1, 99, 100, 101, 155, 156, 200, 255, 256, 257, 300, 512])
  func `a path of any length is read as it was written`(length: Int) throws {
    for component in [1, 50, 98, 99, 100, 101, 255] {
      var path = ""
      while path.utf8.count < length {
        if !path.isEmpty { path += "/" }
        path += String(repeating: "a", count: max(1, min(component, length - path.utf8.count)))
      }
      #expect(try tar(["-t"], archive([(path, [7])])) == "\(path)\n")
    }
  }

  @Test func `a directory with a long name is read as it was written`() throws {
    for length in [98, 99, 100, 101, 254, 255] {
      let path = String(repeating: "d", count: length)
      let entry = TarHeader.bytes(of: .directory, path: path, mode: 0o555)
      #expect(try tar(["-t"], entry + TarHeader.end) == "\(path)/\n")
    }
  }

  @Test(arguments: [0, 1, 511, 512, 513, 1024])
  func `contents fill whole blocks and come back`(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: UInt8(ascii: "a") + UInt8($0 % 26)) }
    let archive = archive([("first", bytes), ("second", [UInt8(ascii: "!")])])
    #expect(archive.count % TarHeader.blockBytes == 0)
    let text = try tar(["-x", "-O"], archive)
    #expect(text == String(decoding: bytes, as: UTF8.self) + "!")
  }

  @Test func `a size beyond eleven octal digits stands in a record of its own`() {
    let most = (1 << 33) - 1
    let plain = TarHeader.bytes(of: .file, path: "a", mode: 0o444, size: most)
    #expect(plain.count == TarHeader.blockBytes)
    #expect(plain[124..<136].elementsEqual(Array("77777777777\0".utf8)))
    let extended = TarHeader.bytes(of: .file, path: "a", mode: 0o444, size: most + 1)
    #expect(extended.count == 3 * TarHeader.blockBytes)
    #expect(extended[512...].starts(with: Array("19 size=8589934592\n".utf8)))
  }

  @Test func `a record counts its own length, also where that takes a digit more`() {
    for length in 85...110 {
      let path = "b/" + String(repeating: "p", count: 101) + String(repeating: "/q", count: length)
      let entry = TarHeader.bytes(of: .file, path: path, mode: 0o444)
      guard entry.count > TarHeader.blockBytes else { continue }
      let record = entry[512...].prefix { $0 != 0 }
      let digits = record.prefix { $0 != 0x20 }
      #expect(Int(String(decoding: digits, as: UTF8.self)) == record.count)
      #expect(record.last == UInt8(ascii: "\n"))
    }
  }
}
