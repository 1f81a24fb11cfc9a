import CDescriptorPassing
import Domain
import Encoding
import Glibc
import Inference
import ModelGraph
import NIOCore
import Provenance
import Synchronization
import Testing

@testable import Serving

/// A data plane steered by its snapshot and its control socket, as the control plane does it.
struct ControlTests {
  private let key = SealingKey()
  private let directory: TemporaryDirectory
  private let bundles: [TemporaryDirectory]
  private let digests: [Digest]

  init() throws {
    directory = try TemporaryDirectory()
    let first = try TemporaryDirectory()
    let second = try TemporaryDirectory()
    bundles = [first, second]
    digests = [
      try writeBundle(to: first, key: key),
      try writeBundle(to: second, key: key, version: 2, intercept: 10),
    ]
  }

  private var statePath: String { directory.path + "/state.json" }

  private func served(_ version: Int, path: String? = nil) throws -> PlaneState.Deployment.Version {
    .init(
      version: try #require(VersionNumber(version)), bundle: digests[version - 1],
      path: path ?? bundles[version - 1].path)
  }

  private func write(
    generation: Int, version: Int, path: String? = nil, keys: [String] = ["k"],
    aliases: [String: Int] = [:], standby: Int? = nil, shadow: Int? = nil,
    and other: PlaneState.Deployment? = nil
  ) throws {
    let state = PlaneState(
      generation: generation, sealKeys: [key.verificationKey.pem],
      deployments: [
        .init(
          name: try ModelName(parsing: "line"), live: try served(version, path: path),
          others: try Set(Array(aliases.values) + [shadow].compactMap(\.self)).subtracting([version])
            .sorted().map { try served($0) },
          aliases: Dictionary(
            uniqueKeysWithValues: try aliases.map {
              (try AliasName(parsing: $0), try #require(VersionNumber($1)))
            }), standby: try standby.map { try served($0) },
          shadowing: try shadow.map { number in
            try Shadowing([try #require(VersionNumber(number))], tolerance: 0.05)
          })
      ] + [other].compactMap(\.self),
      keys: try keys.map { try .record(of: $0, opening: "line") })
    try directory.write(state.encoded(digest: Digest(of: state.canonicalContent)), to: "state.json")
  }

  private func start() throws -> RunningPlane {
    try RunningPlane(
      PlaneConfiguration(source: .state(path: statePath), threads: 1, version: "1.2.3"),
      socket: ListeningSocket(address: "127.0.0.1:0"))
  }

  private func predict(_ plane: RunningPlane, key: String = "k") throws -> Received {
    try Self.ask(plane, key: key)
  }

  private static func ask(_ plane: RunningPlane, key: String, name: String = "line") throws -> Received {
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    return try Client(port: port).exchange(
      request("POST", "/models/\(name)/predict", key: key, body: #"{"data":[1,2]}"#))
  }

  @Test func `a snapshot is served, and the next one after it is applied`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    #expect(try predict(plane).json?["result"] == .number(5))
    try write(generation: 2, version: 2, keys: ["other"])
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    #expect(try predict(plane).status == 401)
    #expect(try predict(plane, key: "other").json?["result"] == .number(15))
    #expect(plane.status.models.map(\.version.value) == [2])
    #expect(plane.status.generation == 2)
  }

  @Test func `what stands by answers nobody, and is there at once when it is gone back to`() throws {
    try write(generation: 1, version: 2, standby: 1)
    let plane = try start()
    defer { plane.stop() }
    #expect(try Self.ask(plane, key: "k", name: "line@1").status == 404)
    #expect(plane.status.models.map(\.version.value) == [2])
    // Its bundle may be gone by then: it is not read again, and neither is what is gone back from.
    for bundle in bundles { bundle.removeContents() }
    try write(generation: 2, version: 1, standby: 2)
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    #expect(try predict(plane).json?["result"] == .number(5))
    try write(generation: 3, version: 2, standby: 1)
    #expect(try plane.apply() == PlaneApplication(generation: 3, failures: []))
    #expect(try predict(plane).json?["result"] == .number(15))
  }

  @Test func `who is in the shadow is asked what others answer, and what both say is compared`() throws {
    try write(generation: 1, version: 1, shadow: 2)
    let plane = try start()
    defer { plane.stop() }
    for _ in 0..<3 { #expect(try predict(plane).json?["result"] == .number(5)) }
    let shadow = try Self.counts(of: 2, plane) { $0.compared == 3 }
    #expect(shadow.disagreeing == 3 && shadow.answered == 3 && shadow.failed == 0)
    #expect(shadow.latency.allSatisfy { $0 == 0 })
    let live = try Self.counts(of: 1, plane) { $0.answered == 3 }
    #expect(live.latency.reduce(0, +) == 3 && live.compared == 0)
    try write(generation: 2, version: 1)
    _ = try plane.apply()
    _ = try predict(plane)
    #expect(plane.counts.versions.map(\.reference.version.value) == [1])
  }

  @Test func `who names a version is no part of what roll-outs are judged by`() async throws {
    try write(generation: 1, version: 1, aliases: ["former": 2])
    let plane = try start()
    defer { plane.stop() }
    for name in ["line@1", "line@2", "line@former", "line"] {
      #expect(try Self.ask(plane, key: "k", name: name).status == 200)
    }
    let live = try Self.counts(of: 1, plane) { $0.answered == 1 }
    #expect(live.answered == 1 && live.latency.reduce(0, +) == 1)
    // Counted one after another: what was asked before that is counted by now.
    let other = try Self.counts(of: 2, plane) { _ in true }
    #expect(other.answered == 0 && other.latency.reduce(0, +) == 0)
  }

  @Test func `what is refused and what fails is counted apart from what is answered`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    _ = try predict(plane)
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    let refused = try Client(port: port).exchange(
      request("POST", "/models/line/predict", key: "k", body: #"{"data":[1]}"#))
    #expect(refused.status == 400)
    _ = try predict(plane, key: "nobody's")
    let counts = try Self.counts(of: 1, plane) { $0.refused == 1 }
    #expect(counts.answered == 1 && counts.failed == 0)
    #expect(PlaneCounts(json: plane.counts.json) == plane.counts)
  }

  /// What is counted of a version as soon as it is as wanted; counts are taken when answers are written.
  private static func counts(
    of version: Int, _ plane: RunningPlane, until isWanted: (PlaneCounts.Version) -> Bool
  ) throws -> PlaneCounts.Version {
    for _ in 0..<500 {
      if let counts = plane.counts.versions.first(where: { $0.reference.version.value == version }),
        isWanted(counts)
      {
        return counts
      }
      usleep(10_000)
    }
    return try #require(plane.counts.versions.first { $0.reference.version.value == version })
  }

  @Test func `what should stand by and does not load keeps nothing from being served`() throws {
    bundles[0].removeContents()
    try write(generation: 1, version: 2, standby: 1)
    let plane = try start()
    defer { plane.stop() }
    #expect(try predict(plane).json?["result"] == .number(15))
    #expect(plane.failures.isEmpty)
  }

  /// Does something while a model is loaded, and has none.
  private struct Slow: InferenceEngine {
    let meanwhile: @Sendable () -> Void

    func open(_ model: ONNXRuntimeModel) throws(Problem) -> any EngineSession {
      meanwhile()
      throw Problem(.unavailable, "engine.absent", "expected an engine, found none")
    }
  }

  @Test func `a key that was revoked opens nothing while models are loaded, however long that takes`() throws
  {
    let third = try TemporaryDirectory()
    let digest = try writeBundle(to: third, key: key, name: "slow", graph: TestModels.engineGraph())
    try write(generation: 1, version: 1, keys: ["old", "kept"])
    let found = Mutex<[Int]>([])
    let running = Mutex<RunningPlane?>(nil)
    let slow = Slow {
      guard let plane = running.withLock({ $0 }) else { return }
      let statuses = ["old", "kept"].map { (try? Self.ask(plane, key: $0).status) ?? 0 }
      found.withLock { $0 += statuses }
    }
    var configuration = PlaneConfiguration(source: .state(path: statePath), threads: 1, version: "1.2.3")
    configuration.engine = slow
    let plane = try RunningPlane(configuration, socket: ListeningSocket(address: "127.0.0.1:0"))
    defer { plane.stop() }
    running.withLock { $0 = plane }
    #expect(try predict(plane, key: "old").status == 200)
    try write(
      generation: 2, version: 1, keys: ["kept"],
      and: .init(
        name: ModelName(parsing: "slow"),
        live: .init(version: #require(VersionNumber(1)), bundle: digest, path: third.path)))
    #expect(try plane.apply().failures.map(\.problem.code) == ["engine.absent"])
    #expect(found.withLock { $0 } == [401, 200])
    running.withLock { $0 = nil }
  }

  @Test func `a bundle that fails keeps what served, and its problem is told`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    try bundles[1].write([0], to: "graph.json")
    try write(generation: 2, version: 2)
    let application = try plane.apply()
    #expect(application.generation == 2)
    #expect(application.failures.map(\.problem.code) == ["seal.file-changed"])
    #expect(try predict(plane).json?["result"] == .number(5))
  }

  @Test func `a version that stays is not loaded again, whatever names it then`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    // Were it read again, it would be refused.
    try bundles[0].write([0], to: "graph.json")
    try write(generation: 2, version: 2, aliases: ["former": 1])
    #expect(try plane.apply() == PlaneApplication(generation: 2, failures: []))
    #expect(try predict(plane).json?["result"] == .number(15))
    #expect(try Self.ask(plane, key: "k", name: "line@former").json?["result"] == .number(5))
    #expect(plane.status.models.map(\.version.value) == [1, 2])
    try write(generation: 3, version: 1, aliases: ["next": 2])
    #expect(try plane.apply() == PlaneApplication(generation: 3, failures: []))
    #expect(try predict(plane).json?["result"] == .number(5))
    #expect(try Self.ask(plane, key: "k", name: "line@former").status == 404)
    try write(generation: 4, version: 1)
    _ = try plane.apply()
    #expect(try Self.ask(plane, key: "k", name: "line@2").status == 404)
    #expect(plane.status.models.map(\.version.value) == [1])
  }

  @Test func `an alias keeps what it had where the version that it should name fails`() throws {
    try write(generation: 1, version: 1, aliases: ["a": 1])
    let plane = try start()
    defer { plane.stop() }
    try bundles[1].write([0], to: "graph.json")
    try write(generation: 2, version: 1, aliases: ["a": 2, "b": 2])
    #expect(try plane.apply().failures.map(\.version.value) == [2])
    #expect(try Self.ask(plane, key: "k", name: "line@a").json?["result"] == .number(5))
    #expect(try Self.ask(plane, key: "k", name: "line@b").status == 503)
    #expect(try Self.ask(plane, key: "k", name: "line@2").status == 503)
  }

  @Test func `another bundle than the deployment's is refused`() throws {
    let name = try ModelName(parsing: "line")
    for (bundle, version) in [(Digest(of: [9]), 1), (digests[0], 2)] {
      let live = PlaneState.Deployment.Version(
        version: try #require(VersionNumber(version)), bundle: bundle, path: bundles[0].path)
      let state = PlaneState(
        generation: 1, sealKeys: [key.verificationKey.pem], deployments: [.init(name: name, live: live)],
        keys: [])
      try directory.write(state.encoded(digest: Digest(of: state.canonicalContent)), to: "state.json")
      let plane = try start()
      defer { plane.stop() }
      #expect(plane.failures.map(\.problem.code) == ["bundle.not-as-deployed"])
    }
  }

  @Test func `a plane is not ready while a model does not answer its self-check`() throws {
    let broken = try TemporaryDirectory()
    let check = SelfCheck(of: try ValidatedGraph(TestModels.lineGraph(intercept: 1)))
    let digest = try writeBundle(to: broken, key: key, name: "odd", selfCheck: check.canonicalBytes)
    try write(
      generation: 1, version: 1,
      and: .init(
        name: ModelName(parsing: "odd"), live: .init(version: .first, bundle: digest, path: broken.path)))
    let plane = try start()
    defer { plane.stop() }
    #expect(plane.failures.map(\.problem.code) == ["bundle.self-check"])
    #expect(try predict(plane).status == 200)
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    #expect(try Client(port: port).exchange(request("GET", "/v2/health/ready")).status == 503)
    #expect(try Client(port: port).exchange(request("GET", "/v2/models/odd/ready")).status == 503)
  }

  @Test func `a snapshot that was cut off changes nothing`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    try directory.write(Array(#"{"generation":2,"sealK"#.utf8), to: "state.json")
    #expect { try plane.apply() } throws: { ($0 as? Problem)?.code == "plane-state.malformed" }
    #expect(try predict(plane).status == 200)
    #expect(plane.status.generation == 1)
  }

  @Test func `a snapshot that others may write is not believed`() throws {
    try write(generation: 1, version: 1)
    _ = unsafe chmod(statePath, 0o620)
    #expect { _ = try start() } throws: { ($0 as? Problem)?.code == "file.writable-by-others" }
  }

  @Test func `a plane starts without the deployment that cannot be served`() throws {
    try write(generation: 1, version: 1, path: "/nowhere")
    let plane = try start()
    defer { plane.stop() }
    #expect(plane.failures.map(\.problem.code) == ["bundle.unreadable"])
    #expect(try predict(plane).status == 503)
  }

  @Test func `the control socket answers status, apply and what it does not know`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    let path = directory.path + "/control"
    let control = try ControlSocket(path: path, plane: plane) {}
    defer { control.stop() }
    var status = stat()
    #expect(unsafe lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)

    let client = try ControlClient(path: path)
    let answer = try client.ask(#"{"command":"status"}"#)
    #expect(answer["ok"] == true)
    #expect(answer["status"].flatMap(PlaneStatus.init(json:)) == plane.status)
    try write(generation: 3, version: 2)
    #expect(PlaneApplication(json: try client.ask(#"{"command":"apply"}"#))?.generation == 3)
    let unknown = try client.ask(#"{"command":"fly"}"#)
    #expect(unknown["problem"].flatMap(Problem.init(json:))?.code == "control.unknown-command")
    #expect(try client.ask("nonsense")["ok"] == false)
  }

  @Test func `a second process is told that the control socket is taken`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    defer { plane.stop() }
    let path = directory.path + "/control"
    let control = try ControlSocket(path: path, plane: plane) {}
    #expect {
      _ = try ControlSocket(path: path, plane: plane) {}
    } throws: {
      ($0 as? Problem)?.code == "control.in-use"
    }
    control.stop()
    try ControlSocket(path: path, plane: plane) {}.stop()
  }

  @Test func `the listening socket is handed over and goes on when the first process drains`() throws {
    try write(generation: 1, version: 1)
    let plane = try start()
    let isAsked = Atomic<Bool>(false)
    let path = directory.path + "/control"
    let control = try ControlSocket(path: path, plane: plane) { isAsked.store(true, ordering: .relaxed) }
    let client = try ControlClient(path: path)
    #expect(try client.ask(#"{"command":"listener"}"#)["ok"] == true)
    let inherited = try ListeningSocket(inherited: client.receiveDescriptor())
    #expect(inherited.address == plane.address)
    #expect(try client.ask(#"{"command":"drain"}"#)["ok"] == true)
    while !isAsked.load(ordering: .relaxed) { usleep(100) }
    #expect(plane.drain() == 0)
    #expect(try client.ask(#"{"command":"listener"}"#)["ok"] == false)

    let next = try RunningPlane(
      PlaneConfiguration(source: .state(path: statePath), threads: 1, version: "1.2.4"), socket: inherited)
    #expect(try predict(next).status == 200)
    control.stop()
    #expect(try client.receivesEnd())
    plane.stop()
    next.stop()
  }
}

/// The other end of a control socket.
final class ControlClient {
  private let descriptor: CInt

  init(path: String) throws {
    descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
    let address = try SocketAddress(unixDomainSocketPath: path)
    let connected = unsafe address.withSockAddr { [descriptor] address, size in
      unsafe Glibc.connect(descriptor, address, socklen_t(size))
    }
    try #require(connected == 0)
  }

  deinit { _ = close(descriptor) }

  func ask(_ line: String) throws -> JSON {
    let bytes = Array((line + "\n").utf8)
    #expect(
      unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while unsafe read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { answer.append(byte) }
    return try JSON(parsing: answer)
  }

  func receiveDescriptor() throws -> CInt {
    let received = gatehouse_receive_descriptor(descriptor)
    try #require(received >= 0)
    return received
  }

  func receivesEnd() throws -> Bool {
    var byte: UInt8 = 0
    return unsafe read(descriptor, &byte, 1) == 0
  }
}
