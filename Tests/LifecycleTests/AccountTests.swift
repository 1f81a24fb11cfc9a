import Access
import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

struct AccountTests {
  @Test func `what served then, who pushed it and under which policy, each step with its entry`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let before = bench.time.now()
      _ = try await Bench.pushTree(to: control)
      bench.time.advance(by: .seconds(60))
      let first = bench.time.now()
      bench.time.advance(by: .seconds(60))
      _ = try await Bench.push("models/sklearn-1.9/iris-logistic/model.joblib", to: control)
      let account = AccountForMoment(ledger: control.ledger, registry: control.registry)
      #expect(try await account(of: Sample.name(), at: before).served == nil)
      let then = try await account(of: Sample.name(), at: first)
      #expect(then.served?.version.version == .first)
      #expect(then.version?.pushedBy == Actor.administrator.principal)
      #expect(then.served?.policy == then.version?.policy)
      #expect(then.steps.map(\.act) == [.push, .inspect, .lift, .gate, .sign, .rollOut])
      let entries = try await bench.entries()
      for step in then.steps {
        #expect(entries[step.position].act == step.act)
        #expect(entries[step.position].phase == .done)
      }
      let now = try await account(of: Sample.name(), at: bench.time.now())
      #expect(now.served?.version.version == VersionNumber.first.next)
    }
  }
}
