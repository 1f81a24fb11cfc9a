import Domain
import Encoding
import Foundation
import Gates
import Lifecycle
import Lifting
import Provenance
import Synchronization
import TestKit
import Testing

struct RoadTests {
  @Test func `a forest that scikit-learn wrote goes live as version 1 with a key`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run { control in
      _ = try await control.start()
      return try await Bench.push(Fixture.forest, to: control)
    }
    #expect(outcome.status == .live)
    #expect(outcome.version == .first)
    #expect(outcome.isNew)
    #expect(outcome.featureCount == 4)
    #expect(outcome.key?.key.hasPrefix("gh_") == true)
    // Tests are run of what brings some.
    #expect(outcome.stages.map(\.stage) == Stage.allCases.filter { $0 != .test })
    #expect(await bench.audit().problems == [])
  }

  @Test(arguments: [
    "models/sklearn-1.9/text-tfidf-logistic/model.joblib",
    "models/boosters-new/xgboost-models-linear-softprob-json/model.json",
    "models/boosters-new/xgboost-models-limit/model.joblib",
    "models/boosters-new/lightgbm-models-categories-text/model.txt",
    "onnx/onnx/onnx-estimators-forest/model.onnx",
  ])
  func `whatever can be lifted meets the standard policy`(fixture: String) async throws {
    let bench = try Bench()
    let outcome = try await bench.run { try await Bench.push(fixture, to: $0) }
    #expect(outcome.status == .live, "\(outcome)")
  }

  @Test func `a model that ONNX Runtime is to run meets the standard policy where its engine is named`()
    async throws
  {
    let bench = try Bench()
    let fixture = "corpus/graphs/hand-vendor.onnx"
    let (refused, outcome) = try await bench.run { control in
      (
        try await Bench.push(fixture, to: control),
        try await Bench.push(fixture, engine: .onnxRuntime, to: control)
      )
    }
    #expect(refused.status == .refused)
    #expect(outcome.status == .live, "\(outcome)")
  }

  @Test func `every act is in the ledger before and after its effect`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
    }
    let written = try await bench.entries().map { "\($0.act.rawValue) \($0.phase.rawValue)" }
    let acts = [
      "found", "add-seal-key", "push", "inspect", "lift", "gate", "sign", "pack", "roll-out", "create-key",
    ]
    #expect(written == acts.flatMap { ["\($0) begun", "\($0) done"] })
  }

  @Test func `the data plane is told of the version and of the key's hash alone`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run { try await Bench.push(Fixture.tree, to: $0) }
    let state = try #require(bench.plane.applied.last)
    #expect(state.deployments.map(\.name.description) == ["iris"])
    #expect(state.deployments.first?.live.bundle == outcome.digest)
    let key = try #require(outcome.key)
    #expect(state.keys.map(\.hash) == [Digest(of: Array(key.key.utf8))])
    #expect(!String(describing: try await bench.entries()).contains(key.key))
  }

  @Test func `the same bytes again make no second version, and it says so`() async throws {
    let bench = try Bench()
    let again = try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      return try await Bench.push(Fixture.tree, to: control)
    }
    #expect(!again.isNew)
    #expect(again.status == .live)
    #expect(again.key == nil)
    #expect(
      again.message == "iris@1 holds these bytes under this policy already; no new version was made")
    #expect(await bench.registry.versions(of: Sample.name()).count == 1)
  }

  @Test func `other bytes under the name become version 2 in place of version 1`() async throws {
    let bench = try Bench()
    let second = try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      return try await Bench.push(Fixture.forest, to: control)
    }
    #expect(second.version?.value == 2)
    #expect(second.key == nil)
    let served = await bench.registry.deployments()
    #expect(served.map(\.version.value) == [2])
  }

  @Test func `the bytes of an older version again leave the newer one in service`() async throws {
    let bench = try Bench()
    let again = try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.forest, to: control)
      return try await Bench.push(Fixture.tree, to: control)
    }
    #expect(again.status == .waiting)
    #expect(again.version == .first)
    #expect(again.message.hasSuffix("version 2 stays in service"))
  }

  @Test func `the same artifact under two names gives two models`() async throws {
    let bench = try Bench()
    let names = try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, as: "a", to: control)
      _ = try await Bench.push(Fixture.tree, as: "b", to: control)
      return try await control.registry.modelNames().map(\.description)
    }
    #expect(names == ["a", "b"])
    #expect(await bench.audit().problems == [])
  }

  @Test func `steps are told as they happen, in order`() async throws {
    let told = Mutex<[String]>([])
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, to: control) { event in
        let word =
          switch event {
          case .started(let stage): "started \(stage.rawValue)"
          case .finished(let report): "finished \(report.stage.rawValue)"
          case .found: "found"
          case .ended: "ended"
          }
        told.withLock { $0.append(word) }
      }
    }
    let steps = Stage.allCases.filter { $0 != .test }.flatMap {
      ["started \($0.rawValue)", "finished \($0.rawValue)"]
    }
    #expect(told.withLock { $0 } == steps + ["ended"])
  }
}

