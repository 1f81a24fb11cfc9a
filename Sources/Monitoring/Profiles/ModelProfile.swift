public import Domain

/// What came to a model in some span of time: one profile a column, and what is to be said of whole rows.
///
/// A value: an event loop keeps one of its own and nothing is shared; `merge` makes one of several.
public struct ModelProfile: Sendable, Equatable {
  /// How many rows are looked at together.
  static let blockRows = 64

  /// The columns.
  public let shape: ModelShape
  /// How many rows there were.
  public internal(set) var rows = 0
  /// How many rows had a feature beyond a fence.
  public internal(set) var outlierRows = 0
  /// How many rows broke what training showed: a value missing where none was, outside the range, a category not known.
  public internal(set) var violatingRows = 0
  /// The columns of numbers, in the order of `shape.numberColumns`.
  public internal(set) var numbers: [NumberProfile]
  /// The columns of categories, in the order of `shape.categoryColumns`.
  public internal(set) var categories: [CategoryProfile]

  /// A profile of nothing; `capacity` is how many values each sketch of quantiles keeps.
  public init(shape: ModelShape, capacity: Int = QuantileSketch.standardCapacity) {
    self.shape = shape
    numbers = shape.numbers.map { NumberProfile(bins: $0.bins, capacity: capacity) }
    categories = shape.categories.map { CategoryProfile(known: $0.labels.count) }
  }

  /// Takes rows: their numbers, a row after the other with one for each column of numbers, and their categories likewise,
  /// nil for one that is missing.
  ///
  /// Throws `monitoring.unlike-rows` where they are not as many as the rows have columns; nothing is taken then.
  public mutating func observe(rows: Int, numbers: Span<Double>, texts: [String?] = []) throws(Problem) {
    guard rows >= 0, numbers.count.isProduct(of: rows, self.numbers.count),
      texts.count.isProduct(of: rows, categories.count)
    else {
      throw Problem(
        .badInput, "monitoring.unlike-rows",
        "expected \(self.numbers.count) numbers and \(categories.count) categories in each of \(rows) rows,"
          + " found \(numbers.count) and \(texts.count) in all")
    }
    unsafe numbers.withUnsafeBufferPointer { unsafe observe(rows: rows, $0, texts[...]) }
  }

  /// Takes one row.
  public mutating func observe(row: [Double], texts: [String?] = []) throws(Problem) {
    try observe(rows: 1, numbers: row.span, texts: texts)
  }

  mutating func observe(rows: Int, _ cells: UnsafeBufferPointer<Double>, _ texts: ArraySlice<String?>) {
    let width = numbers.count
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * Self.blockRows) { scratch in
      let values = unsafe UnsafeMutableBufferPointer(rebasing: scratch[..<Self.blockRows])
      let spare = unsafe UnsafeMutableBufferPointer(rebasing: scratch[Self.blockRows...])
      for first in stride(from: 0, to: rows, by: Self.blockRows) {
        let count = min(Self.blockRows, rows - first)
        var findings = BlockFindings()
        let block = unsafe UnsafeBufferPointer(rebasing: values[..<count])
        unsafe numbers.withUnsafeMutableBufferPointer { numbers in
          for column in 0..<width {
            for row in 0..<count { unsafe values[row] = cells[(first + row) * width + column] }
            unsafe numbers[column].observe(block, spare, shape.numbers[column], &findings)
          }
        }
        if !categories.isEmpty { observe(texts: texts, first: first, count: count, &findings) }
        outlierRows += findings.outliers.nonzeroBitCount
        violatingRows += findings.violations.nonzeroBitCount
      }
    }
    self.rows += rows
  }

  private mutating func observe(
    texts: ArraySlice<String?>, first: Int, count: Int, _ findings: inout BlockFindings
  ) {
    for column in categories.indices {
      let isNeverMissing = shape.columns[shape.categoryColumns[column]].isNeverMissing
      for row in 0..<count {
        let bit: RowSet = 1 << RowSet(row)
        guard let label = texts[texts.startIndex + (first + row) * categories.count + column] else {
          categories[column].missing += 1
          if isNeverMissing { findings.violations |= bit }
          continue
        }
        if let place = shape.categories[column].place(of: label) {
          categories[column].counts.observe(known: place)
        } else {
          categories[column].counts.observe(unknown: label)
          findings.violations |= bit
        }
      }
    }
  }

  /// Takes in what another profile has seen; throws `monitoring.unlike-profiles` where its columns are others, and
  /// `monitoring.too-many-rows` where there would be more than 2^48 rows.
  public mutating func merge(_ other: ModelProfile) throws(Problem) {
    guard shape == other.shape else {
      throw Problem(
        .badInput, "monitoring.unlike-profiles",
        "expected a profile of the same \(shape.columns.count) columns, found one of \(other.shape.columns.count)"
          + " that are not all the same",
        hint: "compare what was seen of one version of a model at a time")
    }
    guard other.rows <= QuantileSketch.countLimit - min(rows, QuantileSketch.countLimit) else {
      throw Problem(
        .tooLarge, "monitoring.too-many-rows",
        "expected at most \(QuantileSketch.countLimit) rows in a profile, found \(rows) and \(other.rows)",
        hint: "merge fewer windows")
    }
    rows += other.rows
    outlierRows += other.outlierRows
    violatingRows += other.violatingRows
    for index in numbers.indices { numbers[index].merge(other.numbers[index]) }
    for index in categories.indices { categories[index].merge(other.categories[index]) }
  }

  /// How many bytes of memory the profile takes, arrays' heads and free room included.
  public var memory: Int {
    let head = 32
    var bytes = 0
    for profile in numbers {
      bytes += MemoryLayout<NumberProfile>.stride
      bytes += head + 8 * profile.quantiles.items.capacity + head + 8 * profile.bins.capacity
      bytes += head + 8 * profile.distinct.places.capacity + head + profile.distinct.registers.capacity
    }
    for profile in categories {
      bytes += MemoryLayout<CategoryProfile>.stride + 2 * head + 8 * profile.counts.known.capacity
      bytes += profile.counts.table.capacity * (MemoryLayout<CategoryCounts.Newcomer>.stride + 64)
    }
    return bytes
  }
}

extension Int {
  /// Whether it is the product of two that are not negative.
  func isProduct(of left: Int, _ right: Int) -> Bool {
    let (product, overflow) = left.multipliedReportingOverflow(by: right)
    return !overflow && product == self
  }
}
