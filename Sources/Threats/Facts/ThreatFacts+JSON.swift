public import Domain
public import Encoding

extension ThreatFacts {
  /// A fact as documents carry it; null where nobody knows it.
  public func value(of fact: ThreatFact) -> JSON {
    switch fact {
    case .exposure: exposure.map { .string($0.rawValue) } ?? .null
    case .dataClass: dataClass.map { .string($0.rawValue) } ?? .null
    case .owner: owner.map { .string($0.description) } ?? .null
    case .callers: callers?.json ?? .null
    case .answers: answers?.json ?? .null
    case .limits: limits.map { $0.json ?? [:] } ?? .null
    case .records: records?.json ?? .null
    case .transport: isEncrypted.map { .bool($0) } ?? .null
    case .inspection: inspection?.json ?? .null
    case .framework: framework?.json ?? .null
    case .trainingData: trainingData?.json ?? .null
    case .seals: seals?.json ?? .null
    case .replaced: replaced?.json ?? .null
    case .policy: policy?.json ?? .null
    case .confinement: confinement?.json ?? .null
    case .advisories: advisories?.json ?? .null
    case .defences: defences?.json ?? .null
    }
  }

  /// What a decision is bound to of a fact: what changes nothing that threats ask leaves decisions as they are.
  ///
  /// A key more on the same terms is none, nor is a seal anew by another trusted key of the platform, another version before,
  /// or a policy that asks for the same gates.
  public func binding(of fact: ThreatFact) -> JSON {
    switch fact {
    case .callers: callers?.binding ?? .null
    case .seals:
      seals.map { ["sealed": .bool($0.isSealed), "author": $0.author.map { .string($0) } ?? .null] }
        ?? .null
    case .replaced: replaced.map { .bool($0 != .nothing) } ?? .null
    case .policy: policy.map { .array($0.gates.map { .string($0) }) } ?? .null
    case .records:
      records.map {
        [
          "payload": .bool($0.payloadMillionths > 0),
          "whenSpoolFull": $0.whenSpoolFull.map { .string($0.rawValue) } ?? .null,
        ]
      } ?? .null
    case .confinement: confinement.map { .bool($0.isComplete) } ?? .null
    default: value(of: fact)
    }
  }

  /// All facts; those that nobody knows are null.
  ///
  /// Documents of releases that knew nothing of advisories, or of defences, have no word of them, and have to stay readable: so
  /// has none of which that is not known.
  public var json: JSON {
    let told = ThreatFact.allCases.filter {
      switch $0 {
      case .advisories: advisories != nil
      case .defences: defences != nil
      default: true
      }
    }
    return .object(Dictionary(uniqueKeysWithValues: told.map { ($0.rawValue, value(of: $0)) }))
  }

  /// Reads what `json` writes; throws `threat-model.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "threat model's facts", code: ThreatModel.malformedCode)
    try fields.allow(Set(ThreatFact.allCases.map(\.rawValue)))
    func part(_ fact: ThreatFact) -> JSON? { fields.has(fact.rawValue) ? json[fact.rawValue] : nil }
    self.init()
    exposure = try fields.word(ThreatFact.exposure.rawValue, Exposure.self)
    dataClass = try fields.word(ThreatFact.dataClass.rawValue, DataClass.self)
    owner = fields.has("owner") ? try fields.principal("owner") : nil
    callers = try part(.callers).map { (json) throws(Problem) in try CallerFacts(json: json) }
    answers = try part(.answers).map { (json) throws(Problem) in try AnswerFacts(json: json) }
    limits = try part(.limits).map { (json) throws(Problem) in try DeploymentLimits(json: json) }
    records = try part(.records).map { (json) throws(Problem) in try RecordsPolicy(json: json) }
    isEncrypted = fields.has("transport") ? try fields.flag("transport") : nil
    inspection = try part(.inspection).map { (json) throws(Problem) in try InspectionFacts(json: json) }
    framework = try part(.framework).map { (json) throws(Problem) in
      let fields = RecordFields(json, "framework", code: ThreatModel.malformedCode)
      return FrameworkFacts(name: try fields.text("name"), version: try fields.text("version"))
    }
    trainingData = try part(.trainingData).map { (json) throws(Problem) in
      try TrainingData(json: json, at: "/training-data")
    }
    seals = try part(.seals).map { (json) throws(Problem) in
      let fields = RecordFields(json, "seals", code: ThreatModel.malformedCode)
      return SealFacts(
        isSealed: try fields.flag("sealed"), by: fields.has("key") ? try fields.text("key") : nil,
        author: fields.has("author") ? try fields.text("author") : nil)
    }
    replaced = try part(.replaced).map { (json) throws(Problem) in try ReplacedFact(json: json) }
    policy = try part(.policy).map { (json) throws(Problem) in
      let fields = RecordFields(json, "policy", code: ThreatModel.malformedCode)
      return PolicyFacts(digest: try fields.digest("digest"), gates: Set(try fields.texts("gates")))
    }
    confinement = try part(.confinement).map { (json) throws(Problem) in
      guard let confinement = PlaneConfinement(json: json) else {
        throw ThreatModel.malformed("expected what holds and what does not as 'confinement', found another")
      }
      return confinement
    }
    defences = try part(.defences).map { (json) throws(Problem) in try DefenceFacts(json: json) }
    advisories = try part(.advisories).map { (json) throws(Problem) in try AdvisoryFacts(json: json) }
  }
}

