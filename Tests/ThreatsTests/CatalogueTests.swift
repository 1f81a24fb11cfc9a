import Domain
import Encoding
import Testing
import Threats

@Suite struct CatalogueTests {
  private static let ids = [
    "ML01", "ML02", "ML03", "ML04", "ML05", "ML06", "ML07", "ML08", "ML09", "ML10", "AML.T0011.000",
    "AML.T0029", "AML.T0034", "AML.T0076",
  ]

  private static func state(_ id: String, _ change: (inout ThreatFacts) -> Void) throws
    -> AssessedThreat.State
  {
    var facts = try Example.best()
    change(&facts)
    return try Example.threat(id, of: Example.model(facts)).state
  }

  @Test func `a model is held against the ten of OWASP and what ATLAS has beside them`() {
    #expect(Example.model(ThreatFacts()).threats.map(\.id.description) == Self.ids)
  }

  @Test(arguments: ids) func `a threat of a version of which nothing is known applies and is open`(id: String)
    throws
  {
    let threat = try Example.threat(id, of: Example.model(ThreatFacts()))
    #expect(threat.state == .open)
    #expect(!threat.left.isEmpty)
  }

  @Test func `every technique has a number of ATLAS and a name`() {
    let techniques = Example.model(ThreatFacts()).threats.flatMap(\.techniques)
    #expect(techniques.count >= 14)
    for technique in techniques {
      #expect(technique.id.hasPrefix("AML.T0"))
      #expect(!technique.name.isEmpty)
    }
  }

  @Test(arguments: [
    "ML02", "ML04", "ML05", "ML06", "ML09", "ML10", "AML.T0011.000", "AML.T0029", "AML.T0034", "AML.T0076",
  ])
  func `a threat is mitigated where all that it takes holds`(id: String) throws {
    #expect(try Self.state(id) { $0.dataClass = .internal } == .mitigated)
  }

  @Test func `a model that reads nothing has no inputs to manipulate`() throws {
    #expect(
      try Self.state("ML01") { $0.answers = AnswerFacts(features: 0, kinds: [.labels]) } == .doesNotApply)
    // What nobody knows is read is as what callers choose: it takes its controls.
    #expect(try Self.state("ML01") { $0.answers = nil } == .mitigated)
    #expect(
      try Self.state("ML01") {
        $0.answers = nil
        $0.defences = nil
      } == .open)
  }

  @Test(arguments: ["ML03", "ML04"]) func `of public data there is nothing to find out`(id: String) throws {
    #expect(try Self.state(id) { $0.dataClass = .public } == .doesNotApply)
    #expect(try Self.state(id) { $0.dataClass = .internal } == .mitigated)
    #expect(try Self.state(id) { $0.dataClass = nil } == .mitigated)
  }

  @Test(arguments: ["scikit-learn", "xgboost", "lightgbm", "catboost"])
  func `what is trained from rows alone began with nobody's weights`(framework: String) throws {
    let known = FrameworkFacts(name: framework, version: "1")
    #expect(try Self.state("ML07") { $0.framework = known } == .doesNotApply)
  }

  @Test func `what may begin with weights of somebody else's has to come with a seal`() throws {
    let onnx = FrameworkFacts(name: "onnx", version: "1")
    #expect(try Self.state("ML07") { $0.framework = onnx } == .mitigated)
    #expect(
      try Self.state("ML07") {
        $0.framework = onnx
        $0.seals = SealFacts(isSealed: true, by: "a", author: nil)
      } == .open)
    #expect(try Self.state("ML07") { $0.framework = nil } == .mitigated)
  }

  @Test func `a first version was not skewed by its own answers`() throws {
    #expect(try Self.state("ML08") { $0.replaced = .nothing } == .doesNotApply)
    #expect(try Self.state("ML08") { _ in } == .mitigated)
    #expect(try Self.state("ML08") { $0.defences = nil } == .open)
    #expect(
      try Self.state("ML08") {
        $0.replaced = nil
        $0.defences = nil
      } == .open)
  }

  @Test(arguments: ["ONNX", "XGBoost", "LightGBM", "CatBoost", "safetensors", "npy"])
  func `a format without a place for code is no unsafe artifact`(format: String) throws {
    let found = InspectionFacts(format: format, verdict: .liftable, rules: [:])
    #expect(try Self.state("AML.T0011.000") { $0.inspection = found } == .doesNotApply)
  }

  @Test func `an artifact with grave findings is unsafe`() throws {
    let found = InspectionFacts(format: "pickle", verdict: .liftable, rules: ["pickle.call": .medium])
    #expect(try Self.state("AML.T0011.000") { $0.inspection = found } == .open)
  }

  @Test(arguments: ids) func `the id of a threat reads back`(id: String) throws {
    #expect(try ThreatID(parsing: id).description == id)
  }

  @Test func `an id that is none is told with the one that may be meant`() {
    #expect {
      try ThreatID(parsing: "ML0")
    } throws: {
      let problem = $0 as? Problem
      return problem?.code == "threat.unknown" && problem?.hint == "use 'ML01'"
    }
    #expect {
      try ThreatID(parsing: "AML.T0024.002")
    } throws: {
      ($0 as? Problem)?.hint == "that technique is a part of 'ML05'; decide on that"
    }
  }
}
