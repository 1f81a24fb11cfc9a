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

  @Test(arguments: ["zlib", "gzip"])
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
