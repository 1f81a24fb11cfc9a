import Domain
import Encoding
import Foundation
import Glibc
import NIOConcurrencyHelpers
import Testing

@testable import Serving

/// The log of a runtime.
struct RuntimeLogTests {
  /// A log into a pipe, and what came out of it.
  private final class Piped {
    let log: RuntimeLog
    let time = NIOLockedValueBox(Int64(1_000_000))
    private let ends: [CInt]

    init(_ form: RuntimeLog.Form) throws {
      var ends: [CInt] = [-1, -1]
      try #require(unsafe pipe(&ends) == 0)
      _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
      self.ends = ends
      let time = time
      log = RuntimeLog(form, descriptor: ends[1]) {
        Timestamp(milliseconds: time.withLockedValue { $0 })
      }
    }

    deinit { for end in ends { _ = close(end) } }

    func text() -> String {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = unsafe read(ends[0], &chunk, chunk.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk.prefix(count)
      }
    }

    func lines() throws -> [JSON] {
      try text().split(separator: "\n").map { try JSON(parsing: Array($0.utf8)) }
    }
  }

  @Test func `a line of JSON has time, level, message and what the event brings`() throws {
    let piped = try Piped(.json)
    piped.log.write(.warning, "a \"quoted\"\nmessage", [("count", 3), ("name", "x y")])
    #expect(
      piped.text() == """
        {"time":"1970-01-01T00:16:40.000Z","level":"warning","message":"a \\"quoted\\"\\\\u{a}message",\
        "count":3,"name":"x y"}

        """)
  }

  @Test func `a line of text is one line whatever it quotes`() throws {
    let piped = try Piped(.text)
    piped.log.write(.info, "ready", [("address", "127.0.0.1:1"), ("words", "two words"), ("bad", "a\nb")])
    #expect(
      piped.text() == #"1970-01-01T00:16:40.000Z info ready address=127.0.0.1:1 words="two words" bad="a\nb""#
        + "\n")
  }

  @Test func `a problem is told with all that is known of it`() throws {
    let piped = try Piped(.json)
    let problem = Problem(
      .integrity, "seal.broken", "expected a seal, found none", subject: "/b", hint: "push it again",
      cause: "x")
    piped.log.write(.error, "a deployment cannot be served", problem, [("deployment", "iris")])
    let line = try #require(try piped.lines().first)
    #expect(line["deployment"]?.string == "iris")
    #expect(line["code"]?.string == "seal.broken")
    #expect(line["problem"]?.string == "expected a seal, found none")
    #expect(line["cause"]?.string == "x")
  }

  @Test func `what requests bring about is bounded by the second, and the rest counted`() throws {
    let piped = try Piped(.json)
    for _ in 0..<100 { piped.log.limited(.warning, "again") }
    #expect(try piped.lines().count == 20)
    #expect(piped.log.leftOut == 80)
    piped.time.withLockedValue { $0 += 1000 }
    piped.log.limited(.warning, "again")
    let lines = try piped.lines()
    #expect(lines.map { $0["message"]?.string } == ["lines were left out", "again"])
    #expect(lines.first?["count"]?.int == 80)
  }

  @Test func `a reader that does not read holds nobody up`() throws {
    let piped = try Piped(.json)
    let long = JSON.string(String(repeating: "x", count: 3000))
    for _ in 0..<100 { piped.log.write(.info, "long", [("text", long)]) }
    #expect(piped.log.leftOut > 0)
    let lines = try piped.lines()
    #expect(lines.count + piped.log.leftOut == 100)
  }

  @Test func `a line has a bound, and what has no room is left out whole`() throws {
    let piped = try Piped(.json)
    let long = JSON.string(String(repeating: "x", count: 4090))
    piped.log.write(.info, "long", [("text", long), ("more", 1)])
    let line = try #require(try piped.lines().first)
    #expect(line["text"] == nil)
    #expect(line["more"]?.int == 1)
  }

  @Test func `requests that fail by our own fault and slow ones are told, others not`() throws {
    let piped = try Piped(.json)
    let requests = RequestLog(log: piped.log, slow: 1_000_000)
    func note(_ status: Int, nanoseconds: Int = 10, fault: String? = nil) throws {
      var record = AccessRecord(time: Timestamp(milliseconds: 0), trace: "t\(status)")
      record.status = status
      record.nanoseconds = nanoseconds
      record.deployment = try ModelName(parsing: "iris")
      requests.note(record, fault: fault)
    }
    try note(200)
    try note(400)
    try note(501)
    try note(200, nanoseconds: 2_500_000)
    try note(503)
    try note(500, fault: "engine.failed: it ended")
    let lines = try piped.lines()
    #expect(lines.map { $0["trace"]?.string } == ["t200", "t503", "t500"])
    #expect(lines.map { $0["level"]?.string } == ["warning", "warning", "error"])
    #expect(lines[0]["milliseconds"]?.double == 2.5)
    #expect(lines[2]["fault"]?.string == "engine.failed: it ended")
    #expect(lines.allSatisfy { $0["deployment"]?.string == "iris" })
  }
}
