import Access
import Advisories
import Domain
import Encoding
import Gates
import Provenance
import Statements
import TestKit
import Testing
import Threats

@testable import Lifecycle

/// Advisories that are imported, and what they do to versions.
struct AdvisoryActTests {
  /// What scikit-learn 1.2 trained, which a well-known advisory is about.
  private static let old = "models/sklearn-1.2/binary-logistic/model.joblib"
  private static let reference = VersionReference(name: Sample.name(), version: .first)

  private static func policy(_ gate: String, _ more: String = "") -> [UInt8] {
    Array(
      "policy: gatehouse/v1\nname: advised\ngates:\n  - formats: [joblib, pickle]\n  - \(gate)\n\(more)".utf8)
  }

  /// The well-known advisories, the newest of which is of 2024-11-19.
  private static func known() throws -> [AdvisoryRecord] {
    try Fixtures.names(in: "advisories").flatMap {
      try AdvisoryRecord.records(parsing: Fixtures.bytes("advisories/\($0)"))
    }
  }

  private static func document(_ records: [AdvisoryRecord]) throws -> [UInt8] {
    try AdvisoryDatabase(of: records).bytes
  }

  /// A record about one package whatever its version, of a moment in seconds of 2024-12-01.
  private static func record(_ id: String, _ name: String, second: Int64 = 0, severity: Severity = .high)
    -> AdvisoryRecord
  {
    let range = VersionRange(isSemantic: false, events: [.init(.introduced, "0")])
    return AdvisoryRecord(
      id: id, published: nil, modified: Timestamp(milliseconds: 1_733_011_200_000 + second * 1000),
      severity: severity,
      affected: [AffectedPackage(PackageName("PyPI", name), ranges: [range], versions: [])])
  }

  /// A bench whose clock shows the middle of December 2024.
  private static func bench(_ policy: [UInt8]? = nil) throws -> Bench {
    let bench = try policy.map { try Bench(policy: Policy(parsing: $0)) } ?? Bench()
    bench.time.advance(by: .seconds(400 * 86_400))
    return bench
  }

  @discardableResult
  private static func take(
    _ records: [AdvisoryRecord], _ control: ControlPlane, older: Bool = false
  ) async throws -> AdvisoryImport {
    try await control.importAdvisories(try document(records), allowingOlder: older, by: .administrator)
  }

