import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// To whom a client shows what is secret.
struct CredentialFlowTests {
  private static let credentials = "me:secret"

  private func ping(
    _ server: LittleServer, _ file: String = credentials, _ retries: RetryPolicy = .hasty(3)
  ) async throws -> Problem? {
    do {
      let credentials = try RegistryLogins(parsing: Array(file.utf8))
      try await server.client(
        "models/iris",
        {
          $0.credentials = credentials
          $0.retries = retries
        }
      ) { try await $0.ping() }
      return nil
    } catch let problem as Problem { return problem }
  }

  @Test func `nothing is shown to who does not ask`() async throws {
    try await LittleServer.with { server in
      let problem = try await ping(server)
      #expect(problem == nil)
      #expect(server.requests.allSatisfy { $0.header("authorization") == nil })
    }
  }

  @Test func `who has nothing to show is told so`() async throws {
    var registry = LittleRegistry()
    registry.door = .basic(user: "me", password: "secret")
    try await LittleServer.with(registry) { server in
      let problem = try await ping(server, "{}")
      #expect(
        problem?.message
          == "expected credentials that the registry knows, found none to show it (status 401)")
      #expect(server.requests.count == 1)
    }
  }

  @Test func `a password that is refused is shown once`() async throws {
    try await LittleServer.with(override: { _, _ in
      LittleAnswer(status: 401, headers: [("WWW-Authenticate", "Basic realm=x")])
    }) { server in
      let problem = try await ping(server)
      #expect(problem?.code == "registry.unauthorized")
      #expect(problem?.exitCode == 1)
      #expect(server.requests.map { $0.header("authorization") != nil } == [false, true])
      #expect(problem.map { "\($0)".contains("secret") } == false)
    }
  }

  @Test func `a registry that is never content with a token is left`() async throws {
    try await LittleServer.with(override: { request, _ in
      request.path == "/token"
        ? LittleAnswer(status: 200, body: Array(#"{"access_token":"t"}"#.utf8))
        : LittleAnswer(
          status: 401,
          headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.header("host") ?? "")/token\"")])
    }) { server in
      let problem = try await ping(server)
      #expect(problem?.code == "registry.unauthorized")
      #expect(server.requests.map(\.path) == ["/v2/", "/token", "/v2/"])
      #expect(server.requests[1].target == "/token?scope=repository:models/iris:pull")
      #expect(server.requests[2].header("authorization") == "Bearer t")
    }
  }

  @Test(arguments: [
    "http://auth.example/token", "http://10.0.0.1/token", "http://127.0.0.1.example/token",
  ])
  func `no password goes to a token service in plain text beyond this machine`(_ realm: String) async throws {
    try await LittleServer.with(override: { _, _ in
      LittleAnswer(status: 401, headers: [("WWW-Authenticate", "Bearer realm=\"\(realm)\"")])
    }) { server in
      let problem = try await ping(server)
      #expect(problem?.code == "registry.insecure-realm")
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: [
    ("Digest realm=x", "registry.unauthorized"), ("Bearer service=a", "registry.malformed-answer"),
    ("Bearer realm=\"x\"", "registry.malformed-url"), ("Bearer realm=\"", "registry.malformed-challenge"),
    ("", "registry.unauthorized"),
  ])
  func `a challenge that cannot be answered is told`(_ challenge: String, _ code: String) async throws {
    try await LittleServer.with(override: { _, _ in
      LittleAnswer(status: 401, headers: challenge.isEmpty ? [] : [("WWW-Authenticate", challenge)])
    }) { server in
      let problem = try await ping(server)
      #expect(problem?.code == code)
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: [
    "", "{}", #"{"token":""}"#, #"{"token":7}"#, "{\"token\":\"a\\r\\nX: y\"}", #"{"token":"a b"}"#,
    "{\"token\":\"\(String(repeating: "a", count: 20_000))\"}", String(repeating: " ", count: 300_000),
  ])
  func `an answer of a token service that is none is refused`(_ body: String) async throws {
    try await LittleServer.with(override: { request, _ in
      request.path == "/token"
        ? LittleAnswer(status: 200, body: Array(body.utf8))
        : LittleAnswer(
          status: 401,
          headers: [("WWW-Authenticate", "Bearer realm=\"http://\(request.header("host") ?? "")/token\"")])
    }) { server in
      let problem = try await ping(server)
      #expect(["registry.malformed-answer", "registry.too-long"].contains(problem?.code))
      #expect(server.requests.count == 2)
    }
  }

  @Test func `what another program keeps is not asked for, and that is told`() async throws {
    var registry = LittleRegistry()
    registry.door = .basic(user: "me", password: "secret")
    try await LittleServer.with(registry) { server in
      let problem = try await ping(server, #"{"credsStore":"desktop"}"#)
      #expect(problem?.code == "registry.credential-helper")
      #expect(
        problem?.message
          == "expected a user and a password for the registry, found that the credential helper 'desktop' has them, which is not run"
      )
    }
  }

  @Test func `another host that a download leads to sees neither password nor token`() async throws {
    let bytes = [UInt8](repeating: 1, count: 100)
    let blob = Descriptor(mediaType: .layer, digest: Digest(of: bytes), size: bytes.count)
    for door in ClientContractTests.doors.dropFirst() {
      var registry = LittleRegistry()
      registry.door = door
      try await LittleServer.with(override: { _, _ in LittleAnswer(status: 200, body: bytes) }) { other in
        let place = "http://localhost:\(other.port)/elsewhere"
        let credentials = try RegistryLogins(parsing: Array(Self.credentials.utf8))
        try await LittleServer.with(
          registry,
          override: { request, _ in
            request.path.contains("/blobs/") && request.header("authorization") != nil
              ? LittleAnswer(status: 307, headers: [("Location", place)]) : nil
          }
        ) { server in
          try await server.client("models/iris", { $0.credentials = credentials }) { client in
            let found = try await client.bytes(of: blob, limit: 100)
            #expect(found == bytes)
          }
          #expect(server.requests.contains { $0.header("authorization") != nil })
        }
        #expect(other.requests.map(\.path) == ["/elsewhere"])
        #expect(other.requests.allSatisfy { $0.header("authorization") == nil })
      }
    }
  }

  @Test func `another host that an upload leads to sees neither`() async throws {
    var registry = LittleRegistry()
    registry.door = .basic(user: "me", password: "secret")
    try await LittleServer.with(override: { _, _ in LittleAnswer(status: 201) }) { other in
      let place = "http://localhost:\(other.port)/elsewhere?state=1"
      let credentials = try RegistryLogins(parsing: Array(Self.credentials.utf8))
      try await LittleServer.with(
        registry,
        override: { request, _ in
          request.method == "POST" && request.header("authorization") != nil
            ? LittleAnswer(status: 202, headers: [("Location", place)]) : nil
        }
      ) { server in
        let blob = try await server.client("models/iris", { $0.credentials = credentials }) { client in
          try await ClientContractTests.send([1, 2, 3], to: client)
        }
        #expect(other.requests.map(\.target) == ["/elsewhere?state=1&digest=\(blob.digest)"])
        #expect(other.requests.allSatisfy { $0.header("authorization") == nil })
      }
    }
  }
}
