import Domain
import Encoding
import Testing

@testable import Rollouts

@Suite struct PlanTests {
  @Test func `a plan reads as it was written`() throws {
    #expect(try RolloutPlan(parsing: RolloutPlan.standard.json.canonicalBytes) == .standard)
    var criteria = Criteria.standard
    criteria.failures = nil
    criteria.disagreement = Criteria.Lines(bound: 0.1)
    criteria.lateness = .pass
    let plan = try RolloutPlan(
      steps: [
        RolloutStep(share: .none, leastTime: 1),
        RolloutStep(share: .whole, leastTime: 2, needsApproval: true),
      ], criteria: criteria)
    #expect(try RolloutPlan(parsing: plan.json.canonicalBytes) == plan)
  }

  @Test func `what a plan leaves out is the standard`() throws {
    let plan = try RolloutPlan(parsing: Array(#"{"steps":[{"share":500},{"share":10000}]}"#.utf8))
    #expect(plan.criteria == .standard)
    #expect(plan.steps.map(\.leastTime) == [600_000, 600_000])
  }

  @Test(arguments: [
    (#"{"steps":[]}"#, "plan.malformed"), (#"{"steps":[{"share":100}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":500},{"share":500},{"share":10000}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":0},{"share":10000}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":10000,"needsApproval":true}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":10001}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":10000,"leastTime":-1}]}"#, "plan.malformed"),
    (#"{"steps":[{"share":10000}],"criteria":{"falseUndos":0}}"#, "criteria.malformed"),
    (#"{"steps":[{"share":10000}],"criteria":{"longest":1e3}}"#, "criteria.malformed"),
    (
      #"{"steps":[{"share":10000}],"criteria":{"failures":{"undo":{"ratio":0,"margin":0},"pass":{"ratio":1,"margin":0}}}}"#,
      "criteria.malformed"
    ),
    (
      #"{"steps":[{"share":10000}],"criteria":{"failures":{"undo":{"ratio":2,"margin":0},"pass":{"ratio":1,"margin":0}}}}"#,
      "criteria.malformed"
    ),
    (#"{"steps":[{"share":10000}],"criteria":{"drift":"hld"}}"#, "criteria.malformed"),
  ])
  func `what is no plan is refused`(text: String, code: String) {
    let problem = #expect(throws: Problem.self) { try RolloutPlan(parsing: Array(text.utf8)) }
    #expect(problem?.code == code, "\(problem?.message ?? "")")
  }

  @Test func `the parts of what may be undone falsely add up to all of it`() throws {
    for count in 1...16 {
      let steps = (1...count).map {
        RolloutStep(share: .points($0 == count ? 10_000 : $0), leastTime: 0)
      }
      let plan = try RolloutPlan(steps: steps)
      #expect(abs(steps.indices.reduce(0) { $0 + plan.stake(of: $1) } - 1) < 1e-12)
    }
  }
}
