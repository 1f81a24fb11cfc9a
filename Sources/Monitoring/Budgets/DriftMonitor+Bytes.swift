public import Domain

extension DriftMonitor {
  private static let magic = Array("gatehouse detectors 1\n".utf8)

  /// What its tests have come to so far: with the same reference and budget, `init(_:budget:state:)` goes on from there.
  public var state: [UInt8] {
    var writer = SketchWriter()
    writer.write(raw: Self.magic)
    writer.write(count: streams.count)
    for stream in streams { stream.detector.write(to: &writer) }
    return writer.bytes
  }

  /// Goes on where `state` was written; throws `monitoring.malformed` where that is of another reference, or nothing of the kind.
  public init(_ reference: Reference, budget: AlertBudget = AlertBudget(), state: [UInt8]) throws(Problem) {
    self.init(reference, budget: budget)
    var reader = SketchReader(state)
    guard try reader.raw(Self.magic.count, "what detectors begin with").elementsEqual(Self.magic) else {
      throw reader.malformed("'gatehouse detectors 1'", found: "other bytes")
    }
    let count = try reader.count(upTo: 2 * ModelShape.columnLimit, "detectors")
    guard count == streamCount else {
      throw reader.malformed("\(streamCount) detectors", found: "\(count)")
    }
    try readStreams(from: &reader)
    try reader.end()
  }
}

extension ShareDetector {
  func write(to writer: inout SketchWriter) {
    writer.write(UInt8(isRaised ? 1 : 0))
    writer.write(ended?.milliseconds ?? .min)
    for scale in scales {
      writer.write(UInt8(truncatingIfNeeded: scale.blocks.count))
      for block in scale.blocks {
        writer.write(block.counts)
        writer.write([block.rows, block.weight])
        writer.write(block.begun.milliseconds)
      }
      writer.write(scale.lastBegun?.milliseconds ?? .min)
      writer.write([scale.evidence, scale.unread])
      writer.write(UInt8(scale.strongest == nil ? 0 : 1))
      guard let strongest = scale.strongest else { continue }
      writer.write(strongest.counts)
      writer.write(strongest.since.milliseconds)
      writer.write(strongest.evidence)
    }
  }

  /// Takes up what `write` wrote of a detector with this reference.
  mutating func read(from reader: inout SketchReader) throws(Problem) {
    let cells = reference.weights.count
    let isRaised = try reader.byte(upTo: 1, "whether an alert stands") == 1
    let ended = try Self.moment(from: &reader)
    var scales = scales
    for place in scales.indices {
      let blocks = try reader.byte(upTo: Self.life, "the parts of a test")
      scales[place].blocks = []
      for _ in 0..<blocks {
        let counts = try Self.counts(cells, from: &reader)
        let rows = try Self.count(from: &reader)
        let weight = try reader.double("a weight")
        guard weight <= 0 else { throw reader.malformed("the logarithm of a share", found: "\(weight)") }
        let begun = Timestamp(milliseconds: try reader.integer(Int64.self, "a moment"))
        scales[place].blocks.append(Block(counts: counts, rows: rows, begun: begun, weight: weight))
      }
      scales[place].lastBegun = try Self.moment(from: &reader)
      scales[place].evidence = try Self.logarithm(from: &reader)
      scales[place].unread = try Self.count(from: &reader)
      scales[place].strongest = nil
      if try reader.byte(upTo: 1, "whether a test stands out") == 1 {
        scales[place].strongest = Suspicion(
          counts: try Self.counts(cells, from: &reader),
          since: Timestamp(milliseconds: try reader.integer(Int64.self, "a moment")),
          evidence: try Self.logarithm(from: &reader))
      }
    }
    restore(scales, ended: ended, isRaised: isRaised)
  }

  private static func moment(from reader: inout SketchReader) throws(Problem) -> Timestamp? {
    let milliseconds = try reader.integer(Int64.self, "a moment")
    return milliseconds == .min ? nil : Timestamp(milliseconds: milliseconds)
  }

  private static func counts(_ cells: Int, from reader: inout SketchReader) throws(Problem) -> [Double] {
    let counts = try reader.finite(count: cells, "counts")
    guard counts.allSatisfy({ 0...Double(QuantileSketch.countLimit) ~= $0 }) else {
      throw reader.malformed("counts", found: "others")
    }
    return counts
  }

  private static func count(from reader: inout SketchReader) throws(Problem) -> Double {
    let count = try reader.finite("a count")
    guard 0...Double(QuantileSketch.countLimit) * 64 ~= count else {
      throw reader.malformed("a count", found: "\(count)")
    }
    return count
  }

  /// A logarithm; nothing at all has that of zero.
  private static func logarithm(from reader: inout SketchReader) throws(Problem) -> Double {
    let value = try reader.double("evidence")
    guard value == -.infinity || value.isFinite else {
      throw reader.malformed("a logarithm", found: "\(value)")
    }
    return value
  }
}
