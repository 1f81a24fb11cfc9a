import Domain
import NIOCore

/// One message of a stream, as it was sent.
struct FramedMessage: Equatable {
  let isCompressed: Bool
  let bytes: ByteBuffer
}

/// Cuts the messages out of the bytes of a stream: each behind a byte that says whether it is compressed, and its length
/// in four, the most significant first (PROTOCOL-HTTP2.md of gRPC, "Length-Prefixed-Message").
///
/// Nothing is reserved for a length that is only announced.
struct MessageReader: ~Copyable {
  private static let prefixBytes = 5
  /// Bytes that were read and are kept still.
  private static let keptBytes = 64 << 10

  /// How long a message may be.
  let limit: Int
  private var buffer = ByteBuffer()

  init(limit: Int) {
    self.limit = limit
  }

  /// How many bytes wait for the rest of their message, or for their turn.
  var waitingBytes: Int { buffer.readableBytes }

  /// Takes bytes in.
  mutating func append(_ bytes: ByteBuffer) {
    // What comes in one piece, as all that is small does, is not copied.
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      var bytes = bytes
      buffer.writeBuffer(&bytes)
    }
  }

  /// The next whole message; nil where there is none yet.
  ///
  /// Throws where what follows is no message, or one beyond the limit; nothing can be read behind it.
  mutating func next() throws(Problem) -> FramedMessage? {
    let start = buffer.readerIndex
    guard let flag = buffer.getInteger(at: start, as: UInt8.self) else { return nil }
    guard flag <= 1 else {
      throw Problem(
        .badInput, "grpc.frame", "expected 0 or 1 before the length of a message, found \(flag)")
    }
    guard let length = buffer.getInteger(at: start + 1, as: UInt32.self) else { return nil }
    guard length <= limit else {
      throw Problem(
        .tooLarge, "request.body-too-large", "expected a message of at most \(limit) bytes, found \(length)",
        hint: "send the rows in several requests")
    }
    guard buffer.readableBytes >= Self.prefixBytes + Int(length) else { return nil }
    buffer.moveReaderIndex(forwardBy: Self.prefixBytes)
    let bytes = buffer.readSlice(length: Int(length)) ?? ByteBuffer()
    if buffer.readableBytes == 0 {
      buffer = ByteBuffer()
    } else if buffer.readerIndex > max(Self.keptBytes, buffer.readableBytes) {
      // Into memory of its own size: what was read lets go of its own. Not with each message, which would copy what is
      // left for each.
      buffer = ByteBuffer(bytes: buffer.readableBytesView)
    }
    return FramedMessage(isCompressed: flag == 1, bytes: bytes)
  }
}
