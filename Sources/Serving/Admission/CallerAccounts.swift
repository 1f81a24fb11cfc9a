import NIOConcurrencyHelpers

/// The accounts of all callers of a plane; they outlive the snapshots that name the callers.
final class CallerAccounts: Sendable {
  private struct State {
    var accounts: [String: CallerAccount] = [:]
    /// What the file had last, for callers who have no account here yet.
    var stored = QuotaCounts()
  }

  private let state = NIOLockedValueBox(State())

  /// The account of a caller: the one that it has, or a new one with what the file knew.
  func account(of caller: String) -> CallerAccount {
    state.withLockedValue { state in
      if let account = state.accounts[caller] { return account }
      let count = DayCount(day: state.stored.day, count: state.stored.counts[caller] ?? 0)
      let account = CallerAccount(count)
      state.accounts[caller] = account
      return account
    }
  }

  /// Forgets the accounts of callers who are not among these.
  func keep(_ callers: Set<String>) {
    state.withLockedValue { state in state.accounts = state.accounts.filter { callers.contains($0.key) } }
  }

  /// Whether any request was counted against a quota.
  var hasCounted: Bool {
    state.withLockedValue { state in state.accounts.values.contains { $0.counted.count > 0 } }
  }

  /// Brings the accounts and what a file has of a day together; what is to stand in the file.
  ///
  /// Never call it twice at a time.
  func exchange(with stored: QuotaCounts, on day: Int) -> QuotaCounts {
    let accounts = state.withLockedValue { $0.accounts }
    var merged = stored.day == day ? stored : QuotaCounts(day: day)
    for (caller, account) in accounts {
      let count = account.merge(merged.counts[caller] ?? 0, on: day)
      if count > 0 { merged.counts[caller] = count }
    }
    state.withLockedValue { $0.stored = merged }
    return merged
  }
}
