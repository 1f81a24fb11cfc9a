import Domain
import Encoding
import Glibc
import NIOCore
import Provenance
import Synchronization
import Testing

@testable import Serving

/// A process that is held: it has everything, and accepts nothing until it is told to.
struct HoldTests {
  private let key = SealingKey()
  private let directory: TemporaryDirectory
  private let bundle: TemporaryDirectory
  private let digest: Digest

  init() throws {
    directory = try TemporaryDirectory()
    bundle = try TemporaryDirectory()
    digest = try writeBundle(to: bundle, key: key, intercept: 1)
  }

  private func write(_ records: RecordsPolicy = .standard, generation: Int = 1) throws {
    let state = PlaneState(
      generation: generation, sealKeys: [key.verificationKey.pem],
      deployments: [
        .init(
          name: try ModelName(parsing: "line"),
          live: .init(version: try #require(VersionNumber(1)), bundle: digest, path: bundle.path),
          policy: DeploymentPolicy(records: records))
      ], keys: [try .record(of: "k", opening: "line")])
    try directory.write(state.encoded(digest: Digest(of: state.canonicalContent)), to: "state.json")
  }

  private func plane(heldFor trace: String?, on socket: ListeningSocket? = nil) throws -> RunningPlane {
    var configuration = PlaneConfiguration(
      source: .state(path: directory.path + "/state.json"), threads: 1, version: "1.2.3")
    configuration.heldFor = trace
    configuration.program = RunningProgram()
    return try RunningPlane(configuration, socket: try socket ?? ListeningSocket(address: "127.0.0.1:0"))
  }

  private static func ask(_ plane: RunningPlane, _ body: String = #"{"data":[1,2]}"#) throws -> Received {
    let port = try #require(plane.address.split(separator: ":").last.flatMap { Int($0) })
    return try Client(port: port).exchange(request("POST", "/models/line/predict", key: "k", body: body))
  }

  private func sampleCommand() throws -> JSON {
    ["command": "sample", "version": "line@1", "bundle": .string(digest.description)]
  }

  @Test func `a held plane leaves connections to others, and answers them once it has begun`() throws {
    try write()
    let plane = try plane(heldFor: "ab12")
    defer { plane.stop() }
    #expect(plane.status.isHeld && plane.status.heldFor == "ab12")
    #expect(PlaneStatus(json: plane.status.json) == plane.status)
    #expect(plane.status.models.map(\.bundle) == [digest])
    let waiting = Mutex<Received?>(nil)
    let caller = OwnThread {
      let answer = try Self.ask(plane)
      waiting.withLock { $0 = answer }
    }
    // The connection is in the kernel's queue, and nobody takes it.
    usleep(50_000)
    #expect(waiting.withLock { $0 } == nil)
    try plane.begin()
    try caller.join()
    #expect(waiting.withLock { $0?.json?["result"] } == .number(6))
    #expect(!plane.status.isHeld && plane.status.heldFor == "ab12")
    // Told twice, it has begun once.
    try plane.begin()
    #expect(try Self.ask(plane).status == 200)
  }

  @Test func `rows that policies let be kept are asked again of the next process, which agrees`() throws {
    try write(try RecordsPolicy(payloadMillionths: 1_000_000, masked: [], whenSpoolFull: nil))
    let old = try plane(heldFor: nil)
    defer { old.stop() }
    for number in 0..<5 { #expect(try Self.ask(old, "{\"data\":[\(number),2]}").status == 200) }
    let answer = try old.answer(.sample, sampleCommand())
    let sample = try ReplaySample(json: answer["sample"] ?? .null)
    #expect(sample.source == .reservoir && sample.cases.count == 5)
    #expect(Set(sample.cases.map { $0.numbers[0] }) == [0, 1, 2, 3, 4])
    let next = try plane(heldFor: "ab12")
    defer { next.stop() }
    let replayed = try next.answer(.replay, ["command": "replay", "sample": sample.json])
    let answers = try (replayed["answers"]?.array ?? []).map { try ReplayCase.answers($0, at: "") }
    #expect(answers.count == 5)
    #expect(sample.compared(with: answers).difference == nil)
  }

  @Test(arguments: [0, 1_000_000])
  func `where no payload may be kept, or a field is masked, no request is kept either`(millionths: Int) throws
  {
    try write(
      try RecordsPolicy(
        payloadMillionths: millionths, masked: millionths == 0 ? [] : ["a"], whenSpoolFull: nil))
    let plane = try plane(heldFor: nil)
    defer { plane.stop() }
    for _ in 0..<5 { #expect(try Self.ask(plane).status == 200) }
    #expect(plane.table.models.allSatisfy { $0.reservoir.kept.isEmpty })
    let sample = try ReplaySample(json: try plane.answer(.sample, sampleCommand())["sample"] ?? .null)
    #expect(sample.source == .selfCheck)
  }

  @Test func `a policy that takes the leave back empties what was kept`() throws {
    try write(try RecordsPolicy(payloadMillionths: 1_000_000, masked: [], whenSpoolFull: nil))
    let plane = try plane(heldFor: nil)
    defer { plane.stop() }
    #expect(try Self.ask(plane).status == 200)
    #expect(plane.table.models.first?.reservoir.kept.count == 1)
    try write(generation: 2)
    _ = try plane.apply()
    #expect(plane.table.models.first?.reservoir.kept.isEmpty == true)
  }

  @Test func `a version that is not served, or is of another bundle, has no sample`() throws {
    try write()
    let plane = try plane(heldFor: nil)
    defer { plane.stop() }
    for (version, bundle) in [("line@2", digest), ("other@1", digest), ("line@1", Digest(of: [1]))] {
      let problem = #expect(throws: Problem.self) {
        try plane.answer(
          .sample, ["command": "sample", "version": .string(version), "bundle": .string("\(bundle)")])
      }
      #expect(problem?.code == "replay.not-served")
    }
  }

  @Test func `the program that runs is known by its bytes`() throws {
    try write()
    let plane = try plane(heldFor: nil)
    defer { plane.stop() }
    let told = try plane.answer(.program, ["command": "program"])
    #expect(told["program"]?.string == "\(try plane.programDigest())")
    #expect(try plane.programDigest() == RunningProgram().digest())
  }

  @Test func `a held process that nobody is connected to ends, one that has begun does not`() throws {
    try write()
    let asked = Mutex(0)
    for trace in ["ab12", nil] {
      let plane = try plane(heldFor: trace)
      defer { plane.stop() }
      let control = try ControlSocket(
        .init(path: directory.path + "/control.sock"), plane: plane, patience: .milliseconds(20)
      ) { asked.withLock { $0 += 1 } }
      defer { control.stop() }
      let deadline = NIODeadline.now() + .milliseconds(trace == nil ? 100 : 10_000)
      while asked.withLock({ $0 }) == 0 || trace == nil, NIODeadline.now() < deadline { usleep(2000) }
      #expect(asked.withLock { $0 } == 1)
    }
  }
}
