import Access
import Domain
import Gates
import Lifecycle
import Provenance
import TestKit
import Testing

struct MendingTests {
  @Test func `a damaged bundle is made again by pushing the same bytes, as the same version`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let first = try await Bench.push(Fixture.tree, to: control)
      let digest = try #require(first.digest)
      await bench.bundles.lose(digest)
      #expect(await bench.audit().problems.map(\.code) == ["bundle.missing"])
      let again = try await Bench.push(Fixture.tree, to: control)
      #expect(again.digest == digest)
      #expect(again.status == .live)
      #expect(again.message.hasSuffix("its bundle was damaged and is made again"))
    }
    #expect(await bench.registry.versions(of: Sample.name()).count == 1)
    #expect(await bench.audit().problems == [])
  }

  @Test func `a damaged bundle is made again with what the gates said then, whatever they would say now`()
    async throws
  {
    let text = """
      policy: gatehouse/v1
      name: mending
      gates:
        - exposure: {public: [external], gold: [internal]}
          at: admission
      """
    let bench = try Bench(policy: Policy(parsing: Array(text.utf8)))
    try await bench.run { control in
      let first = try await Bench.pushTree(
        to: control, nil, ModelFacts(dataClass: .gold, exposure: .internal))
      let digest = try #require(first.digest)
      _ = try await control.setFacts(ModelFacts(exposure: .external), of: Sample.name(), by: .administrator)
      await bench.bundles.lose(digest)
      let again = try await Bench.pushTree(to: control)
      #expect(again.digest == digest)
      #expect(again.status == .live)
      try await bench.bundles.verify(digest, trusting: [bench.sealingKey.verificationKey])
    }
    #expect(try await bench.entries().count { $0.act == .gate } == 2)
    #expect(await bench.audit().problems == [])
  }

  @Test(arguments: [("model-size: {at-most: 1 GiB}", true), ("model-size: {at-most: 16 B}", false)])
  func `how large a model is counts at its roll-out too`(gate: String, holds: Bool) async throws {
    let text = """
      policy: gatehouse/v1
      name: sizes
      gates:
        - \(gate)
          at: roll-out
      """
    let bench = try Bench(policy: Policy(parsing: Array(text.utf8)))
    try await bench.run { control in
      let outcome = try await Bench.pushTree(to: control)
      #expect(outcome.status == (holds ? .live : .refused))
      #expect(outcome.problem?.code == (holds ? nil : "gate.model-size"))
    }
  }

  @Test func `findings with endless names fit the ledger, and the refusal is in it`() async throws {
    let bench = try Bench()
    let name = String(repeating: "\u{1}", count: 1000)
    try await bench.run { control in
      var files: [PushedFile] = []
      for index in 0..<12 {
        let session = try await control.beginUpload()
        try await session.write(try Fixture.bytes(Fixture.systemCall))
        files.append(PushedFile(path: "\(index)\(name)", blob: try await session.finish()))
      }
      let outcome = try await control.push(
        PushRequest(name: Sample.name(), files: files, actor: Sample.actor)
      ) { _ in }
      #expect(outcome.status == .refused)
    }
    #expect(try await bench.entries().last?.phase == .failed)
    #expect(await bench.registry.quarantined().count == 1)
  }
}
