/// Finds out what rows of training look like beside each other, by the same looks that callers' rows will get.
struct BaselineMeasures {
  /// How often small cells may hold two rows of training.
  private static let recurringLimit = 0.04
  /// How often rows of training may count as exploring.
  private static let rareLimit = 0.03

  private let rows: TrainingRows
  private let scale: RowScale
  private(set) var grid = RowGrid()
  private(set) var farStep = 0
  private(set) var farShare = 1.0
  private(set) var rareLimit = 1
  private(set) var rareShare = 1.0
  private(set) var recurringShare = 1.0
  private(set) var nearShare = 1.0

  init(rows: TrainingRows, scale: RowScale) {
    self.rows = rows
    self.scale = scale
  }

  mutating func measure(inOrder: TrainingRows) {
    measureSteps()
    nearShare = max(nearShare(of: rows), nearShare(of: inOrder))
    choosePairs()
    measureRareCells()
    chooseSmallCells()
  }

  private mutating func measureSteps() {
    var steps: [Int] = []
    // Each with the eight after it: more pairs than there are of which none shares a row with another, and as good a mean.
    unsafe rows.codes.withUnsafeBufferPointer { codes in
      for row in 0..<rows.count {
        for other in row + 1..<max(row + 1, min(row + 9, rows.count)) {
          var step = 0
          for lane in 0..<RowScale.lanes {
            step += unsafe abs(
              Int(codes[row * RowScale.lanes + lane]) - Int(codes[other * RowScale.lanes + lane]))
          }
          steps.append(step)
        }
      }
    }
    steps.sort()
    guard !steps.isEmpty else { return }
    farStep = steps[steps.count * 97 / 100]
    farShare = Double(steps.count { $0 > farStep }) / Double(steps.count)
  }

  /// The share of the rows that are nearly one of the eight before.
  private func nearShare(of rows: TrainingRows) -> Double {
    var (near, counted) = (0, 0)
    sights(of: rows, grid) { sight in
      guard !sight.isRepeat, !sight.isVariant else { return }
      counted += 1
      if sight.nearest <= scale.nearLimit { near += 1 }
    }
    return counted > 0 ? Double(near) / Double(counted) : 1
  }

  /// Takes the pairs that leave most cells to a caller who explores; a cell is rare where half of the rows have none in it.
  private mutating func choosePairs() {
    var pairs: [(pair: RowGrid.Pair, free: Int)] = []
    for first in 0..<scale.used {
      for second in (scale.used == 1 ? first : first + 1)..<scale.used {
        var pair = RowGrid.Pair(first: first, second: second, rare: 0)
        var used: UInt64 = 0
        var row = 0
        unsafe rows.forEach { codes, _ in
          if row % 2 == 0 { unsafe used |= pair.cell(codes) }
          row += 1
        }
        pair.rare = ~used
        pairs.append((pair, pair.rare.nonzeroBitCount))
      }
    }
    let chosen = pairs.sorted {
      ($1.free, $0.pair.first, $0.pair.second) < ($0.free, $1.pair.first, $1.pair.second)
    }
    grid.pairs = chosen.prefix(RowGrid.pairLimit).map(\.pair)
  }

  /// How many rare cells are too many for a row, by the half of the rows that did not choose them.
  private mutating func measureRareCells() {
    var counts = [Int](repeating: 0, count: RowGrid.pairLimit + 1)
    var (row, looked) = (0, 0)
    unsafe rows.forEach { codes, _ in
      if row % 2 == 1 {
        looked += 1
        let rare = grid.pairs.count { unsafe $0.rare & $0.cell(codes) != 0 }
        counts[rare] += 1
      }
      row += 1
    }
    guard looked > 0 else { return }
    var above = looked - counts[0]
    rareLimit = 1
    while rareLimit < RowGrid.pairLimit, Double(above) > Self.rareLimit * Double(looked) {
      above -= counts[rareLimit]
      rareLimit += 1
    }
    rareShare = Double(above) / Double(looked)
  }

  /// The largest small cells that hardly ever hold two rows of training.
  private mutating func chooseSmallCells() {
    for edge in stride(from: 15, through: 8, by: -1) {
      grid.smallEdge = edge
      var (recurring, counted) = (0, 0)
      sights(of: rows, grid) { sight in
        guard !sight.isRepeat, !sight.isVariant, sight.nearest > scale.nearLimit else { return }
        counted += 1
        if sight.recurs { recurring += 1 }
      }
      recurringShare = counted > 0 ? Double(recurring) / Double(counted) : 1
      if recurringShare <= Self.recurringLimit { return }
    }
  }

  /// Sends rows through the memory of one caller.
  private func sights(of rows: TrainingRows, _ grid: RowGrid, _ body: (RowSight) -> Void) {
    var memory = CallerMemory(scale: scale, grid: grid)
    let caller = memory.add()
    unsafe rows.forEach { codes, mark in
      body(unsafe memory.look(caller, codes, mark: mark, label: nil, margin: nil))
    }
  }
}
