import Access
import Documents
import Domain
import Encoding
import Gates
import Lifecycle
import ModelTests
import Provenance
import Synchronization
import TestKit
import Testing

/// Plans of tests that a push brings along.
struct RoadTestsTests {
  private static let rows = """
    sepal,width,length,petal,label
    5.1,3.5,1.4,0.2,0
    4.9,3.0,1.5,0.3,0
    6.4,3.2,4.5,1.4,1
    6.0,3.0,5.6,1.9,2
    6.9,3.1,5.4,2.1,2
    5.7,2.6,3.5,1.2,1

    """

  private static let plan = """
    tests: gatehouse/v1
    seed: 7
    schema:
      sepal: {type: number, range: [4, 8]}
      width: {type: number, range: [2, 5]}
      length: {type: number, range: [1, 7]}
      petal: {type: number, range: [0, 3]}
    quality:
      label: label
      metrics: ["accuracy >= 0.9", "accuracy >= champion"]
    inputs:
      - {send: wrong-shape, expect: refused}

    """

  private static func upload(_ text: String, to control: ControlPlane) async throws -> Digest {
    let session = try await control.beginUpload()
    try await session.write(Array(text.utf8))
    return try await session.finish()
  }

  private static func push(
    _ fixture: String = Fixture.tree, _ plan: String? = plan, rows: String? = rows, seed: UInt64? = nil,
    to control: ControlPlane, follow: @escaping @Sendable (RoadEvent) -> Void = { _ in }
  ) async throws -> PushOutcome {
    let session = try await control.beginUpload()
    try await session.write(try Fixture.bytes(fixture))
    let file = PushedFile(path: "", blob: try await session.finish())
    var tests: StatedTests?
    if let plan {
      var data: DataSet?
      if let rows { data = try DataSet(name: "rows.csv", digest: try await upload(rows, to: control)) }
      tests = StatedTests(plan: try await upload(plan, to: control), data: data, seed: seed)
    }
    return try await control.push(
      PushRequest(name: Sample.name(), files: [file], actor: Sample.actor, tests: tests), follow: follow)
  }

  private static func policy(_ gates: String...) throws -> Policy {
    let lines = ["policy: gatehouse/v1", "name: tested", "gates:"] + gates.map { "  - \($0)" }
    return try Policy(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  private static func reference(_ number: Int) throws -> VersionReference {
    VersionReference(name: Sample.name(), version: try #require(VersionNumber(number)))
  }

  @Test func `what is pushed with a plan is tested before the gates, and its bundle has the report`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let outcome = try await Self.push(to: control)
      #expect(
        outcome.stages.map(\.stage) == [.push, .inspect, .lift, .test, .gate, .sign, .pack, .rollOut])
      #expect(outcome.stages[3].summary == "4 of 4 tests hold")
      let version = try await control.registry.version(Self.reference(1))
      let bundle = try await bench.bundles.sealed(
        version.bundle, trusting: [bench.sealingKey.verificationKey])
      let report = try bundle.contents.requiredBytes(at: "tests.json")
      let (record, shown) = try await control.tests(of: Self.reference(1))
      #expect(record.report == Digest(of: report))
      #expect(shown.canonicalBytes == report)
      #expect(record.isPassed)
      #expect(record.seed == 7)
      let metrics = try TestSummary(parsing: report).metrics
      #expect(metrics.contains { $0.label == "accuracy" && $0.value == 1 })
    }
    let entry = try #require(try await bench.entries().last { $0.act == .test && $0.phase == .done })
    #expect(entry.details["passed"] == true)
  }

  @Test func `without a plan nothing is tested`() async throws {
    try await Bench().run { control in
      let outcome = try await Self.push(Fixture.tree, nil, to: control)
      #expect(!outcome.stages.map(\.stage).contains(.test))
      let problem = await #expect(throws: Problem.self) { try await control.tests(of: Self.reference(1)) }
      #expect(problem?.code == "model-tests.none")
    }
  }

  @Test(arguments: [
    ("tests: {passed: true}", "accuracy >= 0.99", true), ("tests: {passed: true}", "accuracy <= 0.5", false),
    ("metrics: [\"accuracy >= 0.9\"]", "accuracy <= 0.5", true),
    ("metrics: [\"f1_macro < 0.5\"]", "accuracy >= 0.9", false),
  ])
  func `the gates go by how the tests went`(_ gate: String, _ claim: String, _ isLive: Bool) async throws {
    let bench = try Bench(policy: try Self.policy(gate))
    try await bench.run { control in
      let plan = "tests: gatehouse/v1\nquality: {label: label, resamples: 0, metrics: [\"\(claim)\"]}\n"
      let outcome = try await Self.push(Fixture.tree, plan, to: control)
      #expect((outcome.status == .live) == isLive)
    }
  }

