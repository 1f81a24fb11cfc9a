import NIOConcurrencyHelpers

/// Spans that wait to be sent, from all event loops.
///
/// Bounded: what comes while it is full is dropped and counted. A request never waits for a collector.
final class SpanQueue: Sendable {
  /// What became of the spans so far.
  struct Counts: Equatable {
    /// Taken by the collector.
    var exported = 0
    /// Dropped because the queue was full.
    var dropped = 0
    /// Sent, and not taken.
    var rejected = 0
    /// Given up on: the collector could not be reached, or answered that it never will.
    var failed = 0
    /// Waiting now.
    var waiting = 0
  }

  private struct State {
    var spans: [RequestSpan] = []
    var counts = Counts()
  }

  private let limit: Int
  private let state = NIOLockedValueBox(State())

  init(limit: Int) {
    self.limit = limit
  }

  var counts: Counts {
    state.withLockedValue { state in
      var counts = state.counts
      counts.waiting = state.spans.count
      return counts
    }
  }

  /// Takes a span in, and says how many wait now; nil where there is no room for it.
  func append(_ span: RequestSpan) -> Int? {
    state.withLockedValue { state in
      guard state.spans.count < limit else {
        state.counts.dropped += 1
        return nil
      }
      state.spans.append(span)
      return state.spans.count
    }
  }

  /// Takes the oldest spans out, as many as there are up to a bound.
  func take(_ most: Int) -> [RequestSpan] {
    state.withLockedValue { state in
      let taken = Array(state.spans.prefix(most))
      state.spans.removeFirst(taken.count)
      return taken
    }
  }

  /// Counts what became of spans that were taken out.
  func count(_ change: (inout Counts) -> Void) {
    state.withLockedValue { change(&$0.counts) }
  }
}
