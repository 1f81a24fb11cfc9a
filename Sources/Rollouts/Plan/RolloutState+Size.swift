import Encoding

// An entry of the ledger carries the whole state, and an entry is bounded: so is a state, whatever happened on the way.

extension RolloutState {
  /// The most bytes that a turn leaves of a state: what else an entry of the ledger says finds room beside it, another
  /// roll-out's beginning and a reason among that.
  static let turnLimit = 40 << 10
  /// How much of a line is left of it where there is no room for the whole.
  private static let briefLimit = 48

  /// Takes details out of the journal until the state is small enough, those of the oldest turns first.
  ///
  /// What happened, when and by whom stays of every turn. The ledger's entries of those turns have what is taken out here.
  mutating func fit() {
    guard json.canonicalBytes.count > Self.turnLimit else { return }
    for place in journal.indices.dropLast() {
      journal[place] = journal[place].withBriefJudgement(Self.briefLimit)
      if json.canonicalBytes.count <= Self.turnLimit { return }
    }
    if let last = journal.indices.last {
      for count in [8, 0] {
        journal[last] = journal[last].withAlarms(upTo: count)
        if json.canonicalBytes.count <= Self.turnLimit { return }
      }
      journal[last] = journal[last].withBriefJudgement(Self.briefLimit)
    }
    for place in journal.indices {
      if json.canonicalBytes.count <= Self.turnLimit { return }
      journal[place] = journal[place].withBriefReason(Self.briefLimit)
    }
  }
}

extension RolloutEntry {
  private func with(reason: String? = nil, judgement: Judgement?) -> RolloutEntry {
    RolloutEntry(
      turn: turn, step: step, at: at, by: by, reason: reason ?? self.reason, judgement: judgement)
  }

  /// The same with no more of its judgement than what was decided.
  fileprivate func withBriefJudgement(_ limit: Int) -> RolloutEntry {
    with(
      judgement: judgement.map {
        Judgement(step: $0.step, $0.decision, $0.reason.cut(to: limit))
      })
  }

  /// The same with so many alarms at most.
  fileprivate func withAlarms(upTo count: Int) -> RolloutEntry {
    with(
      judgement: judgement.map {
        Judgement(
          step: $0.step, $0.decision, $0.reason, readings: $0.readings,
          alarms: Array($0.alarms.prefix(count)))
      })
  }

  /// The same with the beginning of its reason.
  fileprivate func withBriefReason(_ limit: Int) -> RolloutEntry {
    with(reason: reason.cut(to: limit), judgement: judgement)
  }
}

extension String {
  /// The first so many scalars, and a sign that there were more.
  fileprivate func cut(to limit: Int) -> String {
    guard unicodeScalars.count > limit else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.prefix(limit))) + "…"
  }
}
