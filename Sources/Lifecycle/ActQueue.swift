import Domain

/// Acts, one after another, each to its end.
///
/// Registry, data plane and ledger move together, so two acts never overlap; and an act runs in this queue's
/// task, not in its caller's: a caller that hangs up cuts nothing off. At most `capacity` acts wait; one more
/// is refused with `platform.busy`.
final class ActQueue: Sendable {
  private let jobs: AsyncStream<@Sendable () async -> Void>
  private let entrance: AsyncStream<@Sendable () async -> Void>.Continuation

  init(capacity: Int) {
    (jobs, entrance) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
  }

  /// Works until `close`, then finishes what waits.
  func run() async {
    for await job in jobs { await job() }
  }

  /// Takes no more acts.
  func close() { entrance.finish() }

  /// Waits for the act's turn and answers with its result.
  ///
  /// A patient one waits outside where the queue is full: there are few of them, and each has cost much already.
  func perform<Result: Sendable>(
    isPatient: Bool = false, _ act: @escaping @Sendable () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    while true {
      let outcome: Swift.Result<Result, Problem>? = await withCheckedContinuation { continuation in
        let yielded = entrance.yield {
          do throws(Problem) {
            continuation.resume(returning: .success(try await act()))
          } catch {
            continuation.resume(returning: .failure(error))
          }
        }
        switch yielded {
        case .enqueued: break
        case .dropped where isPatient: continuation.resume(returning: nil)
        default: continuation.resume(returning: .failure(.busy))
        }
      }
      if let outcome { return try outcome.get() }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }
}

extension Problem {
  /// Why an act is not taken.
  static let busy = Problem(
    .unavailable, "platform.busy", "expected room in the queue of acts, found it full or closed",
    hint: "try again in a few seconds")
}
