public import Domain

extension CallerBaseline {
  /// How many features a baseline that is read may have.
  private static let featureLimit = ModelShape.columnLimit

  /// The baseline as bytes: 20 for each feature, 10 for each pair and some 80 more.
  public var bytes: [UInt8] {
    var writer = SketchWriter()
    write(to: &writer)
    return writer.bytes
  }

  func write(to writer: inout SketchWriter) {
    writer.write(UInt8(1))
    writer.write(count: scale.width.numbers)
    writer.write(count: scale.width.texts)
    writer.write(count: scale.numbers.count)
    for number in scale.numbers {
      writer.write(UInt32(truncatingIfNeeded: number.place))
      writer.write(number.middle)
      writer.write(number.factor)
    }
    writer.write(count: scale.texts.count)
    for place in scale.texts { writer.write(UInt32(truncatingIfNeeded: place)) }
    writer.write(UInt8(truncatingIfNeeded: grid.smallEdge))
    writer.write(UInt8(truncatingIfNeeded: grid.pairs.count))
    for pair in grid.pairs {
      writer.write(UInt8(truncatingIfNeeded: pair.first))
      writer.write(UInt8(truncatingIfNeeded: pair.second))
      writer.write(pair.rare)
    }
    for count in [farStep, rareLimit, rows] { writer.write(count: count) }
    for share in [farShare, rareShare, recurringShare, nearShare] { writer.write(share) }
  }

  /// Reads what `bytes` writes; throws `monitoring.malformed`.
  public init(bytes: [UInt8]) throws(Problem) {
    var reader = SketchReader(bytes)
    try self.init(from: &reader)
    try reader.end()
  }

  init(from reader: inout SketchReader) throws(Problem) {
    let version = try reader.integer(UInt8.self, "the version of a baseline")
    guard version == 1 else { throw reader.malformed("version 1 of a baseline", found: "\(version)") }
    let scale = try RowScale(from: &reader, limit: Self.featureLimit)
    var grid = RowGrid()
    grid.smallEdge = try reader.byte(upTo: 15, "the edge of a cell")
    guard grid.smallEdge >= 8 else {
      throw reader.malformed("at least 8 for the edge of a cell", found: "\(grid.smallEdge)")
    }
    for _ in 0..<(try reader.byte(upTo: RowGrid.pairLimit, "pairs of features")) {
      let first = try reader.byte(upTo: scale.used - 1, "a feature of a pair")
      let second = try reader.byte(upTo: scale.used - 1, "a feature of a pair")
      let rare = try reader.integer(UInt64.self, "the rare cells of a pair")
      grid.pairs.append(RowGrid.Pair(first: first, second: second, rare: rare))
    }
    let farStep = try reader.count(upTo: RowScale.lanes << 16, "a distance")
    let rareLimit = try reader.count(upTo: RowGrid.pairLimit, "a limit of pairs")
    let rows = try reader.count(upTo: Self.rowLimit, "rows of training")
    var shares: [Double] = []
    for _ in 0..<4 {
      let share = try reader.finite("a share of rows")
      guard (0...1).contains(share) else { throw reader.malformed("a share from 0 to 1", found: "\(share)") }
      shares.append(share)
    }
    self.init(
      scale: scale, grid: grid, farStep: farStep, farShare: shares[0], rareLimit: rareLimit,
      rareShare: shares[1], recurringShare: shares[2], nearShare: shares[3], rows: rows)
  }
}

extension RowScale {
  fileprivate init(from reader: inout SketchReader, limit: Int) throws(Problem) {
    let width = (
      numbers: try reader.count(upTo: limit, "numbers of a row"),
      texts: try reader.count(upTo: limit, "categories of a row")
    )
    var (numbers, texts): ([Number], [Int]) = ([], [])
    for _ in 0..<(try reader.count(upTo: width.numbers, "features that are numbers")) {
      let place = Int(try reader.integer(UInt32.self, "the place of a feature"))
      guard place < width.numbers, place > numbers.last?.place ?? -1 else {
        throw reader.malformed("places of features that ascend to \(width.numbers - 1)", found: "\(place)")
      }
      let middle = try reader.finite("the middle of a feature")
      let factor = try reader.finite("the spread of a feature")
      guard factor > 0 else { throw reader.malformed("a spread above 0", found: "\(factor)") }
      numbers.append(Number(place: place, middle: middle, factor: factor))
    }
    for _ in 0..<(try reader.count(upTo: width.texts, "features that are categories")) {
      let place = Int(try reader.integer(UInt32.self, "the place of a feature"))
      guard place < width.texts, place > texts.last ?? -1 else {
        throw reader.malformed("places of features that ascend to \(width.texts - 1)", found: "\(place)")
      }
      texts.append(place)
    }
    guard !numbers.isEmpty || !texts.isEmpty else {
      throw reader.malformed("a feature or more", found: "none")
    }
    self.init(numbers: numbers, texts: texts, width: width)
  }
}
