import NIOCore

/// What of the plane's memory for bodies (`PlaneLimits.bufferedBytes`) somebody holds; small bodies need none.
struct BodyRoom {
  private let plane: DataPlane
  private var held = 0

  init(in plane: DataPlane) { self.plane = plane }

  /// Holds room for so many bytes at least; says whether there is as much.
  mutating func hold(_ size: Int) -> Bool {
    guard size > max(held, plane.limits.smallBodyBytes) else { return true }
    guard plane.bufferedBytes.take(size - held, limit: plane.limits.bufferedBytes) else { return false }
    held = size
    return true
  }

  /// Gives back what is not needed for so many bytes.
  mutating func shrink(to size: Int) {
    let kept = size > plane.limits.smallBodyBytes ? min(size, held) : 0
    plane.bufferedBytes.release(held - kept)
    held = kept
  }

  /// Gives all of it back.
  mutating func release() { shrink(to: 0) }
}

/// The body of a request as it comes in, and the room that it holds until it is dropped.
struct RequestBody {
  private var room: BodyRoom
  private var bytes = ByteBuffer()

  init(of plane: DataPlane) { room = BodyRoom(in: plane) }

  /// Takes in what came; says whether there is room for it.
  mutating func append(_ more: inout ByteBuffer) -> Bool {
    guard room.hold(bytes.readableBytes + more.readableBytes) else { return false }
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
    room.release()
    bytes = ByteBuffer()
  }
}
