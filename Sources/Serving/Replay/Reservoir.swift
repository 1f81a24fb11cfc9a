import Domain
import Glibc
import Inference
import ModelGraph
import NIOConcurrencyHelpers
import Synchronization

/// A uniform sample of the requests that a version answered, in memory alone: what the next process is asked again.
///
/// Algorithm L (Li, "Reservoir-Sampling Algorithms of Time Complexity O(n(1 + log(N/n)))", 1994): after each request that is taken
/// it is drawn how many are passed over, so that one of those costs a subtraction, whatever the sample is. Those that come in
/// the microseconds in which one is taken are not in the stream that is sampled.
final class Reservoir: Sendable {
  /// A request that was taken.
  struct Kept: Sendable {
    let rows: Rows
    /// The digests of what its caller was answered, by output; none where the rows are the first of more.
    let answers: [String: Digest]
  }

  /// How many numbers and texts of a request are kept, but for one row where it is wider.
  private static let caseValues = 256

  fileprivate struct State {
    var kept: [Kept] = []
    /// The W of the paper: the greatest of the keys of those that are kept.
    var weight = 1.0
    var generator: SplitMix64
  }

  private let state: NIOLockedValueBox<State>
  /// How many requests go by until one is taken; below 1 while one is.
  private let left = Atomic<Int>(1)

  /// An empty one; the same seed takes the same requests of a stream.
  init(seed: UInt64 = .random(in: .min ... .max)) {
    state = NIOLockedValueBox(State(generator: SplitMix64(state: seed)))
  }

  /// Takes a request that was answered, or passes it over.
  func offer(_ rows: Rows, _ answers: [PredictionMethod: [Tensor]], of model: ServedModel) {
    guard left.wrappingSubtract(1, ordering: .relaxed).newValue == 0 else { return }
    // One that is too long is none of the stream: the next is asked instead.
    let next = Self.kept(rows, answers, of: model).map { kept in
      state.withLockedValue { $0.take(kept, capacity: Self.capacity(for: kept.rows)) }
    }
    left.store(next ?? 1, ordering: .relaxed)
  }

  /// What is kept, in no order.
  var kept: [Kept] { state.withLockedValue { $0.kept } }

  /// Forgets everything.
  func clear() {
    state.withLockedValue { state in
      state.kept = []
      state.weight = 1
    }
    left.store(1, ordering: .relaxed)
  }

  /// How many requests are kept where they are like this one: all of them have a bounded number of values together.
  private static func capacity(for rows: Rows) -> Int {
    let values = max(1, rows.numbers.count + rows.texts.count)
    let perRow = max(1, values / max(1, rows.rowCount))
    return min(ReplaySample.mostCases, max(1, ReplaySample.mostValues / max(caseValues, perRow)))
  }

  /// What there is to keep of a request: its first rows; nil where the first is too long.
  private static func kept(
    _ rows: Rows, _ answers: [PredictionMethod: [Tensor]], of model: ServedModel
  ) -> Kept? {
    guard rows.rowCount > 0 else { return nil }
    let (numbers, texts) = (rows.numbers.count / rows.rowCount, rows.texts.count / rows.rowCount)
    guard numbers + texts <= ReplaySample.mostValues else { return nil }
    let count = min(rows.rowCount, max(1, caseValues / max(1, numbers + texts)))
    let isWhole = count == rows.rowCount
    let first =
      isWhole
      ? rows
      : Rows(
        numbers: Array(rows.numbers.prefix(count * numbers)), texts: Array(rows.texts.prefix(count * texts)),
        rowCount: count, featureCount: rows.featureCount)
    guard first.texts.reduce(0, { $0 + ($1?.utf8.count ?? 0) }) <= ReplaySample.mostTextBytes else {
      return nil
    }
    return Kept(rows: first, answers: isWhole ? model.digests(of: answers) : [:])
  }
}

extension Reservoir.State {
  /// Puts a request in its place; how many come until the next is taken.
  fileprivate mutating func take(_ one: Reservoir.Kept, capacity: Int) -> Int {
    guard kept.count >= capacity else {
      kept.append(one)
      guard kept.count == capacity else { return 1 }
      return gap(capacity)
    }
    kept[Int.random(in: 0..<kept.count, using: &generator)] = one
    return gap(kept.count)
  }

  private mutating func gap(_ capacity: Int) -> Int {
    weight *= exp(log(Double.random(in: 0x1p-53..<1, using: &generator)) / Double(capacity))
    let skipped = (log(Double.random(in: 0x1p-53..<1, using: &generator)) / log1p(-weight)).rounded(.down)
    // Below some 10⁻³⁰⁰ there is no number for it; so many requests never come.
    return skipped < 0x1p62 ? Int(skipped) + 1 : 1 << 62
  }
}

/// Random numbers that repeat from run to run (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