  @Test func `where none were ever imported the gate refuses, and says what to do`() async throws {
    let bench = try Self.bench(Self.policy("advisories: {at-most: critical}\n    at: admission"))
    try await bench.run { control in
      let outcome = try await Bench.pushTree(to: control)
      #expect(outcome.status == .refused)
      #expect(
        outcome.problem?.message
          == "expected no advisory graver than critical, found that no advisories were ever imported")
      #expect(outcome.problem?.hint == "import them with 'gatehouse advisories import'")
      try await Self.take([Self.record("CVE-1", "nothing")], control)
      #expect(try await Bench.pushTree(to: control).status == .live)
    }
  }

  @Test func `at a push the gate knows what the model was made with, and names what was asked`() async throws
  {
    let bench = try Self.bench(Self.policy("advisories: {at-most: low}\n    at: admission"))
    try await bench.run { control in
      let digest = try await Self.take(Self.known(), control).imported.digest
      let refused = try await Bench.push(Self.old, to: control)
      #expect(refused.status == .refused)
      #expect(
        refused.problem?.message
          == "expected no advisory graver than low, found CVE-2024-5206 of severity medium in scikit-learn 1.2.2 of"
          + " its training environment (artifact), mended in 1.5.0 in \(digest)")
      #expect(try await Bench.pushTree(to: control).status == .live)
      let version = try await control.registry.version(Self.reference)
      let bundle = try #require(await bench.bundles.bundle(version.bundle))
      let gates = String(decoding: try #require(bundle.contents.bytes(at: "gates.json")), as: UTF8.self)
      #expect(gates.contains("there is no advisory graver than low in \(digest)"))
    }
  }

  @Test func `an exception lets an advisory be by any of its names`() async throws {
    let bench = try Self.bench(
      Self.policy(
        "advisories: {at-most: low}\n    at: admission",
        """
        exceptions:
          - {id: EX-1, gate: advisories, scope: {models: [iris], advisories: [GHSA-jw8x-6495-233v]}, \
        reason: no texts, approved-by: [ben], until: 2027-01-31}
        """))
    try await bench.run { control in
      try await Self.take(Self.known(), control)
      #expect(try await Bench.push(Self.old, to: control).status == .live)
    }
  }

  @Test func `a version that was admitted is held back by what became known since`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      #expect(try await Bench.push(Self.old, to: control).status == .live)
      try await Self.take(Self.known(), control)
      _ = try await control.proposePolicy(
        Self.policy("advisories: {at-most: low, source-within: 30d}"), by: .administrator)
      let report = try await control.explain(Self.reference)
      #expect(report.verdict == .refused)
      #expect(
        report.results.last?.reason.contains("CVE-2024-5206 of severity medium in scikit-learn 1.2.2") == true
      )
      // What is known grows old by itself.
      bench.time.advance(by: .seconds(30 * 86_400))
      let later = try await control.explain(Self.reference)
      #expect(
        later.results.last?.reason
          == "expected advisories of the last 30d, found that the newest is of 2024-11-19T16:00:00.000Z")
    }
  }

  private static func advised(
    _ control: ControlPlane, of name: ModelName?, all: Bool
  ) async throws -> [AdvisedVersion] {
    try await control.advisedVersions(of: name, all: all) { _ in true }
  }

  @Test func `nobody is told of versions that they may not see`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      _ = try await Bench.push(Self.old, to: control)
      try await Self.take(Self.known(), control)
      #expect(try await control.advisedVersions(of: nil, all: true) { _ in false }.isEmpty)
    }
  }

  @Test func `no advisories at all are none to go by`() async throws {
    try await Self.bench().run { control in
      let problem = await #expect(throws: Problem.self) { try await Self.take([], control) }
      #expect(problem?.code == "advisories.empty")
    }
  }

  @Test func `what a file that does not read would have named, nobody knows`() async throws {
    let bench = try Self.bench(Self.policy("advisories: {at-most: medium}\n    at: admission"))
    try await bench.run { control in
      try await Self.take([Self.record("CVE-1", "torch")], control)
      let model = ("model.joblib", try Fixture.bytes(Fixture.tree))
      // As a shell of Windows writes it.
      let wide: [UInt8] = "torch==1.13.0".utf8.reduce(into: [0xFF, 0xFE]) { $0 += [$1, 0] }
      let refused = try await Bench.push([model, ("requirements.txt", wide)], to: control)
      #expect(refused.problem?.code == "gate.advisories")
      #expect(refused.problem?.message.contains("what it is made of") == true)
      let open = try await Bench.push([model, ("requirements.txt", Array("torch>=1.0\n".utf8))], to: control)
      #expect(open.status == .live)
    }
  }

  @Test func `what gates ask of at a push is what the bundle's bill names`() async throws {
    let bench = try Self.bench(Self.policy("advisories: {at-most: medium}\n    at: admission"))
    try await bench.run { control in
      try await Self.take(
        [Self.record("CVE-1", "setuptools", severity: .low), Self.record("CVE-2", "python", severity: .low)],
        control)
      #expect(try await StatedPlatform.push(StatedPlatform.mlflow, as: "iris", to: control).status == .live)
      let version = try #require(try await Self.advised(control, of: nil, all: false).first)
      #expect(version.found?.map(\.weakness.id) == ["CVE-1", "CVE-2"])
      #expect(version.found?.first?.parts.map(\.component.statedBy) == [["python_env.yaml"]])
      let refused = try await {
        try await Self.take([Self.record("CVE-3", "SetupTools", second: 1)], control)
        return try await StatedPlatform.push(StatedPlatform.mlflow, as: "other", to: control)
      }()
      #expect(
        refused.problem?.message.contains("setuptools 65.5.0 of its training environment (python_env.yaml)")
          == true)
    }
  }

  @Test
  func `conda's packages are asked for by the index's names, and a version that one file states counts`() {
    func package(_ ecosystem: ModelBill.Package.Ecosystem, _ name: String, _ version: String?)
      -> ModelBill.StatedPackage
    {
      ModelBill.StatedPackage(ecosystem: ecosystem, name: name, version: version, statedBy: ["conda.yaml"])
    }
    let components = Component.all(in: [
      package(.conda, "pytorch", "2.1"), package(.conda, "numpy", "1.0"), package(.generic, "python", "3.11"),
      package(.pypi, "lightgbm", nil), package(.pypi, "LightGBM", "4.6.0"), package(.pypi, "xgboost", nil),
    ])
    #expect(components.map(\.package.name) == ["torch", "numpy", "lightgbm", "xgboost"])
    #expect(components.map(\.version) == ["2.1", "1.0", "4.6.0", nil])
  }

  @Test(arguments: [
    ("ray-core", "ray"), ("ray-default", "ray"), ("pyarrow-core", "pyarrow"), ("opencv", "opencv-python"),
    ("py-opencv", "opencv-python"), ("tensorflow-cpu", "tensorflow"), ("TensorFlow-GPU", "tensorflow"),
  ])
  func `what conda builds of a package is that package`(conda: String, index: String) {
    let stated = ModelBill.StatedPackage(
      ecosystem: .conda, name: conda, version: "1.0", statedBy: ["conda.yaml"])
    #expect(Component.all(in: [stated]).map(\.package.name) == [index])
  }

  @Test func `the operators of ONNX are no package of that name`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      let folder = try Fixtures.names(in: "onnx/onnx")[0]
      #expect(try await Bench.push("onnx/onnx/\(folder)/model.onnx", to: control).status == .live)
      try await Self.take([Self.record("CVE-1", "onnx")], control)
      #expect(try await Self.advised(control, of: nil, all: false).first?.found?.isEmpty == true)
    }
  }

  @Test func `older advisories are taken only where they are meant, and the same ones change nothing`()
    async throws
  {
    let bench = try Self.bench()
    try await bench.run { control in
      let first = try await Self.take([Self.record("CVE-1", "a", second: 9)], control)
      #expect(first.isNew)
      #expect(try await !Self.take([Self.record("CVE-1", "a", second: 9)], control).isNew)
      let older = try Self.document([Self.record("CVE-2", "a", second: 8)])
      let problem = await #expect(throws: Problem.self) {
        _ = try await control.importAdvisories(older, by: .administrator)
      }
      #expect(problem?.code == "advisories.older")
      #expect(try await control.advisoriesInForce() == first.imported)
      let meant = try await control.importAdvisories(older, allowingOlder: true, by: .administrator)
      #expect(try await control.advisoriesInForce() == meant.imported)
      #expect(try await control.weakness(named: "CVE-2").id == "CVE-2")
    }
    let done = try await bench.entries().filter { $0.act == .importAdvisories && $0.phase == .done }
    #expect(done.count == 2)
    #expect(done.last?.details["former"] == done.first.map { .string($0.subject) })
  }

  @Test func `what is malformed or of time to come is never in force`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      let future = AdvisoryRecord(
        id: "CVE-1", published: nil, modified: Timestamp(milliseconds: 4_000_000_000_000), severity: nil,
        affected: [])
      let documents: [([UInt8], String)] = [
        (Array("{}".utf8), "advisories.malformed"),
        (try Self.document(Self.known()) + [0x0A], "advisories.malformed"),
        (try Self.document([future]), "advisories.future"),
      ]
      for (document, code) in documents {
        let problem = await #expect(throws: Problem.self) {
          _ = try await control.importAdvisories(document, by: .administrator)
        }
        #expect(problem?.code == code)
      }
      #expect(try await control.advisoriesInForce() == nil)
      let none = await #expect(throws: Problem.self) { _ = try await control.weakness(named: "CVE-1") }
      #expect(none?.code == "advisories.none")
    }
  }

  @Test func `importing takes a right, which whoever sees to security has`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      for (role, mayImport) in [(Role.operator, false), (.security, true)] {
        let known = try await control.addPerson(role.rawValue, by: .administrator)
        _ = try await control.addGrant(
          Grant(id: "", holder: .principal(known.principal), gift: .role(role), scope: .everything),
          by: .administrator)
        let actor = Actor(principal: known.principal, credential: .token(provider: "none", words: []))
        let document = try Self.document(Self.known())
        let imported = try? await control.importAdvisories(document, by: actor)
        #expect((imported?.imported.by == actor.principal) == mayImport)
      }
    }
  }

  @Test func `the entry of an import says how many versions that are served it is about`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      #expect(try await Bench.push(Self.old, to: control).status == .live)
      #expect(try await Bench.push(Fixture.tree, as: "other", to: control).status == .live)
      // A newer version takes the first one out of service.
      #expect(try await Bench.push(Fixture.tree, to: control).status == .live)
      #expect(try await Self.take(Self.known(), control).affected == 0)
      _ = try await control.setAlias(
        AliasName(parsing: "former"), of: Sample.name(), to: .first, by: .administrator)
      let outcome = try await Self.take(Self.known() + [Self.record("CVE-9", "nothing")], control)
      #expect(outcome.served == 3 && outcome.affected == 1)
      #expect(try await Self.advised(control, of: Sample.name("other"), all: true).count == 1)
      let all = try await Self.advised(control, of: Sample.name(), all: true)
      #expect(all.map(\.isLive) == [false, true] && all.map(\.isServed) == [true, true])
      #expect(all.map { $0.found?.map(\.weakness.id) } == [["CVE-2024-5206"], []])
    }
    let entry = try #require(try await bench.entries().last { $0.act == .importAdvisories })
    #expect(
      entry.details["served"] == 3 && entry.details["affected"] == 1 && entry.details["advisories"] == 6)
    #expect(WebhookEvent(of: entry) == .advisoriesImported)
  }

  @Test func `what is in force outlives the process, an audit and a collection`() async throws {
    let bench = try Self.bench()
    try await bench.run { control in
      _ = try await control.start()
      let former = try await Self.take(Self.known(), control).imported.digest
      let present = try await Self.take(Self.known() + [Self.record("CVE-9", "a")], control).imported.digest
      _ = try await CollectBlobsTests.collect(control)
      #expect(await bench.blobs.contains(present))
      #expect(await !bench.blobs.contains(former))
    }
    #expect(await bench.audit().problems.isEmpty)
    let again = bench.reopened()
    try await Bench.run(again) { (control: ControlPlane) async throws -> Void in
      #expect(try await control.weakness(named: "PYSEC-2021-857").id == "CVE-2021-41496")
      #expect(try await control.advisoriesInForce()?.count == 6)
    }
    // Of a document that was altered nothing is believed.
    let digest = try #require(try await again.advisoriesInForce()?.digest)
    await bench.blobs.corrupt(digest, to: [0x7B])
    let third = bench.reopened()
    let problem = await #expect(throws: Problem.self) { _ = try await third.weakness(named: "CVE-9") }
    #expect(problem?.category == .integrity)
    #expect(await !bench.audit().problems.isEmpty)
  }

  @Test
  func `what threats are bound to changes with what becomes known, and with nothing else that is imported`()
    async throws
  {
    let bench = try Self.bench(
      Self.policy("advisories: {at-most: critical}"))
    try await bench.run { control in
      try await Self.take(Self.known(), control)
      #expect(try await Bench.pushTree(to: control).status == .live)
      let facts = try await control.threatModel(of: Self.reference).facts
      #expect(facts.advisories?.isFresh == true && facts.advisories?.found == [:])
      let before = facts.binding(of: .advisories)
      try await Self.take(Self.known() + [Self.record("CVE-8", "unused")], control)
      let unrelated = try await control.threatModel(of: Self.reference).facts
      #expect(unrelated.binding(of: .advisories) == before)
      try await Self.take([Self.record("CVE-9", "scikit-learn", second: 1)], control)
      let after = try await control.threatModel(of: Self.reference).facts
      #expect(after.advisories?.found == ["CVE-9": .high])
      #expect(after.binding(of: .advisories) != before)
      bench.time.advance(by: .seconds(40 * 86_400))
      #expect(try await control.threatModel(of: Self.reference).facts.advisories?.isFresh == false)
    }
  }
}