extension PlaneConfinement {
  /// Whether something was given up, and nothing that was meant to be was not.
  var isComplete: Bool { !holds.isEmpty && lacks.isEmpty }
}

extension CallerFacts {
  fileprivate var json: JSON {
    [
      "keys": JSON(keys), "issuers": .array(issuers.map { .string($0) }), "withoutRate": JSON(withoutRate),
      "withoutBudget": JSON(withoutBudget), "withoutEnd": JSON(withoutEnd),
      "greatestBudget": greatestBudget.map { JSON($0) } ?? .null,
    ]
  }

  fileprivate var binding: JSON {
    [
      "any": .bool(count > 0), "issuers": .array(issuers.map { .string($0) }),
      "rates": .bool(withoutRate == 0),
      "budgets": .bool(withoutBudget == 0), "ends": .bool(withoutEnd == 0),
      "greatestBudget": greatestBudget.map { JSON($0) } ?? .null,
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "callers", code: ThreatModel.malformedCode)
    func count(_ name: String) throws(Problem) -> Int {
      guard let count = try fields.value(name).int, count >= 0 else {
        throw ThreatModel.malformed("expected a count as '\(name)' of callers, found another")
      }
      return count
    }
    self.init(
      keys: try count("keys"), issuers: try fields.texts("issuers"), withoutRate: try count("withoutRate"),
      withoutBudget: try count("withoutBudget"), withoutEnd: try count("withoutEnd"),
      greatestBudget: fields.has("greatestBudget") ? try count("greatestBudget") : nil)
  }
}

extension AnswerFacts {
  fileprivate var json: JSON {
    [
      "features": JSON(features), "kinds": .array(kinds.map { .string($0.rawValue) }),
      "digits": digits.map { JSON($0) } ?? .null,
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "answers", code: ThreatModel.malformedCode)
    let texts = try fields.texts("kinds")
    let kinds = texts.compactMap(Kind.init(rawValue:))
    guard let features = json["features"]?.int, features >= 0, kinds.count == texts.count else {
      throw ThreatModel.malformed("expected features and kinds of answers, found others")
    }
    var digits: Int?
    if fields.has("digits") {
      guard let number = json["digits"]?.int, number >= 0 else {
        throw ThreatModel.malformed("expected a number of digits, found another value")
      }
      digits = number
    }
    self.init(features: features, kinds: Set(kinds), digits: digits)
  }
}

extension InspectionFacts {
  fileprivate var json: JSON {
    [
      "format": .string(format), "verdict": .string(verdict.rawValue),
      "rules": .object(rules.mapValues { .string($0.rawValue) }),
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "inspection", code: ThreatModel.malformedCode)
    guard let verdict = InspectionVerdict(rawValue: try fields.text("verdict")),
      let members = json["rules"]?.object, members.count <= Self.ruleLimit
    else {
      throw ThreatModel.malformed("expected a verdict and at most \(Self.ruleLimit) rules, found others")
    }
    var rules: [String: Severity] = [:]
    for (rule, severity) in members {
      guard let severity = severity.string.flatMap(Severity.init(rawValue:)) else {
        throw ThreatModel.malformed("expected a severity of each rule, found another value")
      }
      rules[rule] = severity
    }
    self.init(format: try fields.text("format"), verdict: verdict, rules: rules)
  }
}

extension AdvisoryFacts {
  fileprivate var json: JSON {
    ["fresh": .bool(isFresh), "found": .object(found.mapValues { .string($0.rawValue) })]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "advisories", code: ThreatModel.malformedCode)
    guard let members = json["found"]?.object, members.count <= Self.countLimit else {
      throw ThreatModel.malformed("expected at most \(Self.countLimit) advisories, found others")
    }
    var found: [String: Severity] = [:]
    for (id, severity) in members {
      guard let severity = severity.string.flatMap(Severity.init(rawValue:)) else {
        throw ThreatModel.malformed("expected a severity of each advisory, found another value")
      }
      found[id] = severity
    }
    self.init(isFresh: try fields.flag("fresh"), found: found)
  }
}

extension FrameworkFacts {
  fileprivate var json: JSON { ["name": .string(name), "version": .string(version)] }
}

extension SealFacts {
  fileprivate var json: JSON {
    [
      "sealed": .bool(isSealed), "key": key.map { .string($0) } ?? .null,
      "author": author.map { .string($0) } ?? .null,
    ]
  }
}

extension PolicyFacts {
  fileprivate var json: JSON {
    ["digest": .string(digest.description), "gates": .array(gates.map { .string($0) })]
  }
}

extension ReplacedFact {
  fileprivate var json: JSON {
    switch self {
    case .nothing: 0
    case .version(let version): JSON(version.value)
    }
  }

  fileprivate init(json: JSON) throws(Problem) {
    if json == 0 {
      self = .nothing
      return
    }
    guard let version = json.int.flatMap({ VersionNumber($0) }) else {
      throw ThreatModel.malformed("expected 0 or a version as 'replaced', found \(json.kind)")
    }
    self = .version(version)
  }
}
