import Domain
import Inference
import ModelGraph
import NIOConcurrencyHelpers

/// Whether a version answers right while it serves: it is asked rows of its bundle's check, one after the other, and again.
///
/// It goes on answering whatever comes of that: whether a wrong answer is worse than none is not for the data plane to say.
final class ModelProbe: Sendable {
  /// How many intervals may go by without a right answer.
  static let patience = 3
  /// A version is asked so seldom that this is, at most, one part in so many of a thread's time.
  static let share = 50
  /// How long nobody asks at most for that, in nanoseconds.
  private static let longestPause = 60_000_000_000

  /// What came of it so far.
  struct Counts: Equatable {
    var right = 0
    var wrong = 0
    /// Those that were not answered in time.
    var overdue = 0
    /// How long those took that were answered, in nanoseconds.
    var nanoseconds = 0
    /// How many in a row were not right.
    var failing = 0
  }

  /// What changed with an outcome.
  enum Change {
    case failed(Problem)
    case recovered
  }

  fileprivate struct State {
    var counts = Counts()
    /// The row that is asked about next: one that was answered wrong is asked about until it is not.
    var next = 0
    /// The number of the question that is under way; nil where none is.
    var open: Int?
    /// Whether that has been counted as overdue.
    var isCounted = false
    var asked = 0
    /// When the last question began.
    var began = 0
    var took = 0
    /// Until when a right answer has to come; nil while nobody asks.
    var due: Int?
    var isWrong = false
    /// Whether it was told of.
    var isTold = false
  }

  private let check: SelfCheck
  private let state = NIOLockedValueBox(State())

  /// Asks by a check; nothing happens before `ask`.
  init(_ check: SelfCheck?) { self.check = check ?? .zeros }

  /// What came of it so far.
  var counts: Counts { state.withLockedValue { $0.counts } }

  /// Whether it answered right when it was asked last, and lately enough; also where nobody asks.
  func isReady(at now: Int = Clock.monotonic()) -> Bool {
    state.withLockedValue { state in !state.isWrong && state.due.map { now <= $0 } ?? true }
  }

  /// Whether all that is the matter is that no right answer has come lately.
  func isOverdue(at now: Int = Clock.monotonic()) -> Bool {
    state.withLockedValue { state in !state.isWrong && state.due.map { now > $0 } ?? false }
  }

  /// How long it is until the next question, in nanoseconds.
  ///
  /// An answer that waited for a thread is no dearer for that: whatever it took, a minute is enough. What is wrong is asked about again soon.
  private static func pace(_ state: State, _ interval: Int) -> Int {
    state.isWrong ? interval : max(interval, min(state.took * share, longestPause))
  }

  /// The next question, where it is time for one; what is not answered by then is overdue.
  func ask(
    _ plan: ExecutionPlan, every interval: Int, at now: Int
  ) -> (question: (methods: [PredictionMethod], rows: Rows)?, number: Int, change: Change?) {
    state.withLockedValue { state -> (([PredictionMethod], Rows)?, Int, Change?) in
      let pace = Self.pace(state, interval)
      if state.due == nil { state.due = now + Self.patience * pace }
      if state.open != nil {
        guard let due = state.due, now > due else { return (nil, 0, nil) }
        if !state.isCounted {
          state.isCounted = true
          state.counts.overdue += 1
        }
        state.counts.failing += 1
        return (nil, 0, state.tell(of: Self.overdue))
      }
      guard state.asked == 0 || now - state.began >= pace - interval / 2 else { return (nil, 0, nil) }
      guard check.isShort(state.next, for: plan) else {
        // Nothing can be asked of it again and again: what it answered when it was loaded has to do.
        state.due = nil
        return (nil, 0, nil)
      }
      state.asked += 1
      state.open = state.asked
      state.isCounted = false
      state.began = now
      return (check.question(state.next, for: plan), state.asked, nil)
    }
  }

  /// Takes what was answered to a question; what is not the one that is under way is nobody's.
  func take(
    _ result: Result<[PredictionMethod: [Tensor]], Problem>, to number: Int, of plan: ExecutionPlan,
    every interval: Int, at now: Int
  ) -> Change? {
    state.withLockedValue { state -> Change? in
      guard state.open == number else { return nil }
      state.open = nil
      state.took = now - state.began
      state.counts.nanoseconds += state.took
      do throws(Problem) {
        try check.judge(result, to: state.next, of: plan)
        state.next = (state.next + 1) % check.questionCount
        state.counts.right += 1
        state.counts.failing = 0
        state.isWrong = false
        state.due = now + Self.patience * Self.pace(state, interval)
        guard state.isTold else { return nil }
        state.isTold = false
        return .recovered
      } catch {
        state.counts.wrong += 1
        state.counts.failing += 1
        state.isWrong = true
        return state.tell(of: error)
      }
    }
  }

  private static let overdue = Problem(
    .unavailable, "probe.overdue", "expected an answer to a row of the bundle's check in time, found none")
}

extension ModelProbe.State {
  /// Said once, until it is right again.
  fileprivate mutating func tell(of problem: Problem) -> ModelProbe.Change? {
    guard !isTold else { return nil }
    isTold = true
    return .failed(problem)
  }
}
