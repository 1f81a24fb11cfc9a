public import Domain

extension ModelProfile {
  /// The profile as bytes, without its shape, which the reader has: some 9 KiB for each column of numbers.
  public var bytes: [UInt8] {
    var writer = SketchWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads what `bytes` writes of a profile of this shape; throws `monitoring.malformed`.
  public init(bytes: [UInt8], shape: ModelShape) throws(Problem) {
    var reader = SketchReader(bytes)
    try self.init(from: &reader, shape: shape)
    try reader.end()
  }

  func write(to writer: inout SketchWriter) {
    // The second version has what is masked behind each column; there is no other way to write what has nothing masked.
    let isMasked = hasHidden
    writer.write(UInt8(isMasked ? 2 : 1))
    for count in [rows, outlierRows, violatingRows] { writer.write(count: count) }
    for profile in numbers {
      profile.write(to: &writer)
      if isMasked { profile.hidden.write(to: &writer) }
    }
    for profile in categories {
      profile.counts.write(to: &writer)
      writer.write(count: profile.missing)
      if isMasked { profile.hidden.write(to: &writer) }
    }
  }

  private var hasHidden: Bool {
    numbers.contains { $0.hidden.count > 0 } || categories.contains { $0.hidden.count > 0 }
  }

  init(from reader: inout SketchReader, shape: ModelShape) throws(Problem) {
    self.init(shape: shape)
    let version = try reader.integer(UInt8.self, "the version of a profile")
    guard 1...2 ~= version else {
      throw reader.malformed("version 1 or 2 of a profile", found: "\(version)")
    }
    rows = try reader.count(upTo: QuantileSketch.countLimit, "rows")
    outlierRows = try reader.count(upTo: rows, "rows with outliers")
    violatingRows = try reader.count(upTo: rows, "rows that break what training showed")
    for index in numbers.indices {
      numbers[index] = try NumberProfile(from: &reader, bins: shape.numbers[index].bins)
      if version == 2 { numbers[index].hidden = try HiddenValues(from: &reader, rows: rows) }
      guard numbers[index].count == rows, numbers[index].hidden.strange == 0 else {
        throw reader.malformed("\(rows) values of a column", found: "\(numbers[index].count)")
      }
      guard numbers[index].outOfRange <= rows - numbers[index].missing else {
        throw reader.malformed(
          "at most \(rows - numbers[index].missing) values out of range",
          found: "\(numbers[index].outOfRange)")
      }
    }
    for index in categories.indices {
      let known = shape.categories[index].labels.count
      categories[index].counts = try CategoryCounts(from: &reader, known: known)
      categories[index].missing = try reader.count(upTo: rows, "missing values")
      if version == 2 {
        let rest = rows - categories[index].missing
        categories[index].hidden = try HiddenValues(from: &reader, rows: rest)
      }
      let rest = rows - categories[index].missing - categories[index].hidden.count
      guard categories[index].counts.isSum(upTo: rest) else {
        throw reader.malformed("\(rows) values of a column", found: "others")
      }
    }
    guard version == 1 || hasHidden else {
      throw reader.malformed("a masked column in version 2", found: "none")
    }
  }
}

extension CategoryCounts {
  /// Whether all counts together are so many; counts of strangers may be more than fit.
  fileprivate func isSum(upTo total: Int) -> Bool {
    var rest = total
    for count in known + [unknown] {
      guard count <= rest else { return false }
      rest -= count
    }
    return rest == 0 && table.allSatisfy { $0.count <= unknown }
  }
}

extension NumberProfile {
  fileprivate func write(to writer: inout SketchWriter) {
    moments.write(to: &writer)
    quantiles.write(to: &writer)
    distinct.write(to: &writer)
    for count in bins + [missing, infinite, outOfRange] { writer.write(count: count) }
  }

  fileprivate init(from reader: inout SketchReader, bins: Int) throws(Problem) {
    self.init(bins: bins, capacity: QuantileSketch.standardCapacity)
    moments = try Moments(from: &reader)
    quantiles = try QuantileSketch(from: &reader)
    guard quantiles.count == moments.count else {
      throw reader.malformed("\(moments.count) values in a sketch", found: "\(quantiles.count)")
    }
    distinct = try DistinctCount(from: &reader)
    var rest = moments.count
    for index in self.bins.indices {
      self.bins[index] = try reader.count(upTo: rest, "values of a bin")
      rest -= self.bins[index]
    }
    missing = try reader.count(upTo: QuantileSketch.countLimit, "missing values")
    infinite = try reader.count(upTo: QuantileSketch.countLimit, "infinite values")
    outOfRange = try reader.count(upTo: QuantileSketch.countLimit, "values out of range")
  }
}

extension ModelShape {
  func write(to writer: inout SketchWriter) {
    writer.write(UInt16(truncatingIfNeeded: columns.count))
    for column in columns {
      writer.write(column.name)
      writer.write(column.role.rawValue)
      writer.write(UInt8(column.isNeverMissing ? 1 : 0))
      switch column.kind {
      case .number(let shape):
        writer.write(UInt8(0))
        writer.write(UInt8(truncatingIfNeeded: shape.edges.count))
        writer.write(shape.edges)
        for bounds in [shape.range, shape.fence] {
          writer.write([bounds?.lowerBound ?? .nan, bounds?.upperBound ?? .nan])
        }
      case .category(let shape):
        writer.write(UInt8(1))
        writer.write(UInt16(truncatingIfNeeded: shape.labels.count))
        for label in shape.labels { writer.write(label) }
      }
    }
  }

