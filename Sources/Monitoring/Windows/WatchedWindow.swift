public import Domain
import Encoding

/// What a data plane saw of one version in one span of time, as it hands it over: the columns, what came in them, and what did
/// not get that far.
public struct WatchedWindow: Sendable, Equatable {
  /// The most bytes of one that is read: of a shape and a profile, each at its largest by far.
  public static let sizeLimit = 64 << 20

  /// What was not looked at, or not taken, beside the rows of the window.
  public struct Losses: Sendable, Equatable {
    /// Rows that were answered and not looked at, since looking would have cost too much.
    public var unseenRows = 0
    /// Rows that came too late for their window, or were of a time to come.
    public var misplacedRows = 0
    /// Requests that were refused for what they sent.
    public var refusedRequests = 0
    /// Windows before this one that nobody took and there was no room for.
    public var droppedWindows = 0
    /// Rows that were answered although they are unlike training's, where a deployment's defences say to note them.
    public var notedRows = 0
    /// Requests that were refused for rows unlike training's; they are not among those that did not read.
    public var guardedRequests = 0
    /// Requests of callers who are held back for an alarm about them.
    public var heldRequests = 0
    /// Alarms about callers beyond those that are told of.
    public var untoldAlarms = 0

    /// None.
    public init() {}

    /// Both together.
    public static func + (left: Losses, right: Losses) -> Losses {
      var sum = left
      sum.unseenRows = left.unseenRows.saturatingSum(right.unseenRows)
      sum.misplacedRows = left.misplacedRows.saturatingSum(right.misplacedRows)
      sum.refusedRequests = left.refusedRequests.saturatingSum(right.refusedRequests)
      sum.droppedWindows = left.droppedWindows.saturatingSum(right.droppedWindows)
      sum.notedRows = left.notedRows.saturatingSum(right.notedRows)
      sum.guardedRequests = left.guardedRequests.saturatingSum(right.guardedRequests)
      sum.heldRequests = left.heldRequests.saturatingSum(right.heldRequests)
      sum.untoldAlarms = left.untoldAlarms.saturatingSum(right.untoldAlarms)
      return sum
    }

    /// What defences did: there is a second form of a window for what has any of it.
    fileprivate var ofDefences: [Int] { [notedRows, guardedRequests, heldRequests, untoldAlarms] }
  }

  /// Which version it is of.
  public let reference: VersionReference
  /// The bundle that answered.
  public let bundle: Digest
  /// What came.
  public var window: EventWindow
  /// What did not get into it.
  public var losses: Losses
  /// What was found of callers; of several windows that were made one there is none, since each was told of.
  public var callers: [CallerFinding]

  /// States what was seen of a version.
  public init(
    reference: VersionReference, bundle: Digest, window: EventWindow, losses: Losses = Losses(),
    callers: [CallerFinding] = []
  ) {
    self.callers = Array(callers.prefix(CallerFinding.windowLimit))
    self.reference = reference
    self.bundle = bundle
    self.window = window
    self.losses = losses
  }
}

extension Int {
  fileprivate func saturatingSum(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension WatchedWindow {
  private static let magic = Array("gatehouse window 1\n".utf8)
  /// The same where defences have something to tell.
  private static let magicWithDefences = Array("gatehouse window 2\n".utf8)

  private var hasDefences: Bool { !callers.isEmpty || losses.ofDefences.contains { $0 > 0 } }

  /// The one spelling of it.
  public var bytes: [UInt8] {
    // Nearly a megabyte for a hundred columns: not twice that for having grown.
    var writer = SketchWriter(capacity: 4096 + 9600 * window.profile.numbers.count)
    writer.write(raw: hasDefences ? Self.magicWithDefences : Self.magic)
    writer.write(reference.name.description)
    writer.write(count: reference.version.value)
    writer.write(bundle.description)
    writer.write(window.start.milliseconds)
    writer.write(window.end.milliseconds)
    writer.write(UInt8(window.isCutShort ? 1 : 0))
    for count in [
      window.lateRows, losses.unseenRows, losses.misplacedRows, losses.refusedRequests, losses.droppedWindows,
    ] { writer.write(count: count) }
    window.profile.shape.write(to: &writer)
    window.profile.write(to: &writer)
    if hasDefences {
      for count in losses.ofDefences { writer.write(count: count) }
      writer.write(UInt8(truncatingIfNeeded: callers.count))
      for caller in callers { caller.write(to: &writer) }
    }
    return writer.bytes
  }

  /// Reads what `bytes` writes; throws `monitoring.malformed`.
  public init(bytes: [UInt8]) throws(Problem) {
    var reader = SketchReader(bytes)
    let begin = try reader.raw(Self.magic.count, "what a window begins with")
    let hasDefences = begin.elementsEqual(Self.magicWithDefences)
    guard hasDefences || begin.elementsEqual(Self.magic) else {
      throw reader.malformed("'gatehouse window 1' or '2'", found: "other bytes")
    }
    guard let name = try? ModelName(parsing: try reader.text(upTo: 256, "a model's name")),
      let version = VersionNumber(try reader.count(upTo: .max, "a version")),
      let bundle = try? Digest(parsing: try reader.text(upTo: 128, "a digest"))
    else { throw reader.malformed("a version of a model and its bundle", found: "others") }
    let start = Timestamp(milliseconds: try reader.integer(Int64.self, "a start"))
    let end = Timestamp(milliseconds: try reader.integer(Int64.self, "an end"))
    guard start < end else { throw reader.malformed("an end after the start", found: "one before it") }
    let isCutShort = try reader.byte(upTo: 1, "whether it was cut short") == 1
    let late = try reader.count(upTo: QuantileSketch.countLimit, "late rows")
    var losses = Losses()
    losses.unseenRows = try reader.count(upTo: QuantileSketch.countLimit, "rows that were not looked at")
    losses.misplacedRows = try reader.count(upTo: QuantileSketch.countLimit, "rows of another time")
    losses.refusedRequests = try reader.count(upTo: QuantileSketch.countLimit, "requests that were refused")
    losses.droppedWindows = try reader.count(upTo: QuantileSketch.countLimit, "windows that were dropped")
    let shape = try ModelShape(from: &reader)
    let profile = try ModelProfile(from: &reader, shape: shape)
    guard late <= profile.rows else {
      throw reader.malformed("at most \(profile.rows) late rows", found: "\(late)")
    }
    var callers: [CallerFinding] = []
    if hasDefences {
      losses.notedRows = try reader.count(upTo: QuantileSketch.countLimit, "rows that were noted")
      losses.guardedRequests = try reader.count(upTo: QuantileSketch.countLimit, "requests that were refused")
      losses.heldRequests = try reader.count(upTo: QuantileSketch.countLimit, "requests of callers held back")
      losses.untoldAlarms = try reader.count(upTo: QuantileSketch.countLimit, "alarms that are not told of")
      for _ in 0..<(try reader.byte(upTo: CallerFinding.windowLimit, "alarms about callers")) {
        callers.append(try CallerFinding(from: &reader))
      }
      guard !callers.isEmpty || losses.ofDefences.contains(where: { $0 > 0 }) else {
        throw reader.malformed("something of defences in 'gatehouse window 2'", found: "nothing")
      }
    }
    try reader.end()
    self.init(
      reference: VersionReference(name: name, version: version), bundle: bundle,
      window: EventWindow(
        start: start, end: end, profile: profile, lateRows: late, isCutShort: isCutShort), losses: losses,
      callers: callers)
  }
}
