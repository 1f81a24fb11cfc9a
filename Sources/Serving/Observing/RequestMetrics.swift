import Domain
import NIOConcurrencyHelpers

/// How many requests were answered how, and how long they took, for one model or for what no model answered.
final class RequestMetrics: Sendable {
  /// What is counted together: what was asked for, by what, and the status of the answer.
  struct Kind: Hashable, Comparable {
    let request: String
    let wire: RequestTransport.Wire
    let status: Int

    /// Whether a prediction was asked for.
    var isPrediction: Bool { RequestMetrics.isPrediction(request) }

    static func < (left: Kind, right: Kind) -> Bool {
      (left.request, left.wire.rawValue, left.status) < (right.request, right.wire.rawValue, right.status)
    }
  }

  /// Whether a prediction is asked for by a request that records call so.
  static func isPrediction(_ request: String?) -> Bool {
    request == "predict" || request == "invocations" || request == "infer"
  }

  /// What was counted up to a moment.
  struct Counts {
    var requests: [Kind: Int] = [:]
    /// Answers that carried a problem, by its code.
    var problems: [String: Int] = [:]
    /// From the head of a request to its answer, in nanoseconds.
    var durations = Histogram(bounds: RequestMetrics.durationBounds)
    /// Rows of the requests that were predicted for.
    var rows = Histogram(bounds: RequestMetrics.rowBounds)
    /// Those predictions whose callers named no version.
    var shared = Shared()
  }

  /// Predictions that came to a version because its deployment has it answer those who name none: what a roll-out is judged by.
  ///
  /// Who asks for a version by its number or an alias is no sample of those, neither in what is asked nor in how often.
  struct Shared {
    var answered = 0
    var refused = 0
    var failed = 0
    /// From the head of a request to its answer, in nanoseconds, of those that were answered.
    var durations = Histogram(bounds: RequestMetrics.durationBounds)
    /// What those that were answered spent their time on.
    var stages = StageTimes()
    /// Why others were refused, and why they failed.
    var refusals = CauseCounts()
    var failures = CauseCounts()

    mutating func add(_ record: AccessRecord, _ stages: StageTimes) {
      switch record.status {
      case ..<400:
        answered += 1
        durations.add(record.nanoseconds)
        self.stages = self.stages + stages
      // Whoever is not there any more was neither refused nor failed.
      case 499: break
      case ..<500:
        refused += 1
        refusals.add(record.code, of: record.key)
      default:
        failed += 1
        // That they failed is no fault of their callers.
        failures.add(record.code, of: nil)
      }
    }
  }

  /// From 10 µs to 10 s, three a decade: what a judge of roll-outs counts by as well.
  static let durationBounds = LatencyBounds.nanoseconds
  /// From one row, by fours.
  static let rowBounds = (0..<9).map { 1 << (2 * $0) }

  private let state = NIOLockedValueBox(Counts())

  var counts: Counts { state.withLockedValue { $0 } }

  /// Counts a request that is answered; `isShared` says that its caller named no version.
  func count(
    _ record: AccessRecord, by wire: RequestTransport.Wire, isShared: Bool, stages: StageTimes = StageTimes()
  ) {
    let kind = Kind(request: record.request ?? "other", wire: wire, status: record.status)
    state.withLockedValue { counts in
      counts.requests[kind, default: 0] += 1
      counts.durations.add(record.nanoseconds)
      if record.rows > 0 { counts.rows.add(record.rows) }
      if kind.isPrediction, isShared { counts.shared.add(record, stages) }
      if let code = record.code { counts.problems[code, default: 0] += 1 }
    }
  }
}

/// How many values there were of which size.
struct Histogram {
  /// Ascending.
  let bounds: [Int]
  /// How many values were no greater than each of `bounds`, and greater than the one before; the last are those that
  /// were greater than any.
  private(set) var counts: [Int]
  private(set) var sum = 0

  init(bounds: [Int]) {
    self.bounds = bounds
    counts = [Int](repeating: 0, count: bounds.count + 1)
  }

  mutating func add(_ value: Int) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum &+= value
  }
}
