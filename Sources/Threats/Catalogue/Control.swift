import Domain

/// What stands against a threat, and how its state is measured.
struct Control: Sendable {
  /// What documents name it with.
  let id: String
  /// What it is, in a few words.
  let title: String
  /// The mitigation of MITRE ATLAS that it is a form of; nil where it is none.
  let mitigation: String?
  /// The facts that its state is measured by.
  let facts: Set<ThreatFact>
  /// Its state; nil where a fact is not known.
  let measure: @Sendable (ThreatFacts) -> Measure?

  /// What was measured: whether the control holds, and by what one sees it.
  struct Measure: Equatable, Sendable {
    let holds: Bool
    let text: String
  }

  init(
    _ id: String, _ title: String, _ mitigation: String?, _ facts: ThreatFact...,
    measure: @escaping @Sendable (ThreatFacts) -> Measure?
  ) {
    self.id = id
    self.title = title
    self.mitigation = mitigation
    self.facts = Set(facts)
    self.measure = measure
  }

  /// A control that holds exactly where the policy in force asks a gate.
  init(_ id: String, _ title: String, _ mitigation: String?, gate: String) {
    self.init(id, title, mitigation, .policy) { facts in
      facts.policy.map { $0.gates.contains(gate) ? .yes("the gate '\(gate)'") : .no("no gate '\(gate)'") }
    }
  }
}

extension Control.Measure {
  /// It holds.
  static func yes(_ text: String) -> Self { Self(holds: true, text: "yes: \(text)") }

  /// It does not.
  static func no(_ text: String) -> Self { Self(holds: false, text: "no: \(text)") }
}

extension Control {
  static let keyRequired = Control(
    "key-required", "a key or a token is asked of every caller", "AML.M0019", .callers
  ) { facts in
    facts.callers.map { .yes($0.text) }
  }

  static let rate = Control("rate", "every caller has a rate", "AML.M0004", .callers) { facts in
    // What the first key may ask is not known before it is made.
    guard let callers = facts.callers, callers.count > 0 else { return nil }
    return callers.withoutRate == 0
      ? .yes("all \(callers.count)") : .no("\(callers.withoutRate) of \(callers.count) have none")
  }

  static let budget = Control("budget", "every caller has a query budget", "AML.M0004", .callers) { facts in
    guard let callers = facts.callers, callers.count > 0 else { return nil }
    guard callers.withoutBudget == 0 else {
      return .no("\(callers.withoutBudget) of \(callers.count) have none")
    }
    return .yes("at most \(callers.greatestBudget ?? 0) a day each")
  }

  static let keysEnd = Control("keys-end", "every key ends by itself", "AML.M0019", .callers) { facts in
    guard let callers = facts.callers, callers.count > 0 else { return nil }
    return callers.withoutEnd == 0
      ? .yes("all \(callers.keys)") : .no("\(callers.withoutEnd) of \(callers.keys) have no end")
  }

  static let coarseAnswers = Control(
    "coarse-answers", "answers are labels alone, or rounded to 3 digits", "AML.M0002", .answers
  ) { facts in
    guard let answers = facts.answers else { return nil }
    let rounding = "output rounding: \(answers.digits.map { "\($0.of("digit"))" } ?? "off")"
    let returned = answers.kinds.map(\.rawValue).joined(separator: ", ")
    return Measure(
      holds: answers.isCoarse, text: "\(answers.isCoarse ? "yes" : "no"): \(returned); \(rounding)")
  }

  static let concurrency = Control(
    "concurrency", "predictions at a time have a bound", "AML.M0004", .limits
  ) { facts in
    facts.limits.map { limits in
      limits.concurrency.map { .yes("\($0) at a time") } ?? .no("none but that of the whole process")
    }
  }

  static let recorded = Control(
    "recorded", "no prediction goes out without a record", "AML.M0024", .records
  ) { facts in
    switch facts.records?.whenSpoolFull {
    // The process was told at its start, and nobody here knows what.
    case nil: nil
    case .refuse?: .yes("refused where none can be written")
    case .goOn?: .no("goes on where none can be written")
    }
  }

  static let encrypted = Control(
    "encrypted", "requests and answers travel encrypted", nil, .transport
  ) { facts in
    facts.isEncrypted.map { $0 ? .yes("by TLS") : .no("in plain text") }
  }

  static let inspected = Control(
    "inspected", "inspection read all of it and found nothing grave", "AML.M0014", .inspection
  ) { facts in
    guard let found = facts.inspection else { return nil }
    let isClean = found.verdict == .liftable && (found.worst ?? .note) < .medium
    return Measure(holds: isClean, text: "\(isClean ? "yes" : "no"): \(found.text)")
  }