struct SelfCheckTests {
  @Test func `a bundle has rows and answers to check a model by`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run { try await Bench.push(Fixture.forest, to: $0) }
    let digest = try #require(outcome.digest)
    let bundle = try #require(await bench.bundles.bundle(digest))
    let bytes = try #require(bundle.contents.bytes(at: "self-check.json"))
    let cases = try #require(try JSON(parsing: bytes)["cases"]?.array)
    #expect(cases.count > 3)
    #expect(cases.allSatisfy { $0["answers"]?["predict"] != nil && $0["answers"]?["predict_proba"] != nil })
  }
}

struct RefusalTests {
  @Test func `a system call is refused with byte, opcode and callable, and kept in quarantine`() async throws
  {
    let bench = try Bench()
    let outcome = try await bench.run { try await Bench.push(Fixture.systemCall, to: $0) }
    #expect(outcome.status == .refused)
    let problem = try #require(outcome.problem)
    #expect(problem.code == "inspect.dangerous")
    #expect(problem.exitCode == 3)
    #expect(problem.message.contains("posix.system"))
    #expect(problem.position?.contains("REDUCE") == true)
    #expect(problem.position?.contains("byte ") == true)
    let kept = await bench.registry.quarantined()
    #expect(kept.map(\.verdict) == [.dangerous])
    #expect(await bench.registry.deployments().isEmpty)
    #expect(bench.plane.applied.allSatisfy { $0.deployments.isEmpty })
    let last = try #require(try await bench.entries().last)
    #expect(last.act == .inspect)
    #expect(last.phase == .failed)
    #expect(last.details["verdict"] == "dangerous")
  }

  @Test func `an estimator that cannot be lifted is refused by name, and kept`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run {
      try await Bench.push("unsupported/sklearn-1.9/isomap/model.joblib", to: $0)
    }
    #expect(outcome.status == .refused)
    #expect(outcome.problem?.code == "lift.unsupported-estimator")
    #expect(outcome.problem?.message.contains("Isomap") == true)
    #expect(await bench.registry.quarantined().map(\.verdict) == [.notLiftable])
  }

  @Test func `an empty file is refused as malformed`() async throws {
    let bench = try Bench()
    let outcome = try await bench.run { try await Bench.push("malicious/empty.pkl", to: $0) }
    #expect(outcome.problem?.code == "inspect.malformed")
  }

  @Test func `a model beyond the policy is refused by the gate that says so`() async throws {
    let text = "policy: gatehouse/v1\nname: tiny\ngates:\n  - model-size: {at-most: 10 B}\n"
    let bench = try Bench(policy: Policy(parsing: Array(text.utf8)))
    let outcome = try await bench.run { try await Bench.push(Fixture.tree, to: $0) }
    #expect(outcome.problem?.code == "gate.model-size")
    #expect(await bench.registry.versions(of: Sample.name()).isEmpty)
  }

  @Test func `a model that an exception lets be goes on, and its bundle says so`() async throws {
    let text = """
      policy: gatehouse/v1
      name: tiny
      gates:
        - model-size: {at-most: 10 B}
      exceptions:
        - {id: EX-1, gate: model-size, scope: {models: [iris]}, reason: r, approved-by: [a], until: 2999-01-01}
      """
    let bench = try Bench(policy: Policy(parsing: Array(text.utf8)))
    let outcome = try await bench.run { try await Bench.push(Fixture.tree, to: $0) }
    #expect(outcome.status == .live)
    let version = try #require(await bench.registry.versions(of: Sample.name()).last)
    #expect(version.policy == Digest(of: Array(text.utf8)))
    let bundle = try #require(await bench.bundles.bundle(version.bundle))
    let gates = try JSON(parsing: try #require(bundle.contents.bytes(at: "gates.json")))
    #expect(gates["passed"] == true && gates["policy"]?.string == version.policy.description)
    #expect(gates["results"]?.array?.last?["outcome"] == "excepted")
    #expect(gates["results"]?.array?.last?["exceptions"] == [["id": "EX-1", "until": "2999-01-01"]])
  }

  @Test(arguments: [
    ("../x", "push.bad-path"), ("/x", "push.bad-path"), ("a//b", "push.bad-path"), ("a/./b", "push.bad-path"),
  ])
  func `a path that leaves the artifact is refused`(path: String, code: String) async throws {
    let bench = try Bench()
    let blob = Sample.digest(1)
    let problem = await #expect(throws: Problem.self) {
      try await bench.run { control in
        _ = try await control.push(
          PushRequest(
            name: Sample.name(), files: [PushedFile(path: path, blob: blob)], actor: Sample.actor)
        ) { _ in }
      }
    }
    #expect(problem?.code == code)
  }

  @Test func `bytes that were never uploaded are missing, and the push ends in the ledger`() async throws {
    let bench = try Bench()
    let problem = await #expect(throws: Problem.self) {
      try await bench.run { control in
        _ = try await control.push(
          PushRequest(
            name: Sample.name(), files: [PushedFile(path: "", blob: Sample.digest(1))],
            actor: Sample.actor)
        ) { _ in }
      }
    }
    #expect(problem?.code == "blob.missing")
    #expect(try await bench.entries().last?.phase == .failed)
  }
}
