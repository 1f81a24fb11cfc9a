public import Domain

/// All that threats of one version are derived from.
///
/// Nil stands for what nobody knows: it is told as that, and counts as the worst that it could be. An empty list is
/// knowledge: there is none.
public struct ThreatFacts: Equatable, Sendable {
  /// Who can reach the model.
  public var exposure: Exposure?
  /// How sensitive its data is.
  public var dataClass: DataClass?
  /// Who answers for it.
  public var owner: Principal?
  /// Who can call it.
  public var callers: CallerFacts?
  /// What it reads and what it returns.
  public var answers: AnswerFacts?
  /// How much its deployment takes on at a time.
  public var limits: DeploymentLimits?
  /// What its access records hold.
  public var records: RecordsPolicy?
  /// Whether answers travel encrypted.
  public var isEncrypted: Bool?
  /// What inspection said of the artifact.
  public var inspection: InspectionFacts?
  /// What it was trained with: `scikit-learn 1.5.0`.
  public var framework: FrameworkFacts?
  /// The data that it was trained with, as far as whoever pushed it says.
  public var trainingData: TrainingData?
  /// Who sealed it.
  public var seals: SealFacts?
  /// What was served under its name before it.
  public var replaced: ReplacedFact?
  /// What the policy in force asks.
  public var policy: PolicyFacts?
  /// What the process that serves it has given up.
  public var confinement: PlaneConfinement?
  /// What is known to be weak of what it was made with.
  public var advisories: AdvisoryFacts?
  /// What its deployment does about attacks.
  public var defences: DefenceFacts?

  /// Knows nothing yet.
  public init() {}
}

/// Who can call a model: a key or a token is asked of everyone.
public struct CallerFacts: Equatable, Sendable {
  /// How many keys open it.
  public let keys: Int
  /// Whose tokens are taken, sorted.
  public let issuers: [String]
  /// How many of the keys and issuers may ask at any rate.
  public let withoutRate: Int
  /// How many of them may ask any number of times a day.
  public let withoutBudget: Int
  /// How many of the keys have no end.
  public let withoutEnd: Int
  /// The most that one of those who have a budget may ask a day; nil where none has one.
  public let greatestBudget: Int?

  /// States who can call.
  public init(
    keys: Int, issuers: [String], withoutRate: Int, withoutBudget: Int, withoutEnd: Int, greatestBudget: Int?
  ) {
    self.keys = keys
    self.issuers = issuers.sorted()
    self.withoutRate = withoutRate
    self.withoutBudget = withoutBudget
    self.withoutEnd = withoutEnd
    self.greatestBudget = greatestBudget
  }

  /// Sums up the terms of keys in force and the issuers whose tokens are taken.
  public init(keys: [KeyTerms], issuers: [TokenIssuer]) {
    let limits = keys.map(\.limits) + issuers.map(\.limits)
    self.init(
      keys: keys.count, issuers: issuers.map(\.url), withoutRate: limits.count { $0.rate == nil },
      withoutBudget: limits.count { $0.daily == nil }, withoutEnd: keys.count { $0.expiresAt == nil },
      greatestBudget: limits.compactMap(\.daily).max())
  }

  /// Keys and issuers together.
  public var count: Int {
    let (sum, overflows) = keys.addingReportingOverflow(issuers.count)
    return overflows ? .max : sum
  }
}

/// What a model reads and what it returns.
public struct AnswerFacts: Equatable, Sendable {
  /// One kind of answer.
  public enum Kind: String, Sendable, CaseIterable, Comparable {
    /// One of a few labels.
    case labels
    /// Numbers that are the answer itself.
    case values
    /// What a transformer makes of a row.
    case transformed
    /// Distances from a border.
    case scores
    /// A probability for each label.
    case probabilities

    /// The order in which they are told, the coarsest first.
    public static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// How many features of a row are read.
  public let features: Int
  /// What it returns, each once, in order.
  public let kinds: [Kind]
  /// To how many digits numbers are rounded; nil where every digit goes out.
  public let digits: Int?

  /// States what goes in and what comes out.
  public init(features: Int, kinds: Set<Kind>, digits: Int? = nil) {
    self.features = features
    self.kinds = kinds.sorted()
    self.digits = digits
  }

  /// Whether a caller learns little more than a label from an answer.
  var isCoarse: Bool { kinds.allSatisfy { $0 == .labels } || digits.map { $0 <= 3 } ?? false }
}

/// What inspection said of the artifact that a version was lifted from.
public struct InspectionFacts: Equatable, Sendable {
  /// The most rules that are kept apart.
  public static let ruleLimit = 100

  /// What format it is of.
  public let format: String
  /// What it said as a whole.
  public let verdict: InspectionVerdict
  /// The rules that had something to say, each with the gravest that it said.
  public let rules: [String: Severity]

  /// States what was found; of more than `ruleLimit` rules the gravest are kept.
  public init(format: String, verdict: InspectionVerdict, rules: [String: Severity]) {
    self.format = format
    self.verdict = verdict
    guard rules.count > Self.ruleLimit else {
      self.rules = rules
      return
    }
    let gravest = rules.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.ruleLimit)
    self.rules = Dictionary(uniqueKeysWithValues: gravest.map { ($0.key, $0.value) })
  }

  /// The gravest of all; nil where nothing was found.
  public var worst: Severity? { rules.values.max() }
}

/// What a model was trained with.
public struct FrameworkFacts: Equatable, Sendable {
  /// Its name: `scikit-learn`.
  public let name: String
  /// Its version.
  public let version: String

  /// Names a framework.
  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }

  /// The frameworks whose models are trained from rows alone, with no weights of somebody else's to begin with.
  static let fromScratch: Set<String> = ["scikit-learn", "xgboost", "lightgbm", "catboost"]
}

/// Who sealed a version.
public struct SealFacts: Equatable, Sendable {
  /// Whether a trusted key has sealed its bundle.
  public let isSealed: Bool
  /// The hint of that key; nil in a document that is a part of the bundle, whose seal says it.
  public let key: String?
  /// The hint of the trusted key that had sealed the artifact before it came here; nil where none had.
  public let author: String?

  /// States who sealed.
  public init(isSealed: Bool, by key: String? = nil, author: String?) {
    self.isSealed = isSealed
    self.key = key
    self.author = author
  }
}

/// What was served under a name before a version.
public enum ReplacedFact: Equatable, Sendable {
  /// Nothing: it is the first.
  case nothing
  /// This version.
  case version(VersionNumber)
}

/// What is known to be weak of what a version was made with.
///
/// Which advisories were asked is no part of it: what counts is what they say.
public struct AdvisoryFacts: Equatable, Sendable {
  /// The most that are kept apart.
  public static let countLimit = 100

  /// Whether the advisories that were asked are of late.
  public let isFresh: Bool
  /// How grave each is that is about a part of it.
  public let found: [String: Severity]

  /// States what was found; of more than `countLimit` the gravest are kept.
  public init(isFresh: Bool, found: [String: Severity]) {
    self.isFresh = isFresh
    guard found.count > Self.countLimit else {
      self.found = found
      return
    }
    let gravest = found.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.countLimit)
    self.found = Dictionary(uniqueKeysWithValues: gravest.map { ($0.key, $0.value) })
  }
}

/// What the policy in force asks of a version.
public struct PolicyFacts: Equatable, Sendable {
  /// Its digest.
  public let digest: Digest
  /// The names of the gates that it is held against, sorted.
  public let gates: [String]

  /// States what a policy asks.
  public init(digest: Digest, gates: Set<String>) {
    self.digest = digest
    self.gates = gates.sorted()
  }
}
