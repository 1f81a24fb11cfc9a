import Domain
import Glibc
import Provenance
import Testing

/// A bundle that the model-signing package sealed, from Tests/Fixtures/seals.
struct OpenSSFFixture {
  static let paths = ["empty", "manifest.json", "weights/a.bin", "weights-b.bin"]

  let files: [BundleFile]
  let seal: [UInt8]
  let key: SealVerificationKey

  init() throws {
    let root = "\(Self.fixtures)/seals/openssf"
    files = try Self.paths.map { BundleFile(path: $0, bytes: try Self.read("\(root)/bundle/\($0)")) }
    seal = try Self.read("\(root)/bundle/seal.json")
    key = try SealVerificationKey(pem: String(decoding: try Self.read("\(root)/seal.pub.pem"), as: UTF8.self))
  }

  private static let fixtures: String = {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return here.dropLast(2).joined(separator: "/") + "/Fixtures"
  }()

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { throw MissingFixture(path: path) }
    defer { unsafe _ = fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let byte = unsafe fgetc(file)
      if byte == EOF { return bytes }
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
  }
}

struct MissingFixture: Error {
  let path: String
}

/// The digests by path that a verifier is given.
func digests(of files: [BundleFile]) -> [String: Digest] {
  Dictionary(files.map { ($0.path, Digest(of: $0.bytes)) }, uniquingKeysWith: { first, _ in first })
}
