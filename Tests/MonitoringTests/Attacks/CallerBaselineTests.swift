import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct CallerBaselineTests {
  private func baseline(rows: Int = 300) throws -> CallerBaseline {
    var draws = Draws(seed: 2)
    let columns = Customers.columns(Customers.rows(rows, &draws))
    let colours = (0..<rows).map { ["red", "green", nil][$0 % 3] }
    return try CallerBaseline(
      training: [
        TrainingColumn(name: "score", role: .prediction, values: .numbers(colours.map { _ in 1 })),
        TrainingColumn(name: "colour", values: .texts(colours)),
      ] + columns)
  }

  @Test func `a baseline is read as it is written`() throws {
    let baseline = try baseline()
    #expect(baseline.scale.used == 9)
    #expect((baseline.numbers, baseline.texts) == (9, 1))
    #expect(try CallerBaseline(bytes: baseline.bytes) == baseline)
  }

  @Test func `every prefix of a baseline's bytes is refused, and what is more`() throws {
    let bytes = try baseline().bytes
    for count in bytes.indices {
      #expect(throws: Problem.self) { try CallerBaseline(bytes: Array(bytes.prefix(count))) }
    }
    #expect(throws: Problem.self) { try CallerBaseline(bytes: bytes + [0]) }
  }

  @Test func `a baseline with any byte changed is refused or writes the same bytes`() throws {
    let bytes = try baseline().bytes
    for place in bytes.indices {
      for flip in [0x01, 0x80, 0xFF] as [UInt8] {
        var other = bytes
        other[place] ^= flip
        if let read = try? CallerBaseline(bytes: other) { #expect(read.bytes == other) }
      }
    }
  }

  @Test func `the same training gives the same baseline`() throws {
    #expect(try baseline() == baseline())
  }

  @Test func `too few rows, and columns of different lengths, are refused`() {
    let short = TrainingColumn(name: "x", values: .numbers([1, 2]))
    let long = TrainingColumn(name: "y", values: .numbers((0..<60).map(Double.init)))
    for columns in [[], [short], [long, short]] {
      #expect(throws: Problem.self) { try CallerBaseline(training: columns) }
    }
  }

  @Test func `a feature that never changes, and one that is never there, are no trouble`() throws {
    let baseline = try CallerBaseline(training: [
      TrainingColumn(name: "x", values: .numbers([Double](repeating: 5, count: 100))),
      TrainingColumn(name: "y", values: .numbers([Double](repeating: .nan, count: 100))),
    ])
    var watch = CallerWatch(baseline)
    let row: [Double] = [5, .nan]
    for _ in 0..<100 { #expect(try watch.observe(caller: 1, rows: 1, numbers: row.span) == []) }
  }

  @Test func `more features than lanes share them, and a change of one is a change of one lane`() throws {
    var draws = Draws(seed: 1)
    let columns = (0..<40).map { feature in
      TrainingColumn(name: "f\(feature)", values: .numbers((0..<100).map { _ in draws.normal() }))
    }
    let scale = try CallerBaseline(training: columns).scale
    #expect(scale.used == 16)
    var codes: [[UInt16]] = []
    for changed in [nil, 3, 35] as [Int?] {
      let row = (0..<40).map { $0 == changed ? 1.5 : 0.5 }
      var code = [UInt16](repeating: 0, count: RowScale.lanes)
      _ = unsafe row.withUnsafeBufferPointer { row in
        unsafe code.withUnsafeMutableBufferPointer { unsafe scale.code(row, [], into: $0) }
      }
      codes.append(code)
    }
    #expect(zip(codes[0], codes[1]).count { $0 != $1 } == 1)
    #expect(zip(codes[0], codes[2]).count { $0 != $1 } == 1)
  }
}

@Suite struct RareEventBetTests {
  @Test(arguments: [(0.05, 0.25), (0.2, 0.4), (0.6, 0.6)])
  func `where it happens as often as is tolerated the factors are 1 in the mean`(
    tolerated: Double, reach: Double
  ) throws {
    let bet = try #require(RareEventBet(tolerated: tolerated, reach: reach))
    let mean = tolerated * exponential(Double(bet.hit)) + (1 - tolerated) * exponential(Double(bet.miss))
    #expect(abs(mean - 1) < 1e-6)
  }

  @Test func `what nearly always happens cannot be bet on`() {
    #expect(RareEventBet(tolerated: 0.8, reach: 0.4) == nil)
    #expect(RareEventBet(tolerated: .nan, reach: 0.4) == nil)
  }

  @Test func `what is tolerated is more than what few rows showed`() {
    #expect(RareEventBet.tolerated(share: 0.05, draws: 100, floor: 0) > 0.15)
    #expect(RareEventBet.tolerated(share: 0.05, draws: 1_000_000, floor: 0) < 0.101)
  }
}