  @Test func `a plan that asks nothing does not hold`() async throws {
    let bench = try Bench(policy: try Self.policy("tests: {passed: true}"))
    try await bench.run { control in
      let outcome = try await Self.push(Fixture.tree, "tests: gatehouse/v1\n", rows: nil, to: control)
      #expect(outcome.problem?.code == "gate.tests")
    }
  }

  @Test func `an audit misses what tests were made of`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Self.push(to: control)
      let (record, _) = try await control.tests(of: Self.reference(1))
      _ = try await bench.blobs.remove(record.report, cameBefore: Timestamp(milliseconds: .max))
      // What asks for no tests goes on without.
      let report = try await control.explain(Self.reference(1))
      #expect(report.verdict == .admitted)
    }
    #expect(await bench.audit().problems.map(\.code) == ["blob.missing"])
  }

  @Test func `who has to be tested and brings no plan is refused`() async throws {
    let bench = try Bench(policy: try Self.policy("tests: {passed: true}"))
    try await bench.run { control in
      let outcome = try await Self.push(Fixture.tree, nil, to: control)
      #expect(outcome.status == .refused)
      #expect(outcome.problem?.code == "gate.tests")
    }
  }

  @Test func `a second version is compared with the one in service`() async throws {
    let bench = try Bench(policy: try Self.policy("metrics: [\"accuracy >= champion\"]"))
    try await bench.run { control in
      _ = try await Self.push(to: control)
      let second = try await Self.push(Fixture.forest, to: control)
      #expect(second.status == .live)
      #expect(second.stages.first { $0.stage == .test }?.summary == "4 of 4 tests hold, beside iris@1")
      let (record, report) = try await control.tests(of: Self.reference(2))
      let first = try Self.reference(1)
      #expect(record.champion == first)
      #expect(report["championMetrics"]?.array?.isEmpty == false)
    }
  }

  @Test func `before it is served, numbers are of the version in service then`() async throws {
    let gate = "metrics: [\"accuracy >= champion\"]"
    let bench = try Bench(policy: try Self.policy(gate, "\(gate)\n    at: roll-out"))
    try await bench.run { control in
      _ = try await Self.push(to: control)
      _ = try await Self.push(Fixture.forest, to: control)
      // The first was compared with nothing: of the second, which serves now, that says nothing.
      let report = try await control.explain(Self.reference(1))
      #expect(report.verdict == .refused)
      let present = try await control.explain(Self.reference(2))
      #expect(present.verdict == .admitted)
    }
  }

  @Test func `run again the tests of a version give the same bytes, and others with another seed`()
    async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Self.push(to: control)
      _ = try await Self.push(Fixture.forest, to: control)
      for number in 1...2 {
        let again = try await control.repeatTests(of: Self.reference(number), seed: nil)
        #expect(again.isSame)
        #expect(again.outcome.isPassed)
      }
      let other = try await control.repeatTests(of: Self.reference(2), seed: 8)
      #expect(!other.isSame)
      #expect(other.outcome.report.seed == 8)
    }
  }

  @Test func `the same model makes another version with another plan, and none without`() async throws {
    try await Bench().run { control in
      _ = try await Self.push(to: control)
      let outcomes = [
        try await Self.push(to: control), try await Self.push(Fixture.tree, nil, to: control),
        try await Self.push(seed: 9, to: control),
        try await Self.push(Fixture.tree, Self.plan + "# another\n", to: control),
        // And back.
        try await Self.push(to: control), try await Self.push(seed: 9, to: control),
      ]
      #expect(outcomes.map(\.isNew) == [false, false, true, true, false, false])
    }
  }

  /// Does something else in the middle of a test.
  private final class InterruptedTester: ModelTester {
    let interruption = Mutex<(@Sendable () async -> Void)?>(nil)

    func run(_ job: TestJob) async throws(Problem) -> TestJob.Outcome {
      await interruption.withLock { $0 }?()
      return try job.run(by: nil) { .zero }
    }
  }

  @Test func `acts on other things have their turn while a push is tested`() async throws {
    let tester = InterruptedTester()
    let bench = try Bench(tester: tester)
    try await bench.run { control in
      _ = try await Bench.push(Fixture.tree, as: "other", to: control)
      tester.interruption.withLock {
        $0 = {
          let other = try? ModelName(parsing: "other")
          if let other { _ = try? await control.createKey(for: other, by: .administrator) }
        }
      }
      #expect(try await Self.push(to: control).status == .live)
    }
    let acts = try await bench.entries().filter { $0.phase == .done }.map(\.act)
    let tested = try #require(acts.lastIndex(of: .test))
    #expect(acts[..<tested].last == .createKey)
  }

  @Test func `a key that is revoked while its model is tested vouches for nothing`() async throws {
    let tester = InterruptedTester()
    let key = SealingKey()
    let bench = try Bench(tester: tester)
    try await bench.run { control in
      _ = try await control.start()
      _ = try await control.trustSealKey(key.verificationKey, by: .administrator)
      tester.interruption.withLock {
        $0 = {
          _ = try? await control.revokeSealKey(
            key.verificationKey.hint, try RevocationReason(parsing: "it was lost"), by: .administrator)
        }
      }
      let model = BundleFile(path: "model.joblib", bytes: try Fixture.bytes(Fixture.tree))
      let sealed = try UnsealedBundle(files: [model]).sealed(with: key, name: "model")
      var files: [PushedFile] = []
      for (path, bytes) in [(model.path, model.bytes), ("model.sig", sealed.seal)] {
        let session = try await control.beginUpload()
        try await session.write(bytes)
        files.append(PushedFile(path: path, blob: try await session.finish()))
      }
      let rows = try DataSet(name: "rows.csv", digest: try await Self.upload(Self.rows, to: control))
      let tests = StatedTests(plan: try await Self.upload(Self.plan, to: control), data: rows)
      let outcome = try await control.push(
        PushRequest(name: Sample.name(), files: files, actor: .administrator, tests: tests)
      ) { _ in }
      #expect(outcome.status == .refused)
      #expect(outcome.problem?.code == "seal.revoked-key")
    }
    let refusal = try #require(try await bench.entries().last { $0.act == .gate })
    #expect(refusal.phase == .failed && refusal.details["code"] == "seal.revoked-key")
  }

  @Test func `a damaged bundle is made again with the report that it had`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Self.push(to: control)
      _ = try await Self.push(Fixture.forest, to: control)
      let bundle = try await control.registry.version(Self.reference(2)).bundle
      await bench.bundles.lose(bundle)
      let outcome = try await Self.push(Fixture.forest, to: control)
      #expect(outcome.status == .live)
      #expect(!outcome.isNew)
      try await bench.bundles.verify(bundle, trusting: [bench.sealingKey.verificationKey])
    }
  }

  @Test func `plan, rows and report stay for as long as the version is there`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await Self.push(to: control)
      let (record, _) = try await control.tests(of: Self.reference(1))
      bench.time.advance(by: .seconds(100_000))
      _ = try await control.collectBlobs(CollectionWish(grace: .seconds(60)), by: Sample.actor)
      for blob in record.blobs {
        let isThere = await bench.blobs.contains(blob)
        #expect(isThere)
      }
    }
    #expect(await bench.audit().problems.isEmpty)
  }

  @Test(arguments: [
    (plan, nil, "model-tests.no-data"), ("tests: gatehouse/v2\n", rows, "model-tests.language"),
    (plan, "sepal,label\n1,0\n", "rows.missing-column"),
  ])
  func `a plan or rows that do not do are the pusher's mistake, and nothing is made`(
    _ plan: String, _ rows: String?, _ code: String
  ) async throws {
    let bench = try Bench()
    try await bench.run { control in
      let problem = await #expect(throws: Problem.self) {
        try await Self.push(Fixture.tree, plan, rows: rows, to: control)
      }
      #expect(problem?.code == code)
      #expect(problem?.category == .badInput)
      let names = try await control.registry.modelNames()
      #expect(names.isEmpty)
    }
  }

  @Test func `a champion of other columns is left out, and what is asked beside it fails`() async throws {
    try await Bench().run { control in
      _ = try await Bench.push(
        "models/sklearn-1.9/diabetes-tree-regressor/model.joblib", to: control)
      let outcome = try await Self.push(to: control)
      #expect(outcome.stages.first { $0.stage == .test }?.summary == "3 of 4 tests hold, beside iris@1")
    }
  }
}
