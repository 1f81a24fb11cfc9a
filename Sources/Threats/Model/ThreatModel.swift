public import Domain
public import Encoding

/// The threats of one version, derived from its facts: what stands against each, what is left open, and who decided what.
///
/// The same facts, decisions and moment give the same model, to the byte; a moment only tells which decisions have ended.
public struct ThreatModel: Equatable, Sendable {
  /// The version that it is of.
  public let version: VersionReference
  /// What it was derived from.
  public let facts: ThreatFacts
  /// One for each threat of the catalogue, in its order.
  public let threats: [AssessedThreat]
  /// The edition of the catalogue.
  let edition: Int

  init(version: VersionReference, edition: Int, facts: ThreatFacts, threats: [AssessedThreat]) {
    self.version = version
    self.edition = edition
    self.facts = facts
    self.threats = threats
  }

  /// Derives the threats of a version; `decisions` are all that were ever made of threats of its model.
  public init(
    of version: VersionReference, from facts: ThreatFacts, decisions: [ThreatDecision], at now: Timestamp
  ) {
    self.init(
      version: version, edition: CataloguedThreat.edition, facts: facts,
      threats: CataloguedThreat.all.map { threat in
        AssessedThreat(
          threat, facts, decisions.filter { $0.threat == threat.id && $0.version.name == version.name }, now)
      })
  }

  /// How many threats are open, by how grave they are.
  public var open: [RiskLevel: Int] {
    Dictionary(threats.filter(\.isOpen).map { ($0.severity, 1) }, uniquingKeysWith: +)
  }

  /// The threat with this id; throws `threat.does-not-apply` where it is none of this version.
  public func applying(_ id: ThreatID) throws(Problem) -> AssessedThreat {
    guard let threat = threats.first(where: { $0.id == id }) else { throw Self.malformed("expected \(id)") }
    guard threat.state != .doesNotApply else {
      throw Problem(
        .conflict, "threat.does-not-apply",
        "expected a threat that applies to '\(version)', found \(id): \(threat.reason)",
        subject: version.description, hint: "list those that do with 'gatehouse threats \(version)'")
    }
    return threat
  }
}

/// What there is to say of one threat of a version.
public struct AssessedThreat: Equatable, Sendable {
  /// How it stands.
  public enum State: String, Sendable, CaseIterable {
    /// It is none of this version.
    case doesNotApply = "does-not-apply"
    /// Every control that it takes holds.
    case mitigated
    /// Something is left, and nobody has decided what becomes of it.
    case open
    /// Something is left, and somebody has decided what becomes of it.
    case decided
    /// Somebody had decided, and a fact has changed since.
    case reopened
    /// Somebody had decided, and the end of that is past.
    case expired
  }

  /// What it is known by.
  public let id: ThreatID
  /// What it is called.
  public let name: String
  /// The techniques of MITRE ATLAS by which it comes.
  public let techniques: [ThreatTechnique]
  /// What it harms.
  public let risks: [RiskKind]
  /// Why it applies, or does not.
  public let reason: String
  /// How grave it would be if nothing stood against it.
  public let inherent: RiskLevel
  /// How grave it is.
  public let severity: RiskLevel
  /// What stands against it.
  public let controls: [MeasuredControl]
  /// How it stands.
  public let state: State
  /// The facts that it depends on, as far as decisions are bound to them.
  public let bindings: [String: JSON]
  /// What was decided of it: what counts, else what was decided last; nil where nothing was.
  public let decision: ThreatDecision?

  /// Whether it counts as open.
  public var isOpen: Bool { [.open, .reopened, .expired].contains(state) }

  /// The facts that it depends on, in the order in which they are told.
  public var dependsOn: [ThreatFact] { bindings.keys.compactMap(ThreatFact.init(rawValue:)).sorted() }

  /// The facts that are others than when it was decided.
  public var changed: [ThreatFact] {
    guard state == .reopened, let decision else { return [] }
    let names = Set(bindings.keys).union(decision.facts.keys)
    return names.filter { bindings[$0] != decision.facts[$0] }.compactMap(ThreatFact.init(rawValue:)).sorted()
  }

  /// What is left: the controls that it takes and that do not hold.
  public var left: [MeasuredControl] {
    state == .doesNotApply ? [] : controls.filter { $0.isEssential && $0.holds != true }
  }
}

/// A control with its state, measured by the facts.
public struct MeasuredControl: Equatable, Sendable {
  /// What it is known by.
  public let id: String
  /// What it is, in a few words.
  public let title: String
  /// The mitigation of MITRE ATLAS that it is a form of.
  public let mitigation: String?
  /// Whether the threat is open without it.
  public let isEssential: Bool
  /// Whether it holds; nil where nobody knows, which counts as that it does not.
  public let holds: Bool?
  /// What was measured.
  public let measured: String
}

extension AssessedThreat {
  init(
    _ threat: CataloguedThreat, _ facts: ThreatFacts, _ decisions: [ThreatDecision], _ now: Timestamp
  ) {
    let controls =
      threat.essential.map { MeasuredControl($0, facts, isEssential: true) }
      + threat.further.map { MeasuredControl($0, facts, isEssential: false) }
    let applicability = threat.applicability(facts)
    let inherent = threat.inherent(facts)
    let isMitigated = controls.allSatisfy { !$0.isEssential || $0.holds == true }
    let bindings = Dictionary(
      uniqueKeysWithValues: threat.facts.map { ($0.rawValue, facts.binding(of: $0)) })
    let basis = ThreatDecision.basis(of: threat.id, bindings)
    let latest = decisions.max { $0.at < $1.at }
    let meant = decisions.filter { $0.basis == basis }.max { $0.at < $1.at }
    self.init(
      id: threat.id, name: threat.name, techniques: threat.techniques, risks: threat.risks,
      reason: applicability.reason, inherent: inherent,
      severity: Self.severity(inherent, holding: controls.count { $0.holds == true }, isMitigated),
      controls: controls,
      state: !applicability.applies
        ? .doesNotApply : isMitigated ? .mitigated : Self.state(meant: meant, latest: latest, now),
      bindings: bindings, decision: meant ?? latest)
  }

  /// One level less where some control holds; one less for each of them where all hold that it takes.
  private static func severity(_ inherent: RiskLevel, holding: Int, _ isMitigated: Bool) -> RiskLevel {
    var level = inherent
    for _ in 0..<min(holding, isMitigated ? RiskLevel.allCases.count : 1) { level = level.lowered }
    return level
  }

  private static func state(meant: ThreatDecision?, latest: ThreatDecision?, _ now: Timestamp) -> State {
    guard let meant else { return latest == nil ? .open : .reopened }
    // Without an end it holds; at its end it does no longer.
    return meant.until.map { now < $0 } ?? true ? .decided : .expired
  }
}

extension MeasuredControl {
  init(_ control: Control, _ facts: ThreatFacts, isEssential: Bool) {
    let measure = control.measure(facts)
    self.init(
      id: control.id, title: control.title, mitigation: control.mitigation, isEssential: isEssential,
      holds: measure?.holds, measured: measure?.text ?? "not known")
  }
}
