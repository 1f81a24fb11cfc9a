import Domain
import Encoding
import Testing

@testable import Distribution

/// What registries say in headers.
struct FieldTests {
  typealias Challenge = AuthorizationChallenge

  @Test(arguments: [
    ("Basic realm=\"little\"", [Challenge(scheme: "basic", parameters: ["realm": "little"])]),
    (
      "Bearer realm=\"https://auth.example/token\",service=\"a b\",scope=\"repository:a/b:pull,push\"",
      [
        Challenge(
          scheme: "bearer",
          parameters: [
            "realm": "https://auth.example/token", "service": "a b", "scope": "repository:a/b:pull,push",
          ])
      ]
    ),
    (
      "  bearer Realm = x ,, service=\"\\\"q\\\"\" , BASIC realm=y,Negotiate",
      [
        Challenge(scheme: "bearer", parameters: ["realm": "x", "service": "\"q\""]),
        Challenge(scheme: "basic", parameters: ["realm": "y"]),
        Challenge(scheme: "negotiate", parameters: [:]),
      ]
    ),
    (
      "Negotiate abc+/==, Basic realm=\"\"",
      [
        Challenge(scheme: "negotiate", parameters: [:]),
        Challenge(scheme: "basic", parameters: ["realm": ""]),
      ]
    ),
    ("Negotiate abc", [Challenge(scheme: "negotiate", parameters: [:])]),
    ("", []), (" , ,", []), ("Bearer", [Challenge(scheme: "bearer", parameters: [:])]),
  ])
  func `challenges are read as RFC 9110 has them`(_ text: String, _ expected: [Challenge]) throws {
    #expect(try Challenge.list(parsing: text) == expected)
  }

  @Test(arguments: [
    "Bearer realm=\"https://a", "Bearer realm=\"a\\", "Bearer realm=a,realm=b", "Bearer realm=a service=b",
    "Bearer realm=\"a\"b", "Bearer =a", "=", "Bearer realm=\"a\u{1}b\"", "Bearer, realm=a", "Bearer a b c",
    "\"Bearer\" realm=a", "Bearer realm=a;b", "Bearer realm=\"\u{7F}\"",
  ])
  func `a challenge that could be read in two ways is refused`(_ text: String) {
    let problem = #expect(throws: Problem.self) { try Challenge.list(parsing: text) }
    #expect(problem?.code == "registry.malformed-challenge")
  }

  @Test func `challenges are bounded`() {
    for text in [
      String(repeating: "a", count: 8193), Array(repeating: "a", count: 17).joined(separator: ","),
      "Bearer " + (0..<17).map { "p\($0)=v" }.joined(separator: ","),
    ] {
      #expect(throws: Problem.self) { try Challenge.list(parsing: text) }
    }
  }

  @Test(
    arguments: [
      ("</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"),
      ("</a>;rel=next", "/a"), ("</a>; rel=prev, </b>; title=\"x, y\"; rel=\"last next\"", "/b"),
      ("</a>; rel=prev; rel=next", nil), ("</a>", nil), ("", nil), ("</a>; REL=NEXT", "/a"),
      ("<>; rel=next", ""),
    ] as [(String, String?)])
  func `the next part of a list is found`(_ text: String, _ expected: String?) throws {
    #expect(try NextLink.find(in: text) == expected)
  }

  @Test(arguments: ["</a", "/a; rel=next", "</a>; rel=\"next", "</a>; =", "</a> rel=next", "</a>;;"])
  func `a link that is none is refused`(_ text: String) {
    let problem = #expect(throws: Problem.self) { try NextLink.find(in: text) }
    #expect(problem?.code == "registry.malformed-link")
  }

  @Test func `ranges say how much there is`() {
    #expect(ByteRanges.received("0-99") == 100)
    #expect(ByteRanges.received("bytes=0-99") == 100)
    #expect(ByteRanges.received("0-0") == 0)
    for text in ["", "1-99", "0-", "-1", "99-0", "0-99-1", "0-1000000000000000", "0-+9", "a-b"] {
      #expect(ByteRanges.received(text) == nil, "\(text)")
    }
    let range = ByteRanges.content("bytes 100-199/200")
    #expect(range?.first == 100 && range?.last == 199 && range?.size == 200)
    #expect(ByteRanges.content("bytes 0-1/*")?.size == nil)
    for text in [
      "bytes 100-199/199", "bytes */200", "bytes 5-4/9", "items 0-1/2", "bytes 0-1", "bytes 0-1/2/3",
    ] {
      #expect(ByteRanges.content(text) == nil, "\(text)")
    }
  }

  @Test(arguments: [
    ("https://a.example", "https://a.example:443/"), ("http://a:5000/x?y=z#f", "http://a:5000/x?y=z"),
    ("HTTPS://A.Example:8443?q", "https://a.example:8443/?q"), ("/v2/a", "https://home.example:443/v2/a"),
    ("http://[::1]:5/", "http://[::1]:5/"),
  ])
  func `places are read`(_ text: String, _ expected: String) throws {
    let home = try RegistryURL(parsing: "https://home.example/v2/")
    #expect(try RegistryURL(parsing: text, from: home).description == expected)
  }

