import Domain
import NIOConcurrencyHelpers
import NIOCore

/// Lets so many predictions of a deployment run at one time, and so many wait for their turn.
///
/// It outlives the snapshots that name its bounds. What waits has its turn in the order in which it came.
final class ModelGate: Sendable {
  /// Where something waits.
  final class Place: Sendable {}

  private struct State {
    var limits: DeploymentLimits
    var running = 0
    var waiting = CircularBuffer<(place: Place, begin: @Sendable () -> Void)>()

    var hasRoom: Bool { running < limits.concurrency ?? .max }

    /// Those whose turn it is now; they run from here on.
    ///
    /// Afterwards nothing waits where there is room, so that whoever comes next overtakes nobody.
    mutating func nextTurns() -> [@Sendable () -> Void] {
      var turns: [@Sendable () -> Void] = []
      while hasRoom, let first = waiting.popFirst() {
        running += 1
        turns.append(first.begin)
      }
      return turns
    }
  }

  private let state: NIOLockedValueBox<State>

  init(_ limits: DeploymentLimits) {
    state = NIOLockedValueBox(State(limits: limits))
  }

  /// Takes other bounds; what runs and waits goes on, and what waits begins where there is room for it now.
  func bound(by limits: DeploymentLimits) {
    let turns = state.withLockedValue { state in
      state.limits = limits
      return state.nextTurns()
    }
    for begin in turns { begin() }
  }

  /// Begins a prediction, where there is room for one; `leave` is owed for it.
  func enter() -> Bool {
    state.withLockedValue { state in
      guard state.hasRoom else { return false }
      state.running += 1
      return true
    }
  }

  /// Has `begin` called when there is room, here and now or by who leaves; false where too many wait.
  ///
  /// What it begins owes a `leave`.
  func wait(at place: Place = Place(), _ begin: @escaping @Sendable () -> Void) -> Bool {
    let turn = state.withLockedValue { state -> Bool? in
      if state.hasRoom {
        state.running += 1
        return true
      }
      guard state.waiting.count < state.limits.queue ?? 0 else { return nil }
      state.waiting.append((place, begin))
      return false
    }
    if turn == true { begin() }
    return turn != nil
  }

  /// Has what waits there wait no more; false where it has begun, or never waited.
  func abandon(_ place: Place) -> Bool {
    state.withLockedValue { state in
      guard let index = state.waiting.firstIndex(where: { $0.place === place }) else { return false }
      state.waiting.remove(at: index)
      return true
    }
  }

  /// Ends a prediction, and begins those that have their turn.
  func leave() {
    let turns = state.withLockedValue { state in
      state.running -= 1
      return state.nextTurns()
    }
    for begin in turns { begin() }
  }
}

/// When an operation may run: through which gate, and until when it may begin.
struct Turn: Sendable {
  var deadline = Deadline.never
  /// Nil where any number may run.
  var gate: ModelGate?

  /// Any time.
  static let open = Turn()
}
