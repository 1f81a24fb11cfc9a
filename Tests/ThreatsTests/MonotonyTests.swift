import Domain
import Encoding
import Testing
import TestKit
import Threats

/// A worse fact never makes a threat less grave or closes it.
@Suite struct MonotonyTests {
  /// One fact, from the best that it can be to the worst, and at last unknown.
  private struct Ladder: Sendable {
    let name: String
    let steps: [@Sendable (inout ThreatFacts) -> Void]
  }

  private static func ladders() throws -> [Ladder] {
    let limits = try DeploymentLimits(concurrency: 8)
    let refusing = try RecordsPolicy(payloadMillionths: 0, masked: [], whenSpoolFull: .refuse)
    let data = try Example.best().trainingData
    @Sendable func inspection(_ verdict: InspectionVerdict, _ worst: Severity?) -> InspectionFacts {
      InspectionFacts(format: "pickle", verdict: verdict, rules: worst.map { ["rule": $0] } ?? [:])
    }
    let plain = InspectionFacts(format: "ONNX", verdict: .liftable, rules: [:])
    return [
      Ladder(
        name: "exposure",
        steps: [{ $0.exposure = .internal }, { $0.exposure = .external }, { $0.exposure = nil }]),
      Ladder(
        name: "data class",
        steps: [
          { $0.dataClass = .public }, { $0.dataClass = .internal }, { $0.dataClass = .gold },
          { $0.dataClass = .platinum }, { $0.dataClass = nil },
        ]),
      Ladder(name: "owner", steps: [{ $0.owner = Example.owner }, { $0.owner = nil }]),
      Ladder(
        name: "callers",
        steps: [
          { $0.callers = Example.callers() }, { $0.callers = Example.callers(withoutBudget: 1) },
          {
            $0.callers = CallerFacts(
              keys: 2, issuers: [], withoutRate: 1, withoutBudget: 2, withoutEnd: 2, greatestBudget: nil)
          }, { $0.callers = nil },
        ]),
      Ladder(
        name: "answers",
        steps: [
          { $0.answers = AnswerFacts(features: 0, kinds: [.labels]) },
          { $0.answers = AnswerFacts(features: 4, kinds: [.labels]) },
          { $0.answers = AnswerFacts(features: 4, kinds: [.labels, .probabilities]) }, { $0.answers = nil },
        ]),
      Ladder(
        name: "rounding",
        steps: [
          { $0.answers = AnswerFacts(features: 4, kinds: [.probabilities], digits: 2) },
          { $0.answers = AnswerFacts(features: 4, kinds: [.probabilities], digits: 9) },
          { $0.answers = AnswerFacts(features: 4, kinds: [.probabilities]) },
        ]),
      Ladder(
        name: "limits",
        steps: [{ $0.limits = limits }, { $0.limits = DeploymentLimits.none }, { $0.limits = nil }]),
      Ladder(
        name: "records", steps: [{ $0.records = refusing }, { $0.records = .standard }, { $0.records = nil }]),
      Ladder(
        name: "transport",
        steps: [{ $0.isEncrypted = true }, { $0.isEncrypted = false }, { $0.isEncrypted = nil }]),
      Ladder(
        name: "inspection",
        steps: [
          { $0.inspection = plain }, { $0.inspection = inspection(.liftable, nil) },
          { $0.inspection = inspection(.liftable, .low) }, { $0.inspection = inspection(.liftable, .high) },
          { $0.inspection = inspection(.dangerous, .critical) }, { $0.inspection = nil },
        ]),
      Ladder(
        name: "framework",
        steps: [
          { $0.framework = FrameworkFacts(name: "scikit-learn", version: "1.5.0") },
          { $0.framework = FrameworkFacts(name: "onnx", version: "1") }, { $0.framework = nil },
        ]),
      Ladder(
        name: "training data",
        steps: [{ $0.trainingData = data }, { $0.trainingData = .unstated }, { $0.trainingData = nil }]),
      Ladder(
        name: "seals",
        steps: [
          { $0.seals = SealFacts(isSealed: true, by: "a", author: "b") },
          { $0.seals = SealFacts(isSealed: true, by: "a", author: nil) },
          { $0.seals = SealFacts(isSealed: false, author: nil) }, { $0.seals = nil },
        ]),
      Ladder(name: "first", steps: [{ $0.replaced = .nothing }, { $0.replaced = nil }]),
      Ladder(name: "replaced", steps: [{ $0.replaced = .version(.first) }, { $0.replaced = nil }]),
      Ladder(
        name: "policy",
        steps: [
          { $0.policy = Example.policy(["tests", "metrics", "approvals"]) },
          { $0.policy = Example.policy(["tests", "metrics"]) }, { $0.policy = Example.policy(["metrics"]) },
          { $0.policy = Example.policy([]) }, { $0.policy = nil },
        ]),
      Ladder(
        name: "confinement",
        steps: [
          { $0.confinement = PlaneConfinement(holds: ["a"]) },
          { $0.confinement = PlaneConfinement(holds: ["a"], lacks: ["b"]) }, { $0.confinement = nil },
        ]),
      Ladder(
        name: "defences",
        steps: [
          { $0.defences = Example.defences(.refuse) }, { $0.defences = Example.defences(.tell) },
          { $0.defences = Example.defences(.tell, knowsTraining: false) }, { $0.defences = nil },
        ]),
      Ladder(
        name: "advisories",
        steps: [
          { $0.advisories = AdvisoryFacts(isFresh: true, found: [:]) },
          { $0.advisories = AdvisoryFacts(isFresh: true, found: ["CVE-1": .critical]) },
          { $0.advisories = AdvisoryFacts(isFresh: false, found: ["CVE-1": .critical]) },
          { $0.advisories = nil },
        ]),
    ]
  }

  @Test func `a worse fact never makes a threat less grave, nor closes one`() throws {
    let ladders = try Self.ladders()
    var random = SeededGenerator(seed: 7)
    var compared = 0
    for _ in 0..<40 {
      var facts = ThreatFacts()
      for ladder in ladders { ladder.steps.randomElement(using: &random)?(&facts) }
      for ladder in ladders {
        let models = ladder.steps.map { step in
          var changed = facts
          step(&changed)
          return Example.model(changed)
        }
        for (better, worse) in zip(models, models.dropFirst()) {
          for (one, other) in zip(better.threats, worse.threats) {
            let place = "\(one.id) with a worse \(ladder.name)"
            #expect(one.inherent <= other.inherent, "\(place)")
            if one.state != .doesNotApply { #expect(one.severity <= other.severity, "\(place)") }
            #expect(!one.isOpen || other.isOpen, "\(place)")
            #expect(one.state == .doesNotApply || other.state != .doesNotApply, "\(place)")
            compared += 1
          }
        }
      }
    }
    #expect(compared > 20_000)
  }

  @Test func `every fact is what some threat depends on`() {
    let depended = Set(Example.model(ThreatFacts()).threats.flatMap(\.dependsOn))
    #expect(depended == Set(ThreatFact.allCases))
  }

  @Test func `a fact that no threat names among its own changes nothing of it`() throws {
    let ladders = try Self.ladders()
    let facts = try Example.ordinary()
    let model = Example.model(facts)
    for ladder in ladders {
      for step in ladder.steps {
        var changed = facts
        step(&changed)
        let moved = ThreatFact.allCases.filter { facts.value(of: $0) != changed.value(of: $0) }
        for (one, other) in zip(model.threats, Example.model(changed).threats)
        where Set(one.dependsOn).isDisjoint(with: moved) {
          #expect(one == other, "\(one.id) with another \(ladder.name)")
        }
      }
    }
  }
}
