public import Domain
public import Lifecycle

extension InMemoryBlobStore: BlobPieces {
  /// The bytes of a blob from a place on.
  public func piece(of digest: Digest, from offset: Int, count: Int) async throws(Problem) -> [UInt8] {
    let bytes = try unhashed(digest)
    guard offset < bytes.count else { return [] }
    return Array(bytes[offset..<min(bytes.count, offset + count)])
  }
}
