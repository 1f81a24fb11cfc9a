import Domain
import Encoding
import TestKit
import Threats

/// Facts of models as tests need them.
enum Example {
  static let version = VersionReference(name: Sample.name(), version: VersionNumber.first.next)
  static let now = Timestamp(milliseconds: 1_795_253_400_000)
  static let owner = Principal(kind: .service, name: "fraud-team")
  static let decider = Principal(kind: .service, name: "security")
  static let remark = Sample.digest(1)

  /// The most that can be in order.
  static func best() throws -> ThreatFacts {
    var facts = ThreatFacts()
    facts.exposure = .internal
    facts.dataClass = .public
    facts.owner = owner
    facts.callers = callers()
    facts.answers = AnswerFacts(features: 4, kinds: [.labels])
    facts.limits = try DeploymentLimits(concurrency: 8)
    facts.records = try RecordsPolicy(payloadMillionths: 0, masked: [], whenSpoolFull: .refuse)
    facts.isEncrypted = true
    facts.inspection = InspectionFacts(format: "joblib+zlib", verdict: .liftable, rules: [:])
    facts.framework = FrameworkFacts(name: "scikit-learn", version: "1.5.0")
    facts.trainingData = try TrainingData([DataSet(name: "rows.csv", digest: remark)])
    facts.seals = SealFacts(
      isSealed: true, by: String(repeating: "a", count: 64), author: String(repeating: "b", count: 64))
    facts.replaced = .version(.first)
    facts.policy = policy(["tests", "metrics", "approvals", "training-data", "advisories", "frameworks"])
    facts.confinement = PlaneConfinement(holds: ["user 65532"])
    facts.advisories = AdvisoryFacts(isFresh: true, found: [:])
    facts.defences = defences(.refuse)
    return facts
  }

  /// One as a first push leaves it.
  static func ordinary() throws -> ThreatFacts {
    var facts = try best()
    facts.exposure = .external
    facts.dataClass = .gold
    facts.owner = nil
    facts.callers = callers(withoutBudget: 1)
    facts.answers = AnswerFacts(features: 4, kinds: [.labels, .probabilities])
    facts.limits = DeploymentLimits.none
    facts.records = .standard
    facts.isEncrypted = false
    facts.trainingData = .unstated
    facts.seals = SealFacts(isSealed: true, by: String(repeating: "a", count: 64), author: nil)
    facts.replaced = .nothing
    facts.policy = policy([])
    facts.advisories = nil
    facts.defences = nil
    return facts
  }

  /// All defences, or all but for what is refused.
  static func defences(
    _ callers: DefencePolicy.CallerAction, knowsTraining: Bool = true
  ) -> DefenceFacts {
    let rules = DefencePolicy.InputRules(
      action: callers == .refuse ? .refuse : .note, tolerance: 0.5, categories: true, missing: true)
    return DefenceFacts(
      policy: DefencePolicy(inputs: rules, callers: callers), isWatched: true, knowsColumns: knowsTraining,
      knowsCallers: knowsTraining)
  }

  static func callers(keys: Int = 2, withoutBudget: Int = 0) -> CallerFacts {
    CallerFacts(
      keys: keys, issuers: [], withoutRate: 0, withoutBudget: withoutBudget, withoutEnd: 0,
      greatestBudget: 10_000)
  }

  static func policy(_ gates: Set<String>) -> PolicyFacts { PolicyFacts(digest: remark, gates: gates) }

  static func model(_ facts: ThreatFacts, _ decisions: [ThreatDecision] = [], at now: Timestamp = now)
    -> ThreatModel
  {
    ThreatModel(of: version, from: facts, decisions: decisions, at: now)
  }

  static func id(_ text: String) throws -> ThreatID { try ThreatID(parsing: text) }

  static func threat(_ id: String, of model: ThreatModel) throws -> AssessedThreat {
    let wanted = try Self.id(id)
    guard let threat = model.threats.first(where: { $0.id == wanted }) else {
      throw Problem(.notFound, "test.threat", "expected \(id) in the model, found none")
    }
    return threat
  }

  static func decision(
    on id: String, of facts: ThreatFacts, _ choice: ThreatDecision.Choice = .accept, until: Timestamp? = nil,
    at moment: Timestamp = now
  ) throws -> ThreatDecision {
    ThreatDecision(
      version: version, threat: try self.id(id), choice: choice, owner: owner, by: decider,
      facts: try threat(id, of: model(facts)).bindings, remark: remark, until: until, at: moment)
  }
}

extension Timestamp {
  func plus(days: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds + days * 86_400_000) }
}
