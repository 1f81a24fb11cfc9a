import Domain
import Encoding
import Testing
import Threats

@Suite struct ThreatModelTests {
  @Test func `a model reads back from its bytes`() throws {
    var facts = try Example.ordinary()
    let decisions = [
      try Example.decision(on: "ML05", of: facts), try Example.decision(on: "ML06", of: facts),
    ]
    facts.exposure = .internal
    for facts in [facts, ThreatFacts(), try Example.best()] {
      let model = Example.model(facts, decisions)
      let read = try ThreatModel(parsing: model.canonicalBytes)
      #expect(read == model)
      #expect(read.canonicalBytes == model.canonicalBytes)
    }
  }

  @Test func `the same facts and decisions give the same bytes`() throws {
    let facts = try Example.ordinary()
    let decisions = ["ML05", "ML06", "ML09"].map { try? Example.decision(on: $0, of: facts) }.compactMap {
      $0
    }
    #expect(decisions.count == 3)
    #expect(
      Example.model(facts, decisions).canonicalBytes
        == Example.model(facts, decisions.reversed()).canonicalBytes)
  }

  @Test(arguments: ["version", "catalogue", "facts", "open", "threats"])
  func `a model without one of its parts is none`(name: String) throws {
    var members = try #require(Example.model(try Example.ordinary()).json.object)
    members[name] = nil
    #expect(throws: Problem.self) { try ThreatModel(parsing: JSON.object(members).canonicalBytes) }
  }

  @Test func `a model that counts its open threats wrong is none`() throws {
    var members = try #require(Example.model(try Example.ordinary()).json.object)
    members["open"] = ["critical": 0, "high": 0, "medium": 0, "low": 0]
    #expect {
      try ThreatModel(parsing: JSON.object(members).canonicalBytes)
    } throws: {
      ($0 as? Problem)?.code == "threat-model.malformed"
    }
  }

  @Test func `more bytes than a model may have are not read`() {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: ThreatModel.sizeLimit + 1)
    #expect {
      try ThreatModel(parsing: bytes)
    } throws: {
      ($0 as? Problem)?.message == "expected at most 1048576 bytes, found 1048577"
    }
  }

  @Test func `of the open threats there are so many of each level`() throws {
    let open = Example.model(try Example.ordinary()).open
    #expect(open == [.high: 1, .medium: 5, .low: 2])
    #expect(Example.model(ThreatFacts()).open.values.reduce(0, +) == 14)
  }

  @Test func `what others wrote is no Markdown`() throws {
    var facts = try Example.ordinary()
    facts.framework = FrameworkFacts(name: "a|b <script>", version: "*1*")
    let text = Example.model(facts).markdown()
    #expect(text.split(separator: "\n").contains(#"| framework | a\|b \<script\> \*1\* |"#))
  }

  @Test func `the reason of a decision stands in the document, or that it was erased`() throws {
    let facts = try Example.ordinary()
    let model = Example.model(facts, [try Example.decision(on: "ML05", of: facts)])
    #expect(
      model.markdown(reasons: [Example.remark: "a contract covers it"]).split(separator: "\n").contains(
        "Accepted by service:security on 2026-11-21T09:30:00.000Z, for iris@2; service:fraud-team answers for it: a contract covers it."
      ))
    #expect(model.markdown().split(separator: "\n").contains { $0.hasSuffix("(the reason was erased).") })
  }

  @Test func `the document of a model is written like this`() throws {
    var facts = try Example.ordinary()
    facts.exposure = .internal
    let decision = try Example.decision(on: "ML05", of: facts)
    facts.exposure = .external
    let text = Example.model(facts, [decision]).markdown(reasons: [Example.remark: "a contract covers it"])
    #expect(text == Golden.markdown)
  }
}
