/// The bounds of a data plane.
///
/// Every queue and every buffer has one; what happens at it is said beside it.
public struct PlaneLimits: Sendable {
  /// Bytes of one request body; beyond it 413, and the connection ends.
  public var bodyBytes = 16 << 20
  /// Bytes of all bodies under way that are larger than `smallBodyBytes`; beyond it 503.
  public var bufferedBytes = 256 << 20
  /// Bytes of all answers that are larger than `smallBodyBytes` and not written to their end; beyond it 503.
  public var unreadBytes = 256 << 20
  /// Bytes of a body that is neither counted against `bufferedBytes` or `unreadBytes` nor parsed off the event loop.
  public var smallBodyBytes = 16 << 10
  /// Bytes of a body that is read to its end after the answer is already certain; beyond it the connection
  /// ends.
  public var skippedBytes = 1 << 20
  /// Values in one JSON body; beyond it 400.
  public var bodyValues = 4_000_000
  /// Arrays and objects inside one another in a body; beyond it 400.
  public var bodyDepth = 16
  /// Rows of one request; beyond it 413.
  public var rows = 1_000_000
  /// Bytes that one answer may take; beyond it 413.
  public var answerBytes = 256 << 20
  /// Elementary steps of a prediction that the event loop itself takes; beyond it a thread of the pool does.
  public var inlineSteps = 200_000
  /// Predictions that wait for or run on threads of the pool; beyond it 503.
  public var queuedPredictions = 256
  /// Connections that are served; some more are answered 503, beyond those they are closed unanswered.
  public var connections = 4096
  /// Connections beyond `connections` that still get an answer.
  public var refusedConnections = 256
  /// Bytes of all header fields of a request; beyond it 431, and the connection ends.
  public var headerBytes = 32 << 10
  /// Header fields of a request; beyond it 431, and the connection ends.
  public var headerFields = 100
  /// Heads, bodies and ends of requests that wait for answers before them on a connection of HTTP/1.1; beyond it the
  /// connection is closed.
  ///
  /// One read brings fewer. The rest of what the socket holds comes at once where the caller ends its output.
  public var postponedParts = 65_536
  /// Bytes of all of those beyond the first `smallBodyBytes` of each connection; beyond it the connection is closed to
  /// which one would be added.
  public var postponedBytes = 64 << 20
  /// Calls of gRPC that watch the health of the plane; beyond it `RESOURCE_EXHAUSTED`.
  public var watches = 1024
  /// Handshakes of TLS under way on one event loop; beyond it the oldest is given up.
  public var handshakes = 256
  /// How long a handshake of TLS may take; then the connection is closed.
  public var handshake = Duration.seconds(10)
  /// Streams of one connection of HTTP/2 at one time; more are refused, and may be tried again.
  public var connectionStreams = 128
  /// Streams of all connections of HTTP/2; more are refused, and may be tried again.
  public var streams = 8192
  /// Bytes that a caller may send on one stream before it is told that they were taken.
  public var streamWindow = 256 << 10
  /// The same on all streams of a connection together.
  public var connectionWindow = 1 << 20
  /// Frames of HTTP/2 within a time that carry no request, such as PING, SETTINGS and PRIORITY; beyond it the connection
  /// ends.
  public var controlFrames = (count: 1000, window: Duration.seconds(10))
  /// Streams within a time that their caller resets; beyond it the connection ends (CVE-2023-44487).
  public var streamResets = (count: 1000, window: Duration.seconds(10))
  /// How long a connection may be between requests, the sending of a head included; then it is closed.
  public var idle = Duration.seconds(60)
  /// The same while the plane drains.
  public var idleWhileDraining = Duration.seconds(10)
  /// How long a body may take; then 408, and the connection ends.
  public var body = Duration.seconds(60)
  /// How long answers may lie of which nobody reads 64 KiB, nor a twentieth; then the connection is closed, or the stream
  /// of HTTP/2 reset.
  public var unread = Duration.seconds(30)
  /// How long a caller has, after the last answer to a whole request, to end the connection itself.
  public var close = Duration.seconds(1)
  /// How long a connection is kept after an answer that came before its request was whole.
  ///
  /// Were it closed at once, the answer would be lost to a reset while the caller still sends.
  public var linger = Duration.seconds(10)
  /// How long a window is in which is gathered what comes to a model.
  public var watchWindow = Duration.seconds(60)
  /// The share of an event loop's time that goes into looking at what it answered; beyond it rows are not looked at, and
  /// counted; where it is 0 nothing is looked at, nor counted.
  public var watchShare = 0.04
  /// How long a drain waits for connections to end.
  public var drain = Duration.seconds(30)

  /// The bounds of a plane that nothing else was asked of.
  public init() {}
}
