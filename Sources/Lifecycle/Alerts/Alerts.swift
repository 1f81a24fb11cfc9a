public import Alerting
public import Domain
import Gates
import Synchronization

/// Looks at what the platform knows, has alerts begin and end, gives both their entries in the ledger, and tells receivers.
///
/// What becomes of an alert is kept first, then in the ledger, then told: a crash in between has the next look go on from what is
/// kept, under the same ids.
public final class Alerts: Sendable {
  /// How often conditions are looked at.
  public static let interval = Duration.seconds(10)
  /// For how long alerts that are over are kept.
  static let retention = Duration.seconds(30 * 86_400)
  /// How many alerts that are over are kept at most, the newest.
  static let retainedLimit = 100_000
  /// How many entries one look gives the ledger at most; the rest has to wait for the next.
  static let entryLimit = 100

  /// What a look goes on from.
  private struct State {
    var book = AlertBook()
    /// Whether the book may be other than what is kept: before the first look, and after one that failed.
    var isUncertain = true
    var history = TrafficHistory()
    /// Where the HTTP face answers.
    var page: String?
    /// The rules that were read last, by their digest.
    var rules: (digest: Digest, rules: AlertRules)?
  }

  let registry: any RegistryWriter & RegistryReader & LedgerReader
  let store: any AlertStore
  let sender: any WebhookSender
  let evidence: AlertEvidence
  let blobs: any BlobStore
  let ledger: String
  let time: any TimeSource
  let entropy: any Entropy
  /// Who gives what became of alerts its entry: each entry once.
  let recording = Turns()
  /// Who adds or removes a receiver, in two stores.
  let addressing = Turns()
  // A round of a receiver begins where none of it is under way.
  let rounds = Mutex(Rounds())
  // One look at a time takes the book out of it.
  private let state = Mutex(State())

  init(
    registry: any RegistryWriter & RegistryReader & LedgerReader, store: any AlertStore,
    sender: any WebhookSender, evidence: AlertEvidence, blobs: any BlobStore, ledger: String,
    time: any TimeSource, entropy: any Entropy
  ) {
    self.registry = registry
    self.store = store
    self.sender = sender
    self.evidence = evidence
    self.blobs = blobs
    self.ledger = ledger
    self.time = time
    self.entropy = entropy
  }

  /// Says where the HTTP face answers, for links in messages.
  public func setPage(_ page: String) { state.withLock { $0.page = page } }

  var page: String? { state.withLock { $0.page } }

  /// What came to every version, as far as it was looked at.
  var history: TrafficHistory { state.withLock { $0.history } }

  /// Looks once at everything; what went wrong.
  ///
  /// To be called again and again, never twice at a time.
  public func look() async -> [Problem] {
    var problems: [Problem] = []
    do throws(Problem) {
      try await take(&problems)
    } catch {
      // What is in memory may be ahead of what is kept.
      state.withLock { $0.isUncertain = true }
      problems.append(error)
    }
    do throws(Problem) {
      try await recording.perform { () async throws(Problem) in try await record() }
    } catch {
      problems.append(error)
    }
    return problems
  }

  private func take(_ problems: inout [Problem]) async throws(Problem) {
    let now = time.now()
    let rules: AlertRules
    // Without its file the platform goes by the rules that need none, rather than by none.
    do throws(Problem) { rules = try await self.rules() } catch {
      problems.append(error)
      rules = .standard
    }
    var (book, history) = state.withLock { ($0.book, $0.history) }
    if state.withLock({ $0.isUncertain }) { book.hold(to: try await store.alerts(over: 0)) }
    let seen = await evidence.gather(&history, at: now)
    state.withLock { $0.history = history }
    problems += seen.problems
    let changed = book.take(seen.measured, unread: seen.unread, by: rules, at: now)
    if !changed.isEmpty { try await store.save(changed) }
    state.withLock { state in
      state.book = book
      state.isUncertain = false
    }
    if book.isFull {
      problems.append(
        Problem(
          .tooMany, "alerts.too-many",
          "expected at most \(AlertBook.limit) alerts at a time, found more that would begin",
          hint: "see 'gatehouse alerts', and raise the lines of what begins too easily"))
    }
    if changed.contains(where: { !$0.isStanding }) {
      try await store.prune(before: now.advanced(by: Self.retention * -1), keeping: Self.retainedLimit)
    }
  }

  /// The rules in force: those of the file that was applied last.
  public func rules() async throws(Problem) -> AlertRules {
    guard let record = try await registry.record(.alertRules, AlertingChange.inForce) else {
      return .standard
    }
    let applied = try AppliedAlertRules(json: record.value)
    if let known = state.withLock({ $0.rules }), known.digest == applied.digest { return known.rules }
    let bytes = try await blobs.read(applied.digest, limit: AlertRulesReading.sizeLimit)
    let rules = try AlertRules(parsing: bytes)
    state.withLock { $0.rules = (applied.digest, rules) }
    return rules
  }
}
