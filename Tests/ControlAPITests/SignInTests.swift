import Access
import struct Crypto.HMAC
import enum Crypto.P256
import struct Crypto.SHA256
import struct Crypto.SymmetricKey
import Domain
import Encoding
import Foundation
import Hummingbird
import Lifecycle
import Synchronization
import TestKit
import Testing

@testable import ControlAPI

/// A provider of identities that publishes its keys and signs tokens; nothing is fetched over a network.
private final class Provider: KeySetSource {
  static let url = "https://id.example"

  private struct Published {
    var key = P256.Signing.PrivateKey()
    var id = 1
    var fetches = 0
  }

  private let published = Mutex(Published())

  var fetches: Int { published.withLock { $0.fetches } }

  func rotate() {
    published.withLock {
      $0.key = P256.Signing.PrivateKey()
      $0.id += 1
    }
  }

  func keySet(at url: KeySetURL, limit: Int) throws(Problem) -> [UInt8] {
    if url.description == "\(Self.url)/.well-known/openid-configuration" {
      let metadata: JSON = ["issuer": .string(Self.url), "jwks_uri": .string("\(Self.url)/keys")]
      return metadata.canonicalBytes
    }
    let point = published.withLock { published in
      published.fetches += 1
      return (published.key.publicKey.rawRepresentation, published.id)
    }
    let set: JSON = [
      "keys": [
        [
          "kty": "EC", "crv": "P-256", "kid": .string("key-\(point.1)"), "use": "sig",
          "x": .string(Self.encoded(point.0.prefix(32))), "y": .string(Self.encoded(point.0.suffix(32))),
        ]
      ]
    ]
    return set.canonicalBytes
  }

  /// A token of this moment, with other claims or another header where they are given.
  func token(
    _ claims: [String: JSON] = [:], header: [String: JSON] = [:], at now: Timestamp,
    signature: ((Data) -> Data)? = nil
  ) throws -> String {
    let (key, id) = published.withLock { ($0.key, $0.id) }
    let seconds = now.milliseconds / 1000
    let all: [String: JSON] = [
      "iss": .string(Self.url), "aud": "gatehouse", "sub": "u-7", "iat": .integer(seconds),
      "exp": .integer(seconds + 600), "preferred_username": "ada", "groups": ["ml-ops", "staff"],
    ]
    let head: [String: JSON] = ["alg": "ES256", "typ": "JWT", "kid": .string("key-\(id)")]
    let parts = [head.merging(header) { $1 }, all.merging(claims) { $1 }]
    let signed = parts.map { Self.encoded(JSON.object($0).canonicalBytes) }.joined(separator: ".")
    let message = Data(signed.utf8)
    let bytes = try signature?(message) ?? key.signature(for: message).rawRepresentation
    return "\(signed).\(Self.encoded(bytes))"
  }

  static func encoded(_ bytes: some Collection<UInt8>) -> String {
    String(Base64.encode(bytes).filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }
}

/// Tokens of a provider of identities at the control plane.
struct SignInTests {
  private static let provider: JSON = [
    "url": .string(Provider.url), "audiences": ["gatehouse"], "algorithms": ["ES256"],
  ]
  private static let grant: JSON = ["claim": "ml-ops", "provider": .string(Provider.url), "role": "operator"]

  private func serve(
    _ body: @escaping @Sendable (ControlCaller, Provider, ControlBench) async throws -> Void
  ) async throws {
    let provider = Provider()
    let bench = try ControlBench(keySets: provider)
    try await bench.serve { call in
      let set = try await call(.put, "/api/v1/providers", Self.provider)
      #expect(set.status == 200)
      #expect(set.json["keySetURL"] == .string("\(Provider.url)/keys"))
      #expect(try await call(.post, "/api/v1/grants", Self.grant).status == 201)
      try await body(call, provider, bench)
    }
  }

  @Test func `a token has the rights that were granted to the words of its claim`() async throws {
    try await serve { call, provider, bench in
      let token = try provider.token(at: bench.time.now())
      let mine = try await call(.get, "/api/v1/access", as: token)
      #expect(mine.status == 200)
      let rights = Set(
        (mine.json["rights"]?.array ?? []).compactMap { $0.string.flatMap(Right.init(rawValue:)) })
      #expect(rights == Role.operator.rights)
      let staff = try provider.token(["groups": ["staff"], "sub": "u-8"], at: bench.time.now())
      #expect(try await call(.get, "/api/v1/models", as: staff).status == 403)
    }
  }

