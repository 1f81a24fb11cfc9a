import Domain
import Foundation
import Glibc
import Lifecycle
import Relay
import Storage
import TestKit
import Testing

@testable import Fleet

/// A real process that does not answer any more, or not where callers ask.
@Suite(.timeLimit(.minutes(15)))
struct SilentProcessTests {
  private typealias Scratch = LocalDataPlaneTests.Scratch

  private static func isSilent(_ plane: LocalDataPlane) async -> Bool {
    if case .silent(let problem) = await plane.examine() { problem.code == "plane.silent" } else { false }
  }

  /// Stops a child, and waits until each of its threads has: a signal is on its way for a while.
  private static func halt(_ process: Int) throws {
    let pid = try #require(pid_t(exactly: process))
    try #require(kill(pid, SIGSTOP) == 0)
    var status: Int32 = 0
    try #require(unsafe waitpid(pid, &status, WUNTRACED) == pid)
    try #require(status & 0xFF == 0x7F, "expected a process that is stopped, found it ended")
  }

  /// A process that hangs, and whose control plane is gone.
  private static func halted(in scratch: Scratch) async throws -> Int {
    let plane = try await scratch.plane()
    let process = try #require(try await plane.process()).process
    await plane.endSupervision()
    try halt(process)
    return process
  }

  private static func awaitEnd(of process: Int) async throws {
    let pid = try #require(pid_t(exactly: process))
    let patience = ContinuousClock.now + .seconds(60)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, WNOHANG) == 0 {
      try #require(ContinuousClock.now < patience, "expected process \(process) to end, found it running")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test(arguments: ["plain", "secured", "asking callers"])
  func `a listener answers who asks it, also over TLS, and where callers must show a certificate`(
    kind: String
  ) async throws {
    let scratch = try Scratch()
    let tls = kind == "plain" ? nil : try scratch.tls(askingCallers: kind == "asking callers")
    let plane = try await scratch.plane(tls: tls)
    let process = try #require(try await plane.process())
    #expect(plane.baseURL.hasPrefix(kind == "plain" ? "http:" : "https:"))
    let patient = HTTPListenerProbe(patience: .seconds(20), asksForCertificates: kind == "asking callers")
    for _ in 0..<3 { try await patient.ask(plane.baseURL) }
    // Its socket takes connections all the same.
    try Self.halt(process.process)
    let problem = await #expect(throws: Problem.self) {
      try await HTTPListenerProbe(patience: .milliseconds(300)).ask(plane.baseURL)
    }
    #expect(problem?.code == "listener.silent")
    kill(pid_t(process.process), SIGCONT)
    try await patient.ask(plane.baseURL)
    await plane.stop()
    await #expect(throws: Problem.self) { try await HTTPListenerProbe().ask(plane.baseURL) }
  }

  @Test
  func `a process that is stopped is silent in seconds, and gives way to one that is asked nothing of it`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    let old = try #require(try await plane.process())
    try Self.halt(old.process)
    let start = ContinuousClock.now
    #expect(await Self.isSilent(plane))
    #expect(await plane.known()?.instance == old.instance)
    let ready = try await plane.prepareSuccessor(under: "ab12", beside: .lost)
    try await plane.begin()
    await plane.retireFormer()
    #expect(start.duration(to: .now) < .seconds(50), "expected nobody to wait for the former's answer")
    try await HTTPListenerProbe(patience: .seconds(20)).ask(plane.baseURL)
    #expect(try await plane.process()?.instance == ready.instance)
    #expect(await plane.process(of: "ab12")?.instance == ready.instance)
    // It is not left to go on one day with what was taken back meanwhile, nor by a control plane that ends.
    await plane.awaitFormer()
    #expect(kill(pid_t(old.process), 0) == -1)
    try await HTTPListenerProbe(patience: .seconds(20)).ask(plane.baseURL)
    await plane.stop()
  }

  @Test func `what is told to a process that hangs fails in seconds, and what takes its place stays ready`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    let store = FilePlaneStateStore(path: "\(scratch.path)/state.json")
    let (old, before) = (try #require(try await plane.process()), try store.load())
    try Self.halt(old.process)
    _ = try await plane.prepareSuccessor(under: "ab12", beside: .lost)
    let start = ContinuousClock.now
    let problem = await #expect(throws: Problem.self) {
      try await plane.apply(PlaneState(generation: 7, sealKeys: [], deployments: [], keys: []))
    }
    #expect(problem?.code == "plane.silent")
    #expect(start.duration(to: .now) < .seconds(50))
    #expect(try store.load() == before)
    try await plane.begin()
    await plane.retireFormer()
    try await plane.apply(PlaneState(generation: 7, sealKeys: [], deployments: [], keys: []))
    await plane.stop()
    #expect(kill(pid_t(old.process), 0) == -1)
  }

  @Test
  func
    `what is taken back while a process hangs is told to it when it goes on, and comes up with none that follows`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    let store = FilePlaneStateStore(path: "\(scratch.path)/state.json")
    let old = try #require(try await plane.process())
    // The process has not read this yet: that it serves it later says that it has read its state again.
    try store.save(PlaneState(generation: 5, sealKeys: [], deployments: [], keys: []))
    try Self.halt(old.process)
    _ = try await plane.prepareSuccessor(under: "ab12", beside: .lost)
    let revocations = Revocations(keys: [
      Revocations.Key(
        hint: String(repeating: "a1", count: 32), since: Timestamp(milliseconds: 0), reason: "leaked")
    ])
    await #expect(throws: Problem.self) {
      try await plane.apply(
        PlaneState(generation: 7, sealKeys: [], deployments: [], keys: [], revocations: revocations))
    }
    let kept = try #require(try store.load())
    #expect(kept.revocations == revocations && kept.generation == 5)
    // What was ready knew nothing of it.
    let overtaken = await #expect(throws: Problem.self) { try await plane.begin() }
    #expect(overtaken?.code == "plane.no-successor")
    kill(pid_t(old.process), SIGCONT)
    let control = try #require(ControlSocket(connectingTo: "\(scratch.path)/control-a.sock"))
    let patience = ContinuousClock.now + .seconds(60)
    while try control.status().generation != 5 {
      try #require(ContinuousClock.now < patience, "expected the process to read its state when it goes on")
      try await Task.sleep(for: .milliseconds(5))
    }
    await plane.stop()
  }

  @Test func `who listens and takes nobody from its queue is passed over by none who must know`() async throws
  {
    let scratch = try Scratch()
    let old = try await Self.halted(in: scratch)
    let path = "\(scratch.path)/control-a.sock"
    var abandoned: [ControlSocket] = []
    while let next = ControlSocket(connectingTo: path, timeout: 1) { abandoned.append(next) }
    #expect(try !ControlSocket.isFree(path))
    let left = await #expect(throws: Problem.self) {
      try await LocalDataPlane.stopSurvivors(in: scratch.path, patience: 1, grace: 1)
    }
    #expect(left?.code == "plane.silent")
    #expect(left?.subject == path)
    kill(pid_t(old), SIGKILL)
    try await Self.awaitEnd(of: old)
    #expect(try ControlSocket.isFree(path))
  }

  @Test func `a process that hangs without a control plane is ended and not waited for`() async throws {
    let scratch = try Scratch()
    let old = try await Self.halted(in: scratch)
    try await LocalDataPlane.stopSurvivors(in: scratch.path, patience: 1, grace: 1)
    try await Self.awaitEnd(of: old)
  }
}
