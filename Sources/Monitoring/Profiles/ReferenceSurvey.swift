public import Domain

/// The first look at training data that may be larger than memory: what the shapes of its columns are made of.
///
/// Data are looked at twice, here and by `ReferenceCount`. Of each column of numbers 16,384 values are kept at most, up to
/// which the shape is that of `Reference(training:)`; beyond, bins lie between values whose ranks the sketch knows to about
/// half a percent, and are counted exactly all the same.
public struct ReferenceSurvey: Sendable {
  /// How many different labels of a column are counted; those that come first where there are more.
  static let labelLimit = 20_000

  private let columns: [ColumnShape]
  private var sketches: [QuantileSketch]
  private var moments: [Moments]
  private var labels: [[String: Int]]
  private var hasGaps: [Bool]
  /// How many rows there were.
  public private(set) var rows = 0

  /// Looks at rows of these columns.
  public init(_ watched: WatchedColumns) {
    let shape = watched.shape
    columns = shape.columns
    sketches = shape.numberColumns.map { _ in
      QuantileSketch(capacity: QuantileSketch.capacities.upperBound)
    }
    moments = shape.numberColumns.map { _ in Moments() }
    labels = shape.categoryColumns.map { _ in [:] }
    hasGaps = columns.map { _ in false }
  }

  /// Takes rows.
  public mutating func observe(_ rows: WatchedRows) {
    self.rows += rows.count
    var (number, text) = (0, 0)
    for (place, column) in columns.enumerated() {
      switch column.kind {
      case .number:
        for row in 0..<rows.count { observe(rows.numbers[row * sketches.count + number], number, place) }
        number += 1
      case .category:
        for row in 0..<rows.count { observe(rows.texts[row * labels.count + text], text, place) }
        text += 1
      }
    }
  }

  private mutating func observe(_ value: Double, _ number: Int, _ place: Int) {
    if value.isNaN { hasGaps[place] = true }
    guard value.isFinite else { return }
    sketches[number].observe(value)
    moments[number].observe(value)
  }

  private mutating func observe(_ text: String?, _ column: Int, _ place: Int) {
    guard let text else {
      hasGaps[place] = true
      return
    }
    let label = CategoryCounts.bounded(text)
    guard labels[column][label] != nil || labels[column].count < Self.labelLimit else { return }
    labels[column][label, default: 0] += 1
  }

  /// The shape of a reference of the rows so far.
  public var shape: ModelShape {
    var (number, text) = (0, 0)
    return ModelShape(
      columns: columns.enumerated().map { place, column in
        let kind: ColumnShape.Kind
        switch column.kind {
        case .number:
          kind = .number(NumberShape(sketches[number].distribution, moments[number]))
          number += 1
        case .category(let known):
          let sorted = labels[text].sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
          // What the signature knows is no new label because training did not have it.
          kind = .category(CategoryShape(labels: sorted + known.labels))
          text += 1
        }
        return ColumnShape(
          name: column.name, role: column.role, kind: kind,
          isNeverMissing: column.role == .feature && !hasGaps[place] && rows > 0)
      })
  }
}

/// The second look at training data: what its columns have in the bins of their shapes.
public struct ReferenceCount: Sendable {
  private var profile: ModelProfile
  private let edges: [[Double]]
  private var bins: [[Int]]
  /// Rows that are evenly taken, and those that came first: what callers' rows are held against is learned from them.
  private var sample: TakenRows
  private var beginning: TakenRows

  /// Counts rows of a shape that `ReferenceSurvey` made of the same rows, as many as it says there were.
  public init(_ shape: ModelShape, rows: Int = 0) {
    sample = TakenRows(of: rows, shape: shape)
    beginning = TakenRows(of: min(rows, CallerBaseline.rowLimit), shape: shape)
    profile = ModelProfile(shape: shape)
    edges = shape.numberColumns.map { column in
      if case .number(let number) = shape.columns[column].kind { number.edges } else { [] }
    }
    bins = edges.map { [Int](repeating: 0, count: $0.count + 1) }
  }

  /// Takes rows; throws `monitoring.unlike-rows` for those of other columns.
  public mutating func observe(_ rows: WatchedRows) throws(Problem) {
    try profile.observe(rows: rows.count, numbers: rows.numbers.span, texts: rows.texts)
    sample.take(rows)
    beginning.take(rows)
    for (column, edges) in edges.enumerated() {
      for row in 0..<rows.count {
        let value = rows.numbers[row * self.edges.count + column]
        guard value.isFinite else { continue }
        var (low, high) = (0, edges.count)
        while low < high {
          let middle = (low + high) / 2
          if edges[middle] < value { low = middle + 1 } else { high = middle }
        }
        bins[column][low] += 1
      }
    }
  }

  /// The reference of the rows so far.
  public var reference: Reference {
    var profile = profile
    for place in bins.indices { profile.numbers[place].bins = bins[place] }
    var reference = Reference(profile: profile)
    // Of too few rows nothing is learned, and no caller is held against them.
    reference.callers = try? CallerBaseline(training: sample.columns, beginning: beginning.columns)
    return reference
  }
}

/// Some of the rows of training, evenly taken.
private struct TakenRows {
  /// How many rows there are, of which so many are taken.
  private let (all, wanted): (Int, Int)
  private var seen = 0
  private(set) var columns: [TrainingColumn]

  init(of all: Int, shape: ModelShape) {
    (self.all, wanted) = (all, min(all, CallerBaseline.rowLimit))
    columns = shape.columns.map { column in
      if case .number = column.kind {
        TrainingColumn(name: column.name, role: column.role, values: .numbers([]))
      } else {
        TrainingColumn(name: column.name, role: column.role, values: .texts([]))
      }
    }
  }

  mutating func take(_ rows: WatchedRows) {
    guard wanted > 0 else { return }
    for row in 0..<rows.count {
      defer { seen += 1 }
      let taken = columns.first?.values.count ?? 0
      guard taken < wanted, seen == taken * all / wanted else { continue }
      append(row, of: rows)
    }
  }

  private mutating func append(_ row: Int, of rows: WatchedRows) {
    let (width, labels) = (rows.numbers.count / rows.count, rows.texts.count / rows.count)
    var (number, text) = (row * width, row * labels)
    for place in columns.indices {
      switch columns[place].values {
      case .numbers:
        columns[place].append(number: rows.numbers[number])
        number += 1
      case .texts:
        columns[place].append(text: rows.texts[text])
        text += 1
      }
    }
  }
}
