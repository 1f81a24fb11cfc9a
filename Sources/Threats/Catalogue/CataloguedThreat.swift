public import Domain
import Encoding

/// What a threat is known by: `ML05`, or the technique of MITRE ATLAS that it is, `AML.T0029`.
public struct ThreatID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The id as it is written.
  public let description: String

  init(_ text: String) { description = text }

  /// Reads the id of a threat of the catalogue; throws `threat.unknown` with the id that may be meant.
  public init(parsing text: String) throws(Problem) {
    if let threat = CataloguedThreat.all.first(where: { $0.id.description == text }) {
      self = threat.id
      return
    }
    let ids = CataloguedThreat.all.map(\.id.description)
    let whole = CataloguedThreat.all.first { $0.techniques.contains { $0.id == text } }
    let near = NearName.nearest(to: text, among: ids)
    throw Problem(
      .notFound, "threat.unknown", "expected the id of a threat, found '\(text.excerpt(40))'",
      hint: whole.map { "that technique is a part of '\($0.id)'; decide on that" }
        ?? near.map { "use '\($0)'" } ?? "use one of \(ids.joined(separator: ", "))")
  }

  /// The order of the catalogue.
  public static func < (left: ThreatID, right: ThreatID) -> Bool { left.rank < right.rank }

  private var rank: Int { CataloguedThreat.all.firstIndex { $0.id == self } ?? .max }
}

/// A technique of MITRE ATLAS.
public struct ThreatTechnique: Hashable, Sendable {
  /// What ATLAS numbers it with: `AML.T0024.002`.
  public let id: String
  /// What ATLAS calls it.
  public let name: String
}

/// What a threat harms when it comes true.
public enum RiskKind: String, Sendable, CaseIterable {
  /// It breaks, or it leaks.
  case operational
  /// It says what shames the organisation.
  case brand
  /// What the organisation lives by is lost, or never comes to be.
  case strategic
}

/// One threat that every model is held against: when it applies, what it would do and what stands against it.
struct CataloguedThreat: Sendable {
  /// What comes to harm, which says how grave that is.
  enum Harm: Sendable {
    /// The data that the model was trained with.
    case data
    /// What is decided by its answers.
    case decisions
    /// The model itself, as something of worth.
    case model
    /// Whether it answers at all, and at what cost.
    case service
    /// The machine that it runs on.
    case host
  }

  /// Whether it applies, and why.
  struct Applicability: Equatable, Sendable {
    let applies: Bool
    let reason: String
  }

  let id: ThreatID
  let name: String
  let techniques: [ThreatTechnique]
  let harm: Harm
  let risks: [RiskKind]
  /// Whether it takes somebody who can call the model.
  let needsReach: Bool
  /// The controls that have to hold, all of them, for it to be closed.
  let essential: [Control]
  /// Those that make it less grave.
  let further: [Control]
  /// The facts that decide whether it applies.
  let conditions: Set<ThreatFact>
  let applicability: @Sendable (ThreatFacts) -> Applicability

  init(
    _ id: String, _ name: String, _ techniques: [ThreatTechnique], harms harm: Harm, _ risks: [RiskKind],
    needsReach: Bool, essential: [Control], further: [Control], conditions: Set<ThreatFact> = [],
    applicability: @escaping @Sendable (ThreatFacts) -> Applicability = { _ in .always }
  ) {
    self.id = ThreatID(id)
    self.name = name
    self.techniques = techniques
    self.harm = harm
    self.risks = risks
    self.needsReach = needsReach
    self.essential = essential
    self.further = further
    self.conditions = conditions
    self.applicability = applicability
  }

  /// What it depends on: when one of these changes, a decision on it no longer counts.
  var facts: [ThreatFact] {
    var all = conditions
    if harm != .host { all.insert(.dataClass) }
    if needsReach { all.insert(.exposure) }
    for control in essential + further { all.formUnion(control.facts) }
    return all.sorted()
  }

  /// How grave it would be if nothing stood against it.
  func inherent(_ facts: ThreatFacts) -> RiskLevel {
    let level = harm.level(facts.dataClass)
    return needsReach && facts.exposure == .internal ? level.lowered : level
  }
}

extension CataloguedThreat.Applicability {
  /// To every model.
  static let always = Self(applies: true, reason: "no model is without it")
}

extension CataloguedThreat.Harm {
  /// How grave harm is, by the class of the data; one that nobody knows counts as the gravest.
  func level(_ dataClass: DataClass?) -> RiskLevel {
    switch (self, dataClass ?? .platinum) {
    case (.host, _): .critical
    case (.data, .public): .low
    case (.data, .internal): .medium
    case (.decisions, .public), (.decisions, .internal): .medium
    case (.data, .gold), (.decisions, .gold): .high
    case (.data, .platinum), (.decisions, .platinum): .critical
    case (.model, .public): .low
    case (.model, .internal): .medium
    case (.model, .gold), (.model, .platinum): .high
    case (.service, .public): .low
    case (.service, .internal), (.service, .gold): .medium
    case (.service, .platinum): .high
    }
  }
}

extension RiskLevel {
  /// The next less grave one, or the least.
  var lowered: RiskLevel {
    switch self {
    case .low, .medium: .low
    case .high: .medium
    case .critical: .high
    }
  }
}
