public import Domain
import Encoding
import Glibc
import NIOConcurrencyHelpers
import NIOPosix
import Provenance

/// Takes access records down in files, before the answers go out that they are about.
///
/// One segment is open at a time; at its greatest size or age the next is begun. What is true when we end at once:
/// - The process alone is killed: what `append` took is in the kernel's hands, and will be in the file.
/// - The machine stops: what was appended within the last `Limits.syncInterval` may be gone, and so may be the end of
///   a line; `RecordSegment` reads the whole lines before it.
/// - While `append` runs: lines may be there whose answers never went out.
/// - While a segment is closed: it has its name as an open one or as a closed one, and all its lines in either case.
public final class RecordSpool: Sendable {
  /// The bounds of a spool.
  public struct Limits: Sendable {
    /// Bytes of a segment, after which the next is begun.
    public var segmentBytes = 64 << 20
    /// How old a segment with records gets, after which the next is begun.
    public var segmentAge = Duration.seconds(60)
    /// Bytes of all segments that nobody has fetched; beyond it the spool is full.
    public var spoolBytes = 4 << 30
    /// How long a record may rest in the kernel's memory alone.
    public var syncInterval = Duration.milliseconds(50)

    /// The bounds of a spool that nothing else was asked of.
    public init() {}
  }

  /// What becomes of predictions that no record can be written of, where a deployment does not say.
  public typealias WhenFull = RecordsPolicy.WhenSpoolFull

  let whenFull: WhenFull
  /// What digests of bodies begin with.
  let salt: [UInt8]
  private let limits: Limits
  private let directory: SpoolDirectory
  private let instance: String
  private let state: NIOLockedValueBox<State>
  private let pool = NIOThreadPool(numberOfThreads: 1)
  private let isEnding = NIOLockedValueBox(false)

  private struct State {
    var segment: OpenSegment?
    /// Segments that are to be closed.
    var finished: [OpenSegment] = []
    var nextNumber = 1
    /// Bytes of all segments that nobody has fetched, as they were when they were last counted.
    var storedBytes: Int
    var gap: AccessGap?
    var written = 0
    var lost = 0
    var closed = 0
    /// When the oldest record came that is not on the disk; of the clock that only goes forward.
    var unsyncedSince: Int?
    /// Why the last attempt failed; nil where it did not.
    var failure: Problem?
  }

  /// Makes the directory of a spool where it is not there, for the account of the process that is to write it.
  public static func makeDirectory(_ path: String, for account: PlaneAccount?) throws(Problem) {
    try SpoolDirectory.make(path, for: account)
  }

  /// Opens the spool in a directory, which is made where it is not there; throws `spool.…` problems.
  public init(
    directory path: String, instance: String, whenFull: WhenFull = .refuse, limits: Limits = Limits()
  ) throws(Problem) {
    directory = try SpoolDirectory(path)
    salt = try directory.salt()
    self.instance = instance
    self.whenFull = whenFull
    self.limits = limits
    state = NIOLockedValueBox(State(storedBytes: try directory.storedBytes()))
    pool.start()
    pool.submit { [self] state in
      if state == .active { keep() }
    }
  }

  /// Why records cannot be written at present; nil where they can.
  var failure: Problem? { state.withLockedValue { $0.failure } }

  /// How a spool stands, for whoever watches.
  struct Figures {
    let isWritable: Bool
    /// Records that were written.
    let written: Int
    /// Requests whose record could not be written.
    let lost: Int
    /// Segments that were closed.
    let closed: Int
    /// Bytes of all segments that nobody has fetched, as they were when they were last counted.
    let bytes: Int
    let limit: Int
    /// For how long the oldest record has not been on the disk.
    let unsyncedNanoseconds: Int
  }

  var figures: Figures {
    let now = Clock.monotonic()
    return state.withLockedValue { state in
      Figures(
        isWritable: state.failure == nil, written: state.written, lost: state.lost, closed: state.closed,
        bytes: state.storedBytes + (state.segment?.byteCount ?? 0), limit: limits.spoolBytes,
        unsyncedNanoseconds: state.unsyncedSince.map { max(0, now - $0) } ?? 0)
    }
  }

