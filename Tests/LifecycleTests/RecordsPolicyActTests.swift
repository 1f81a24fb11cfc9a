import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

struct RecordsPolicyActTests {
  @Test func `a policy for records reaches the data plane and the ledger, and the same again does nothing`()
    async throws
  {
    let bench = try Bench()
    let policy = try RecordsPolicy(payloadMillionths: 10_000, masked: ["age"], whenSpoolFull: .goOn)
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      try await control.setRecords(policy, of: Sample.name(), by: Sample.actor)
      #expect(bench.plane.applied.last?.deployments.map(\.policy.records) == [policy])
      let last = try await bench.entries().suffix(2)
      #expect(last.map(\.act) == [.setPolicy, .setPolicy])
      #expect(last.map(\.phase) == [.begun, .done])
      #expect(last.first?.details == [:])
      #expect(last.last?.details["changes"]?.array?.first?["policy"]?["records"] == policy.json)
      let count = try await bench.entries().count
      try await control.setRecords(policy, of: Sample.name(), by: Sample.actor)
      #expect(try await bench.entries().count == count)
      _ = try await Bench.push(Fixture.forest, to: control)
      #expect(bench.plane.applied.last?.deployments.map(\.policy.records) == [policy])
    }
    #expect(await bench.audit().problems == [])
  }

  @Test func `a policy for nothing is refused`() async throws {
    let bench = try Bench()
    let problem = await #expect(throws: Problem.self) {
      try await bench.run {
        try await $0.setRecords(.standard, of: Sample.name("nothing"), by: Sample.actor)
      }
    }
    #expect(problem?.code == "deployment.unknown")
  }
}
