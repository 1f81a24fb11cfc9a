/// How rows are taken through a plan: so many at a time that the values between kernels stay in the cache.
struct RowBlocks {
  /// The first block, with all rows of a small request.
  let first: Range<Int>
  private let rest: Range<Int>
  private let blockRows: Int

  /// How many numbers one value between kernels has: a quarter of a cache of 1 MiB.
  private static let blockElements = 1 << 15
  private static let leastRows = 64
  private static let mostRows = 1024
  /// How many numbers a block may hold at one time, 128 MiB of them, where it has more than one row.
  private static let mostElements = 1 << 24
  /// How many steps a block may take where it has more than one row: a few seconds, after which a request that nobody
  /// waits for ends.
  private static let mostSteps = 1 << 32
  /// Kernels take rows in groups of so many.
  private static let groupRows = 16
  /// Fewer rows than this are not shared out: starting a thread takes longer than most models need for them.
  private static let leastPartRows = 32

  /// Divides a range of rows for a schedule by which they take `steps` steps each.
  init(_ range: Range<Int>, for schedule: Schedule, steps: Int) {
    self.init(
      range, widest: schedule.widest, live: schedule.live, steps: steps,
      worthwhileRows: schedule.worthwhileRows)
  }

  /// Divides a range of rows of which each value takes at most `widest` numbers a row and all that are there at one
  /// time `live`, which take `steps` steps each, and of which `worthwhileRows` are worth leaving the cache for.
  init(_ range: Range<Int>, widest: Int, live: Int, steps: Int, worthwhileRows: Int = 1) {
    let fitting = Self.blockElements / max(1, widest) / Self.groupRows * Self.groupRows
    self.blockRows = max(
      1,
      min(
        max(Self.leastRows, worthwhileRows, min(Self.mostRows, fitting)), Self.mostElements / max(1, live),
        Self.mostSteps / max(1, steps)))
    self.first = range.lowerBound..<min(range.upperBound, range.lowerBound + blockRows)
    self.rest = first.upperBound..<range.upperBound
  }

  /// Leaves a range whole, for what must see all rows at once.
  init(whole range: Range<Int>) {
    self.blockRows = max(1, range.count)
    self.first = range
    self.rest = range.upperBound..<range.upperBound
  }

  /// The blocks after the first.
  var others: some Sequence<Range<Int>> {
    stride(from: rest.lowerBound, to: rest.upperBound, by: blockRows).lazy.map {
      $0..<min($0 + blockRows, rest.upperBound)
    }
  }

  /// Shares rows out: at most `count` parts of whole groups, of about the same size.
  static func parts(of rowCount: Int, count: Int) -> [Range<Int>] {
    let most = max(1, min(count, rowCount / leastPartRows))
    let groups = (rowCount + groupRows - 1) / groupRows
    return (0..<most).map { part in
      (groups * part / most * groupRows)..<min(rowCount, groups * (part + 1) / most * groupRows)
    }
  }
}

extension Rows {
  /// The numbers of a block of rows; those of all rows without a copy.
  func numbers(_ block: Range<Int>, columns: Int) -> Matrix {
    guard block.count < rowCount else { return Matrix(elements: numbers, rows: rowCount, columns: columns) }
    let elements = Array(numbers[(block.lowerBound * columns)..<(block.upperBound * columns)])
    return Matrix(elements: elements, rows: block.count, columns: columns)
  }

  /// The texts of a block of rows.
  func texts(_ block: Range<Int>, columns: Int) -> TextMatrix {
    guard block.count < rowCount, columns > 0 else {
      return TextMatrix(elements: texts, rows: block.count, columns: columns)
    }
    let elements = Array(texts[(block.lowerBound * columns)..<(block.upperBound * columns)])
    return TextMatrix(elements: elements, rows: block.count, columns: columns)
  }
}