  /// Writes whole lines at the end, and says where the first of them stands; nil where that cannot be done.
  ///
  /// Lines that were not written are counted, and the next that can be say so before them.
  func append(_ lines: [UInt8], count: Int) -> Receipt? {
    state.withLockedValue { state in
      do throws(Problem) {
        return try append(lines, count, &state)
      } catch {
        let now = Clock.now()
        state.failure = error
        state.lost += count
        state.gap = AccessGap(
          count: (state.gap?.count ?? 0) + count, since: state.gap?.since ?? now, until: now)
        return nil
      }
    }
  }

  private func append(_ lines: [UInt8], _ count: Int, _ state: inout State) throws(Problem) -> Receipt {
    let segment = try current(&state, room: lines.count)
    if var gap = state.gap {
      gap.until = Clock.now()
      var line: [UInt8] = []
      RecordSegment.append(gap.json.canonicalBytes, to: &line)
      try segment.append(line, count: 1)
      state.gap = nil
      state.failure = nil
    }
    let first = segment.lineCount
    try segment.append(lines, count: count)
    state.written += count
    if state.unsyncedSince == nil { state.unsyncedSince = Clock.monotonic() }
    return Receipt(segment: segment.name, index: first)
  }

  /// The segment that is written to; begins one where there is none, or the one has no room.
  private func current(_ state: inout State, room: Int) throws(Problem) -> OpenSegment {
    if let segment = state.segment {
      if !segment.isBroken, segment.byteCount + room <= max(limits.segmentBytes, room) { return segment }
      finish(segment, &state)
    }
    let used = state.storedBytes + state.finished.reduce(0) { $0 + $1.byteCount }
    guard used + room <= limits.spoolBytes else {
      throw Problem(
        .unavailable, "spool.full",
        "expected at most \(limits.spoolBytes) bytes of access records that nobody has fetched, found more",
        subject: directory.path, hint: "start the control plane, which fetches them")
    }
    let name = SegmentName(process: instance, number: state.nextNumber).description
    let begun = Clock.now()
    let header = RecordSegment.Header(
      segment: name, begun: begun, salt: Digest(of: salt).hexadecimal.prefix(16).description)
    var line: [UInt8] = []
    RecordSegment.append(header.json.canonicalBytes, to: &line)
    // The number is not used again, whatever comes of it.
    state.nextNumber += 1
    let segment = try directory.begin(name, header: line)
    state.segment = segment
    return segment
  }

  private func finish(_ segment: OpenSegment, _ state: inout State) {
    state.finished.append(segment)
    state.segment = nil
  }

  // MARK: - In the background

  /// Has what was written reach the disk, and closes segments that are done.
  private func keep() {
    while !isEnding.withLockedValue({ $0 }) {
      usleep(UInt32(clamping: limits.syncInterval.nanoseconds / 1000))
      sync()
    }
  }

  private func sync() {
    let (segment, finished, hasFailed) = state.withLockedValue {
      state -> (OpenSegment?, [OpenSegment], Bool) in
      if let segment = state.segment, segment.isBroken || segment.age >= limits.segmentAge,
        segment.lineCount > 1
      {
        finish(segment, &state)
      }
      return (state.segment, state.finished, state.failure != nil)
    }
    // What comes from here on is of the next turn.
    let unsyncedSince = state.withLockedValue { $0.unsyncedSince.take() }
    let isSynced = segment?.sync(in: directory) ?? true
    for segment in finished { directory.close(segment) }
    if !isSynced { state.withLockedValue { $0.unsyncedSince = unsyncedSince } }
    // Where the spool was full, somebody may have fetched segments meanwhile.
    guard !finished.isEmpty || hasFailed else { return }
    let bytes = try? directory.storedBytes()
    state.withLockedValue { state in
      state.closed += finished.count
      state.finished.removeAll { segment in finished.contains { $0 === segment } }
      if let bytes { state.storedBytes = bytes }
    }
  }

  /// Closes the segment that is open; nothing may be appended any more.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    isEnding.withLockedValue { $0 = true }
    pool.finishWork()
    state.withLockedValue { state in
      if let segment = state.segment { finish(segment, &state) }
    }
    sync()
  }

  /// The same, and ends the thread.
  func stop() {
    finish()
    try? pool.syncShutdownGracefully()
  }
}
