import Domain
import Glibc
import Relay
import Testing

/// Listeners of every kind, asked as callers would.
struct ListenerProbeTests {
  private static func code(
    _ answer: LocalServer.Answer, patience: Duration = .seconds(60)
  ) async throws -> String? {
    try await LocalServer.with { _, _ in
      answer
    } _: { server in
      do throws(Problem) {
        try await HTTPListenerProbe(patience: patience).ask(server.url)
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
    #expect(try await Self.code(.silence, patience: .milliseconds(500)) == "listener.silent")
  }

  @Test func `where nobody listens there is none`() async throws {
    // An address that is taken, so that no other test's server comes to listen there, and that nobody listens at.
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(number >= 0)
    defer { close(number) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isNamed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bind(number, generic, size) == 0 && getsockname(number, generic, &size) == 0
      }
    }
    try #require(isNamed)
    let url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    let problem = await #expect(throws: Problem.self) {
      try await HTTPListenerProbe(patience: .seconds(60)).ask(url)
    }
    #expect(problem?.code == "listener.silent")
    #expect(problem?.message.hasSuffix("found no connection") == true, "\(problem?.message ?? "")")
  }
}
