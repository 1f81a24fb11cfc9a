import Domain
import NIOCore
import NIOHTTP2

/// Who answers one stream of a connection of HTTP/2; called on its event loop alone.
protocol StreamReceiver: AnyObject {
  /// Header fields or data came in.
  func receive(_ payload: HTTP2Frame.FramePayload)
  /// All that one read has brought came in.
  func readComplete()
  /// The stream takes more again, or takes no more for now.
  func writabilityChanged()
  /// Other connections have had their turn (`HTTP2Connection.hasTurn`).
  func turnCame()
  /// The stream is gone, and with it whoever would read an answer.
  func closed()
  /// A moment has come; the connection's clock tells.
  func tick(_ now: NIODeadline)
  /// What it does.
  var observation: Observation { get }
}

/// One stream of a connection of HTTP/2: what is written to it, and how much its caller may send.
///
/// It is no channel of its own: one for each request would cost more than answering it does.
final class HTTP2Stream {
  /// Bytes that wait for room in the caller's windows before no more is to be written, and the length of a large
  /// answer's pieces.
  static let piece = 64 << 10

  let number: HTTP2StreamID
  let connection: HTTP2Connection
  /// Who answers it, until it is gone.
  private(set) var receiver: (any StreamReceiver)?
  private(set) var isOpen = true
  /// Bytes that wait for room in the caller's windows.
  private(set) var unwritten = 0
  /// Whether its caller makes too little room for what is written.
  private(set) var isFull = false
  private var window: InboundWindow
  /// Whether its caller gets no more room to send than it has.
  private var isHeld = false

  init(_ number: HTTP2StreamID, of connection: HTTP2Connection) {
    self.number = number
    self.connection = connection
    window = InboundWindow(target: connection.loop.plane.limits.streamWindow)
  }

  /// Has `receiver` answer it.
  func begin(_ receiver: any StreamReceiver) { self.receiver = receiver }

  // MARK: Output

  /// Whether its caller takes what is written.
  var isWritable: Bool { !isFull && connection.isWritable }

  /// Writes behind what was written before; `flush` sends it.
  func write(_ payload: HTTP2Frame.FramePayload, promise: EventLoopPromise<Void>? = nil) {
    guard isOpen else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    if case .data(let data) = payload {
      unwritten += data.data.readableBytes
      if unwritten > Self.piece, !isFull {
        isFull = true
        connection.tellLater(self)
      }
    }
    connection.write(HTTP2Frame(streamID: number, payload: payload), promise: promise)
  }

  /// Writes the last of an answer.
  ///
  /// Where its caller still sends, it is told that it need not (RFC 9113 section 8.1), but not before the answer is out: a
  /// reset drops what waits on its stream.
  func writeLast(
    _ payload: HTTP2Frame.FramePayload, isCutShort: Bool, promise: EventLoopPromise<Void>? = nil
  ) {
    guard isCutShort else { return write(payload, promise: promise) }
    let eventLoop = connection.loop.eventLoop
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    let written = promise ?? eventLoop.makePromise(of: Void.self)
    written.futureResult.whenSuccess { loopBound.value.reset(.noError) }
    write(payload, promise: written)
  }

  func flush() { connection.flush() }

  /// Ends the stream before its time.
  func reset(_ reason: HTTP2ErrorCode = .cancel) {
    write(.rstStream(reason))
    flush()
  }

  /// So many bytes of data have found room; says whether more can be written again.
  func wrote(_ count: Int) -> Bool {
    unwritten -= count
    guard isFull, unwritten <= Self.piece / 2 else { return false }
    isFull = false
    return true
  }

  /// Whether its caller has read too little in its time of what is written, and of the `rest` that is not yet.
  ///
  /// While the socket takes nothing, the time of the connection runs.
  func isOver(_ unread: inout UnreadDeadline, _ now: NIODeadline, rest: Int = 0) -> Bool {
    connection.isWritable && unread.isOver(now, waiting: unwritten + rest)
  }

  // MARK: Input

  /// Gives its caller no more room to send while `isHeld`.
  func holdReading(_ isHeld: Bool) {
    self.isHeld = isHeld
    makeRoom()
  }

  /// Its window has so many bytes left; nil where nothing more comes.
  func windowIs(_ size: Int?) {
    window.size = size
    makeRoom()
  }

  /// The first size of windows has changed by so many bytes.
  func windowChanged(by count: Int) { window.size = window.size.map { $0 + count } }

  private func makeRoom() {
    if !isHeld, isOpen { connection.makeRoom(in: window, of: number) }
  }

  /// Its caller, or the socket, takes what is written, or takes it no more.
  func writabilityChanged() {
    makeRoom()
    receiver?.writabilityChanged()
  }

  // MARK: The end

  /// The stream takes and gives nothing more.
  func end() { isOpen = false }

  /// Lets go of whoever answers it.
  func leave() {
    let receiver = receiver
    self.receiver = nil
    receiver?.closed()
  }
}

/// How much a caller may send before it is told that what it sent was taken.
struct InboundWindow {
  /// Bytes that it is to have.
  let target: Int
  /// Bytes that it has left; nil where that does not matter.
  var size: Int?

  init(target: Int) { self.target = target }

  /// How many more it is to be given; nil while more than half is left.
  var increment: Int? {
    guard let size, size <= target / 2 else { return nil }
    return target - size
  }
}
