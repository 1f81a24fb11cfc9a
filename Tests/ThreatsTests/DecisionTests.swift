import Domain
import Encoding
import Testing
import Threats

@Suite struct ThreatDecisionTests {
  @Test(arguments: ThreatDecision.Choice.allCases)
  func `a threat that was decided is open no more`(choice: ThreatDecision.Choice) throws {
    let facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts, choice)
    let threat = try Example.threat("ML05", of: Example.model(facts, [decision]))
    #expect(threat.state == .decided)
    #expect(threat.decision == decision)
    #expect(!threat.isOpen)
  }

  @Test func `a decision leaves how grave a threat is as it was`() throws {
    let facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts)
    let (before, after) = (Example.model(facts), Example.model(facts, [decision]))
    #expect(try Example.threat("ML05", of: after).severity == Example.threat("ML05", of: before).severity)
    #expect(after.open.values.reduce(0, +) == before.open.values.reduce(0, +) - 1)
  }

  @Test func `a decision counts for its own threat alone`() throws {
    let facts = try Example.ordinary()
    let model = Example.model(facts, [try Example.decision(on: "ML05", of: facts)])
    #expect(model.threats.count { $0.state == .decided } == 1)
  }

  @Test func `a decision on another model counts for nothing`() throws {
    let facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts)
    let other = ThreatModel(
      of: try VersionReference(parsing: "wine@1"), from: facts, decisions: [decision], at: Example.now)
    #expect(try Example.threat("ML05", of: other).state == .open)
  }

  @Test func `a decision carries to the next version with the same facts`() throws {
    let facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts)
    let next = ThreatModel(
      of: try VersionReference(parsing: "iris@3"), from: facts, decisions: [decision], at: Example.now)
    #expect(try Example.threat("ML05", of: next).state == .decided)
  }

  @Test func `a fact that changes reopens what depended on it, and says what it was`() throws {
    var facts = try Example.ordinary()
    facts.exposure = .internal
    let decision = try Example.decision(on: "ML05", of: facts)
    facts.exposure = .external
    let model = Example.model(facts, [decision])
    let threat = try Example.threat("ML05", of: model)
    #expect(threat.state == .reopened)
    #expect(threat.isOpen)
    #expect(threat.changed == [.exposure])
    #expect(
      model.markdown().split(separator: "\n").contains {
        $0.hasPrefix("**Reopened:** exposure was internal and is external. ")
      })
  }

  @Test func `a fact that changes leaves what does not depend on it`() throws {
    var facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts)
    facts.trainingData = nil
    #expect(try Example.threat("ML05", of: Example.model(facts, [decision])).state == .decided)
    let other = try Example.decision(on: "ML02", of: try Example.ordinary())
    #expect(try Example.threat("ML02", of: Example.model(facts, [other])).state == .reopened)
  }

  @Test func `another key on the same terms reopens nothing`() throws {
    var facts = try Example.ordinary()
    let decision = try Example.decision(on: "ML05", of: facts)
    facts.callers = Example.callers(keys: 5, withoutBudget: 3)
    #expect(try Example.threat("ML05", of: Example.model(facts, [decision])).state == .decided)
    facts.callers = Example.callers(keys: 5)
    #expect(try Example.threat("ML04", of: Example.model(facts, [decision])).state == .open)
  }

  @Test func `a decision counts until its end and no longer`() throws {
    let facts = try Example.ordinary()
    let end = Example.now.plus(days: 30)
    let decision = try Example.decision(on: "ML05", of: facts, .mitigate, until: end)
    let before = Timestamp(milliseconds: end.milliseconds - 1)
    #expect(try Example.threat("ML05", of: Example.model(facts, [decision], at: before)).state == .decided)
    let threat = try Example.threat("ML05", of: Example.model(facts, [decision], at: end))
    #expect(threat.state == .expired)
    #expect(threat.isOpen)
  }

  @Test func `of several decisions on the same facts the last counts`() throws {
    let facts = try Example.ordinary()
    let first = try Example.decision(on: "ML05", of: facts)
    let second = try Example.decision(
      on: "ML05", of: facts, .transfer, until: Example.now.plus(days: 2), at: Example.now.plus(days: 1))
    #expect(
      try Example.threat("ML05", of: Example.model(facts, [second, first])).decision?.choice == .transfer)
    #expect(
      try Example.threat("ML05", of: Example.model(facts, [first, second], at: Example.now.plus(days: 3)))
        .state
        == .expired)
  }

  @Test func `a decision reads back from what the ledger carries`() throws {
    for until in [nil, Example.now.plus(days: 1)] {
      let decision = try Example.decision(on: "ML06", of: try Example.ordinary(), until: until)
      #expect(try ThreatDecision(json: JSON(parsing: decision.json.canonicalBytes)) == decision)
    }
  }

  @Test(arguments: [
    ("threat", JSON.string("ML11")), ("choice", "ignore"), ("owner", "somebody"),
    ("facts", .object(["weather": "fine"])),
    ("basis", .string("sha256:\(String(repeating: "1", count: 64))")), ("remark", .null), ("until", "soon"),
    ("more", 1),
  ])
  func `a decision with another member is refused`(name: String, value: JSON) throws {
    var members = try #require(try Example.decision(on: "ML06", of: try Example.ordinary()).json.object)
    members[name] = value
    #expect(throws: Problem.self) { try ThreatDecision(json: .object(members)) }
  }

  @Test func `what does not apply is nothing to decide on`() throws {
    let model = Example.model(try Example.ordinary())
    #expect {
      try model.applying(Example.id("ML08"))
    } throws: {
      ($0 as? Problem)?.message
        == "expected a threat that applies to 'iris@2', found ML08: it is the first: nothing that it answered came back to it"
    }
    #expect(try model.applying(Example.id("ML05")).state == .open)
  }
}
