public import Domain
import Glibc
public import Lifecycle

extension FileBlobStore: BlobPieces {
  /// The most bytes that are read at once.
  private static let longestPiece = 16 << 20

  /// The bytes of a blob from a place on; fewer than `count` at its end, or where that is more than 16 MiB.
  public func piece(of digest: Digest, from offset: Int, count: Int) throws(Problem) -> [UInt8] {
    let path = place.path(of: digest)
    guard let file = try OpenFile.reading(path) else {
      throw Problem(
        .notFound, "blob.missing", "expected the blob \(digest.short), found none", subject: path)
    }
    let size = Int(try file.status().st_size)
    let wanted = min(max(0, count), max(0, size - max(0, offset)), Self.longestPiece)
    guard wanted > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: wanted)
    var filled = 0
    while filled < wanted {
      let read = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          file.descriptor, buffer.baseAddress?.advanced(by: filled), wanted - filled, off_t(offset + filled))
      }
      if read < 0 {
        if errno == EINTR { continue }
        throw Problem.storage("read the file", path, errno: errno)
      }
      guard read > 0 else { break }
      filled += read
    }
    bytes.removeLast(wanted - filled)
    return bytes
  }
}
