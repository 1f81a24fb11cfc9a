import NIOCore
import NIOHTTP1

/// What comes in on a connection of HTTP/1.1.
enum ConnectionEvent {
  case part(HTTPServerRequestPart)
  case malformed(HTTPParserError)
  case inputClosed
}

/// What came in behind a request that is not answered yet, in its order.
///
/// Nothing is read from the socket meanwhile, so it is what one read had brought. Where the caller ends its output, it is
/// all that the socket holds. It is bounded in number (`PlaneLimits.postponedParts`), and in bytes with that of all other
/// connections (`PlaneLimits.postponedBytes`).
struct PostponedEvents {
  private let plane: DataPlane
  /// Bytes of the events.
  private var bytes = 0
  private var events = CircularBuffer<ConnectionEvent>()
  /// Behind `events`, what has come of a body whose end has not: one buffer, in however many pieces it came.
  private var body: ByteBuffer?

  init(of plane: DataPlane) { self.plane = plane }

  var isEmpty: Bool { events.isEmpty && body == nil }

  var first: ConnectionEvent? { events.first ?? body.map { .part(.body($0)) } }

  /// How many of so many bytes count with those of other connections.
  private func counted(_ bytes: Int) -> Int { max(0, bytes - plane.limits.smallBodyBytes) }

  /// Adds what came; says whether there is room for it.
  mutating func append(_ event: ConnectionEvent) -> Bool {
    let sum = bytes + event.bytes
    guard plane.postponedBytes.take(counted(sum) - counted(bytes), limit: plane.limits.postponedBytes) else {
      return false
    }
    bytes = sum
    if case .part(.body(var more)) = event {
      if body == nil { body = more } else { body?.writeBuffer(&more) }
    } else {
      if let body = body.take() { events.append(.part(.body(body))) }
      events.append(event)
    }
    return events.count <= plane.limits.postponedParts
  }

  mutating func removeFirst() {
    guard let event = first else { return }
    if events.popFirst() == nil { body = nil }
    let rest = bytes - event.bytes
    plane.postponedBytes.release(counted(bytes) - counted(rest))
    bytes = rest
  }

  mutating func removeAll() { while !isEmpty { removeFirst() } }
}

extension ConnectionEvent {
  /// About as many bytes of memory as it takes.
  fileprivate var bytes: Int {
    switch self {
    case .part(.head(let head)):
      head.headers.reduce(256 + head.uri.utf8.count) { sum, field in
        sum + 64 + field.name.utf8.count + field.value.utf8.count
      }
    case .part(.body(let bytes)): bytes.readableBytes
    case .part(.end), .malformed: 64
    // There is one, and it is never refused.
    case .inputClosed: 0
    }
  }
}
