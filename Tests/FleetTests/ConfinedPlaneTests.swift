import Domain
import Fleet
import Foundation
import Glibc
import Lifecycle
import Testing

/// What the kernel says of a data plane that serves.
@Suite(.timeLimit(.minutes(15)))
struct ConfinedPlaneTests {
  /// The members of `/proc/PID/task/TID/status`, a thread each.
  private static func threads(of process: Int) throws -> [[String: String]] {
    let tasks = "/proc/\(process)/task"
    return try FileManager.default.contentsOfDirectory(atPath: tasks).map { task in
      let text = try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
      let lines = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
      return Dictionary(
        uniqueKeysWithValues: lines.filter { $0.count == 2 }.map { (String($0[0]), $0[1].trimmed) })
    }
  }

  @Test func `every thread of a data plane is held to what was given up`() async throws {
    let scratch = try LocalDataPlaneTests.Scratch()
    let plane = try await scratch.plane()
    var events = plane.events.makeAsyncIterator()
    let process = try #require(await events.next()).process
    let threads = try Self.threads(of: process)
    #expect(threads.count > 1)
    for thread in threads {
      #expect(thread["Seccomp"] == "2")
      #expect(thread["NoNewPrivs"] == "1")
      #expect(thread["CapEff"] == "0000000000000000")
      #expect(thread["CapPrm"] == "0000000000000000")
      #expect(thread["Groups"] == "" || geteuid() != 0)
      guard geteuid() == 0 else { continue }
      #expect(thread["CapBnd"] == "0000000000000000")
      #expect(thread["Uid"] == "65532\t65532\t65532\t65532")
      #expect(thread["Gid"] == "65532\t65532\t65532\t65532")
    }
    await plane.stop()
  }

  @Test func `what was given up is told while the process answers nothing, of one that was adopted too`()
    async throws
  {
    let scratch = try LocalDataPlaneTests.Scratch()
    let plane = try await scratch.plane()
    var events = plane.events.makeAsyncIterator()
    let process = pid_t(try #require(await events.next()).process)
    await plane.endSupervision()
    let next = try await scratch.plane(listen: String(plane.baseURL.dropFirst("http://".count)))
    try #require(kill(process, SIGSTOP) == 0)
    for plane in [plane, next] {
      let begun = ContinuousClock.now
      #expect(await plane.confinement()?.holds.isEmpty == false)
      // An answer of the process would be waited for for a minute.
      #expect(begun.duration(to: .now) < .seconds(50))
    }
    try #require(kill(process, SIGCONT) == 0)
    await next.stop()
    #expect(await next.confinement() == nil)
  }

  @Test func `nothing was refused that a start, a replacement and an end need`() async throws {
    let scratch = try LocalDataPlaneTests.Scratch()
    let plane = try await scratch.plane()
    try await plane.replace()
    await plane.stop()
    let log = try String(contentsOfFile: "\(scratch.path)/runtime.log", encoding: .utf8)
    #expect(log.contains("confined"))
    #expect(!log.contains("refused a system call"), "\(log)")
  }

  @Test func `a confined process that drains gets to its end`() async throws {
    for _ in 0..<4 {
      let scratch = try LocalDataPlaneTests.Scratch()
      let plane = try await scratch.plane()
      await plane.stop()
      let log = try String(contentsOfFile: "\(scratch.path)/runtime.log", encoding: .utf8)
      #expect(log.contains("\"drained\""), "\(log)")
    }
  }
}

extension Substring {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
