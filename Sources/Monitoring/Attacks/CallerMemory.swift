/// What one row is beside what its caller asked before.
struct RowSight {
  /// Whether just this row came before, as far as is remembered.
  var isRepeat = false
  /// Whether it is one of the eight rows before with a quarter of the features changed at most.
  var isVariant = false
  /// The distance to the row before it, in steps over all lanes; nil where there was none.
  var step: Int?
  /// The distance to the nearest of the eight rows before.
  var nearest = Int.max
  /// That row's label and margin.
  var nearestLabel: Int16?
  var nearestMargin: UInt16?
  /// How many pairs of features have a combination that is rare in training and new of this caller.
  var rareCells = 0
  /// Whether the caller has been close by before, at some time, with another row.
  var recurs = false
}

/// What is remembered of the rows of callers: the last eight as they are, and of older ones which small and which rare
/// cells they were in; 840 bytes a caller whatever comes.
struct CallerMemory: Sendable {
  private let scale: RowScale
  private let grid: RowGrid
  private var words: [UInt64] = []

  init(scale: RowScale, grid: RowGrid) {
    self.scale = scale
    self.grid = grid
  }

  /// How many bytes of memory it takes.
  var memory: Int { 8 * words.capacity }

  /// Sets memory aside for so many callers, so that it does not grow by doubling.
  mutating func reserve(_ callers: Int) {
    words.reserveCapacity(callers * CallerRecord.words)
  }

  /// Makes room for one caller more; its place.
  mutating func add() -> Int {
    words += repeatElement(0, count: CallerRecord.words)
    return words.count / CallerRecord.words - 1
  }

  /// Forgets what is remembered of a caller: its place is another's now.
  mutating func forget(_ caller: Int) {
    let size = CallerRecord.words
    for place in caller * size..<(caller + 1) * size { words[place] = 0 }
  }

  /// Looks at a row beside what is remembered of its caller, and remembers it; a row that came before changes nothing.
  mutating func look(
    _ caller: Int, _ row: UnsafeBufferPointer<UInt16>, mark: UInt32, label: Int16?, margin: UInt16?
  ) -> RowSight {
    unsafe words.withUnsafeMutableBytes { bytes in
      let size = 8 * CallerRecord.words
      let own = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[caller * size..<(caller + 1) * size])
      guard let start = own.baseAddress else { return RowSight() }
      return unsafe CallerRecord(start).look(
        row, mark: mark, label: label, margin: margin, scale: scale, grid: grid)
    }
  }
}

/// The 105 words that are remembered of one caller.
///
/// Rows are a ring: the one that came as number n is at n modulo eight. All zero is a caller of whom nothing is known.
@unsafe private struct CallerRecord {
  /// How many rows are remembered as they are.
  @safe private static let ring = 8
  /// How many small cells are, in sets of eight: a list that is asked about again and again has several rows in one cell.
  @safe private static let cells = 192
  @safe private static let ways = 8
  /// After how many rows rare cells are forgotten, so that who is honest for long does not use them up.
  @safe private static let touchedFor: UInt64 = 4096
  @safe static let words = 1 + 32 + 4 + 4 + 16 + 48

  private let count: UnsafeMutablePointer<UInt64>
  /// A bit for each cell of each pair of features.
  private let touched: UnsafeMutablePointer<UInt64>
  private let codes: UnsafeMutablePointer<UInt16>
  private let marks: UnsafeMutablePointer<UInt32>
  /// Label and margin of each row, one more than they are; 0 for none.
  private let answers: UnsafeMutablePointer<UInt16>
  /// Where a small cell's hash says, the newest first: ten bits more of it, and six of the fingerprint of the row that
  /// was in it; 0 for none.
  private let seen: UnsafeMutablePointer<UInt16>

  init(_ start: UnsafeMutableRawPointer) {
    unsafe count = start.assumingMemoryBound(to: UInt64.self)
    unsafe touched = count + 1
    unsafe codes = (start + 8 * 17).assumingMemoryBound(to: UInt16.self)
    unsafe marks = (start + 8 * 49).assumingMemoryBound(to: UInt32.self)
    unsafe answers = (start + 8 * 53).assumingMemoryBound(to: UInt16.self)
    unsafe seen = (start + 8 * 57).assumingMemoryBound(to: UInt16.self)
  }

