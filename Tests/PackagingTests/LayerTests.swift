import Domain
import Provenance
import Testing

@testable import Packaging

/// Layers: the same files give the same bytes, and those are what their descriptors say.
struct LayerTests {
  private typealias File = (path: String, bytes: [UInt8], use: FileUse)

  private static let files: [File] = [
    ("bundles/iris/1/graph.json", Array("{}".utf8), .data),
    ("bundles/iris/1/seal.json", [], .data),
    ("gatehouse-runtime", [UInt8](repeating: 7, count: 100_000), .program),
  ]

  /// Packs files, each in pieces of so many bytes.
  private func pack(_ files: [File] = files, piece: Int = 1 << 20) throws -> (bytes: [UInt8], layer: Layer) {
    var encoder = try LayerEncoder()
    var bytes: [UInt8] = []
    for file in files {
      bytes += encoder.begin(file.path, size: file.bytes.count, use: file.use)
      for start in stride(from: 0, to: file.bytes.count, by: piece) {
        bytes += encoder.append(file.bytes[start..<min(start + piece, file.bytes.count)])
      }
    }
    let (rest, layer) = encoder.finish()
    return (bytes + rest, layer)
  }

  @Test func `a layer is read by tar, and its directories stand before what is in them, once`() throws {
    let listing = try Tool.run("tar", ["-t", "-v", "-z", "--numeric-owner", "-f"], try pack().bytes)
    let words = String(decoding: listing, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(
      words.map { "\($0[0]) \($0[2]) \($0[5])" } == [
        "dr-xr-xr-x 0 bundles/", "dr-xr-xr-x 0 bundles/iris/", "dr-xr-xr-x 0 bundles/iris/1/",
        "-r--r--r-- 2 bundles/iris/1/graph.json", "-r--r--r-- 0 bundles/iris/1/seal.json",
        "-r-xr-xr-x 100000 gatehouse-runtime",
      ])
  }

  @Test func `its digests and sizes are those of the bytes, packed and unpacked`() throws {
    let (bytes, layer) = try pack()
    #expect(layer.blob == Descriptor(mediaType: .layer, digest: Digest(of: bytes), size: bytes.count))
    let archive = try Tool.run("gzip", ["-d", "-c", "-f"], bytes)
    #expect(layer.unpacked == Digest(of: archive))
    #expect(layer.unpackedSize == archive.count)
  }

  @Test func `the archive is the same to the byte, wherever and whenever it is made`() throws {
    let layer = try pack().layer
    #expect(
      layer.unpacked.hexadecimal == "7f5717ca0a25b1c9dc40ff0ec395e4c114f4cf5811f2238ba3a28914725f9bac")
    #expect(layer.unpackedSize == 104_960)
  }

  @Test(arguments: [1, 511, 512, 513, 65_536])
  func `in whatever pieces the bytes come, the layer is the same`(piece: Int) throws {
    #expect(try pack(piece: piece).bytes == pack().bytes)
  }

  @Test func `the header of gzip tells no time and no name`() throws {
    // RFC 1952 section 2.3: magic, deflate, no flags, no time, nothing about the level, Unix.
    #expect(try pack().bytes.prefix(10).elementsEqual([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]))
  }

  @Test func `a layer without files is an archive without entries`() throws {
    let (bytes, layer) = try pack([])
    #expect(layer.unpackedSize == 1024)
    #expect(try Tool.run("tar", ["-t", "-z", "-f"], bytes).isEmpty)
  }
}
