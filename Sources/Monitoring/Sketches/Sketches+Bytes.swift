public import Domain

extension QuantileSketch {
  /// The one spelling of this sketch's state: reading it back gives a sketch that goes on as this one would have.
  public var bytes: [UInt8] {
    var writer = SketchWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads what `bytes` writes; throws `monitoring.malformed`.
  public init(bytes: [UInt8]) throws(Problem) {
    var reader = SketchReader(bytes)
    try self.init(from: &reader)
    try reader.end()
  }

  func write(to writer: inout SketchWriter) {
    writer.write(UInt16(truncatingIfNeeded: capacity))
    writer.write(count: count)
    writer.write(UInt8(truncatingIfNeeded: samplingExponent))
    writer.write(UInt8(truncatingIfNeeded: levels))
    for level in 0..<levels { writer.write(UInt16(truncatingIfNeeded: sizes[level])) }
    writer.write(candidate)
    writer.write(count: pendingWeight)
    writer.write(count: nextReplacement)
    writer.write(draws.drawn)
    writer.write(rankVariance)
    writer.write(items)
  }

  init(from reader: inout SketchReader) throws(Problem) {
    let capacity = Int(try reader.integer(UInt16.self, "the capacity"))
    guard Self.capacities.contains(capacity) else {
      throw reader.malformed("a capacity of \(Self.capacities)", found: "\(capacity)")
    }
    self.init(capacity: capacity)
    count = try reader.count(upTo: Self.countLimit, "values")
    samplingExponent = try reader.byte(upTo: Self.exponentLimit, "the sampling")
    levels = try reader.byte(upTo: Self.levelLimit, "levels")
    guard levels > 0 else { throw reader.malformed("a level", found: "none") }
    var (kept, weight) = (0, 0)
    for level in 0..<levels {
      let size = Int(try reader.integer(UInt16.self, "the size of a level"))
      sizes[level] = Int32(size)
      kept += size
      // At most 16 bits, 34 and 6: no overflow before the comparison.
      weight += size << (samplingExponent + level)
      guard kept <= capacity, weight <= Self.countLimit else {
        throw reader.malformed("levels of at most \(capacity) values", found: "more")
      }
    }
    candidate = try reader.finite("the candidate")
    pendingWeight = try reader.count(upTo: block - 1, "the candidate's weight")
    nextReplacement = try reader.count(upTo: block + 1, "the next replacement")
    guard
      pendingWeight > 0 ? nextReplacement > pendingWeight : nextReplacement == 1 && candidate.bitPattern == 0
    else { throw reader.malformed("a candidate with a weight of its own", found: "another") }
    guard weight + pendingWeight == count else {
      throw reader.malformed("weights of \(count) in all", found: "\(weight + pendingWeight)")
    }
    draws.drawn = try reader.integer(UInt64.self, "the draws")
    rankVariance = try reader.finite("the variance")
    guard rankVariance >= 0, !isExact || rankVariance.bitPattern == 0 else {
      throw reader.malformed("no variance of what is exact, and none below 0", found: "\(rankVariance)")
    }
    items = try reader.finite(count: kept, "values")
    for level in 1..<max(levels, 1) + 1 where level < levels {
      let run = values(of: level)
      guard zip(run, run.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw reader.malformed("ascending values on level \(level)", found: "others")
      }
    }
  }
}

extension Moments {
  func write(to writer: inout SketchWriter) {
    writer.write(count: count)
    writer.write([mean, squaredDistances, least, greatest])
  }

  init(from reader: inout SketchReader) throws(Problem) {
    self.init()
    count = try reader.count(upTo: QuantileSketch.countLimit, "values")
    mean = try reader.double("the mean")
    squaredDistances = try reader.double("the squared distances")
    least = try reader.double("the least value")
    greatest = try reader.double("the greatest value")
    let isWhole =
      count > 0
      ? least.isFinite && greatest.isFinite && least <= mean && mean <= greatest && squaredDistances >= 0
      : self == Moments()
    guard isWhole else { throw reader.malformed("moments of \(count) values", found: "others") }
  }
}

extension DistinctCount {
  func write(to writer: inout SketchWriter) {
    writer.write(UInt16(truncatingIfNeeded: isExact ? kept : 0xFFFF))
    if isExact { for hash in hashes { writer.write(hash) } } else { writer.write(raw: registers) }
  }

  init(from reader: inout SketchReader) throws(Problem) {
    let kept = try reader.integer(UInt16.self, "the count of hashes")
    var (hashes, registers): ([UInt64], [UInt8]) = ([], [])
    if kept == 0xFFFF {
      registers = Array(try reader.raw(1 << Self.precision, "registers"))
    } else {
      guard kept <= Self.exactLimit else {
        throw reader.malformed("at most \(Self.exactLimit) hashes", found: "\(kept)")
      }
      for _ in 0..<kept { hashes.append(try reader.integer(UInt64.self, "a hash")) }
    }
    guard let count = DistinctCount(hashes: hashes, registers: registers) else {
      throw reader.malformed("hashes in order or registers", found: "others")
    }
    self = count
  }
}

extension CategoryCounts {
  func write(to writer: inout SketchWriter) {
    writer.write(UInt32(truncatingIfNeeded: known.count))
    for count in known { writer.write(count: count) }
    writer.write(count: unknown)
    let newcomers = newcomers
    writer.write(UInt8(truncatingIfNeeded: newcomers.count))
    for newcomer in newcomers {
      writer.write(newcomer.label)
      writer.write(count: newcomer.count)
      writer.write(count: newcomer.excess)
    }
  }

  init(from reader: inout SketchReader, known: Int) throws(Problem) {
    self.init(known: known)
    let found = Int(try reader.integer(UInt32.self, "the count of categories"))
    guard found == known else { throw reader.malformed("\(known) categories", found: "\(found)") }
    for index in 0..<known {
      self.known[index] = try reader.count(upTo: QuantileSketch.countLimit, "a count")
    }
    unknown = try reader.count(upTo: QuantileSketch.countLimit, "a count")
    for _ in 0..<(try reader.byte(upTo: Self.newcomerLimit, "new categories")) {
      let label = try reader.text(upTo: Self.labelBytes, "a category")
      let count = try reader.count(upTo: QuantileSketch.countLimit, "a count")
      let excess = try reader.count(upTo: QuantileSketch.countLimit, "a count")
      guard excess < count, !table.contains(where: { $0.label == label }) else {
        throw reader.malformed("each category once, with a count of its own", found: "others")
      }
      table.append(Newcomer(label: label, count: count, excess: excess))
    }
    guard table == newcomers else {
      throw reader.malformed("the most frequent first", found: "another order")
    }
  }
}
