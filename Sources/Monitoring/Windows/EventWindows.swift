public import Domain

/// Puts rows into windows of one length by the time at which they happened.
///
/// There is no clock in it: whoever calls says what time it is, which is the watermark, and never goes back. A window is
/// handed out when the watermark has passed its end by the allowed lateness. A row for a window that has ended and is
/// still kept goes into it and is counted as late; one for a window that was handed out is dropped and counted, and so is
/// one from further ahead than a window's length, whose clock is wrong.
///
/// At most `openLimit` windows are open, and together with those that are over and wait to be taken there is one more at
/// most. Rows wait in a buffer of 64 until they are looked at together.
public struct EventWindows: Sendable {
  /// The columns of all windows.
  public let shape: ModelShape
  /// How long a window is, in milliseconds.
  public let length: Int64
  /// How long after its end a window takes rows, in milliseconds.
  public let lateness: Int64
  /// How many windows are kept at most; where there would be more the oldest is handed out before its time.
  public let openLimit: Int
  /// How many rows came too late for their window.
  public private(set) var tooLateRows = 0
  /// How many rows were in windows that were over and that nobody took before there were more than may be.
  public private(set) var unclaimedRows = 0
  /// How many rows were of a time that is yet to come.
  public private(set) var earlyRows = 0
  /// The latest time that was said.
  public private(set) var watermark = Timestamp(milliseconds: .min)

  private var open: [EventWindow] = []
  private var closed: [EventWindow] = []
  /// No row is taken for a window that begins before this.
  private var floor = Timestamp(milliseconds: .min)
  private let capacity: Int
  /// Rows that were not looked at yet, all of the window that begins at `pendingStart`.
  private var pendingNumbers: [Double] = []
  private var pendingTexts: [String?] = []
  private var pendingRows = 0
  private var pendingLate = 0
  private var pendingStart = Timestamp(milliseconds: .min)

  /// Windows of a length; throws `monitoring.window` where that is less than a second or more than 366 days, the lateness
  /// negative or longer than `openLimit` windows, or fewer than 1 or more than 64 may be open.
  public init(
    shape: ModelShape, length: Int64, lateness: Int64 = 0, openLimit: Int = 1,
    capacity: Int = QuantileSketch.standardCapacity
  ) throws(Problem) {
    guard (1_000...(366 * 86_400_000)).contains(length) else {
      throw Self.malformed("a window from 1000 ms to 366 days", "\(length) ms")
    }
    guard (1...64).contains(openLimit) else { throw Self.malformed("1 to 64 open windows", "\(openLimit)") }
    guard (0...(length * Int64(openLimit))).contains(lateness) else {
      throw Self.malformed("a lateness from 0 to \(length * Int64(openLimit)) ms", "\(lateness) ms")
    }
    self.shape = shape
    self.length = length
    self.lateness = lateness
    self.openLimit = openLimit
    self.capacity = capacity
  }

