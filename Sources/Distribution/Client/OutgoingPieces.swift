import Domain
import Lifecycle
import NIOCore

/// A part of a blob as a request's body, read from its store as it goes out.
struct OutgoingPieces: AsyncSequence, Sendable {
  /// How much is in memory at a time.
  private static let pieceBytes = 1 << 18

  let reader: any BlobReader
  let digest: Digest
  /// Where the part begins.
  let offset: Int
  /// How many bytes it has.
  let count: Int

  struct AsyncIterator: AsyncIteratorProtocol {
    let pieces: OutgoingPieces
    private var sent = 0

    init(_ pieces: OutgoingPieces) { self.pieces = pieces }

    mutating func next() async throws -> ByteBuffer? {
      guard sent < pieces.count else { return nil }
      let wanted = Swift.min(OutgoingPieces.pieceBytes, pieces.count - sent)
      let bytes = try await pieces.reader.bytes(from: pieces.offset + sent, count: wanted)
      guard !bytes.isEmpty, bytes.count <= wanted else {
        throw Problem(
          .integrity, "blob.corrupt",
          "expected \(pieces.offset + pieces.count) bytes of the blob, found \(pieces.offset + sent) in the store",
          subject: pieces.digest.short, hint: "make the image again")
      }
      sent += bytes.count
      return ByteBuffer(bytes: bytes)
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
