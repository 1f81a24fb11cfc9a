public import Domain

/// What honest callers' rows look like beside each other, learned from training: what `CallerWatch` holds callers against.
///
/// There is no row in it: of each column its middle and spread, which combinations of two features hardly occur, and five
/// numbers.
public struct CallerBaseline: Sendable, Equatable {
  /// How many rows of training are looked at; of more as many, evenly taken.
  public static let rowLimit = 4000
  /// How many rows training has at least.
  public static let leastRows = 50

  let scale: RowScale
  let grid: RowGrid
  /// The distance between two rows, in steps, that 97 of 100 pairs of training do not exceed.
  let farStep: Int
  /// How often two rows of training are further apart.
  let farShare: Double
  /// How many combinations that are rare and new make a row one that explores.
  let rareLimit: Int
  /// How often rows of training do.
  let rareShare: Double
  /// How often a row of training lies in the small cell of another.
  let recurringShare: Double
  /// How often a row of training is nearly one of the eight before it, in the order in which they came or in any.
  let nearShare: Double
  /// How many rows of training there were.
  let rows: Int

  /// How many numbers a row has.
  public var numbers: Int { scale.width.numbers }
  /// How many categories a row has.
  public var texts: Int { scale.width.texts }

  /// Learns from training data; predictions among the columns count for nothing.
  ///
  /// Rows are taken in an order of their own that is the same on each run. Throws `monitoring.unlike-columns` where columns
  /// are of different lengths or too many, and `monitoring.few-rows` where there are fewer than `leastRows`, or no feature.
  public init(training columns: [TrainingColumn]) throws(Problem) {
    try self.init(training: columns, beginning: columns)
  }

  /// Learns from rows that were evenly taken of training, and from those that it begins with, in their order; otherwise as
  /// `init(training:)`.
  public init(training columns: [TrainingColumn], beginning: [TrainingColumn]) throws(Problem) {
    let count = try TrainingColumn.rowCount(of: columns)
    let first = try TrainingColumn.rowCount(of: beginning)
    guard zip(columns, beginning).allSatisfy({ $0.isOfSameKind(as: $1) }), columns.count == beginning.count
    else {
      throw Problem(
        .badInput, "monitoring.unlike-columns",
        "expected the beginning of training to have its columns, found others")
    }
    let features = columns.count { $0.role == .feature }
    guard count >= Self.leastRows, features > 0 else {
      throw Problem(
        .badInput, "monitoring.few-rows",
        "expected at least \(Self.leastRows) rows of a feature or more, found \(count) rows of \(features)",
        hint: "give the rows that the model was trained on")
    }
    let scale = RowScale(training: columns)
    let rows = TrainingRows(columns, Self.shuffled(count), scale: scale)
    var measured = BaselineMeasures(rows: rows, scale: scale)
    measured.measure(inOrder: TrainingRows(beginning, Array(0..<min(first, Self.rowLimit)), scale: scale))
    self.init(
      scale: scale, grid: measured.grid, farStep: measured.farStep, farShare: measured.farShare,
      rareLimit: measured.rareLimit, rareShare: measured.rareShare,
      recurringShare: measured.recurringShare, nearShare: measured.nearShare, rows: rows.count)
  }

  /// Places of rows, evenly taken: rows that came sorted would seem closer to each other than those of two callers are.
  private static func shuffled(_ count: Int) -> [Int] {
    let kept = min(count, rowLimit)
    var order = (0..<kept).map { $0 * count / kept }
    var draws = CounterDraws()
    // Fisher and Yates, "Statistical tables", 1938.
    for last in stride(from: kept - 1, to: 0, by: -1) {
      order.swapAt(last, Int(draws.next(0) % UInt64(last + 1)))
    }
    return order
  }

  init(
    scale: RowScale, grid: RowGrid, farStep: Int, farShare: Double, rareLimit: Int, rareShare: Double,
    recurringShare: Double, nearShare: Double, rows: Int
  ) {
    self.scale = scale
    self.grid = grid
    self.farStep = farStep
    self.farShare = farShare
    self.rareLimit = rareLimit
    self.rareShare = rareShare
    self.recurringShare = recurringShare
    self.nearShare = nearShare
    self.rows = rows
  }
}

