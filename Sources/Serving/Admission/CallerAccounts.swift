import NIOConcurrencyHelpers

/// The accounts of all callers of a plane; they outlive the snapshots that name the callers.
final class CallerAccounts: Sendable {
  private struct State {
    var accounts: [String: CallerAccount] = [:]
    /// Those of the subjects of tokens, who come unannounced.
    var subjects: [String: CallerAccount] = [:]
    /// When subjects were forgotten last, in nanoseconds of the clock that only goes forward.
    var cleared: Int?
    /// What the file had last, for callers who have no account here yet.
    var stored = QuotaCounts()
  }

  /// The most subjects of tokens.
  static let subjectLimit = 100_000

  private let state = NIOLockedValueBox(State())

  /// The account of a caller: the one that it has, or a new one with what the file knew.
  func account(of caller: String) -> CallerAccount {
    state.withLockedValue { state in
      if let account = state.accounts[caller] { return account }
      let account = CallerAccount(state.stored.count(of: caller))
      state.accounts[caller] = account
      return account
    }
  }

  /// The same for the subject of a token; nil where there are as many as are counted for.
  func account(ofSubject caller: String) -> CallerAccount? {
    state.withLockedValue { state in
      if let account = state.subjects[caller] { return account }
      guard state.subjects.count < Self.subjectLimit else { return nil }
      let account = CallerAccount(state.stored.count(of: caller))
      state.subjects[caller] = account
      return account
    }
  }

  /// Forgets the subjects who have nothing behind them that counts still; whether there were any.
  ///
  /// Looks at all of them, and therefore once in five seconds at most.
  func removeIdleSubjects(at arrival: Arrival) -> Bool {
    state.withLockedValue { state in
      if let cleared = state.cleared, arrival.nanoseconds - cleared < 5_000_000_000 { return false }
      state.cleared = arrival.nanoseconds
      let count = state.subjects.count
      state.subjects = state.subjects.filter { !$0.value.isIdle(at: arrival) }
      return state.subjects.count < count
    }
  }

  /// Forgets the accounts of holders of keys who are not among these.
  func keep(_ callers: Set<String>) {
    state.withLockedValue { state in state.accounts = state.accounts.filter { callers.contains($0.key) } }
  }

  /// Whether any request was counted against a quota.
  var hasCounted: Bool {
    everybody.contains { $0.values.contains { $0.counted.count > 0 } }
  }

  /// Holders of keys and subjects of tokens, to be gone through without the lock that event loops wait for.
  private var everybody: [[String: CallerAccount]] {
    state.withLockedValue { [$0.accounts, $0.subjects] }
  }

  /// Brings the accounts and what a file has of a day together; what is to stand in the file.
  ///
  /// Never call it twice at a time.
  func exchange(with stored: QuotaCounts, on day: Int) -> QuotaCounts {
    var merged = stored.day == day ? stored : QuotaCounts(day: day)
    for (caller, account) in everybody.joined() {
      let count = account.merge(merged.counts[caller] ?? 0, on: day)
      if count > 0 { merged.counts[caller] = count }
    }
    state.withLockedValue { $0.stored = merged }
    return merged
  }
}
