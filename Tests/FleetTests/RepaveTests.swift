import Domain
import Fleet
import Foundation
import Glibc
import Lifecycle
import Provenance
import Storage
import TestKit
import Testing

/// One real process in the place of another, step by step.
@Suite(.timeLimit(.minutes(15)))
struct RepaveTests {
  private typealias Scratch = LocalDataPlaneTests.Scratch

  private static func isRunning(_ process: Int) -> Bool {
    guard let pid = pid_t(exactly: process) else { return false }
    // Of a child that has ended nothing is left but its status.
    var status: Int32 = 0
    _ = unsafe waitpid(pid, &status, WNOHANG)
    return kill(pid, 0) == 0
  }

  /// Waits for the end of a process.
  private static func awaitEnd(of process: Int) async throws {
    let patience = ContinuousClock.now + .seconds(60)
    while isRunning(process) {
      try #require(ContinuousClock.now < patience, "expected process \(process) to end, found it running")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private static func address(of plane: LocalDataPlane) -> String {
    String(plane.baseURL.dropFirst("http://".count))
  }

  @Test func `processes on this machine keep the contract`() async throws {
    let scratch = try Scratch()
    try await DataPlaneContract {
      try await scratch.plane()
    }.run { plane in
      await (plane as? LocalDataPlane)?.stop()
    }
  }

  @Test func `both processes say which program they run, and the former one ends`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    let old = try #require(try await plane.process())
    let program = Digest(of: Array(try Data(contentsOf: URL(filePath: Scratch.program))))
    #expect(old.program == program)
    let ready = try await plane.prepareSuccessor(under: "ab12")
    #expect(ready.program == program)
    try await plane.begin()
    #expect(Self.isRunning(old.process))
    await plane.retireFormer()
    try await Self.awaitEnd(of: old.process)
    #expect(try await plane.process()?.process == ready.process)
    await plane.stop()
  }

  @Test func `a process that was made ready when its control plane went away is ended by the next`()
    async throws
  {
    let scratch = try Scratch()
    var plane: LocalDataPlane? = try await scratch.plane()
    let address = try #require(plane.map(Self.address))
    let old = try #require(try await plane?.process())
    let ready = try #require(try await plane?.prepareSuccessor(under: "ab12"))
    await plane?.endSupervision()
    plane = nil

    let next = try await scratch.plane(listen: address)
    #expect(try await next.process()?.process == old.process)
    #expect(await next.process(of: "ab12") == nil)
    try await Self.awaitEnd(of: ready.process)
    await next.stop()
  }

  @Test
  func `a process that had begun when its control plane went away serves alone, known by its undertaking`()
    async throws
  {
    let scratch = try Scratch()
    var plane: LocalDataPlane? = try await scratch.plane()
    let address = try #require(plane.map(Self.address))
    let old = try #require(try await plane?.process())
    let ready = try #require(try await plane?.prepareSuccessor(under: "ab12"))
    try await plane?.begin()
    await plane?.endSupervision()
    plane = nil
    #expect(Self.isRunning(old.process) && Self.isRunning(ready.process))

    let next = try await scratch.plane(listen: address)
    var events = next.events.makeAsyncIterator()
    #expect(await events.next()?.kind == .adopted)
    #expect(try await next.process()?.process == ready.process)
    #expect(await next.process(of: "ab12")?.instance == ready.instance)
    try await Self.awaitEnd(of: old.process)
    await next.stop()
  }

  @Test func `a process that dies beside its successor is started again, and the successor does not begin`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    async let supervision: Void = plane.supervise()
    var events = plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    let ready = try await plane.prepareSuccessor(under: "ab12")
    kill(pid_t(first.process), SIGKILL)
    #expect(await events.next()?.kind == .died)
    let second = try #require(await events.next())
    #expect(second.kind == .started && second.process != ready.process)
    await #expect(throws: Problem.otherProcess) { try await plane.begin() }
    try await Self.awaitEnd(of: ready.process)
    #expect(try await plane.process()?.process == second.process)
    await plane.stop()
    await supervision
  }
}