  @Test(arguments: [
    "", "ftp://a/b", "//evil.example/a", "a/b", "?x", "https://", "https:///a", "https://user@a/b",
    "https://a:b@c/d",
    "https://a:99999/", "https://a b/", "https://a\\@b/", "https://a/\u{E9}", "https://a/<b>",
    "https://a%2Fb/c",
    "javascript:alert(1)", "https://a/" + String(repeating: "b", count: 8192),
  ])
  func `a place that could be another to somebody else is refused`(_ text: String) throws {
    let home = try RegistryURL(parsing: "https://home.example/v2/")
    let problem = #expect(throws: Problem.self) { try RegistryURL(parsing: text, from: home) }
    #expect(problem?.code == "registry.malformed-url")
  }

  @Test func `what goes into a query is escaped`() throws {
    let url = try RegistryURL(parsing: "https://a/t").adding("service", "a b&c=d").adding(
      "scope", "repository:a/b:pull,push")
    #expect(url.path == "/t?service=a%20b%26c%3Dd&scope=repository:a/b:pull,push")
  }

  @Test func `waits grow, are spread, and end`() {
    let policy = RetryPolicy.standard
    func wait(_ failures: Int, asked: Duration? = nil, spent: Duration = .zero, chance: Double = 1)
      -> Duration?
    {
      policy.wait(after: failures, spent: spent, asked: asked, chance: chance)
    }
    #expect((1...5).map { wait($0) } == [0.5, 1, 2, 4, 8].map { .seconds($0) })
    #expect(wait(6) == nil)
    #expect(wait(1, chance: 0) == .zero)
    #expect(wait(1, asked: .seconds(7), chance: 0) == .seconds(7))
    #expect(wait(1, asked: .seconds(61)) == nil)
    #expect(wait(1, spent: .seconds(301)) == nil)
    #expect(RetryPolicy.once.wait(after: 1, spent: .zero, asked: nil, chance: 0) == nil)
  }
}

/// Files of credentials.
struct CredentialTests {
  private func credentials(_ text: String) throws(Problem) -> RegistryLogins {
    try RegistryLogins(parsing: Array(text.utf8))
  }

  @Test func `a registry is found by the longest beginning that is named`() throws {
    let file = try credentials(
      #"""
      {"auths": {
        "registry.example": {"auth": "YTpi"},
        "registry.example/models": {"auth": "YzpkOmU="},
        "https://old.example/v1/": {"auth": "ZjpnAA=="},
        "named.example:5000": {"username": "u", "password": "p"},
        "empty.example": {}, "token.example": {"auth": "YTpi", "identitytoken": "x"}},
       "credHelpers": {"helped.example": "vault"}, "HttpHeaders": {"a": "b"}}
      """#)
    func entry(_ place: String) -> RegistryLogins.Entry { file.entry(for: place) }
    #expect(entry("registry.example/iris") == .password(user: "a", password: "b"))
    #expect(entry("registry.example/models/iris") == .password(user: "c", password: "d:e"))
    #expect(entry("old.example/a") == .password(user: "f", password: "g"))
    #expect(entry("named.example:5000/a") == .password(user: "u", password: "p"))
    #expect(entry("named.example/a") == .none)
    #expect(entry("registry.example.evil/a") == .none)
    #expect(entry("empty.example/a") == .none)
    #expect(entry("token.example/a") == .identityToken)
    #expect(entry("helped.example/a") == .helper("vault"))
  }

  @Test func `a store of credentials is for those that the file does not have`() throws {
    let file = try credentials(#"{"credsStore": "desktop", "auths": {"a.b": {"auth": "YTpi"}, "c.d": {}}}"#)
    #expect(file.entry(for: "a.b/x") == .password(user: "a", password: "b"))
    #expect(file.entry(for: "c.d/x") == .helper("desktop"))
  }

  @Test func `one line is for whoever is spoken to`() throws {
    #expect(try credentials("me:se:cret\n").entry(for: "a.b/c") == .password(user: "me", password: "se:cret"))
  }

  @Test(arguments: [
    "", "\n", "nobody", ":s3cret", "a:b\nc:d", "{", "{\"auths\": {\"a\": {\"auth\": \"!\"}}}",
    "{\"auths\": {\"a\": {\"auth\": \"bm9jb2xvbg==\"}}}", "a:b\u{7}",
  ])
  func `another form is refused, and nothing of it told`(_ text: String) {
    let problem = #expect(throws: Problem.self) { try credentials(text) }
    #expect(problem?.code == "credentials.malformed")
    #expect(problem?.description.contains("s3cret") == false)
  }

  @Test func `a description keeps the password`() throws {
    #expect("\(try credentials("me:secret").entry(for: "a.b/c"))" == "the password of me")
  }
}
