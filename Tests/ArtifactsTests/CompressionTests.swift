import TestKit
import Testing

@testable import Artifacts

@Suite struct CompressionTests {
  private static let folder = "serialisations/sklearn-1.9/iris-tree"

  /// `None` as a pickle, by zlib at its default level.
  private static let zlib: [UInt8] = [0x78, 0x9C, 0xF3, 0xD3, 0x03, 0x00, 0x00, 0xCC, 0x00, 0x7D]

  private static func unpack(_ bytes: [UInt8]) throws -> Decompressed {
    let compression = try #require(Compression(beginning: bytes[...]))
    return try compression.decompress(bytes[...], budget: .standard)
  }

  @Test(arguments: ["zlib", "gzip", "bz2", "lzma", "xz", "lz4"])
  func `a compressed model holds the values of the plain one`(suffix: String) throws {
    let plain = PickleReading.read(try Fixtures.bytes("\(Self.folder)/model-p4.joblib")[...])
    let packed = try Fixtures.bytes("\(Self.folder)/model-\(suffix).joblib")
    let inner = try Self.unpack(packed)
    #expect(inner.compressedCount == packed.count)
    #expect(PickleReading.read(inner.bytes[...]).document?.values.count == plain.document?.values.count)
  }

  @Test func `a stream that unpacks to too much is a bomb, and is not unpacked further`() throws {
    let bytes = try Fixtures.bytes("malicious/bomb-zlib.joblib")
    do {
      _ = try Self.unpack(bytes)
      Issue.record("expected a bomb")
    } catch DecompressionFailure.bomb(let message, _) {
      #expect(message.contains("over 200 times"))
    }
  }

  @Test func `the form of joblib before 0.10 unpacks to the length that it says`() throws {
    let packed = try Fixtures.bytes("corpus/containers/payload-zfile")
    #expect(Compression(beginning: packed[...]) == .zfile)
    #expect(try Self.unpack(packed).bytes.starts(with: Array("cposix\n".utf8)))
    // The space with which joblib up to 0.8.4 wrote it on Python 2.
    #expect(try Self.unpack(packed[..<21] + [0x20] + packed[21...]).compressedCount == packed.count + 1)
    #expect(throws: DecompressionFailure.self) {
      try Self.unpack([UInt8]("ZF0x3".utf8) + packed.dropFirst(5))
    }
  }

  @Test(arguments: ["payload-bzip2", "payload-xz", "payload-lz4"])
  func `streams that follow each other are read as one`(name: String) throws {
    let packed = try Fixtures.bytes("corpus/containers/\(name)")
    let once = try Self.unpack(packed)
    let twice = try Self.unpack(packed + packed)
    #expect(twice.bytes == once.bytes + once.bytes)
    #expect(twice.compressedCount == 2 * packed.count)
    #expect(try Self.unpack(packed + [0, 1, 2]).compressedCount == packed.count)
  }

  @Test func `zeros behind a gzip member are padding`() throws {
    let packed = try Fixtures.bytes("corpus/containers/payload-gzip-members")
    let zeros = [UInt8](repeating: 0, count: 512)
    #expect(try Self.unpack(packed + zeros).compressedCount == packed.count + 512)
    #expect(try Self.unpack(packed + zeros + packed).compressedCount == 2 * packed.count + 512)
    #expect(try Self.unpack(packed + zeros + [1]).compressedCount == packed.count)
  }

  @Test func `what may be unpacked grows with the input, and with what is unpacked the ratio sinks`() {
    let budget = ReadingBudget.standard
    let mebibyte = 1 << 20
    #expect(budget.unpackedLimit(of: 0) == 16 * mebibyte)
    #expect(budget.unpackedLimit(of: mebibyte) == 200 * mebibyte)
    #expect(budget.unpackedLimit(of: 10 * mebibyte) == 384 * mebibyte)
    #expect(budget.unpackedLimit(of: 100 * mebibyte) == 1_600 * mebibyte)
    #expect(budget.unpackedLimit(of: .max) == 1 << 31)
  }

  @Test func `a stream that asks for a dictionary of gigabytes is a bomb`() throws {
    let bytes = try Fixtures.bytes("corpus/containers/bomb-dictionary-lzma")
    do {
      _ = try Self.unpack(bytes)
      Issue.record("expected a bomb")
    } catch DecompressionFailure.bomb(let message, _) {
      #expect(message.contains("more than 128 MiB"))
    }
  }

  @Test func `bytes after a compressed stream are not counted to it`() throws {
    #expect(try Self.unpack(Self.zlib + [1, 2, 3]).compressedCount == Self.zlib.count)
  }

  @Test func `a compressed stream cut off at any byte is malformed`() {
    for count in 2..<Self.zlib.count {
      do {
        _ = try Self.unpack(Array(Self.zlib[..<count]))
        Issue.record("cut to \(count)")
      } catch DecompressionFailure.malformed(let message, _) {
        #expect(message.hasPrefix("expected "))
      } catch {
        Issue.record("\(error)")
      }
    }
  }
}