  func look(
    _ row: UnsafeBufferPointer<UInt16>, mark: UInt32, label: Int16?, margin: UInt16?, scale: RowScale,
    grid: RowGrid
  ) -> RowSight {
    var sight = RowSight()
    let rows = unsafe count.pointee
    let kept = Int(min(rows, UInt64(Self.ring)))
    unsafe compare(row, mark, kept: kept, scale.variantLimit, &sight)
    guard !sight.isRepeat else { return sight }
    let hash = unsafe grid.smallCell(row, used: scale.used)
    let place = Self.ways * Int((hash >> 32) % UInt64(Self.cells / Self.ways))
    let (cell, own) = (UInt16(truncatingIfNeeded: hash & 0x3FF), UInt16(truncatingIfNeeded: mark >> 26))
    for way in place..<place + Self.ways {
      let before = unsafe seen[way]
      guard before != 0, before & 0x3FF == cell else { continue }
      sight.recurs = true
      // Of new rows in a cell that was seen one in 64 is taken for a repetition, and not counted.
      if before >> 10 == own { sight.isRepeat = true }
    }
    guard !sight.isRepeat else { return sight }
    for way in stride(from: place + Self.ways - 1, to: place, by: -1) { unsafe seen[way] = seen[way - 1] }
    unsafe seen[place] = own << 10 | cell
    unsafe sight.rareCells = touch(row, grid, isAnew: rows % Self.touchedFor == 0)
    let next = Int(rows % UInt64(Self.ring))
    for lane in 0..<RowScale.lanes { unsafe codes[next * RowScale.lanes + lane] = row[lane] }
    unsafe marks[next] = mark
    unsafe answers[2 * next] = label.map { UInt16(bitPattern: $0) + 1 } ?? 0
    unsafe answers[2 * next + 1] = margin.map { $0 + 1 } ?? 0
    unsafe count.pointee = rows + 1
    return sight
  }

  /// Measures a row against those that are remembered.
  @inline(__always)
  private func compare(
    _ row: UnsafeBufferPointer<UInt16>, _ mark: UInt32, kept: Int, _ variantLimit: Int32,
    _ sight: inout RowSight
  ) {
    let newest = unsafe Int((count.pointee &+ 7) % UInt64(Self.ring))
    var (nearest, place) = (Int32.max, 0)
    for other in 0..<kept {
      // Sixteen lanes of 32 bits, whatever is in use: what a processor does in a few steps.
      var (sum, changes): (Int32, Int32) = (0, 0)
      for lane in 0..<RowScale.lanes {
        let gap = unsafe Int32(row[lane]) &- Int32(codes[other &* RowScale.lanes &+ lane])
        sum &+= gap < 0 ? 0 &- gap : gap
        changes &+= gap == 0 ? 0 : 1
      }
      if changes <= variantLimit { sight.isVariant = true }
      if sum < nearest { (nearest, place) = (sum, other) }
      if other == newest { sight.step = Int(sum) }
      if unsafe marks[other] == mark { sight.isRepeat = true }
    }
    guard kept > 0 else { return }
    sight.nearest = Int(nearest)
    let (label, margin) = unsafe (answers[2 * place], answers[2 * place + 1])
    sight.nearestLabel = label == 0 ? nil : Int16(bitPattern: label - 1)
    sight.nearestMargin = margin == 0 ? nil : margin - 1
  }

  /// Marks the cells of the pairs of features that a row is in; how many of them are rare and were not marked.
  @inline(__always)
  private func touch(_ row: UnsafeBufferPointer<UInt16>, _ grid: RowGrid, isAnew: Bool) -> Int {
    var found = 0
    for index in grid.pairs.indices {
      let pair = grid.pairs[index]
      let bit = unsafe pair.cell(row)
      let before = unsafe isAnew ? 0 : touched[index]
      found += pair.rare & bit & ~before != 0 ? 1 : 0
      unsafe touched[index] = before | bit
    }
    return found
  }
}