  init(from reader: inout SketchReader) throws(Problem) {
    let count = Int(try reader.integer(UInt16.self, "the count of columns"))
    guard count <= Self.columnLimit else {
      throw reader.malformed("at most \(Self.columnLimit) columns", found: "\(count)")
    }
    var columns: [ColumnShape] = []
    for _ in 0..<count { columns.append(try Self.column(from: &reader)) }
    self.init(columns: columns)
  }

  private static func column(from reader: inout SketchReader) throws(Problem) -> ColumnShape {
    let name = try reader.text(upTo: 1024, "a column's name")
    guard let role = ColumnShape.Role(rawValue: try reader.integer(UInt8.self, "a role")) else {
      throw reader.malformed("a role from 0 to 2", found: "another")
    }
    let isNeverMissing = try reader.byte(upTo: 1, "whether values may be missing") == 1
    if try reader.byte(upTo: 1, "the kind of a column") == 0 {
      let edges = try reader.finite(
        count: reader.byte(upTo: NumberShape.binLimit - 1, "edges"), "edges")
      let shape = NumberShape(
        edges: edges, range: try bounds(from: &reader), fence: try bounds(from: &reader))
      guard shape.edges.count == edges.count else {
        throw reader.malformed("ascending edges", found: "others")
      }
      return ColumnShape(name: name, role: role, kind: .number(shape), isNeverMissing: isNeverMissing)
    }
    var labels: [String] = []
    for _ in 0..<(try reader.integer(UInt16.self, "the count of categories")) {
      labels.append(try reader.text(upTo: CategoryCounts.labelBytes, "a category"))
    }
    let shape = CategoryShape(labels: labels)
    guard shape.labels == labels else {
      throw reader.malformed("at most \(CategoryShape.labelLimit) categories, each once", found: "others")
    }
    return ColumnShape(name: name, role: role, kind: .category(shape), isNeverMissing: isNeverMissing)
  }

  private static func bounds(from reader: inout SketchReader) throws(Problem) -> ClosedRange<Double>? {
    let (low, high) = (try reader.double("a bound"), try reader.double("a bound"))
    if low.bitPattern == Double.nan.bitPattern, high.bitPattern == low.bitPattern { return nil }
    guard low.isFinite, high.isFinite, low <= high else {
      throw reader.malformed("two bounds, the lower one first", found: "others")
    }
    return low...high
  }
}

extension Reference {
  /// What the file begins with.
  static let magic = Array("gatehouse reference 1\n".utf8)
  /// The same where the file says as well what callers are held against.
  static let magicWithCallers = Array("gatehouse reference 2\n".utf8)

  /// The file of a bundle: the same training data give the same bytes.
  public var bytes: [UInt8] {
    var writer = SketchWriter()
    writer.write(raw: callers == nil ? Self.magic : Self.magicWithCallers)
    shape.write(to: &writer)
    profile.write(to: &writer)
    callers?.write(to: &writer)
    return writer.bytes
  }

  /// Reads what `bytes` writes; throws `monitoring.malformed`.
  public init(bytes: [UInt8]) throws(Problem) {
    var reader = SketchReader(bytes)
    let begin = try reader.raw(Self.magic.count, "what a reference begins with")
    let hasCallers = begin.elementsEqual(Self.magicWithCallers)
    guard hasCallers || begin.elementsEqual(Self.magic) else {
      throw reader.malformed("'gatehouse reference 1' or '2'", found: "other bytes")
    }
    let shape = try ModelShape(from: &reader)
    self.init(profile: try ModelProfile(from: &reader, shape: shape))
    if hasCallers {
      let callers = try CallerBaseline(from: &reader)
      guard callers.numbers == shape.numberColumns.count, callers.texts == shape.categoryColumns.count else {
        throw reader.malformed(
          "callers' rows of \(shape.numberColumns.count) numbers and \(shape.categoryColumns.count) categories",
          found: "\(callers.numbers) and \(callers.texts)")
      }
      self.callers = callers
    }
    try reader.end()
  }
}