  static let lifted = Control(
    "lifted", "it runs as data: none of the artifact's code does", "AML.M0014", .inspection
  ) { facts in
    facts.inspection.map { $0.verdict == .liftable ? .yes("lifted") : .no("\($0.verdict.rawValue)") }
  }

  static let sealed = Control(
    "sealed", "a trusted key sealed what is served", "AML.M0013", .seals
  ) { facts in
    facts.seals.map { $0.isSealed ? .yes($0.own) : .no($0.own) }
  }

  static let sealedByAuthor = Control(
    "sealed-by-author", "a trusted key had sealed the artifact before it came here", "AML.M0013", .seals
  ) { facts in
    facts.seals.map { seals in
      seals.author.map { .yes("by \($0.prefix(16))") } ?? .no("it came without a seal")
    }
  }

  static let billed = Control(
    "billed", "a bill of materials says what it was made with", "AML.M0023", .framework
  ) { facts in
    facts.framework.map { .yes("\($0.name.prefix(60)) \($0.version.prefix(40))") }
  }

  static let dataNamed = Control(
    "data-named", "the data that it was trained with is named by digest", "AML.M0025", .trainingData
  ) { facts in
    facts.trainingData.map { data in
      data.sets.isEmpty ? .no("none was named") : .yes(data.sets.count.of("data set"))
    }
  }

  static let confined = Control(
    "confined", "the process that serves it has given up what serving does not need", nil, .confinement
  ) { facts in
    guard let confinement = facts.confinement else { return nil }
    if confinement.isComplete { return .yes("nothing is lacking") }
    return .no(confinement.lacks.isEmpty ? "nothing was given up" : "\(confinement.lacks.count.of("lack"))")
  }

  static let formerVersion = Control(
    "former-version", "there is a version to go back to", nil, .replaced
  ) { facts in
    switch facts.replaced {
    case nil: nil
    case .nothing?: .no("it is the first")
    case .version(let version)?: .yes("version \(version)")
    }
  }

  static let owned = Control("owned", "somebody answers for it", nil, .owner) { facts in
    facts.owner.map { .yes($0.description) }
  }

  static let inputDetection = Control(
    "input-detection", "inputs are looked at for adversarial ones", "AML.M0015", .defences
  ) { facts in
    facts.defences.map { $0.watchesCallers ? .yes($0.text) : .no($0.text) }
  }

  static let inputsChecked = Control(
    "inputs-checked", "rows unlike training's are refused", "AML.M0015", .defences
  ) { facts in
    facts.defences.map { defences in
      let rules = defences.policy.inputs
      let holds = rules.action == .refuse && !rules.isEmpty && defences.knowsColumns
      return Measure(holds: holds, text: "\(holds ? "yes" : "no"): \(defences.text)")
    }
  }

  static let copyingWatched = Control(
    "copying-watched", "callers who ask as one does who copies the model are told of", "AML.M0024", .defences
  ) { facts in
    facts.defences.map { $0.watchesCallers ? .yes($0.text) : .no($0.text) }
  }

  static let driftWatched = Control(
    "drift-watched", "inputs and answers are watched for drift", "AML.M0024", .defences
  ) { facts in
    facts.defences.map { $0.isWatched && $0.knowsColumns ? .yes($0.text) : .no($0.text) }
  }

  static let tested = Control(
    "tested", "no version comes in without tests", "AML.M0008", gate: "tests")
  static let compared = Control(
    "compared", "no version comes in that measures worse than is asked", "AML.M0008", gate: "metrics")
  static let approved = Control(
    "approved", "somebody else says yes to each version", nil, gate: "approvals")
  static let dataFresh = Control(
    "data-fresh", "what data it may be trained with is asked", "AML.M0025", gate: "training-data")
  static let advised = Control(
    "advised", "known advisories of its components hold it back", "AML.M0016", .policy, .advisories
  ) { facts in
    guard let policy = facts.policy else { return nil }
    guard policy.gates.contains("advisories") else { return .no("no gate 'advisories'") }
    guard let advisories = facts.advisories else { return nil }
    return Measure(
      holds: advisories.isFresh,
      text: "\(advisories.isFresh ? "yes" : "no"): the gate 'advisories'; \(advisories.text)")
  }
  static let frameworksNamed = Control(
    "frameworks-named", "the frameworks that it may come from are named", "AML.M0014", gate: "frameworks")
}
