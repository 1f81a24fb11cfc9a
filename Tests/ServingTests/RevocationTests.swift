import Domain
import Encoding
import Glibc
import Provenance
import Testing

@testable import Serving

/// What was revoked is served no more: by a snapshot, and by a list that an image is brought.
struct RevocationTests {
  private let key = SealingKey()
  private let directory: TemporaryDirectory
  private let bundles: [TemporaryDirectory]
  private let digests: [Digest]

  init() throws {
    directory = try TemporaryDirectory()
    let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
    bundles = [first, second]
    digests = [
      try writeBundle(to: first, key: key), try writeBundle(to: second, key: key, version: 2, intercept: 10),
    ]
  }

  private func reference(_ version: Int) throws -> VersionReference {
    try VersionReference(parsing: "line@\(version)")
  }

  private func revoked(version: Int) throws -> Revocations {
    Revocations(versions: [
      .init(
        reference: try reference(version), bundle: digests[version - 1], since: Timestamp(milliseconds: 1),
        reason: "wrong labels")
    ])
  }

  private func revoked(_ key: SealingKey) -> Revocations {
    Revocations(keys: [
      .init(hint: key.verificationKey.hint, since: Timestamp(milliseconds: 1), reason: "stolen")
    ])
  }

  private static func ask(_ plane: RunningPlane, _ model: String = "line") throws -> Received {
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    return try Client(port: port).exchange(
      request("POST", "/models/\(model)/predict", key: "k", body: #"{"data":[1,2]}"#))
  }

  private static func get(_ plane: RunningPlane, _ path: String) throws -> Int {
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    return try Client(port: port).exchange(request("GET", path, key: "k")).status
  }

  // MARK: By a snapshot

  /// Writes a snapshot: version 2 live, version 1 by an alias.
  private func write(_ generation: Int, trusting keys: [SealingKey], _ revocations: Revocations = .none)
    throws
  {
    func served(_ version: Int) throws -> PlaneState.Deployment.Version {
      .init(
        version: try #require(VersionNumber(version)), bundle: digests[version - 1],
        path: bundles[version - 1].path)
    }
    let state = PlaneState(
      generation: generation, sealKeys: keys.map(\.verificationKey.pem),
      deployments: [
        .init(
          name: try ModelName(parsing: "line"), live: try served(2), others: [try served(1)],
          aliases: [try AliasName(parsing: "former"): .first])
      ], keys: [try .record(of: "k", opening: "line")], revocations: revocations)
    try directory.write(state.encoded(digest: Digest(of: state.canonicalContent)), to: "state.json")
  }

  private func start() throws -> RunningPlane {
    try RunningPlane(
      PlaneConfiguration(source: .state(path: directory.path + "/state.json"), threads: 1, version: "1"),
      socket: ListeningSocket(address: "127.0.0.1:0"))
  }

  @Test func `a revoked version answers no more, whatever served before, and the others do`() throws {
    try write(1, trusting: [key])
    let plane = try start()
    defer { plane.stop() }
    #expect(try Self.ask(plane).json?["result"] == .number(15))
    try write(2, trusting: [key], revoked(version: 2))
    // It is no failure: the data plane is where it should be.
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    let answer = try Self.ask(plane)
    #expect(answer.status == 503)
    #expect(answer.json?["code"] == "model.revoked")
    // Callers are not told why.
    #expect(!"\(answer)".contains("wrong labels"))
    #expect(try Self.ask(plane, "line@former").json?["result"] == .number(5))
    #expect(try Self.get(plane, "/v2/models/line/ready") == 503)
    #expect(try Self.get(plane, "/v2/health/ready") == 200)
    // A process that starts from it serves as little.
    let next = try start()
    defer { next.stop() }
    #expect(next.failures.isEmpty)
    #expect(try Self.ask(next).json?["code"] == "model.revoked")
    #expect(try Self.ask(next, "line@1").status == 200)
  }

  @Test func `what a revoked key sealed answers no more until it is sealed again`() throws {
    let next = SealingKey()
    try write(1, trusting: [key, next])
    let plane = try start()
    defer { plane.stop() }
    try write(2, trusting: [next], revoked(key))
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    for model in ["line", "line@former", "line@1"] {
      #expect(try Self.ask(plane, model).json?["code"] == "model.revoked")
    }
    #expect(plane.status.models.isEmpty)
    #expect(try writeBundle(to: bundles[1], key: next, version: 2, intercept: 10) == digests[1])
    try write(3, trusting: [next], revoked(key))
    _ = try plane.apply()
    #expect(try Self.ask(plane).json?["result"] == .number(15))
    #expect(try Self.ask(plane, "line@former").json?["code"] == "model.revoked")
  }

  @Test func `what was sealed again before its key was revoked goes on`() throws {
    let next = SealingKey()
    try write(1, trusting: [key, next])
    let plane = try start()
    defer { plane.stop() }
    for version in [1, 2] {
      let digest = try writeBundle(
        to: bundles[version - 1], key: next, version: version, intercept: version == 2 ? 10 : 0)
      #expect(digest == digests[version - 1])
    }
    try write(2, trusting: [next], revoked(key))
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    #expect(try Self.ask(plane).json?["result"] == .number(15))
    #expect(try Self.ask(plane, "line@former").json?["result"] == .number(5))
  }

  @Test func `what was sealed again is known by its new key before the former is revoked`() throws {
    let next = SealingKey()
    try write(1, trusting: [key, next])
    let plane = try start()
    defer { plane.stop() }
    for version in [1, 2] {
      _ = try writeBundle(
        to: bundles[version - 1], key: next, version: version, intercept: version == 2 ? 10 : 0)
    }
    try write(2, trusting: [key, next])
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    // Nothing has to be read for what comes now, neither when the former key is retired nor when it is revoked.
    for bundle in bundles { #expect(unsafe unlink("\(bundle.path)/graph.json") == 0) }
    try write(3, trusting: [next])
    #expect(try plane.apply() == PlaneApplication(generation: 3, failures: []))
    try write(4, trusting: [next], revoked(key))
    #expect(try plane.apply() == PlaneApplication(generation: 4, failures: []))
    #expect(try Self.ask(plane).json?["result"] == .number(15))
    #expect(try Self.ask(plane, "line@former").json?["result"] == .number(5))
  }

  @Test func `a seal that cannot be read says nothing against what is served`() throws {
    try write(1, trusting: [key])
    let plane = try start()
    defer { plane.stop() }
    try bundles[0].write(Array("nonsense".utf8), to: "seal.json")
    #expect(try writeBundle(to: bundles[1], key: SealingKey(), version: 2, intercept: 10) == digests[1])
    try write(2, trusting: [key])
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    #expect(try Self.ask(plane).json?["result"] == .number(15))
    #expect(try Self.ask(plane, "line@former").json?["result"] == .number(5))
  }

  /// What stands while a snapshot is loaded, which may take minutes.
  @Test func `at once goes what was revoked, and not what a retired key sealed`() throws {
    let loader = BundleLoader(trusting: [key.verificationKey])
    let model = try loader.load(path: bundles[1].path)
    let table = RoutingTable(
      generation: 1, deployments: ["line": ServedDeployment(model)], keys: KeyRing([]))
    try write(2, trusting: [])
    let state = try StateFile.read(path: directory.path + "/state.json")
    let callers = Callers([], [], CallerAccounts(), salt: [])
    let next = SealingKey().verificationKey
    func code(_ revocations: Revocations) -> String? {
      let narrowed = table.narrowed(
        to: state, callers: callers, by: BundleLoader(trusting: [next], revoked: revocations))
      do throws(Problem) { _ = try narrowed.resolve("line", version: nil) } catch { return error.code }
      return nil
    }
    #expect(code(.none) == nil)
    #expect(code(revoked(key)) == "model.revoked")
    #expect(code(try revoked(version: 2)) == "model.revoked")
  }

  @Test func `a new version that cannot be loaded is missed, though the one before was revoked`() throws {
    try write(1, trusting: [key], revoked(version: 2))
    let plane = try start()
    defer { plane.stop() }
    #expect(try Self.get(plane, "/v2/health/ready") == 200)
    let third = PlaneState.Deployment.Version(
      version: try #require(VersionNumber(3)), bundle: Digest(of: [3]), path: "\(directory.path)/none")
    let state = PlaneState(
      generation: 2, sealKeys: [key.verificationKey.pem],
      deployments: [.init(name: try ModelName(parsing: "line"), live: third, others: [], aliases: [:])],
      keys: [try .record(of: "k", opening: "line")], revocations: try revoked(version: 2))
    try directory.write(state.encoded(digest: Digest(of: state.canonicalContent)), to: "state.json")
    #expect(try plane.apply().failures.map(\.version.value) == [3])
    #expect(try Self.ask(plane).json?["code"] == "model.not-ready")
    #expect(try Self.get(plane, "/v2/models/line/ready") == 503)
    #expect(try Self.get(plane, "/v2/health/ready") == 503)
  }

  @Test func `a key that is trusted no more does not keep what it sealed in service`() throws {
    try write(1, trusting: [key])
    let plane = try start()
    defer { plane.stop() }
    try write(2, trusting: [SealingKey()])
    let codes = Set(try plane.apply().failures.map(\.problem.code))
    #expect(codes == ["seal.untrusted-key"])
    #expect(try Self.ask(plane).json?["code"] == "model.not-ready")
  }

  // MARK: By a list

  private func line(_ revocations: Revocations, by key: SealingKey) throws -> [UInt8] {
    let list = RevocationList(number: 1, issuedAt: Timestamp(milliseconds: 1), revocations: revocations)
    return list.line(signatures: [(key.verificationKey, try key.sign(list.message))])
  }

  private func configuration(_ file: String, isRequired: Bool = false) throws -> PlaneConfiguration {
    var configuration = PlaneConfiguration(
      source: .bundles(
        paths: bundles.map(\.path), trusted: [key.verificationKey],
        keys: [try .record(of: "k", opening: "line")]),
      threads: 1, version: "1")
    configuration.revocations = RevocationFile(path: "\(directory.path)/\(file)", isRequired: isRequired)
    configuration.revocationInterval = .milliseconds(20)
    return configuration
  }

  private func start(_ file: String, isRequired: Bool = false) throws -> RunningPlane {
    try RunningPlane(
      try configuration(file, isRequired: isRequired), socket: ListeningSocket(address: "127.0.0.1:0"))
  }

  /// The code that a model answers with once it is this one, after 10 s whichever it is.
  private static func code(_ plane: RunningPlane, _ model: String, becomes code: JSON?) throws -> JSON? {
    for _ in 0..<500 {
      let found = try ask(plane, model).json?["code"]
      if found == code { return found }
      usleep(20_000)
    }
    return try ask(plane, model).json?["code"]
  }

  @Test
  func `a list that comes while models are served withdraws what it names, for as long as the process runs`()
    throws
  {
    let plane = try start("revoked.jsonl")
    defer { plane.stop() }
    #expect(try Self.ask(plane).status == 200)
    // Anybody may write there; nobody is believed for it.
    try directory.write(try line(revoked(version: 2), by: SealingKey()), to: "revoked.jsonl")
    usleep(100_000)
    #expect(try Self.ask(plane).status == 200)
    try directory.write(try line(revoked(version: 2), by: key), to: "revoked.jsonl")
    #expect(try Self.code(plane, "line", becomes: "model.revoked") == "model.revoked")
    #expect(try Self.ask(plane, "line@1").status == 200)
    // What was seen stays revoked, and what comes later is added.
    try directory.write(try line(revoked(version: 1), by: key), to: "revoked.jsonl")
    #expect(try Self.code(plane, "line@1", becomes: "model.revoked") == "model.revoked")
    #expect(try Self.ask(plane).json?["code"] == "model.revoked")
    _ = unsafe unlink("\(directory.path)/revoked.jsonl")
    usleep(100_000)
    #expect(try Self.ask(plane).json?["code"] == "model.revoked")
  }

  @Test func `a list may be brought as a link that is exchanged, as orchestrators do`() throws {
    try directory.write([], to: "empty")
    try directory.write(try line(revoked(version: 2), by: key), to: "full")
    let path = "\(directory.path)/revoked.jsonl"
    #expect(unsafe symlink("empty", path) == 0)
    let plane = try start("revoked.jsonl")
    defer { plane.stop() }
    #expect(try Self.ask(plane).status == 200)
    #expect(unsafe symlink("full", "\(path).next") == 0)
    #expect(unsafe rename("\(path).next", path) == 0)
    #expect(try Self.code(plane, "line", becomes: "model.revoked") == "model.revoked")
  }

  @Test func `a start serves what the list leaves, and names what it does not`() throws {
    try directory.write(try line(revoked(version: 2), by: key), to: "revoked.jsonl")
    let plane = try start("revoked.jsonl")
    defer { plane.stop() }
    #expect(plane.status.models.map(\.version.value) == [1])
    // The former version does not answer in the place of the newest, no more than it did when the list came.
    let answer = try Self.ask(plane)
    #expect(answer.status == 503)
    #expect(answer.json?["code"] == "model.revoked")
    #expect(try Self.ask(plane, "line@2").json?["code"] == "model.revoked")
    #expect(try Self.ask(plane, "line@1").json?["result"] == .number(5))
    #expect(try Self.get(plane, "/v2/models/line/ready") == 503)
    #expect(try Self.get(plane, "/v2/models/line/versions/1/ready") == 200)
    #expect(try Self.get(plane, "/v2/health/ready") == 200)
    // Where nothing is left it does not start, and says why.
    try directory.write(
      try line(revoked(version: 2), by: key) + line(revoked(version: 1), by: key), to: "revoked.jsonl")
    let version = #expect(throws: Problem.self) { _ = try start("revoked.jsonl") }
    #expect(version?.code == "bundle.revoked")
    #expect(version?.subject == "line@1")
    #expect(version?.exitCode == 5)
    try directory.write(try line(revoked(key), by: key), to: "revoked.jsonl")
    let refusal1 = #expect(throws: Problem.self) { _ = try start("revoked.jsonl") }
    #expect(refusal1?.code == "seal.revoked-key")
  }

  @Test func `a list that cannot be believed ends a start, and one that has to be there`() throws {
    try directory.write(try line(revoked(version: 2), by: SealingKey()), to: "revoked.jsonl")
    let refusal2 = #expect(throws: Problem.self) { _ = try start("revoked.jsonl") }
    #expect(refusal2?.code == "revocations.untrusted")
    try directory.write(Array("nonsense".utf8), to: "revoked.jsonl")
    let refusal3 = #expect(throws: Problem.self) { _ = try start("revoked.jsonl") }
    #expect(refusal3?.code == "revocations.malformed")
    let refusal4 = #expect(throws: Problem.self) { _ = try start("none", isRequired: true) }
    #expect(refusal4?.code == "revocations.missing")
    let plane = try start("none")
    defer { plane.stop() }
    #expect(plane.status.models.count == 2)
  }
}
