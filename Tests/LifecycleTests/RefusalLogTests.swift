import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

struct RefusalLogTests {
  private static let stranger = Problem(
    .unauthenticated, "auth.unknown", "expected a credential, found another")

  @Test func `past sixty a minute refusals are counted, and the count is written`() async throws {
    let bench = try Bench()
    let log = bench.control.refusals
    for number in 0..<100 {
      let isWritten = await log.note(Self.stranger, asked: "GET /", by: .anonymous)
      #expect(isWritten == (number < 60))
    }
    // Another's are not among them.
    #expect(await log.note(Self.stranger, asked: "GET /", by: Sample.principal))
    #expect(try await bench.entries().count == 61)
    bench.time.advance(by: .seconds(60))
    await log.flush()
    let last = try #require(try await bench.entries().last)
    #expect(last.details["code"] == "access.more-refused")
    #expect(last.details["count"] == 40)
    #expect(last.principal == .anonymous)
    // Once, and the next minute has room again.
    await log.flush()
    #expect(try await bench.entries().count == 62)
    #expect(await log.note(Self.stranger, asked: "GET /", by: .anonymous))
  }
}
