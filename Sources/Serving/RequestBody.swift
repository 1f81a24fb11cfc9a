import NIOCore

/// The body of a request as it comes in, and what of the plane's memory for bodies it holds.
struct RequestBody {
  private let plane: DataPlane
  private var bytes = ByteBuffer()
  /// What of the plane's `bufferedBytes` it holds, until it is dropped.
  private var reserved = 0

  init(of plane: DataPlane) { self.plane = plane }

  /// Takes in what came; says whether there is room for it.
  mutating func append(_ more: inout ByteBuffer) -> Bool {
    let size = bytes.readableBytes + more.readableBytes
    if size > plane.limits.smallBodyBytes {
      guard plane.bufferedBytes.take(size - reserved, limit: plane.limits.bufferedBytes) else { return false }
      reserved = size
    }
    // The whole of a small body comes in one piece and is not copied.
    if bytes.readableBytes == 0 { bytes = more } else { bytes.writeBuffer(&more) }
    return true
  }

  /// Hands over the bytes; their room stays taken until `drop`.
  mutating func take() -> ByteBuffer {
    defer { bytes = ByteBuffer() }
    return bytes
  }

  /// Lets go of the bytes and their room.
  mutating func drop() {
    plane.bufferedBytes.release(reserved)
    reserved = 0
    bytes = ByteBuffer()
  }
}
