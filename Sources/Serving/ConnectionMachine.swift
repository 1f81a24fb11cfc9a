/// Where one connection stands between requests and answers.
///
/// It takes events and says what to do; the doing is `ConnectionHandler`'s. One request is under way at a
/// time: while an answer is computed (`isWorking`) no event of a request may come in, the handler keeps those
/// back.
struct ConnectionMachine: ~Copyable {
  private enum State {
    /// Between requests.
    case idle
    /// The body comes in and is kept.
    case collecting(Operation, count: Int)
    /// The answer is certain; what is left of the body is thrown away first, so that the connection stays
    /// usable.
    case skipping(Answer, count: Int)
    /// The request is whole and its answer is being computed.
    case working
    /// The last answer of the connection is out; what still comes is thrown away. More of a request is to be
    /// expected where that answer came before the request was whole.
    case lingering(expectsMore: Bool)
  }

  /// What is to be done.
  enum Action {
    case nothing
    /// Keep these bytes of the body.
    case collect
    /// Ask for the body with `100 Continue`.
    case askForBody
    /// Compute the answer; `answered` follows.
    case perform(Operation)
    /// Send an answer, and end the output after it where `isLast`.
    case send(Answer, isLast: Bool)
    /// Close the connection once what was sent is out: nothing more can come of it.
    case close
  }

  /// What the deadline of a connection is about.
  enum Phase: Equatable {
    case idle, body, working, closing, lingering
  }

  private let bodyLimit: Int
  private let skipLimit: Int
  private var state = State.idle
  private var keepsAlive = true

  init(limits: PlaneLimits) {
    bodyLimit = limits.bodyBytes
    skipLimit = limits.skippedBytes
  }

  var isWorking: Bool {
    if case .working = state { true } else { false }
  }

  /// Whether the last answer is out.
  var isAtEnd: Bool {
    if case .lingering = state { true } else { false }
  }

  var phase: Phase {
    switch state {
    case .idle: .idle
    case .collecting, .skipping: .body
    case .working: .working
    case .lingering(let expectsMore): expectsMore ? .lingering : .closing
    }
  }

  /// A head came in, and this was decided on it.
  mutating func head(_ head: RequestHead, _ decision: Decision) -> Action {
    guard case .idle = state else { return .nothing }
    keepsAlive = head.keepsAlive
    switch decision {
    case .perform(let operation):
      state = .collecting(operation, count: 0)
      return head.expectsContinue ? .askForBody : .nothing
    case .answer(let answer):
      // Who waits for '100 Continue' may never send the body: there would be no end to wait for.
      if answer.closes || head.expectsContinue || head.declaredBytes > skipLimit {
        return last(answer, expectsMore: head.body != .none)
      }
      state = .skipping(answer, count: 0)
      return .nothing
    }
  }

  /// Bytes of the body came in.
  ///
  /// `tooLarge` makes the answer to a body beyond the limit.
  mutating func body(_ count: Int, tooLarge: () -> Answer) -> Action {
    switch state {
    case .collecting(let operation, let sum):
      guard sum + count <= bodyLimit else { return last(tooLarge(), expectsMore: true) }
      state = .collecting(operation, count: sum + count)
      return .collect
    case .skipping(let answer, let sum):
      guard sum + count <= skipLimit else { return last(answer, expectsMore: true) }
      state = .skipping(answer, count: sum + count)
      return .nothing
    case .idle, .working, .lingering: return .nothing
    }
  }

  /// The request is whole.
  mutating func end() -> Action {
    switch state {
    case .collecting(let operation, _):
      state = .working
      return .perform(operation)
    case .skipping(let answer, _): return send(answer)
    case .idle, .working, .lingering: return .nothing
    }
  }

  /// The answer to the request that was performed.
  mutating func answered(_ answer: Answer) -> Action {
    guard case .working = state else { return .nothing }
    return send(answer)
  }

  /// The request cannot go on: it is malformed, too slow, or there is no room for it.
  mutating func fail(_ answer: Answer) -> Action {
    switch state {
    case .idle, .collecting, .skipping, .working: return last(answer, expectsMore: true)
    case .lingering:
      // The caller sends on behind the last answer, and would lose it to a reset were the connection closed soon.
      state = .lingering(expectsMore: true)
      return .nothing
    }
  }

  /// The caller sends nothing more.
  mutating func inputClosed() -> Action {
    switch state {
    case .working:
      keepsAlive = false
      return .nothing
    case .idle, .collecting, .skipping:
      state = .lingering(expectsMore: false)
      return .close
    case .lingering: return .close
    }
  }

  private mutating func send(_ answer: Answer) -> Action {
    if answer.closes || !keepsAlive { return last(answer, expectsMore: false) }
    state = .idle
    return .send(answer, isLast: false)
  }

  private mutating func last(_ answer: Answer, expectsMore: Bool) -> Action {
    state = .lingering(expectsMore: expectsMore)
    return .send(answer, isLast: true)
  }
}

extension RequestHead {
  fileprivate var declaredBytes: Int {
    guard case .declared(let count) = body else { return 0 }
    return count
  }
}
