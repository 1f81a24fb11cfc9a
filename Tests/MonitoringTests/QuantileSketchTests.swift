import Domain
import TestKit
import Testing

@testable import Monitoring

@Suite struct QuantileSketchTests {
  /// An order of the numbers 0..<count that some sketch would fare badly with.
  enum Order: CaseIterable {
    case ascending, descending, inwards, sawtooth, shuffled, twoValues

    func values(_ count: Int) -> [Double] {
      switch self {
      case .ascending: return (0..<count).map { Double($0) }
      case .descending: return (0..<count).map { Double(count - 1 - $0) }
      case .inwards: return (0..<count).map { Double($0 % 2 == 0 ? $0 / 2 : count - 1 - $0 / 2) }
      case .sawtooth: return (0..<count).map { Double($0 % 1000) * Double(count / 1000) + Double($0 / 1000) }
      case .shuffled:
        var generator = SeededGenerator(seed: 5)
        return (0..<count).map { Double($0) }.shuffled(using: &generator)
      case .twoValues: return (0..<count).map { $0 % 3 == 0 ? 1 : 2 }
      }
    }
  }

  /// The largest difference between the share of values up to a bound and what the sketch says of it.
  private func error(of sketch: QuantileSketch, _ values: [Double]) -> Double {
    let (found, truth) = (sketch.distribution, WeightedValues(values))
    #expect(found.total == truth.total)
    var largest = 0.0
    for (value, weight) in zip(truth.values, truth.cumulative) {
      largest = max(largest, abs(found.weight(upTo: value) - weight))
    }
    return largest / truth.total
  }

  private func sketch(of values: some Sequence<Double>, capacity: Int = 1024) -> QuantileSketch {
    var sketch = QuantileSketch(capacity: capacity)
    for value in values { sketch.observe(value) }
    return sketch
  }

  @Test(arguments: Order.allCases) func `up to its capacity a sketch is exact`(order: Order) {
    let values = order.values(1024)
    let sketch = sketch(of: values)
    #expect(sketch.isExact)
    #expect(sketch.rankError() == 0)
    #expect(error(of: sketch, values) == 0)
  }

  @Test(arguments: Order.allCases) func `no order makes ranks worse than the bound`(order: Order) {
    for count in [1_100, 5_000, 60_000] {
      let values = order.values(count)
      let sketch = sketch(of: values, capacity: 256)
      #expect(!sketch.isExact)
      #expect(sketch.items.count <= 256)
      #expect(sketch.rankError() < 0.12)
      #expect(error(of: sketch, values) <= sketch.rankError(), "\(order) of \(count)")
    }
  }

  @Test func `with the standard capacity the bound is three hundredths and the error a hundredth`() {
    let values = Order.shuffled.values(150_000)
    let sketch = sketch(of: values)
    #expect(sketch.samplingExponent > 0)
    #expect(sketch.rankError() < 0.03)
    #expect(error(of: sketch, values) < 0.01)
  }

  @Test func `the sampler leaves most values unseen once there were many`() {
    let values = Order.shuffled.values(60_000)
    var sketch = QuantileSketch(capacity: 128)
    var seen = 0
    unsafe values.withUnsafeBufferPointer { unsafe sketch.observe($0) { _ in seen += 1 } }
    #expect(sketch.samplingExponent >= 2)
    #expect(seen < 30_000)
    #expect(sketch.count == 60_000)
  }

  @Test(arguments: 1...6) func `any tree of merges keeps the bound and the weight`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let values = Order.allCases[Int(seed) % 6].values(30_000)
    var parts: [QuantileSketch] = []
    var rest = values[...]
    while !rest.isEmpty {
      let length = min(
        rest.count, Int.random(in: 1...[3, 300, 9_000].randomElement(using: &generator)!, using: &generator))
      parts.append(sketch(of: rest.prefix(length), capacity: 256))
      rest = rest.dropFirst(length)
    }
    while parts.count > 1 {
      let other = parts.remove(at: Int.random(in: parts.indices, using: &generator))
      parts[Int.random(in: parts.indices, using: &generator)].merge(other)
    }
    let merged = parts[0]
    #expect(merged.count == values.count)
    #expect(merged.items.count <= 256)
    #expect(error(of: merged, values) <= merged.rankError())
  }

  @Test func `small parts that fit together stay exact`() {
    var left = sketch(of: [3, 1, 2])
    left.merge(sketch(of: [5, 4]))
    #expect(left.isExact)
    #expect(left.distribution == WeightedValues([1, 2, 3, 4, 5]))
  }

  @Test func `the same values in the same order give the same sketch`() {
    let values = Order.shuffled.values(20_000)
    #expect(sketch(of: values, capacity: 128) == sketch(of: values, capacity: 128))
  }

  @Test func `one by one or in columns is the same`() {
    let values = Order.shuffled.values(20_000)
    var columns = QuantileSketch(capacity: 128)
    var rest = values[...]
    while !rest.isEmpty {
      unsafe rest.prefix(64).withUnsafeBufferPointer { unsafe columns.observe($0) { _ in } }
      rest = rest.dropFirst(64)
    }
    #expect(columns == sketch(of: values, capacity: 128))
  }

  @Test func `what is not finite is not taken`() {
    #expect(sketch(of: [.nan, .infinity, -.infinity]).count == 0)
  }

  @Test func `quantiles are values that came`() {
    let distribution = WeightedValues([4, 1, 3, 2])
    #expect(distribution.quantile(0) == 1)
    #expect(distribution.quantile(0.25) == 1)
    #expect(distribution.quantile(0.5) == 2)
    #expect(distribution.quantile(0.51) == 3)
    #expect(distribution.quantile(1) == 4)
    #expect(WeightedValues([Double]()).quantile(0.5) == nil)
  }

  @Test(arguments: [0, 3, 256, 5_000, 60_000]) func `bytes read back to a sketch that goes on the same`(
    count: Int
  ) throws {
    var sketch = sketch(of: Order.shuffled.values(max(count, 1)).prefix(count), capacity: 256)
    var again = try QuantileSketch(bytes: sketch.bytes)
    #expect(again == sketch)
    for value in Order.shuffled.values(2_000) {
      sketch.observe(value)
      again.observe(value)
    }
    #expect(again == sketch)
  }

  @Test func `a sketch whose weights do not add up is refused`() throws {
    var bytes = sketch(of: [1, 2, 3]).bytes
    bytes[2] = 4
    let problem = #expect(throws: Problem.self) { try QuantileSketch(bytes: bytes) }
    #expect(problem?.code == "monitoring.malformed")
    #expect(problem?.message == "expected weights of 4 in all, found 3")
  }

  @Test func `every prefix of a sketch's bytes is refused`() throws {
    let bytes = sketch(of: Order.shuffled.values(3_000), capacity: 64).bytes
    for length in 0..<bytes.count {
      #expect(throws: Problem.self) { try QuantileSketch(bytes: Array(bytes.prefix(length))) }
    }
  }
}
