import NIOConcurrencyHelpers
import Synchronization

/// Whether answering several requests to a model at once is worth it, found out from its first requests.
///
/// It is where a row among others takes clearly less than a row alone: where a model's constants do not stay in the
/// cache, or its kernels take rows in groups. It is not for a model that answers in the time it takes to gather. Least
/// times are compared, which what else the machine does cannot lower; what was found holds for as long as the version
/// is served.
final class BatchGain: Sendable {
  /// What is to be done with a small request.
  enum Advice: UInt8 {
    /// Answer it by itself and tell how long it took.
    case measure
    /// Answer it with those that come at the same time, and tell how long that took.
    case attempt
    /// Answer it with those that come at the same time.
    case gather
    /// Answer it by itself.
    case leave
  }

  /// How many requests alone, and how many batches, are measured.
  static let samples = 32
  /// Requests of more rows are batches of their own.
  static let mostRows = 16
  /// How many requests a batch has at least that is measured.
  static let leastBatch = 4
  /// What takes no longer alone, in nanoseconds, is never gathered: the gathering takes about as long.
  static let shortest = 5_000

  private struct Samples {
    var count = 0
    var leastNanosecondsPerRow = Double.infinity

    mutating func add(rows: Int, nanoseconds: Int) {
      count += 1
      leastNanosecondsPerRow = min(leastNanosecondsPerRow, Double(nanoseconds) / Double(max(1, rows)))
    }
  }

  private let current: Synchronization.Atomic<UInt8>
  private let samples = NIOLockedValueBox((alone: Samples(), batched: Samples()))

  /// Begins by measuring, unless the model is never to be asked about the rows of several requests at once.
  init(isPossible: Bool) {
    current = Synchronization.Atomic((isPossible ? Advice.measure : .leave).rawValue)
  }

  /// What is to be done with a small request now.
  var advice: Advice { Advice(rawValue: current.load(ordering: .relaxed)) ?? .leave }

  /// Tells how long a request took that was answered by itself.
  func noteAlone(rows: Int, nanoseconds: Int) {
    guard advice == .measure else { return }
    samples.withLockedValue { samples in
      samples.alone.add(rows: rows, nanoseconds: nanoseconds)
      guard samples.alone.count == Self.samples else { return }
      advise(samples.alone.leastNanosecondsPerRow < Double(Self.shortest) ? .leave : .attempt)
    }
  }

  /// Tells how long a batch took.
  func noteBatch(requests: Int, rows: Int, nanoseconds: Int) {
    guard requests >= Self.leastBatch, advice == .attempt else { return }
    samples.withLockedValue { samples in
      samples.batched.add(rows: rows, nanoseconds: nanoseconds)
      guard samples.batched.count == Self.samples else { return }
      let isWorthIt = samples.batched.leastNanosecondsPerRow < 0.75 * samples.alone.leastNanosecondsPerRow
      advise(isWorthIt ? .gather : .leave)
    }
  }

  private func advise(_ advice: Advice) { current.store(advice.rawValue, ordering: .relaxed) }
}