extension TrainingColumn {
  /// Whether both are the same to the model, and both numbers or both texts.
  fileprivate func isOfSameKind(as other: TrainingColumn) -> Bool {
    guard role == other.role else { return false }
    switch (values, other.values) {
    case (.numbers, .numbers), (.texts, .texts): return true
    default: return false
    }
  }

  /// How many rows the columns have; throws `monitoring.unlike-columns`.
  static func rowCount(of columns: [TrainingColumn]) throws(Problem) -> Int {
    let rows = columns.first?.values.count ?? 0
    guard columns.count <= ModelShape.columnLimit else {
      throw Problem(
        .badInput, "monitoring.unlike-columns",
        "expected at most \(ModelShape.columnLimit) columns, found \(columns.count)")
    }
    if let other = columns.first(where: { $0.values.count != rows }) {
      throw Problem(
        .badInput, "monitoring.unlike-columns",
        "expected \(rows) values in each column, found \(other.values.count) in '\(other.name)'")
    }
    return rows
  }
}

extension RowScale {
  /// The middles and spreads of training: the median, and what the quartiles of a normal distribution would be apart by.
  init(training columns: [TrainingColumn]) {
    var (numbers, texts): ([Number], [Int]) = ([], [])
    var (numberPlace, textPlace) = (0, 0)
    for column in columns {
      switch column.values {
      case .numbers(let values):
        if column.role == .feature { numbers.append(Number(place: numberPlace, training: values)) }
        numberPlace += 1
      case .texts:
        if column.role == .feature { texts.append(textPlace) }
        textPlace += 1
      }
    }
    self.init(numbers: numbers, texts: texts, width: (numberPlace, textPlace))
  }
}

extension RowScale.Number {
  fileprivate init(place: Int, training values: [Double]) {
    let finite = values.filter(\.isFinite)
    let distribution = WeightedValues(finite)
    let (low, high) = (distribution.quantile(0.25) ?? 0, distribution.quantile(0.75) ?? 0)
    var spread = (high - low) / 1.349
    if !(spread > 0) {
      // More than half of the values are the same: what varies is the rest.
      var moments = Moments()
      for value in finite { moments.observe(value) }
      spread = (moments.variance ?? 0).squareRoot()
    }
    let factor = spread > 0 && spread.isFinite && (1 / spread).isFinite ? 1 / spread : 1
    self.init(place: place, middle: distribution.quantile(0.5) ?? 0, factor: factor)
  }
}

/// Rows of training as codes, in some order.
struct TrainingRows {
  let codes: [UInt16]
  let marks: [UInt32]

  var count: Int { marks.count }

  init(_ columns: [TrainingColumn], _ order: [Int], scale: RowScale) {
    var (codes, marks): ([UInt16], [UInt32]) = ([], [])
    codes.reserveCapacity(order.count * RowScale.lanes)
    var code = [UInt16](repeating: 0, count: RowScale.lanes)
    for row in order {
      var (numbers, texts): ([Double], [String?]) = ([], [])
      for column in columns {
        switch column.values {
        case .numbers(let values): numbers.append(values[row])
        case .texts(let values): texts.append(values[row])
        }
      }
      let mark = unsafe numbers.withUnsafeBufferPointer { numbers in
        unsafe code.withUnsafeMutableBufferPointer { unsafe scale.code(numbers, texts[...], into: $0) }
      }
      codes += code
      marks.append(mark)
    }
    self.codes = codes
    self.marks = marks
  }

  /// Calls with each row's codes and fingerprint.
  func forEach(_ body: (UnsafeBufferPointer<UInt16>, UInt32) -> Void) {
    unsafe codes.withUnsafeBufferPointer { codes in
      for row in marks.indices {
        let first = row * RowScale.lanes
        unsafe body(UnsafeBufferPointer(rebasing: codes[first..<first + RowScale.lanes]), marks[row])
      }
    }
  }
}
