import Domain
import Relay
import Testing

/// Listeners of every kind, asked as callers would.
struct ListenerProbeTests {
  private static func code(_ answer: LocalServer.Answer) async throws -> String? {
    try await LocalServer.with { _, _ in
      answer
    } _: { server in
      do throws(Problem) {
        try await HTTPListenerProbe(patience: .milliseconds(500)).ask(server.url)
        #expect(server.requests.map(\.path) == ["/v2/health/live"])
        return nil
      } catch { return error.code }
    }
  }

  @Test(arguments: [200, 404, 429, 503])
  func `any answer is one`(status: Int) async throws {
    #expect(try await Self.code(.http(status)) == nil)
  }

  @Test func `a redirection is not followed`() async throws {
    #expect(try await Self.code(.http(302, [("Location", "http://127.0.0.1:1/")])) == nil)
  }

  @Test func `a connection that is taken and closed is an answer`() async throws {
    #expect(try await Self.code(.end) == nil)
  }

  @Test func `silence is none`() async throws {
    #expect(try await Self.code(.silence) == "listener.silent")
  }

  @Test func `where nobody listens there is none`() async throws {
    let url = try await LocalServer.with { _, _ in
      .silence
    } _: {
      $0.url
    }
    let problem = await #expect(throws: Problem.self) {
      try await HTTPListenerProbe(patience: .seconds(20)).ask(url)
    }
    #expect(problem?.code == "listener.silent" && problem?.message.hasSuffix("found no connection") == true)
  }
}