  @Test func `a person becomes known once, by a handle that has nothing of their name`() async throws {
    try await serve { call, provider, bench in
      let token = try provider.token(at: bench.time.now())
      for _ in 0..<3 { _ = try await call(.get, "/api/v1/access", as: token) }
      let people = await bench.people.people()
      #expect(people.map(\.shownAs) == ["ada"])
      let added = await bench.entries().filter { $0.act == .addPrincipal }
      #expect(added.map(\.subject) == people.map(\.principal.description))
    }
  }

  private static let refusals: [(String, String, @Sendable (Provider, Timestamp) throws -> String)] = [
    ("wrong issuer", "token.unknown-issuer", { try $0.token(["iss": "https://other.example"], at: $1) }),
    ("wrong audience", "token.audience", { try $0.token(["aud": "other"], at: $1) }),
    ("algorithm none", "token.malformed", { try $0.token(header: ["alg": "none"], at: $1) { _ in Data() } }),
    ("algorithm none with a signature", "token.algorithm", { try $0.token(header: ["alg": "none"], at: $1) }),
    (
      "HS256 with the public key as the secret", "token.algorithm",
      { provider, now in
        let secret = SymmetricKey(
          data: try provider.keySet(at: KeySetURL(parsing: "https://id.example/keys"), limit: .max))
        return try provider.token(header: ["alg": "HS256"], at: now) {
          Data(HMAC<SHA256>.authenticationCode(for: $0, using: secret))
        }
      }
    ),
    (
      "an algorithm that was not allowed", "token.algorithm",
      { try $0.token(header: ["alg": "ES384"], at: $1) }
    ),
    ("expired", "token.expired", { try $0.token(["exp": .integer($1.milliseconds / 1000 - 31)], at: $1) }),
    (
      "not yet valid", "token.not-yet-valid",
      { try $0.token(["nbf": .integer($1.milliseconds / 1000 + 61)], at: $1) }
    ),
    ("unknown key", "token.unknown-key", { try $0.token(header: ["kid": "other"], at: $1) }),
    (
      "another's signature", "token.signature",
      {
        try $0.token(at: $1) {
          (try? P256.Signing.PrivateKey().signature(for: $0).rawRepresentation) ?? Data()
        }
      }
    ),
    ("no subject", "token.claims", { try $0.token(["sub": 7], at: $1) }),
  ]

  @Test(arguments: refusals.map(\.0))
  func `a token that does not hold is refused with one word to the caller and its reason in the ledger`(
    name: String
  ) async throws {
    let (_, code, make) = try #require(Self.refusals.first { $0.0 == name })
    try await serve { call, provider, bench in
      let answer = try await call(.get, "/api/v1/access", as: try make(provider, bench.time.now()))
      #expect(answer.status == 401)
      #expect(answer.code == "auth.credential")
      #expect(answer.json["cause"] == nil)
      let entry = try #require(await bench.entries().last)
      #expect(entry.principal == .anonymous)
      #expect(entry.details["code"] == .string(code))
      #expect(entry.subject == "GET /api/v1/access")
    }
  }

  @Test func `a token by a new key has the key set fetched, and one by no key seldom`() async throws {
    try await serve { call, provider, bench in
      let before = provider.fetches
      provider.rotate()
      #expect(try await call(.get, "/api/v1/access", as: provider.token(at: bench.time.now())).status == 200)
      #expect(provider.fetches == before + 1)
      for _ in 0..<5 {
        let stranger = try provider.token(header: ["kid": "none"], at: bench.time.now())
        #expect(try await call(.get, "/api/v1/access", as: stranger).status == 401)
      }
      #expect(provider.fetches == before + 1)
    }
  }

  @Test func `metadata of another issuer is refused`() async throws {
    let bench = try ControlBench(keySets: Provider())
    try await bench.serve { call in
      let other: JSON = ["url": "https://id.example/", "audiences": ["gatehouse"], "algorithms": ["ES256"]]
      let answer = try await call(.put, "/api/v1/providers", other)
      #expect(answer.code == "issuer.metadata")
    }
  }

  @Test func `a provider that is removed opens nothing any more`() async throws {
    try await serve { call, provider, bench in
      let token = try provider.token(at: bench.time.now())
      #expect(try await call(.get, "/api/v1/models", as: token).status == 200)
      #expect(try await call(.delete, "/api/v1/providers?url=https%3A%2F%2Fid.example").status == 204)
      #expect(try await call(.get, "/api/v1/models", as: token).status == 401)
    }
  }
}