  static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.badInput, "monitoring.window", "expected \(expected), found \(found)")
  }

  /// Takes rows that happened at `moment`, as `ModelProfile.observe` does; `now` is what time it is.
  ///
  /// Throws `monitoring.unlike-rows`, and takes nothing then.
  public mutating func observe(
    rows: Int, numbers: Span<Double>, texts: [String?] = [], at moment: Timestamp, now: Timestamp
  ) throws(Problem) {
    advance(to: now)
    let width = (numbers: shape.numberColumns.count, texts: shape.categoryColumns.count)
    let (cells, labels) = (
      rows.multipliedReportingOverflow(by: width.numbers), rows.multipliedReportingOverflow(by: width.texts)
    )
    guard rows >= 0, !cells.overflow, !labels.overflow, cells.partialValue == numbers.count,
      labels.partialValue == texts.count
    else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(width.numbers) numbers and \(width.texts) categories in each of \(rows) rows,"
          + " found \(numbers.count) and \(texts.count) in all")
    }
    guard rows > 0 else { return }
    guard moment <= watermark.later(by: length) else {
      earlyRows += rows
      return
    }
    let start = moment.beginning(of: length)
    guard start >= floor else {
      tooLateRows += rows
      return
    }
    if start != pendingStart { flush() }
    pendingStart = start
    // Late is what comes when its window has ended.
    let late = start.later(by: length) <= watermark ? rows : 0
    if pendingRows + rows > ModelProfile.blockRows { flush() }
    if rows >= ModelProfile.blockRows {
      let place = window(beginning: start)
      guard let place else {
        tooLateRows += rows
        return
      }
      unsafe numbers.withUnsafeBufferPointer {
        unsafe open[place].profile.observe(rows: rows, $0, texts[...])
      }
      open[place].lateRows += late
      return
    }
    unsafe numbers.withUnsafeBufferPointer { unsafe pendingNumbers.append(contentsOf: $0) }
    pendingTexts += texts
    pendingRows += rows
    pendingLate += late
  }

  /// Says what time it is; an earlier time than was said before changes nothing.
  public mutating func advance(to now: Timestamp) {
    guard now > watermark else { return }
    watermark = now
    let isDue = pendingRows > 0 && isOver(pendingStart)
    guard isDue || open.contains(where: { isOver($0.start) }) else { return }
    flush()
    while let first = open.first, isOver(first.start) { closeFirst(early: false) }
    forgetUnclaimed()
  }

  /// Whether the latest time that was said is more than a window ahead of what it is now: the clock was wrong then, and has been
  /// put back since.
  ///
  /// The watermark stays, so that no window takes rows after it was handed out: who goes on by the clock takes all there is
  /// and begins anew.
  public func isAhead(of now: Timestamp) -> Bool { watermark > now.later(by: length) }

  /// The windows that are over since they were last taken, in the order of time.
  public mutating func takeClosed() -> [EventWindow] {
    defer { closed = [] }
    return closed
  }

  /// Hands out everything, over or not: what a process does at its end.
  public mutating func takeAll() -> [EventWindow] {
    flush()
    while let first = open.first { closeFirst(early: !isOver(first.start)) }
    return takeClosed()
  }

  /// How many windows are kept now.
  public var openCount: Int { open.count }

  /// How many rows wait to be looked at.
  public var pendingCount: Int { pendingRows }

  /// How many bytes of memory all of it takes.
  public var memory: Int {
    (open + closed).reduce(8 * pendingNumbers.capacity + 16 * pendingTexts.capacity) {
      $0 + $1.profile.memory
    }
  }

  private func isOver(_ start: Timestamp) -> Bool { start.later(by: length).later(by: lateness) <= watermark }

  private mutating func closeFirst(early: Bool) {
    var window = open.removeFirst()
    window.isCutShort = early
    floor = max(floor, window.end)
    closed.append(window)
  }

  /// Forgets the oldest windows that nobody took: memory has a bound whether they are taken or not.
  private mutating func forgetUnclaimed() {
    while closed.count > 1, open.count + closed.count > openLimit + 1 {
      unclaimedRows += closed.removeFirst().profile.rows
    }
  }

  /// Has the rows that wait looked at.
  private mutating func flush() {
    guard pendingRows > 0 else { return }
    if let place = window(beginning: pendingStart) {
      unsafe pendingNumbers.withUnsafeBufferPointer {
        unsafe open[place].profile.observe(rows: pendingRows, $0, pendingTexts[...])
      }
      open[place].lateRows += pendingLate
    } else {
      tooLateRows += pendingRows
    }
    pendingNumbers.removeAll(keepingCapacity: true)
    pendingTexts.removeAll(keepingCapacity: true)
    (pendingRows, pendingLate) = (0, 0)
  }

  /// The place of the window that begins at `start`, opened where it is not; nil for one that is too late.
  private mutating func window(beginning start: Timestamp) -> Int? {
    if let place = open.firstIndex(where: { $0.start == start }) { return place }
    guard start >= floor else { return nil }
    if open.count == openLimit {
      // The oldest goes; where the new one is the oldest itself, there is no room for it.
      guard let first = open.first, first.start < start else { return nil }
      closeFirst(early: true)
    }
    let place = open.firstIndex { $0.start > start } ?? open.count
    let profile = ModelProfile(shape: shape, capacity: capacity)
    open.insert(EventWindow(start: start, end: start.later(by: length), profile: profile), at: place)
    forgetUnclaimed()
    return place
  }
}
