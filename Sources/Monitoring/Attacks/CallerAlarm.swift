/// What is told of a caller who asks as nobody does who wants predictions alone.
public struct CallerAlarm: Sendable, Equatable {
  /// What the caller seems to be after.
  public enum Attack: String, Sendable, CaseIterable {
    /// A copy of the model, out of its answers.
    case extraction
    /// A row just beyond the boundary between two answers.
    case evasion
  }

  /// What shows it.
  public enum Sign: Int, Sendable, CaseIterable {
    /// Rows that follow each other lie further apart than rows of training do.
    case farApart
    /// Rows go through combinations of features that training hardly has.
    case exploring
    /// Rows come back close to earlier ones, and differ from them in several features.
    case recurring
    /// Rows nearly repeat one of the eight before, and differ from it in several features.
    case crowding
    /// Of rows that are nearly the same one has another label than the next.
    case flipping
    /// Of rows that are nearly the same each is closer to the boundary than the one before.
    case approaching
  }

  /// The caller, by the number that was given for it.
  public let caller: UInt64
  /// What the caller seems to be after; rows that crowd together are a search for an evasion where their answers differ too.
  public let attack: Attack
  /// What showed it.
  public let sign: Sign
  /// How many rows of the caller there were in all, this one included.
  public let rows: Int
  /// How many times was looked since evidence began to grow: rows, pairs of rows or near neighbours, as the sign has it.
  public let looks: Int
  /// At how many of them it was seen.
  public let hits: Int
  /// The most that is tolerated, as a share.
  public let tolerated: Double
  /// The e-value that was reached.
  public let eValue: Double
  /// What it had to reach.
  public let threshold: Double
  /// Whether the caller was told of for the same sign within the last 10,000 rows: nobody has to be told again, and the evidence is
  /// as good.
  public let isRepeated: Bool

  /// The sentence for a person.
  public var message: String {
    let share = "\(hits) of the last \(looks)"
    let seen =
      switch sign {
      case .farApart: "\(share) pairs of rows are further apart than 97 of 100 pairs of training's rows"
      case .exploring:
        "\(share) rows have combinations of features that training hardly has and that are new of this caller"
      case .recurring: "\(share) rows lie close to an earlier one and differ from it in several features"
      case .crowding: "\(share) rows nearly repeat one of the eight before in several features"
      case .flipping: "\(share) rows that nearly repeat another have a different answer than it"
      case .approaching: "\(share) rows that nearly repeat another are closer to the boundary than it"
      }
    let purpose = attack == .extraction ? "extraction of the model" : "search for an evasion"
    return "\(purpose)? \(seen), at most \((tolerated * 100).rounded(places: 1)) % are tolerated; found after"
      + " \(rows) rows; e-value \(eValue.exponentText), needed \(threshold.exponentText)"
  }
}

/// How often a caller who is honest may be told of.
public struct CallerBudget: Sendable, Equatable {
  /// The most false alarms in a million rows of one caller, in expectation, over all signs.
  public let falseAlarmsPerMillion: Double
  /// How many callers are watched at once; of more the one that was not seen for longest is forgotten.
  public let callerLimit: Int

  /// A budget; what is not between one in 10^12 rows and one in a thousand becomes the nearest that is, and so does a limit
  /// that is not from 1 to 100,000.
  public init(falseAlarmsPerMillion: Double = 0.001, callerLimit: Int = 1000) {
    self.falseAlarmsPerMillion =
      falseAlarmsPerMillion.isNaN ? 0.001 : min(max(falseAlarmsPerMillion, 1e-6), 1000)
    self.callerLimit = min(max(callerLimit, 1), 100_000)
  }

  /// The e-value at which a caller is told of.
  public var threshold: Double { Double(CallerAlarm.Sign.allCases.count) * 1e6 / falseAlarmsPerMillion }
}
