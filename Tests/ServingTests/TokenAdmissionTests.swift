import enum Crypto.P256
import Domain
import Encoding
import NIOConcurrencyHelpers
import Provenance
import Testing

@testable import Serving

/// Tokens of an issuer as callers show them.
struct TokenAdmissionTests {
  /// An issuer with a key of its own.
  private struct Issuer {
    let key = P256.Signing.PrivateKey()
    var url = "https://issuer.example"

    func configured(_ limits: CallerLimits = .none) throws -> TokenIssuer {
      let raw = key.publicKey.rawRepresentation
      return try TokenIssuer(
        url: url, audiences: ["gatehouse"], algorithms: [.es256], leeway: 0, limits: limits,
        keySet: [
          "keys": [
            [
              "kty": "EC", "crv": "P-256", "x": .string(Self.encoded(Array(raw.prefix(32)))),
              "y": .string(Self.encoded(Array(raw.suffix(32)))),
            ]
          ]
        ])
    }

    func token(_ scope: String, subject: String = "ada", seconds: Int64 = 600) throws -> String {
      let now = Clock.now().milliseconds / 1000
      let claims: JSON = [
        "iss": .string(url), "aud": "gatehouse", "sub": .string(subject), "scope": .string(scope),
        "exp": .integer(now + seconds),
      ]
      let signed = Self.encoded(Array(#"{"alg":"ES256"}"#.utf8)) + "." + Self.encoded(claims.canonicalBytes)
      let signature = try key.signature(for: Array(signed.utf8)).rawRepresentation
      return signed + "." + Self.encoded(Array(signature))
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
      String(Base64.encode(bytes).filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
  }

  private func plane(
    _ issuer: TokenIssuer, accounts: CallerAccounts = CallerAccounts()
  ) throws -> DataPlane {
    let table = try RoutingTable.serving(TestModels.line(), TestModels.sign())
    return DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(
        generation: 1, deployments: table.deployments, keys: table.keys,
        issuers: try IssuerRing([TokenVerifier(issuer)], accounts: accounts, salt: [7])))
  }

  private func ask(
    _ plane: DataPlane, _ token: String, model: String = "line", over transport: Transport = .memory
  ) throws -> Received {
    try transport.exchange(
      request("POST", "/models/\(model)/predict", key: token, body: #"{"data":[1,2]}"#), with: plane)
  }

  @Test(arguments: Transport.allCases)
  func `a token opens the deployments that it names, and keys go on`(transport: Transport) throws {
    let issuer = Issuer()
    let plane = try plane(issuer.configured())
    let token = try issuer.token("openid predict:line")
    for _ in 0..<2 { #expect(try ask(plane, token, over: transport).status == 200) }
    let forbidden = try ask(plane, token, model: "sign", over: transport)
    #expect(forbidden.status == 403)
    #expect(forbidden.code == "key.other-deployment")
    #expect(try ask(plane, token, model: "none", over: transport).status == 404)
    #expect(try ask(plane, "line-key", over: transport).status == 200)
    #expect(try ask(plane, issuer.token("predict:*"), over: transport).status == 200)
  }

  @Test func `a token lists what it opens`() throws {
    let issuer = Issuer()
    let plane = try plane(issuer.configured())
    let index = request("POST", "/v2/repository/index", key: try issuer.token("predict:sign"), body: "")
    let answer = try Transport.memory.exchange(index, with: plane)
    #expect(answer.json?.array?.compactMap { $0["name"]?.string } == ["sign"])
  }

  @Test func `a token that cannot be verified is refused, and only the record is told why`() throws {
    let (issuer, stranger) = (Issuer(), Issuer())
    let plane = try plane(issuer.configured())
    let refused = try ask(plane, stranger.token("predict:line"))
    #expect(refused.status == 401)
    #expect(refused.code == "token.refused")
    #expect(refused.fields["www-authenticate"] == "Bearer realm=\"gatehouse\", error=\"invalid_token\"")
    var head = RequestHead(method: "POST", target: "/models/line/predict")
    head.authorization = "Bearer \(try stranger.token("predict:line"))"
    var draft = AccessDraft(trace: "")
    guard case .answer(let answer) = plane.decide(head, &draft) else {
      Issue.record("a stranger's token was taken")
      return
    }
    #expect(draft.finished(with: answer, salt: nil).code == "token.signature")
    #expect(draft.record.key == nil)
    var other = Issuer()
    other.url = "https://other.example"
    #expect(try ask(plane, other.token("predict:line")).code == "token.refused")
  }

  @Test func `a call whose token cannot be verified is told no more than a request is`() throws {
    let server = try GRPCServer(plane(Issuer().configured()))
    let call = GRPCFields.inference("ModelInfer", key: try Issuer().token("predict:line"))
    let answer = try server.call(call, InferMessage.row([1, 2]).bytes)
    #expect(answer.status == 16)
    #expect(answer.code == "token.refused")
    #expect(server.plane.recent.lists.failed.map(\.record.code) == ["token.signature"])
  }

  @Test func `a token ends when it says, verified before or not`() throws {
    let issuer = Issuer()
    let ring = try IssuerRing([TokenVerifier(issuer.configured())], accounts: CallerAccounts(), salt: [])
    let token = try issuer.token("predict:line", seconds: 600)
    let now = Clock.now()
    func arrival(_ seconds: Int64) -> Arrival {
      Arrival(nanoseconds: 0, time: Timestamp(milliseconds: now.milliseconds + seconds * 1000))
    }
    let first = try ring.bearer(of: token.utf8, at: arrival(0))
    #expect(try ring.bearer(of: token.utf8, at: arrival(590)) === first)
    for _ in 0..<2 {
      let problem = #expect(throws: Problem.self) { try ring.bearer(of: token.utf8, at: arrival(601)) }
      #expect(problem?.code == "token.expired")
    }
  }

  @Test func `limits are for each subject, over all its tokens and the next snapshot`() throws {
    let issuer = Issuer()
    let configured = try issuer.configured(CallerLimits(rate: nil, daily: 2))
    let accounts = CallerAccounts()
    let plane = try plane(configured, accounts: accounts)
    #expect(try ask(plane, issuer.token("predict:line")).status == 200)
    #expect(try ask(plane, issuer.token("predict:*")).status == 200)
    #expect(try ask(plane, issuer.token("predict:line")).code == "key.quota-exceeded")
    #expect(try ask(plane, issuer.token("predict:line", subject: "bo")).status == 200)
    let next = try self.plane(configured, accounts: accounts)
    #expect(try ask(next, issuer.token("predict:line")).code == "key.quota-exceeded")
    #expect(
      accounts.exchange(with: QuotaCounts(), on: Arrival(nanoseconds: 0, time: Clock.now()).day).counts.count
        == 2)
  }

  @Test func `a record knows the subject by a digest that the salt is in`() throws {
    let issuer = Issuer()
    let token = try issuer.token("predict:line")
    func id(_ salt: [UInt8]) throws -> String {
      let ring = try IssuerRing([TokenVerifier(issuer.configured())], accounts: CallerAccounts(), salt: salt)
      return try ring.bearer(of: token.utf8, at: Arrival(nanoseconds: 0, time: Clock.now())).caller.id
    }
    let first = try id([1])
    #expect(first.hasPrefix(try issuer.configured().id + "#"))
    #expect(first.utf8.count == 12 + 1 + 32)
    #expect(!first.contains("ada"))
    #expect(try id([1]) == first)
    #expect(try id([2]) != first)
  }

  @Test func `what is kept of verified tokens is bounded`() throws {
    let issuer = Issuer()
    let token = try issuer.token("predict:line")
    let now = Clock.now()
    let bearer = try IssuerRing([TokenVerifier(issuer.configured())], accounts: CallerAccounts(), salt: [])
      .bearer(of: token.utf8, at: Arrival(nanoseconds: 0, time: now))
    let kept = VerifiedTokens()
    let hashes = (0..<20_000).map { Digest(of: "\($0)".utf8) }
    for hash in hashes { kept.keep(bearer, hash, at: now) }
    let found = hashes.count { kept.bearer($0) != nil }
    #expect(found <= 16 * VerifiedTokens.partLimit)
    #expect(found > 15_000)
    #expect(kept.bearer(hashes[19_999]) === bearer)
    kept.removeAll()
    #expect(hashes.allSatisfy { kept.bearer($0) == nil })
  }

  @Test func `more subjects than are counted for make room where they can`() throws {
    let accounts = CallerAccounts()
    let time = Timestamp(milliseconds: 86_400_000 * 9)
    func arrival(_ seconds: Int) -> Arrival { Arrival(nanoseconds: seconds * 1_000_000_000, time: time) }
    for number in 0..<CallerAccounts.subjectLimit { #expect(accounts.account(ofSubject: "\(number)") != nil) }
    #expect(accounts.account(ofSubject: "new") == nil)
    #expect(accounts.account(ofSubject: "1")?.count(on: 9, limit: 5) == true)
    // That all of them are known to have asked for nothing today keeps none of them.
    #expect(accounts.exchange(with: QuotaCounts(), on: 9).counts.count == 1)
    #expect(accounts.removeIdleSubjects(at: arrival(1)))
    #expect(accounts.account(ofSubject: "new") != nil)
    #expect(accounts.account(ofSubject: "1")?.counted.count == 1)
  }

  @Test func `subjects are looked through once in five seconds at most`() {
    let accounts = CallerAccounts()
    func arrival(_ seconds: Int) -> Arrival {
      Arrival(nanoseconds: seconds * 1_000_000_000, time: Timestamp(milliseconds: 0))
    }
    #expect(!accounts.removeIdleSubjects(at: arrival(10)))
    _ = accounts.account(ofSubject: "ada")
    #expect(!accounts.removeIdleSubjects(at: arrival(14)))
    #expect(accounts.removeIdleSubjects(at: arrival(15)))
  }

  @Test func `an issuer whose keys are none opens nothing, and the others go on`() throws {
    let issuer = Issuer()
    var broken = Issuer()
    broken.url = "https://broken.example"
    let callers = Callers(
      [], [try broken.configured().with(keySet: ["keys": 5]), try issuer.configured()], CallerAccounts(),
      salt: [])
    #expect(callers.unusable.map(\.code) == ["issuer.keys"])
    #expect(callers.unusable.map(\.subject) == [broken.url])
    let now = Arrival(nanoseconds: 0, time: Clock.now())
    _ = try callers.issuers.bearer(of: issuer.token("predict:line").utf8, at: now)
    #expect(throws: Problem.self) {
      try callers.issuers.bearer(of: broken.token("predict:line").utf8, at: now)
    }
  }
}
