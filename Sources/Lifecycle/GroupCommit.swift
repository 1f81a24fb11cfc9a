package import Domain
import Gates
import Synchronization

/// Acts that change nothing but the registry, as many to a commit as wait for one: while a batch is on its way to the
/// disk, the next one gathers, and where none is on its way an act waits for nobody.
///
/// At most `capacity` of them wait; one more is refused with `platform.busy`.
///
/// They come between the commits of an act in `ActQueue`, which has the registry over several. That is sound since none
/// of them changes what such an act reads and goes by later: `RegistryChange.concernsRegistryAlone` says which changes
/// those are, and `propose` refuses the others. What an act commits is held against the registry once more in its own
/// transaction, as ever.
package final class GroupCommit: Sendable {
  private struct Waiting {
    let proposal: Proposal
    let answer: CheckedContinuation<Result<ProposalOutcome, Problem>, Never>
  }

  private struct State {
    var waiting: [Waiting] = []
    var isClosed = false
    /// What `run` waits for, where nothing waits for it.
    var idle: CheckedContinuation<Void, Never>?
  }

  private let registry: any RegistryWriter
  private let capacity: Int
  private let batchLimit: Int
  // Whoever comes sees in one step whether there is room, and whether `run` has to be woken.
  private let state = Mutex(State())

  /// Commits to a registry; nothing happens before `run`.
  package init(registry: any RegistryWriter, capacity: Int = 1024, batchLimit: Int = 256) {
    self.registry = registry
    self.capacity = capacity
    self.batchLimit = batchLimit
  }

  /// How many wait that no batch has taken yet.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Works until `close`, then finishes what waits.
  package func run() async {
    while let batch = await next() {
      let outcomes: [Result<ProposalOutcome, Problem>]
      do throws(Problem) {
        outcomes = try await registry.commit(batch.map(\.proposal)).outcomes.map { .success($0) }
      } catch {
        // None of them has happened or all of them have: nobody is told that his has.
        outcomes = batch.map { _ in .failure(error) }
      }
      for (waiting, outcome) in zip(batch, outcomes) { waiting.answer.resume(returning: outcome) }
    }
  }

  /// Takes no more.
  package func close() {
    state.withLock { state in
      state.isClosed = true
      return state.idle.take()
    }?.resume()
  }

  /// Waits until what became of a proposal is durable.
  ///
  /// Where this throws, the batch may be there all the same, as with every commit; what a proposal is refused with is an
  /// outcome.
  package func propose(_ proposal: Proposal) async throws(Problem) -> ProposalOutcome {
    let bounded = Proposal { view throws(Problem) in
      let decision = try proposal.decide(view)
      switch decision {
      case .make(_, let changes), .refuse(_, _, let changes):
        guard changes.allSatisfy(\.concernsRegistryAlone) else { throw Self.hasEffect }
      }
      return decision
    }
    let result: Result<ProposalOutcome, Problem> = await withCheckedContinuation { continuation in
      let (isTaken, idle) = state.withLock { state in
        guard !state.isClosed, state.waiting.count < capacity else {
          return (false, CheckedContinuation<Void, Never>?.none)
        }
        state.waiting.append(Waiting(proposal: bounded, answer: continuation))
        return (true, state.idle.take())
      }
      idle?.resume()
      if !isTaken { continuation.resume(returning: .failure(.busy)) }
    }
    return try result.get()
  }

  /// What waits, at most a batch of it; nil when there is nothing left and nothing more comes.
  private func next() async -> [Waiting]? {
    while true {
      let (batch, isClosed) = state.withLock { state in
        let batch = Array(state.waiting.prefix(batchLimit))
        state.waiting.removeFirst(batch.count)
        return (batch, state.isClosed)
      }
      if !batch.isEmpty { return batch }
      if isClosed { return nil }
      await withCheckedContinuation { continuation in
        let isNeeded = state.withLock { state in
          guard state.waiting.isEmpty, !state.isClosed else { return true }
          state.idle = continuation
          return false
        }
        if isNeeded { continuation.resume() }
      }
    }
  }

  private static let hasEffect = Problem(
    .internal, "registry.has-effect",
    "expected a change that concerns the registry alone, found one that acts or the data plane go by")
}

extension GroupCommit {
  /// Records an act that is decided and done in one commit: one entry, `done` or `failed`.
  ///
  /// Throws what it is refused with, after that is in the ledger.
  func record<Success: Sendable>(
    _ act: Act, of subject: String, by recorder: Recorder,
    _ decide: @escaping @Sendable (any RegistryView) throws(Problem) -> ActOutcome<Success>
  ) async throws(Problem) -> Success {
    // The last decision is the one that was committed: a batch that did not come to be may be decided again.
    let decided = Mutex<Success?>(nil)
    let outcome = try await propose(
      Proposal { view throws(Problem) in
        switch try decide(view) {
        case .done(let result, let details, let changes):
          decided.withLock { $0 = result }
          return .make([recorder.entry(act, .done, subject, details)], changes)
        case .refused(let problem, let details, let changes):
          let all = Recorder.details(of: problem).merging(details) { $1 }
          return .refuse(problem, entries: [recorder.entry(act, .failed, subject, all)], changes: changes)
        }
      })
    _ = try outcome.get()
    guard let result = decided.withLock({ $0 }) else { preconditionFailure("made without a result") }
    return result
  }
}

extension RegistryChange {
  /// Whether neither the data plane nor an act that is under way goes by what this changes.
  ///
  /// Not so what is served (an act tells the data plane first), the versions, images and keys that acts number and find, or
  /// what repositories have: collecting blobs counts on that.
  var concernsRegistryAlone: Bool {
    switch self {
    case .quarantine, .addSegment, .addDamagedSegment, .access: true
    // An act goes by the policy, the facts and the approvals that it has read: those of its own moment, as its entries say.
    case .governance(let change):
      switch change {
      case .setFacts, .propose, .withdraw, .apply, .approve, .decideThreat, .relay, .importAdvisories,
        .repave, .alerting:
        true
      case .wait, .test, .endWait, .stateThreats, .keepFormers, .mark, .unmark, .setRollout,
        .setRolloutTerms, .stateReference, .setShares, .setDesired, .promotion:
        false
      }
    case .addVersion, .setDeployment, .setAlias, .removeAlias, .addKey, .revokeKey, .setIssuer, .removeIssuer,
      .setPolicy, .addImage, .addSealKey, .changeSealKey, .revokeVersion, .putManifest, .removeManifest,
      .setTag,
      .removeTag:
      false
    }
  }
}
