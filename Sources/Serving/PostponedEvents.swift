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
/// all that the socket holds. It is bounded in number (`PlaneLimits.postponedParts`) and in bytes, which count with those of
/// the bodies under way (`PlaneLimits.bufferedBytes`).
struct PostponedEvents {
  private let most: Int
  private var room: BodyRoom
  private var bytes = 0
  private var events = CircularBuffer<ConnectionEvent>()
  /// Behind `events`, what has come of a body whose end has not: one buffer, in however many pieces it came.
  private var body: ByteBuffer?

  init(of plane: DataPlane) {
    most = plane.limits.postponedParts
    room = BodyRoom(in: plane)
  }

  var isEmpty: Bool { events.isEmpty && body == nil }

  var first: ConnectionEvent? { events.first ?? body.map { .part(.body($0)) } }

  /// Adds what came; says whether there is room for it.
  mutating func append(_ event: ConnectionEvent) -> Bool {
    bytes += event.bytes
    guard room.hold(bytes) else { return false }
    if case .part(.body(var more)) = event {
      if body == nil { body = more } else { body?.writeBuffer(&more) }
    } else {
      if let body = body.take() { events.append(.part(.body(body))) }
      events.append(event)
    }
    return events.count <= most
  }

  mutating func removeFirst() {
    if events.popFirst() == nil { body = nil }
    if isEmpty { removeAll() }
  }

  mutating func removeAll() {
    events.removeAll()
    body = nil
    bytes = 0
    room.release()
  }
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
    case .part(.end), .malformed, .inputClosed: 64
    }
  }
}
